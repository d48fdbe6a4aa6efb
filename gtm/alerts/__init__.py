"""Telling people: who is told what, when, in whose format, and how it gets there."""
