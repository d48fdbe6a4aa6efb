"""Pages of docs/ as sessions in a terminal: what they show is run, and must come out as shown."""
