"""What is open and what is on its way, on disk, so that a restart forgets no alert.

One file, replaced as a whole. A damaged one is set aside and said; then alerts begin anew, and
receivers know those that they had by their keys.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gtm.alerts.desk import Alert
from gtm.alerts.notice import Notice
from gtm.alerts.outbox import Parcel
from gtm.durable import FOLDER_MODE, Disk, put
from gtm.errors import StartError
from gtm.events import Kind, Severity
from gtm.events.text import EventText, as_text

NAME = "alerts.json"
LARGEST = 256 << 20  # octets


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KeptAlert(_Shape):
    """An alert that was open."""

    id: str
    name: str
    within: str
    began: float = Field(ge=0, lt=1e11, allow_inf_nan=False)
    severity: Severity | None
    told: list[str]
    open: list[EventText]
    ended: list[EventText]

    def alert(self) -> Alert:
        """The alert itself."""
        return Alert(
            self.id,
            self.name,
            self.began,
            self.within,
            {one.key: one.event() for one in self.open},
            {one.key: one.event() for one in self.ended},
            set(self.told),
            self.severity,
        )


class KeptParcel(_Shape):
    """A message that was on its way for `age` seconds."""

    alert: str
    name: str
    severity: Severity
    began: float = Field(ge=0, lt=1e11, allow_inf_nan=False)
    events: list[EventText] = Field(min_length=1)
    ended: float | None
    former: Severity | None
    first: bool
    parts: list[tuple[Kind, int]]
    untold: int
    again: bool
    age: float = Field(ge=0, allow_inf_nan=False)
    attempts: int

    def notice(self) -> Notice:
        """The message itself."""
        return Notice(
            self.alert,
            self.name,
            self.severity,
            self.began,
            tuple(one.event() for one in self.events),
            self.ended,
            self.former,
            self.first,
            tuple(self.parts),
            self.untold,
            self.again,
        )


class KeptReceiver(_Shape):
    """What one receiver is owed."""

    untold: int = 0
    alerts: list[KeptAlert] = []
    parcels: list[KeptParcel] = []


class KeptAlerts(_Shape):
    """The whole file; `at` is Unix time."""

    version: Literal[1] = 1
    at: float = Field(default=0.0, ge=0, lt=1e11, allow_inf_nan=False)
    receivers: dict[str, KeptReceiver] = {}


def kept_alert(alert: Alert) -> KeptAlert:
    """An alert for the file."""
    return KeptAlert(
        id=alert.id,
        name=alert.name,
        within=alert.within,
        began=alert.began,
        severity=alert.severity,
        told=sorted(alert.told),
        open=[as_text(event) for event in alert.open.values()],
        ended=[as_text(event) for event in alert.ended.values()],
    )


def kept_parcel(parcel: Parcel, now: float) -> KeptParcel:
    """A message for the file; `now` is monotonic seconds."""
    notice = parcel.notice
    return KeptParcel(
        alert=notice.alert,
        name=notice.name,
        severity=notice.severity,
        began=notice.began,
        events=[as_text(event) for event in notice.events],
        ended=notice.ended,
        former=notice.former,
        first=notice.first,
        parts=list(notice.parts),
        untold=notice.untold,
        again=notice.again,
        age=max(0.0, now - parcel.born),
        attempts=parcel.attempts,
    )


class AlertFile:
    """The file of one state directory. Its calls block: they are for a worker thread."""

    def __init__(self, folder: Path) -> None:
        """Nothing is touched before `load`."""
        self.path = folder / NAME

    def load(self, now: float) -> tuple[KeptAlerts, str | None]:
        """What was kept, and what was wrong with it (None: nothing). `now` is Unix time.

        Raises StartError when the directory can't be used.
        """
        try:
            self.path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            with self.path.open("rb") as file:
                return KeptAlerts.model_validate_json(file.read(LARGEST)), None
        except FileNotFoundError:
            return KeptAlerts(), None
        except ValidationError as error:
            aside = self.path.with_name(f"{NAME}.damaged-{now:.0f}")
            self.path.replace(aside)
            why = error.errors(include_url=False, include_input=False)[0]["msg"]
            return KeptAlerts(), f"{self.path} was damaged ({why}) and is now {aside.name}"
        except OSError as error:
            raise StartError(
                f"cannot keep alerts in {self.path.parent}: {error.strerror or error}"
            ) from error

    def save(self, kept: KeptAlerts) -> None:
        """Replaces what is on disk. Raises OSError; then what was there still is."""
        put(self.path, kept.model_dump_json().encode(), Disk())
