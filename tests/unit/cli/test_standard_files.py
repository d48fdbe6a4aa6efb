"""A process that is started without standard input, output or error, as some supervisors do."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import os, sys
from gtm.cli.main import open_standard_files
open_standard_files()
print("into nothing", file=sys.stderr)
at = [os.readlink(f"/proc/self/fd/{number}") for number in range(3)]
os.write(int(sys.argv[1]), " ".join(at).encode())
"""


def test_what_was_closed_is_dev_null_and_no_file_of_ours_gets_its_number() -> None:
    reading, writing = os.pipe()
    closed = ["sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh"]
    subprocess.run(
        [*closed, sys.executable, "-c", PROGRAM, str(writing)],
        pass_fds=[writing],
        check=True,
        timeout=60,
    )
    os.close(writing)
    with os.fdopen(reading) as said:
        assert said.read() == "/dev/null /dev/null /dev/null"
