"""What people see of a running server as it happens: traffic, events, the map, probes.

Nothing is imported here: the shapes of the API need some words of it, and no server.
"""
