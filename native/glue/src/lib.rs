//! The native plane as a Python module.
