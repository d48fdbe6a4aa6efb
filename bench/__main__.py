"""`python -m bench`."""

import signal
import sys

from bench.main import main

# SIGTERM unwinds as Ctrl-C does, so that no server is left running.
signal.signal(signal.SIGTERM, signal.default_int_handler)
sys.exit(main())
