"""What zone files mean: the words of gtm as frozen values, with no I/O and no policy.

Names are absolute, lower case, in presentation form with the trailing dot
(`orders.gtm.example.com.`). Durations are seconds, distances kilometres, round trips
milliseconds, unless a name says otherwise. Everything here has been checked by `zonefile/`
(which is the only maker of it outside tests), so nothing below re-checks it.
"""

from gtm.model.apps import AllDown, App, Topology, WhenAllDown
from gtm.model.frozen import frozen_mapping
from gtm.model.measured import LatencyRules, LoadFeed, MeasuredLatency, Stale
from gtm.model.places import Address, AsNumber, Clients, GeoCode, Location, Network
from gtm.model.services import Endpoint, MinUp, Region, Service
from gtm.model.signing import Algorithm, Dnssec
from gtm.model.steering import EVERYONE, Balance, Draw, Everyone, Match, Policy, Rule, Steering
from gtm.model.verdicts import DOWN, UNKNOWN, UP, Act, State, Verdict
from gtm.model.zone import GeoOverride, Nameserver, RRset, Soa, Zone

__all__ = [
    "DOWN",
    "EVERYONE",
    "UNKNOWN",
    "UP",
    "Act",
    "Address",
    "Algorithm",
    "AllDown",
    "App",
    "AsNumber",
    "Balance",
    "Clients",
    "Dnssec",
    "Draw",
    "Endpoint",
    "Everyone",
    "GeoCode",
    "GeoOverride",
    "LatencyRules",
    "LoadFeed",
    "Location",
    "Match",
    "MeasuredLatency",
    "MinUp",
    "Nameserver",
    "Network",
    "Policy",
    "RRset",
    "Region",
    "Rule",
    "Service",
    "Soa",
    "Stale",
    "State",
    "Steering",
    "Topology",
    "Verdict",
    "WhenAllDown",
    "Zone",
    "frozen_mapping",
]
