"""Every kind of check can be said in a zone file, and checks can be put together."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from gtm.checks import (
    AnyCheck,
    Check,
    Combine,
    Combined,
    Contains,
    Damping,
    Dns,
    Exec,
    File,
    Grpc,
    Http,
    Icmp,
    Judgement,
    Matches,
    Points,
    Probe,
    Schedule,
    StatusRange,
    Tcp,
    Tls,
    Unknown,
    leaves,
)
from gtm.zonefile.expand import expanded
from tests.unit.zonefile.zonefile_writing import HEAD, load_text, mistakes_of, zone_of

KINDS: dict[str, tuple[str, Probe]] = {
    "http": ("{type: http}", Http()),
    "everything of http": (
        "{type: http, method: POST, path: '/ok?a=b', host: a.example, headers: {X-A: b, X-C: d},"
        " redirects: 3, keep_alive: true, expect: {status: [200, 300-305], body: [x, y],"
        " match: 'v[0-9]+', json: {/a/0: 1, /b: null, '/c~1d': {e: [true]}}}}",
        Http(
            method="POST",
            path="/ok?a=b",
            host="a.example",
            headers=(("X-A", "b"), ("X-C", "d")),
            statuses=(StatusRange(200, 200), StatusRange(300, 305)),
            body=(
                Contains("x"),
                Contains("y"),
                Matches("v[0-9]+"),
                Points("/a/0", "1"),
                Points("/b", "null"),
                Points("/c~1d", '{"e": [true]}'),
            ),
            redirects=3,
            keep_alive=True,
        ),
    ),
    "a json pointer alone": (
        "{type: http, expect: {json: /ready}}",
        Http(body=(Points("/ready"),)),
    ),
    "https": ("{type: https, verify: false}", Http(Tls(verify=False))),
    "https with certificates": (
        "{type: https, tls: {server_name: b.example, ca: /ca.pem, cert: /c.pem, key: /k.pem,"
        " warn_before: 30d}}",
        Http(Tls(True, "b.example", "/ca.pem", "/c.pem", "/k.pem", 30 * 86400.0)),
    ),
    "tcp": ("{type: tcp, port: 1}", Tcp()),
    "tcp that talks": (
        '{type: tcp, port: 1, send: "PING\\r\\n", expect: "+PONG", tls: true}',
        Tcp(Tls(), b"PING\r\n", b"+PONG"),
    ),
    "grpc": ("{type: grpc, port: 1, service: shop, tls: {}}", Grpc("shop", Tls())),
    "dns": (
        "{type: dns, name: a.example, record: AAAA, answers: '2001:db8::1', tcp: true}",
        Dns("a.example", "AAAA", ("2001:db8::1",), "NOERROR", True),
    ),
    "icmp": ("{type: icmp, size: 8}", Icmp(8)),
    "exec": ("{type: exec, command: [/bin/true, '{address}']}", Exec(("/bin/true", "{address}"))),
    "file": ("{type: file, path: /run/my states, max_age: 90s}", File("/run/my states", 90.0)),
}


def app(check: str, more: str = "") -> str:
    return (
        f"{more}apps:\n  shop:\n    topology: spread\n    check: {check}\n"
        "    services: {orders: {us-east: 192.0.2.1}}\n"
    )


def check_of(directory: Path, check: str, more: str = "") -> AnyCheck:
    found = zone_of(directory, HEAD + app(check, more)).apps[0].check
    assert found is not None
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read_and_written_out_again(tmp_path: Path, kind: str) -> None:
    text, probe = KINDS[kind]
    zone = zone_of(tmp_path, HEAD + app(text))
    check = zone.apps[0].check
    assert isinstance(check, Check)
    assert check.probe == probe
    assert zone_of(tmp_path, expanded(zone)) == zone


def test_times_and_judgement_are_read_and_written_out_again(tmp_path: Path) -> None:
    text = (
        "{type: tcp, port: 1, address: GW.example.net, source: 192.0.2.9, family: 4,"
        " interval: 8s, fast_interval: 500ms, timeout: 3s, connect_timeout: 250ms,"
        " rise: 3, fall: 4, ok: 2, max_latency: 1.5s,"
        " damping: {changes: 3, within: 5m, hold: 30s, most: 1h},"
        " unknown: down, stale_after: 1m}"
    )
    check = check_of(tmp_path, text)
    assert isinstance(check, Check)
    assert (check.address, check.source) == ("gw.example.net", ip_address("192.0.2.9"))
    assert check.family == 4
    assert check.schedule == Schedule(8.0, 3.0, 0.25, 0.5)
    damping = Damping(3, 300.0, 30.0, 3600.0)
    assert check.judgement == Judgement(3, 4, 2, 1.5, damping, Unknown.DOWN, 60.0)
    zone = zone_of(tmp_path, HEAD + app(text))
    assert zone_of(tmp_path, expanded(zone)) == zone


def test_a_list_is_all_of_its_checks(tmp_path: Path) -> None:
    check = check_of(tmp_path, "[https, {type: tcp, port: 3306}]")
    assert isinstance(check, Combined)
    assert (check.kind, check.needed) == (Combine.ALL, 2)
    assert [part.name for part in check.checks] == ["https", "tcp 3306"]


def test_checks_name_others_in_any_order_and_to_any_depth(tmp_path: Path) -> None:
    named = (
        "checks:\n"
        "  both: {type: all, checks: [web, two]}\n"
        "  two: {type: quorum, needed: 2, checks: [a, b, {type: any, checks: [icmp, a]}]}\n"
        "  web: {type: http}\n  a: {type: tcp, port: 1}\n  b: {type: tcp, port: 2}\n"
    )
    check = check_of(tmp_path, "both", named)
    assert isinstance(check, Combined)
    two = check.checks[1]
    assert isinstance(two, Combined)
    assert (two.kind, two.needed, two.name) == (Combine.QUORUM, 2, "two")
    assert [leaf.port for leaf in leaves(check)] == [80, 1, 2, None, 1]
    zone = zone_of(tmp_path, HEAD + app("both", named))
    assert zone_of(tmp_path, expanded(zone)) == zone


def test_a_shared_file_may_define_what_is_put_together(tmp_path: Path) -> None:
    (tmp_path / "shared.yaml").write_text("checks: {a: {type: icmp}}\n")
    check = check_of(tmp_path, "[a, http]")
    assert [leaf.name for leaf in leaves(check)] == ["a", "http"]


def test_a_region_has_a_check_of_its_own(tmp_path: Path) -> None:
    text = HEAD.replace("IE}", "IE, check: {type: icmp, address: 192.0.2.254}}") + app("https")
    zone = zone_of(tmp_path, text)
    check = zone.regions["eu-west"].check
    assert isinstance(check, Check)
    assert check.address == "192.0.2.254"
    assert zone_of(tmp_path, expanded(zone)) == zone


MISTAKES = {
    "a key of another type": (
        app("{type: icmp, path: /x}"),
        "apps.shop.check.path: `path` says nothing for an icmp check; remove it; "
        "it is for http, https and file checks",
    ),
    "a probe's key where checks are put together": (
        app("{type: all, checks: [http], interval: 1s}"),
        "apps.shop.check.interval: `interval` says nothing for an all check",
    ),
    "a circle": (
        app("a", "checks: {a: {type: all, checks: [b]}, b: {type: any, checks: [a]}}\n"),
        "the checks name each other in a circle: a > b > a; take one of them out of the other",
    ),
    "the same check twice": (app("[http, http]"), "apps.shop.check: `http` is written twice"),
    "more needed than there are": (
        app("{type: quorum, needed: 3, checks: [http, https]}"),
        "3 of 2 checks can never be up; write at most `needed: 2`",
    ),
    "a quorum of nobody knows how many": (
        app("{type: quorum, checks: [http, https]}"),
        "apps.shop.check: it does not say how many checks must be up; write `needed:`",
    ),
    "no checks": (
        app("{type: any}"),
        "it does not say which checks `any` is of; write `checks: [first, second]`",
    ),
    "an empty list": (app("[]"), "apps.shop.check: there is no check in the list"),
    "a part that is not there": (
        app("[http, dbb]", "checks: {db: {type: icmp}}\n"),
        "apps.shop.check: there is no check `dbb`; write `db`",
    ),
    "a wrong key inside a part": (
        app("{type: all, checks: [{type: tcp, prot: 1}]}"),
        "`prot` is not a known key; write `port`",
    ),
    "a wrong key of what is expected": (
        app("{type: http, expect: {boddy: x}}"),
        "apps.shop.check.expect.boddy: `boddy` is not a known key; write `body`",
    ),
    "a bare type that needs more": (
        app("[http, grpc]"),
        "a grpc check needs a port; write `{type: grpc, port: 50051}`",
    ),
    "a pattern that is none": (
        app("{type: http, expect: {match: '('}}"),
        'the check can\'t be made: "(" is no regular expression of RE2',
    ),
    "text for http": (
        app("{type: http, expect: ok}"),
        "`expect` of an http check has keys; write `expect: {body: text}`",
    ),
    "keys for tcp": (
        app("{type: tcp, port: 1, expect: {body: ok}}"),
        "`expect` of a tcp check is text",
    ),
    "a program as one word": (
        app("{type: exec, command: /bin/true --fast}"),
        "apps.shop.check.command: `/bin/true --fast` is not a program and its arguments",
    ),
    "no program": (app("{type: exec}"), "an exec check needs a program; write `command:`"),
    "slower than it may be": (
        app("{type: http, timeout: 1s, max_latency: 2s}"),
        "apps.shop.check.max_latency: max_latency of 2 s is out of bounds",
    ),
    "a connection over UDP": (
        app("{type: dns, name: a.example, connect_timeout: 1s}"),
        "there is no connection over UDP; remove it, or write `tcp: true`",
    ),
    "a hold that is longer than the longest": (
        app("{type: http, damping: {hold: 2h, most: 1h}}"),
        "apps.shop.check.damping.hold: hold of 7200 s is out of bounds",
    ),
    "TLS switched off for https": (
        app("{type: https, tls: false}"),
        "https is never without TLS; write `type: http`, or remove `tls`",
    ),
    "two answers to one question": (
        app("{type: https, verify: true, tls: {verify: false}}"),
        "`verify` is written twice; keep the one in `tls`",
    ),
    "too many at once": (
        app(
            "[a, c]",
            "checks:\n  a: {type: all, checks: ["
            + ", ".join(f"{{type: tcp, port: {port}}}" for port in range(1, 33))
            + "]}\n  c: {type: icmp}\n",
        ),
        "33 checks are put together: each is a probe of every endpoint",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_are_said_once_where_they_are(tmp_path: Path, case: str) -> None:
    text, said = MISTAKES[case]
    found = mistakes_of(tmp_path, HEAD + text)
    assert len(found) == 1, found
    assert said in found[0]


def test_a_region_check_needs_something_to_probe(tmp_path: Path) -> None:
    text = HEAD.replace("IE}", "IE, check: [gw, icmp]}")
    text += "checks: {gw: {type: icmp, address: 192.0.2.254}}\n"
    assert mistakes_of(tmp_path, text + app("https")) == [
        "a.yaml:5:34: regions.eu-west.check: a region has no address, and `icmp` does not say what "
        "to probe for it; write `address:` in the check, such as that of the region's gateway"
    ]


def test_mistakes_in_a_named_check_are_not_said_again_where_it_is_used(tmp_path: Path) -> None:
    text = HEAD + app("[a, b]", "checks: {a: {type: tcp}, b: {type: any, checks: [a, icmp]}}\n")
    assert len(mistakes_of(tmp_path, text)) == 1
    assert not load_text(tmp_path, HEAD + app("icmp")).warnings
