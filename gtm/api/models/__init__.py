"""The shapes of the API's JSON: what `--json` prints, and what programs may rely on.

Times are Unix seconds, round trips milliseconds, distances kilometres. One file for each subject.
"""

from gtm.api.models.apps import (
    AppStatus,
    EndpointStatus,
    RegionStatus,
    ServiceRegionStatus,
    ServiceStatus,
)
from gtm.api.models.base import Asked, ErrorShape, Query, Shape
from gtm.api.models.explained import (
    EndpointExplained,
    ExplainQuery,
    ExplanationShape,
    PlaceExplained,
    RegionExplained,
    SteeringExplained,
)
from gtm.api.models.feeds import (
    FeedsStatus,
    HeldStatus,
    Latency,
    LatencyItem,
    LatencyRequest,
    LatencyRow,
    Refusal,
    ReporterStatus,
    ReportItem,
    ReportsRequest,
    Taken,
)
from gtm.api.models.history import EventShape, HistoryQuery, HistoryShape
from gtm.api.models.live import EventsQuery, ShareShape, TrafficQuery, TrafficShape
from gtm.api.models.loads import LoadPosted, LoadRequest, Loads, LoadsTaken, LoadTaken, RegionLoad
from gtm.api.models.overrides import (
    ChangeShape,
    KeptStatus,
    OverrideAdded,
    OverrideRemoval,
    OverrideRemoved,
    OverrideRequest,
    Overrides,
    OverrideShape,
    OverrideStatus,
)
from gtm.api.models.peers import (
    AddedRecords,
    SecondaryStatus,
    SignedStatus,
    UpdatesQuery,
    UpdatesRemoval,
    UpdatesRemoved,
    UpdatesShape,
)
from gtm.api.models.reload import MistakeShape, ReloadStatus
from gtm.api.models.status import CertificateStatus, GeoStatus, HealthStatus, Status, ZoneStatus
from gtm.api.models.verdicts import CheckStatus, VerdictShape

__all__ = [
    "AddedRecords",
    "AppStatus",
    "Asked",
    "CertificateStatus",
    "ChangeShape",
    "CheckStatus",
    "EndpointExplained",
    "EndpointStatus",
    "ErrorShape",
    "EventShape",
    "EventsQuery",
    "ExplainQuery",
    "ExplanationShape",
    "FeedsStatus",
    "GeoStatus",
    "HealthStatus",
    "HeldStatus",
    "HistoryQuery",
    "HistoryShape",
    "KeptStatus",
    "Latency",
    "LatencyItem",
    "LatencyRequest",
    "LatencyRow",
    "LoadPosted",
    "LoadRequest",
    "LoadTaken",
    "Loads",
    "LoadsTaken",
    "MistakeShape",
    "OverrideAdded",
    "OverrideRemoval",
    "OverrideRemoved",
    "OverrideRequest",
    "OverrideShape",
    "OverrideStatus",
    "Overrides",
    "PlaceExplained",
    "Query",
    "Refusal",
    "RegionExplained",
    "RegionLoad",
    "RegionStatus",
    "ReloadStatus",
    "ReportItem",
    "ReporterStatus",
    "ReportsRequest",
    "SecondaryStatus",
    "ServiceRegionStatus",
    "ServiceStatus",
    "Shape",
    "ShareShape",
    "SignedStatus",
    "Status",
    "SteeringExplained",
    "Taken",
    "TrafficQuery",
    "TrafficShape",
    "UpdatesQuery",
    "UpdatesRemoval",
    "UpdatesRemoved",
    "UpdatesShape",
    "VerdictShape",
    "ZoneStatus",
]
