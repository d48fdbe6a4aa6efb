"""What answers packets from a snapshot."""
