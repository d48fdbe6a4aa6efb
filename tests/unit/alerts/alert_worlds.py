"""Receivers, events and a clock for tests of alerts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gtm.alerts.courier import Receipt, Result
from gtm.alerts.desk import Desk
from gtm.alerts.notice import Notice
from gtm.events import Event, Kind, Severity
from gtm.receivers import Guarded, Receiver, ReceiverType, Where

UNIX = 1_700_000_000.0
HOOK = Receiver("hook", ReceiverType.WEBHOOK, Guarded(Where.HERE, "http://127.0.0.1:9/hook"))
ZONE = "gtm.example.com"


def hook(**changes: Any) -> Receiver:
    return replace(HOOK, **changes)


def region(name: str = "eu", app: str = "shop", *, over: bool = False, at: float = UNIX) -> Event:
    return Event(
        at,
        Kind.REGION,
        Severity.INFO if over else Severity.CRITICAL,
        f"region/{ZONE}/{app}/{name}",
        "every service of the block is up" if over else "HTTP 503 from 192.0.2.10:443, 3rd of 3",
        over,
        before="down" if over else "up",
        after="up" if over else "down",
        zone=ZONE,
        app=app,
        region=name,
    )


def endpoint(
    address: str, where: str = "eu", *, over: bool = False, at: float = UNIX, app: str = "shop"
) -> Event:
    return Event(
        at,
        Kind.ENDPOINT,
        Severity.INFO if over else Severity.WARNING,
        f"endpoint/{ZONE}/{app}/orders.{ZONE}/{where}/{address}",
        "connection refused, 3rd of 3",
        over,
        before="down" if over else "up",
        after="up" if over else "down",
        zone=ZONE,
        app=app,
        service=f"orders.{ZONE}",
        region=where,
        endpoint=address,
    )


class Clock:
    """Time that passes when told to; `unix` goes along."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def unix(self) -> float:
        return UNIX + self.now - 1000.0


class Post:
    """Delivers into a list; `receipts` are given in turn, then all is sent."""

    def __init__(self, *receipts: Receipt) -> None:
        self.receipts = list(receipts)
        self.sent: list[Notice] = []
        self.tried: list[Notice] = []

    async def deliver(self, receiver: Receiver, notice: Notice) -> Receipt:
        self.tried.append(notice)
        receipt = self.receipts.pop(0) if self.receipts else Receipt(Result.SENT)
        if receipt.result is Result.SENT:
            self.sent.append(notice)
        return receipt


def taken(desk: Desk, now: float) -> list[Notice]:
    return list(desk.take(now))
