"""Lets the tests import `bench`, which is beside the gtm package and never installed."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3]))
