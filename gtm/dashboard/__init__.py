"""The dashboard: static files that speak to the API, served as they are. No build step.

What the page shows is told in docs/dashboard.md.
"""

from gtm.dashboard.pages import Pages
from gtm.dashboard.routes import routes

__all__ = ["Pages", "routes"]
