"""Settings for all tests."""

from hypothesis import settings

# a slow machine is no failure: deadlines are off everywhere
settings.register_profile("gtm", deadline=None)
settings.load_profile("gtm")
