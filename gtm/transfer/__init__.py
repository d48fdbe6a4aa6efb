"""Zones for other name servers: copied (AXFR), their changes told (NOTIFY), and who may do what."""
