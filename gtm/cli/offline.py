"""An explanation from files alone: the server's own code, with every endpoint taken to be up."""

from __future__ import annotations

import os
import time
from pathlib import Path

from gtm.api.models import ExplanationShape
from gtm.api.views import explanation
from gtm.checks import Target
from gtm.cli.progress import Work
from gtm.cli.reading import loaded, services_of
from gtm.compile.compiler import Compiler
from gtm.explain import explain
from gtm.geo import Geo, bundled, open_databases
from gtm.health.patience import undisturbed
from gtm.model import Address, State, Verdict
from gtm.settings import Settings, settle
from gtm.steering.readings import Readings

ASSUMED = Verdict(State.UNKNOWN, "assumed up: not asked of a running server", 0.0)


def explanation_from_files(
    zones: Path | None,
    geoip: list[str] | None,
    name: str,
    rrtype: str,
    client: Address,
    work: Work | None = None,
) -> ExplanationShape:
    """What a server started here with these files would say before its first probe.

    What is None comes from GTM_ZONES and GTM_GEOIP, or is what the server would take by default.
    Raises GtmError.
    """
    settings = settle({"zones": zones, "geoip": geoip}, os.environ, None)
    work = work or Work()
    zones_there = loaded(settings.zones, work).zones
    geo = geo_of(settings, work)
    readings = Readings(assumed_up, patience=lambda target: undisturbed(target.check))
    walk = work.walk_of("compiling", services_of(zones_there)).walk
    compiled = Compiler().compile(zones_there, geo, readings, epoch=0, walk=walk)
    return explanation(explain(compiled, name, rrtype, client, time.time()))


def geo_of(settings: Settings, work: Work | None = None) -> Geo:
    """The databases that a server would use with these settings. Raises GeoError."""
    named = settings.geoip_paths()
    paths = bundled() if named is None else named
    if work is not None:
        work.step("reading the geo databases")
    return open_databases(paths) if paths else Geo.empty()


def assumed_up(target: Target) -> Verdict:
    """The verdict of what nobody has probed."""
    return ASSUMED
