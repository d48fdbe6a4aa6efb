"""Zones, geo and verdicts in; one frozen snapshot out."""
