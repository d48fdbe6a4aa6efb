"""What people see of a running server as it happens: traffic, events, the map, probes."""
