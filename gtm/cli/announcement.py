"""What the demo prints where there is no terminal to show a view on."""

from __future__ import annotations

from gtm.cli.stage import Stage


def announcement(stage: Stage) -> str:
    """What is served where, and the commands to try."""
    listen = " and ".join(str(at) for at in stage.listen) + stage.taken()
    lines = [f"gtm demo: DNS on {listen}", "ask it as a client elsewhere:"]
    lines += [f"  {line}" for line in stage.dig_lines()]
    lines.append("stop a region's backend, and let it go on:")
    lines += [
        f"  {backend.region}: kill -STOP {backend.pid}; kill -CONT {backend.pid}"
        for backend in stage.backends
    ]
    lines += ["see every verdict:", f"  {stage.status_line()}"]
    if (dashboard := stage.dashboard()) is not None:
        lines += ["see it in a browser:", f"  {dashboard}"]
    return "\n".join(lines)
