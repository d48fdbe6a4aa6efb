"""The dashboard: static files that speak to the API, served as they are. No build step.

What is in static/ is explained in docs/dashboard.md.
"""

from gtm.dashboard.pages import Pages

__all__ = ["Pages"]
