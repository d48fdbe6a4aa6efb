"""The choice of region, pure: model, places and verdicts in, plans out."""
