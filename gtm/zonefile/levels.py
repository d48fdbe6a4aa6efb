"""Where each shape stands in a zone file."""

from __future__ import annotations

from collections.abc import Mapping

from gtm.zonefile.alertshape import ReceiverShape
from gtm.zonefile.appshape import AppShape, ServiceShape
from gtm.zonefile.checkshape import (
    CheckShape,
    DampingShape,
    ExpectShape,
    LoadFieldShape,
    PassiveShape,
    TlsShape,
)
from gtm.zonefile.dnssecshape import DnssecShape
from gtm.zonefile.freezeshape import FreezeShape
from gtm.zonefile.peershape import TransferShape, TsigShape, UpdatesShape
from gtm.zonefile.publishedshape import BindingShape, DispatchShape, SvcbShape
from gtm.zonefile.shape import (
    GeoShape,
    LatencyFeedShape,
    LoadShape,
    OverrideShape,
    RecordShape,
    RegionShape,
    SafetyShape,
    SoaShape,
    TtlShape,
    WhoamiShape,
)
from gtm.zonefile.shapebase import Shape
from gtm.zonefile.steeringshape import PrefixShape, RuleShape, SteeringShape


def _of_check(at: tuple[str, ...]) -> dict[tuple[str, ...], type[Shape]]:
    """The shapes inside a check."""
    return {
        (*at, "expect"): ExpectShape,
        (*at, "tls"): TlsShape,
        (*at, "damping"): DampingShape,
        (*at, "passive"): PassiveShape,
        (*at, "load"): LoadFieldShape,
    }


# The path of keys that leads to each shape; `*` is any key.
LEVELS: Mapping[tuple[str, ...], type[Shape]] = {
    ("ttl", "*"): TtlShape,  # below its form: `<mapping>`
    ("regions", "*"): RegionShape,
    ("checks", "*"): CheckShape,
    **_of_check(("checks", "*")),
    ("alerts", "*"): ReceiverShape,
    ("tsig", "*"): TsigShape,
    ("transfer",): TransferShape,
    ("updates", "*"): UpdatesShape,
    ("soa",): SoaShape,
    ("apps", "*"): AppShape,
    ("apps", "*", "services", "*"): ServiceShape,
    ("apps", "*", "steering"): SteeringShape,
    ("apps", "*", "steering", "prefix"): PrefixShape,
    ("apps", "*", "steering", "otherwise"): SteeringShape,
    ("apps", "*", "steering", "rules"): RuleShape,
    ("apps", "*", "check"): CheckShape,
    **_of_check(("apps", "*", "check")),
    ("apps", "*", "https"): BindingShape,
    ("apps", "*", "svcb", "*"): SvcbShape,
    ("apps", "*", "srv", "*"): DispatchShape,
    ("regions", "*", "check"): CheckShape,
    **_of_check(("regions", "*", "check")),
    ("safety",): SafetyShape,
    ("load",): LoadShape,
    ("latency_feed",): LatencyFeedShape,
    ("canary",): CheckShape,
    **_of_check(("canary",)),
    ("freeze",): FreezeShape,
    ("dnssec",): DnssecShape,
    ("geo",): GeoShape,
    ("whoami",): WhoamiShape,
    ("geo", "overrides", "*"): OverrideShape,
    ("records", "*"): RecordShape,
}
