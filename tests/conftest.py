"""Settings for all tests."""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

# a slow machine is no failure: deadlines are off everywhere
settings.register_profile("gtm", deadline=None)
settings.load_profile("gtm")


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """What a command that a test runs in this process does to the log ends with the test."""
    yield
    structlog.reset_defaults()
