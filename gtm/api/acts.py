"""What the audit trail is told of each act of the API, in words."""

from __future__ import annotations

from datetime import UTC, datetime

from gtm.api.call import Call
from gtm.api.models import (
    ChangeShape,
    OverrideAdded,
    OverrideRemoval,
    OverrideRemoved,
    OverrideRequest,
    OverrideShape,
    ReloadStatus,
    UpdatesRemoval,
    UpdatesRemoved,
)

MOST = 5  # verdicts that a line names; history has all of them
NONE = "no override"


def note_added(call: Call[None, OverrideRequest], found: OverrideAdded) -> None:
    """An override was put in force."""
    after, before = _act(found.override), found.replaced
    if found.forced_past:
        after += f"; forced past: {'; '.join(found.forced_past)}"
    call.serving.access.note(
        call.request,
        found.override.act,
        found.override.target,
        before=NONE if before is None else _override(before),
        after=after + _changed(found.changes),
        reason=found.override.reason,
        author=found.override.author,
    )


def note_removed(call: Call[OverrideRemoval, None], found: OverrideRemoved) -> None:
    """An override was taken back."""
    call.serving.access.note(
        call.request,
        f"take back {found.override.act}",
        found.override.target,
        before=_override(found.override),
        after=NONE + _changed(found.changes),
        author=call.query.by,
    )


def note_updates_removed(call: Call[UpdatesRemoval, None], found: UpdatesRemoved) -> None:
    """Records that updates had added were removed."""
    kind = f" {call.query.type.upper()}" if call.query.type else ""
    call.serving.access.note(
        call.request,
        "remove updates",
        f"{found.name}{kind}",
        before=f"{found.removed} records",
        after="none",
        author=call.query.by,
    )


def note_reload(call: Call[None, None], before: int, found: ReloadStatus) -> None:
    """Everything was loaded again; `before` is the epoch then."""
    after = call.serving.controller.compiled.snapshot.epoch
    call.serving.access.note(
        call.request,
        "reload",
        "zones and databases",
        before=f"epoch {before}",
        after=f"epoch {after}" if found.error is None else f"unchanged: {found.error}",
    )


def _override(one: OverrideShape) -> str:
    return f"{_act(one)}, by {one.author}: {one.reason}"


def _act(one: OverrideShape) -> str:
    until = "" if one.expires is None else f" until {_clock(one.expires)}"
    return f"{one.act}{' planned' if one.planned else ''}{until}"


def _changed(changes: list[ChangeShape]) -> str:
    if not changes:
        return "; no verdict changed"
    words = [f"{_about(one)} {one.before} → {one.after}" for one in changes[:MOST]]
    more = f" and {len(changes) - MOST} more" if len(changes) > MOST else ""
    return f"; {', '.join(words)}{more}"


def _about(one: ChangeShape) -> str:
    return "/".join(part for part in (one.service or one.app, one.region, one.endpoint) if part)


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
