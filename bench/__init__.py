"""Measuring gtm against its peers on this machine: what a query costs the server.

One run starts one server on a core of its own, loads it from another core over loopback and
divides the CPU time the server used by the queries it answered. Runs of the peers are
interleaved, so that what else happens on the machine falls on all of them alike.
"""
