"""An explanation from files alone: the server's own code, with every endpoint taken to be up."""

from __future__ import annotations

import os
import time
from pathlib import Path

from gtm.api.models import ExplanationShape
from gtm.api.views import explanation
from gtm.checks import Target
from gtm.compile.compiler import Compiler
from gtm.explain import explain
from gtm.geo import Geo, bundled, open_databases
from gtm.health.patience import undisturbed
from gtm.model import Address, State, Verdict
from gtm.settings import Settings, settle
from gtm.steering.readings import Readings
from gtm.zonefile import load

ASSUMED = Verdict(State.UNKNOWN, "assumed up: not asked of a running server", 0.0)


def explanation_from_files(
    zones: Path | None, geoip: list[str] | None, name: str, rrtype: str, client: Address
) -> ExplanationShape:
    """What a server started here with these files would say before its first probe.

    What is None comes from GTM_ZONES and GTM_GEOIP, or is what the server would take by default.
    Raises GtmError.
    """
    settings = settle({"zones": zones, "geoip": geoip}, os.environ, None)
    loaded = load(settings.zones)
    readings = Readings(assumed_up, patience=lambda target: undisturbed(target.check))
    compiled = Compiler().compile(loaded.zones, geo_of(settings), readings, epoch=0)
    return explanation(explain(compiled, name, rrtype, client, time.time()))


def geo_of(settings: Settings) -> Geo:
    """The databases that a server would use with these settings. Raises GeoError."""
    named = settings.geoip_paths()
    paths = bundled() if named is None else named
    return open_databases(paths) if paths else Geo.empty()


def assumed_up(target: Target) -> Verdict:
    """The verdict of what nobody has probed."""
    return ASSUMED
