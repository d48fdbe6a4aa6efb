"""Where pages are played: a machine of their own, with the addresses that the documents use.

Linux namespaces give a shell its own network, in which every address kept for documentation
(RFC 5737, and some of RFC 3849) is this machine, its own /etc, /run and /var/lib, and its own
processes, which end with it. So what a page says is run as it stands: port 53, /etc/gtm,
192.0.2.53. It takes root (or user namespaces), and the packages util-linux and iproute2.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.worlds import ROOT

PATIENCE = 60  # seconds that one command may take on a slow machine

UNSHARE = ("unshare", "--net", "--mount", "--uts", "--pid", "--fork", "--mount-proc")
SETUP = """\
set -e
hostname dns1
ip link set lo up
for net in 192.0.2.0/24 198.51.100.0/24 203.0.113.0/24; do ip route add local $net dev lo; done
for at in :: :1:: :2:: :3::; do
    for host in 10 20 30 53; do ip -6 address add 2001:db8$at$host dev lo; done
done
mount -t tmpfs tmpfs "$STAGE"
for folder in etc var/lib opt root; do
    mkdir -p "$STAGE/$folder/upper" "$STAGE/$folder/work"
    mount -t overlay overlay /$folder \
        -o "lowerdir=/$folder,upperdir=$STAGE/$folder/upper,workdir=$STAGE/$folder/work"
done
mount -t tmpfs tmpfs /run
mkdir -p /etc/gtm/zones /var/lib/gtm /run/gtm
cd "$ROOT"
set +e
# for what readers don't see
settled() {
    local end=$((SECONDS + 60))
    until eval "$1" >/dev/null 2>&1; do ((SECONDS < end)) || return; sleep 0.1; done
}
backends() { "$PYTHON" "$ROOT/tests/pages/backend.py" "$@" >/dev/null 2>&1 & }
listen() { "$PYTHON" "$ROOT/tests/pages/backend.py" --port "$@" >/dev/null 2>&1 & }
fail() { mkdir -p /run/failing; for address; do touch "/run/failing/$address"; done; }
shop() {
    backends 192.0.2.10 192.0.2.11 198.51.100.10 203.0.113.10
    settled 'curl -s http://203.0.113.10/'
    cp "$ROOT/tests/pages/shop.yaml" /etc/gtm/zones/gtm.example.com.yaml
    served /etc/gtm/zones --state /var/lib/gtm "$@"
    settled 'gtm status | grep "^ *the block " | grep -vq "[?✗]"'
}
cut() { kill -STOP $(pgrep -f pages/backend.py); }
restore() { kill -CONT $(pgrep -f pages/backend.py); }
mend() { for address; do rm -f "/run/failing/$address"; done; }
served() {
    gtm serve "$@" >/run/gtm.log 2>&1 &
    settled 'grep -q answering /run/gtm.log' || { cat /run/gtm.log; false; }
}
"""


def missing() -> str | None:
    """Why pages can't be played here; None if they can."""
    try:
        made = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True, check=False)
    except OSError:
        return "unshare is not installed: apt-get install util-linux iproute2"
    return f"no namespaces: {made.stderr.strip()}" if made.returncode else None


@dataclass(frozen=True, slots=True)
class Stage:
    """A shell on a machine of its own."""

    shell: subprocess.Popen[str]

    def run(self, command: str) -> tuple[str, int]:
        """What a command says on both streams, and its exit code."""
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        end = uuid.uuid4().hex
        self.shell.stdin.write(
            f"{{ {command}\n}} </dev/null 2>&1; code=$?; echo; echo {end} $code\n"
        )
        self.shell.stdin.flush()
        said: list[str] = []
        for line in self.shell.stdout:
            if line.startswith(end):
                return "".join(said).rstrip("\n"), int(line.split()[1])
            said.append(line)
        raise AssertionError(f"the shell ended in {command!r}: {''.join(said)}")


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage, gone with everything on it at the end."""
    with tempfile.TemporaryDirectory(prefix="stage-") as folder:
        environment = {
            "PATH": f"{Path(sys.executable).parent}:/usr/local/sbin:/usr/local/bin"
            ":/usr/sbin:/usr/bin:/sbin:/bin",
            "PYTHONPATH": str(ROOT),
            "PYTHON": sys.executable,
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "COLUMNS": "100",
            "TERM": "dumb",
            "USER": "alice",
            "LOGNAME": "alice",
            "STAGE": folder,
            "ROOT": str(ROOT),
        }
        shell = subprocess.Popen(
            ["timeout", "--foreground", "600", *UNSHARE, "--kill-child", "bash", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            cwd="/",
        )
        try:
            found = Stage(shell)
            assert shell.stdin is not None
            shell.stdin.write(SETUP)
            assert found.run("true") == ("", 0)
            yield found
        finally:
            shell.kill()
            shell.communicate()
