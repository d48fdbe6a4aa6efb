"""HTTP for people and programs: status, explain, metrics."""
