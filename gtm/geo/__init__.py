"""Where clients are: geo databases, places and their codes, network tables."""
