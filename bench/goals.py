"""What has to be reached: a limit for a finding of a measurement."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1e6
GDNSD_MILLION = 183  # MB, resident, of gdnsd with 1,000,000 dynamic names


@dataclass(frozen=True, slots=True)
class Goal:
    """`finding` of the measurement `name` must not be above `limit`; in `unit`, × for ratios."""

    name: str
    finding: str
    about: str
    limit: float
    unit: str = "×"


GOALS = (
    Goal("udp", "cost: gtm over gdnsd", "UDP, no client subnet: CPU per query over gdnsd", 1.0),
    Goal("udp", "cost: gtm over echo", "UDP, no client subnet: over the bare echo", 1.10),
    Goal("udp-ecs", "cost: gtm over gdnsd", "UDP, client subnet in each: over gdnsd", 0.95),
    Goal("udp-ecs", "cost: gtm over echo", "UDP, client subnet in each: over the bare echo", 1.15),
    Goal(
        "names",
        "cost: gtm, 1,000,000 over gtm, 1,000",
        "1,000,000 names: CPU per query over 1,000 names",
        1.1,
    ),
    Goal("names", "ready: gtm, 1,000,000", "1,000,000 names: from start to answer", 10, "s"),
    Goal(
        "tables",
        "tables: 1,000,000 names",
        "1,000,000 names: memory of the plane's tables",
        2 * GDNSD_MILLION,
        "MB",
    ),
    Goal("tcp", "cost: gtm over gdnsd", "TCP, 20 kept-open connections: over gdnsd", 1.0),
    Goal("policies", "cost: weighted over nearest", "weighted services: over nearest ones", 1.05),
    Goal("policies", "cost: sticky over nearest", "sticky services: over nearest ones", 1.05),
    Goal("policies", "cost: spilled over nearest", "capacity-spilled services: over nearest", 1.05),
    Goal(
        "workers",
        "cost: gtm, 2 workers over gtm, 1 worker",
        "two workers on two cores: CPU per query over one's",
        1.1,
    ),
    Goal(
        "areas",
        "seconds: area tables",
        "area tables from 3.7 million networks, while answering",
        5,
        "s",
    ),
    Goal(
        "udp-low",
        "p50: gtm over gdnsd",
        "1,000 questions a second: median latency over gdnsd",
        1.1,
    ),
    Goal(
        "reload",
        "p99: reloading over quiet",
        "full reload of 100,000 services: p99 of latency over the quiet one",
        2,
    ),
    Goal(
        "stuck",
        "time per answer: stuck over free",
        "control loop stuck for 30 s: time per answer over a free one's",
        1.05,
    ),
    Goal("xdp", "cost: gtm --xdp over Knot xdp", "AF_XDP: CPU per query over Knot's", 1.0),
)
