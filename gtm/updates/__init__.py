"""Records that others change over DNS (RFC 2136): what they may, what became of it, on disk."""
