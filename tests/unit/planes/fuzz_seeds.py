"""Writes the packets that native/fuzz begins with: those of tests/cases, and some of each kind.

`python -m tests.unit.planes.fuzz_seeds FOLDER` makes a folder there for each target.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.unit.planes.random_packets import RARE, RRTYPES, ordinary, spoilt
from tests.unit.planes.test_cases import CASES, query, read

CIRCUMSTANCES = 8  # octets that the target `answer` takes from the front of its input
KINDS = 200  # packets beside those of cases
# names of native/plane/tests/made, which is what that target answers from
OWNERS = ("first", "joined", "failing", "hashed", "drawn", "www", "chain", "x.dev", "sub", "a.sub")
OTHERS = ("ns.sub", "a.ns.sub", "shut", "a.shut", "none", "a.b.c", "dev", "*.dev", "x.www")
SIGNED = ("www", "z.www", "steered", "wild", "a.wild", "sub", "a.sub", "bare", "none", "a.none")
LEADING = ("again", "to-service", "to-nothing", "to-cut", "to-shut", "here", "a.wild", "l0", "l5")
NAMES = [f"{owner}.gtm.example.com" for owner in (*OWNERS, *OTHERS)]
NAMES += [f"{owner}.gtm.example.com" for owner in (*LEADING, "inner")]
NAMES += [f"{owner}.s.example.com" for owner in (*SIGNED, "alias", "a.alias")]


def packets() -> Iterator[bytes]:
    """The same each time."""
    for file in sorted(CASES.glob("*.yaml")):
        for fields in read(file)["cases"]:
            yield query(fields).to_wire()
    source = Random(5)
    names = [*NAMES, "gtm.example.com", "s.example.com", "example.com", ""]
    for number in range(KINDS):
        yield (spoilt if number % 4 == 0 else ordinary)(source, names)
    for rrtype in (*RRTYPES, *RARE):
        yield ordinary(source, names, (rrtype,))


def write(folder: Path) -> None:
    """Seeds named by what is in them, so that writing them again changes nothing."""
    for number, packet in enumerate(packets()):
        front = number.to_bytes(CIRCUMSTANCES, "little")
        for target, seed in (("read", packet), ("answer", front + packet)):
            place = folder / target
            place.mkdir(parents=True, exist_ok=True)
            (place / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
