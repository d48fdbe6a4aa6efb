"""Streams: connections over TCP, TLS and HTTPS, and the limits on all of them."""
