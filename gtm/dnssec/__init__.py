"""DNSSEC: keys, what they sign, and how they are changed without breaking the chain of trust."""
