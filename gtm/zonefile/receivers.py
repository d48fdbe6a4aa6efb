"""From a receiver as written to the model's: keys that its type has, and where secrets stand."""

from __future__ import annotations

from gtm.receivers import PAGERDUTY_URL, Guarded, Receiver, ReceiverType, Where
from gtm.zonefile.alertshape import ReceiverShape
from gtm.zonefile.alertvalues import is_private
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings, article

# Alertmanager forgets an alert it has not heard of for minutes, so gtm says it every minute.
ALERTMANAGER_REPEAT = 60.0
DEFAULT_REPEAT = 4 * 3600.0
SHORTEST_REPEAT = 60.0
LONGEST_WAIT = 300.0  # seconds: an alert that is later than that is of no use
LONGEST_TIMEOUT = 60.0
SHORTEST_TIMEOUT = 0.1

_URLS = ("url", "url_file", "url_env")
_SECRETS = ("secret_file", "secret_env")
_KEYS = ("key_file", "key_env")
_OF_OTHERS = {
    ReceiverType.WEBHOOK: (_KEYS, "a `pagerduty` receiver"),
    ReceiverType.SLACK: (_KEYS + _SECRETS, "`webhook` and `pagerduty` receivers"),
    ReceiverType.PAGERDUTY: (_SECRETS, "a `webhook` receiver; write `key_file` or `key_env`"),
    ReceiverType.ALERTMANAGER: (_KEYS + _SECRETS, "`webhook` and `pagerduty` receivers"),
}


def receiver(
    name: str, shape: ReceiverShape, document: Document, path: KeyPath, findings: Findings
) -> Receiver | None:
    """The receiver at `path`; None, with every mistake noted, where it can't be used."""
    before = len(findings.mistakes)
    if document.value_at((*path, "type")) != shape.type.value:
        return None  # a stand-in for a type that has been said to be wrong
    keys, others = _OF_OTHERS[shape.type]
    for key in keys:
        if key in shape.model_fields_set:
            problem = f"`{key}` says nothing for {article(shape.type.value)} receiver"
            findings.wrong(document.key((*path, key)), problem, f"remove it; it is for {others}")
    url = _one_of(_URLS, shape, document, path, findings)
    secret = _one_of(_SECRETS + _KEYS, shape, document, path, findings)
    _judge_presence(shape, url, secret, document, path, findings)
    _judge_url(shape, document, path, findings)
    _judge_times(shape, document, path, findings)
    if len(findings.mistakes) > before:
        return None
    repeat = DEFAULT_REPEAT if shape.repeat is None else shape.repeat
    return Receiver(
        name,
        shape.type,
        url or Guarded(Where.HERE, PAGERDUTY_URL),
        secret,
        shape.on,
        shape.severity,
        shape.regions,
        shape.apps,
        shape.group_wait,
        ALERTMANAGER_REPEAT if shape.type is ReceiverType.ALERTMANAGER else repeat,
        shape.burst,
        shape.pace,
        shape.timeout,
        shape.proxy,
    )


def _one_of(
    keys: tuple[str, ...],
    shape: ReceiverShape,
    document: Document,
    path: KeyPath,
    findings: Findings,
) -> Guarded | None:
    """The one of several keys that is written; more than one are a mistake."""
    written = [key for key in keys if getattr(shape, key) is not None]
    for key in written[1:]:
        problem = f"`{key}` stands beside `{written[0]}`"
        findings.wrong(document.key((*path, key)), problem, "keep one of them")
    if not written:
        return None
    where = {"file": Where.FILE, "env": Where.ENVIRONMENT}.get(written[0].rpartition("_")[2])
    return Guarded(where or Where.HERE, getattr(shape, written[0]))


def _judge_presence(
    shape: ReceiverShape,
    url: Guarded | None,
    secret: Guarded | None,
    document: Document,
    path: KeyPath,
    findings: Findings,
) -> None:
    def attempted(keys: tuple[str, ...]) -> bool:  # one that can't be used has been said already
        return any(document.value_at((*path, key)) is not None for key in keys)

    kind = shape.type
    if url is None and kind is not ReceiverType.PAGERDUTY and not attempted(_URLS):
        remedy = "write `url_file:` or `url_env:`, as the URL is a secret"
        remedy = remedy if kind is ReceiverType.SLACK else "write `url: https://...`"
        findings.wrong(document.key(path), f"{article(kind.value)} receiver needs a URL", remedy)
    if (
        secret is None
        and kind is ReceiverType.PAGERDUTY
        and not attempted((*_KEYS, *_SECRETS, "key"))
    ):
        findings.wrong(
            document.key(path),
            "a pagerduty receiver needs the routing key of an Events API v2 integration",
            "write `key_file:` or `key_env:`",
        )


def _judge_url(shape: ReceiverShape, document: Document, path: KeyPath, findings: Findings) -> None:
    if shape.url is None:
        return
    spot = document.at((*path, "url"))
    if not is_private(shape.url):
        if shape.type in (ReceiverType.SLACK, ReceiverType.PAGERDUTY):
            findings.wrong(spot, "the secret would be sent in the clear", "write `https://`")
        elif shape.type is ReceiverType.WEBHOOK:
            findings.warn(spot, "messages are sent in the clear", "write `https://` if it can be")
    if shape.type is ReceiverType.SLACK:
        findings.warn(
            spot,
            "whoever reads this file can post to the channel: the URL is a secret",
            "keep it in a file (`url_file`) or a variable (`url_env`)",
        )


def _judge_times(
    shape: ReceiverShape, document: Document, path: KeyPath, findings: Findings
) -> None:
    if shape.group_wait > LONGEST_WAIT:
        spot = document.at((*path, "group_wait"))
        findings.wrong(spot, "an alert would come too late", "write at most `5m`")
    if not SHORTEST_TIMEOUT <= shape.timeout <= LONGEST_TIMEOUT:
        spot = document.at((*path, "timeout"))
        problem = f"a timeout of {shape.timeout:g} s is out of bounds"
        findings.wrong(spot, problem, "write one from `100ms` to `1m`")
    if shape.repeat is None:
        return
    spot = document.at((*path, "repeat"))
    if shape.type is ReceiverType.ALERTMANAGER:
        problem = "Alertmanager repeats by itself; gtm tells it every minute what lasts"
        findings.wrong(spot, problem, "remove it, and set `repeat_interval` there")
    elif 0 < shape.repeat < SHORTEST_REPEAT:
        findings.wrong(spot, "that is more often than anybody reads", "write `1m` or more, or `0`")
