"""Probes, the state machine that judges them, and the scheduler."""
