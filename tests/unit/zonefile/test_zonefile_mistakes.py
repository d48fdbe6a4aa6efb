"""Every mistake is said once, at its place, with what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from gtm.errors import ZoneFileError
from tests.unit.zonefile.zonefile_writing import HEAD, load_text, mistakes_of

TEN = """\
zone: gtm.example.com
tll: 30
nameservers:
  ns1: [192.0.2.530]
regions:
  us-east: {location: [39.04, -77.49], bias: 120}
  eu-west: {location: [-100, 40]}
checks:
  web: {type: http, interval: 1s, timeout: 2s}
apps:
  shop:
    topology: replicatd
    check: wbe
    services:
      orders:
        us-eats: [192.0.2.10]
        eu-west: [192.0.2.10, 192.0.2.10]
      orders:
        us-east: [192.0.2.11]
records:
  www: {type: CNAME, value: orders.example.com.}
"""


def test_ten_different_mistakes_give_exactly_those_ten_messages(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path, TEN) == [
        "a.yaml:2:1: tll: `tll` is not a known key; write `ttl`",
        "a.yaml:4:9: nameservers.ns1: `192.0.2.530` is not an IP address; "
        "write one such as `192.0.2.10` or `2001:db8::10`",
        "a.yaml:6:46: regions.us-east.bias: `120` is not a bias; "
        "write a whole number from -99 to 99",
        "a.yaml:7:23: regions.eu-west.location: the latitude -100 is beyond 90 degrees; "
        "latitude comes first: write `[40, -100]`",
        "a.yaml:9:44: checks.web.timeout: the timeout (2 s) is longer than the interval (1 s): "
        "a probe has to end before the next begins; write a timeout of at most `1s`",
        "a.yaml:12:15: apps.shop.topology: `replicatd` is not a topology; write `replicated`",
        "a.yaml:13:12: apps.shop.check: there is no check `wbe`; write `web`",
        "a.yaml:16:9: apps.shop.services.orders.us-eats: there is no region `us-eats`; "
        "write `us-east`",
        "a.yaml:17:31: apps.shop.services.orders.eu-west: 192.0.2.10 is written twice; "
        "keep one of them",
        "a.yaml:18:7: apps.shop.services.orders: the key is written twice, first at "
        "a.yaml:15:7; keep one of them",
    ]


def test_mistakes_of_all_files_are_sorted_by_file_and_place(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("zone: b.example\nttl: x\nfoo: 1\n")
    (tmp_path / "a.yaml").write_text("zone: [\n")
    (tmp_path / "c.yaml").write_text("")
    said = mistakes_of(tmp_path, "zone: a.example\nbar: 1\n")
    assert [one.split(": ")[0] for one in said] == [
        "a.yaml:2:1",
        "b.yaml:2:6",
        "b.yaml:3:1",
        "c.yaml",
    ]


def app(text: str) -> str:
    return HEAD + "apps:\n  shop:\n    topology: spread\n" + text


def service(text: str) -> str:
    return app("    services:\n      orders: " + text + "\n")


ONE_MISTAKE = {
    "a key of the wrong kind": (
        HEAD + "apps: 5\n",
        "a.yaml:6:7: apps: `5` stands where keys are expected",
    ),
    "a missing key": (
        HEAD + "apps:\n  shop:\n    services: {a: {us-east: 192.0.2.1}}\n",
        "a.yaml:7:3: apps.shop: `topology` is missing",
    ),
    "a misspelt key is not missing too": (
        HEAD
        + "apps:\n  shop:\n    topologie: spread\n    services: {orders: {us-east: 192.0.2.1}}\n",
        "a.yaml:8:5: apps.shop.topologie: `topologie` is not a known key; write `topology`",
    ),
    "a ttl whose least is above its most": (
        HEAD + "ttl: {min: 61, max: 60}\n",
        "a.yaml:6:12: ttl.min: the least ttl, 61 s, is above the most, 60 s; write at most 60",
    ),
    "a ttl with one end": (HEAD + "ttl: {min: 10}\n", "a.yaml:6:1: ttl: `max` is missing"),
    "a ttl with a misspelt end": (
        HEAD + "ttl: {min: 10, maxi: 60}\n",
        "a.yaml:6:16: ttl.maxi: `maxi` is not a known key; write `max`",
    ),
    "a ttl with an end that is none": (
        HEAD + "ttl: {min: soon, max: 60}\n",
        "a.yaml:6:12: ttl.min: `soon` is not a duration",
    ),
    "a ttl out of range": (HEAD + "ttl: 2147483648\n", "the ttl `2147483648` is out of range"),
    "a key of a later version": (
        HEAD + "records: {www: {type: A, value: 192.0.2.1, lenient: true}}\n",
        "records.www.lenient: `lenient` is not supported by this version",
    ),
    "least_load without a capacity": (
        app("    steering: {policy: least_load}\n    services: {a: {us-east: 192.0.2.1}}\n"),
        "a.yaml:9:24: apps.shop.steering.policy: least_load needs the capacity of every region, "
        "and us-east has none; write `capacity:` in the region us-east",
    ),
    "a short policy": (
        app("    steering: neerest\n    services: {a: {us-east: 192.0.2.1}}\n"),
        "a.yaml:9:15: apps.shop.steering: `neerest` is not a policy; write `nearest`",
    ),
    "a misspelt check type": (
        HEAD + "checks: {db: {type: quorun}}\n",
        "a.yaml:6:21: checks.db.type: `quorun` is not a check type; write `quorum`",
    ),
    "tcp without a port": (
        HEAD + "checks: {db: {type: tcp}}\n",
        "a.yaml:6:10: checks.db: a tcp check needs a port",
    ),
    "bare tcp": (
        app("    check: tcp\n    services: {a: {us-east: 192.0.2.1}}\n"),
        "a.yaml:9:12: apps.shop.check: a tcp check needs a port; write `{type: tcp, port: 443}`",
    ),
    "a path for tcp": (
        HEAD + "checks: {db: {type: tcp, port: 1, path: /}}\n",
        "a.yaml:6:35: checks.db.path: `path` says nothing for a tcp check",
    ),
    "a status": (
        HEAD + "checks: {w: {type: http, expect: {status: [200-299, 700]}}}\n",
        "`700` is not an HTTP status",
    ),
    "an interval": (
        HEAD + "checks: {w: {type: http, interval: 10ms}}\n",
        "an interval of 0.01 s is out of bounds",
    ),
    "a text where true belongs": (
        HEAD + "checks: {w: {type: https, verify: yes}}\n",
        "a.yaml:6:35: checks.w.verify: `yes` is neither true nor false",
    ),
    "a number where text belongs": (
        HEAD + "records_file: 7\n",
        "`7` is not text; put it in quotes",
    ),
    "mixed endpoints": (
        service("{us-east: [192.0.2.1, a.example.net.]}"),
        "addresses and host names are mixed",
    ),
    "two host names": (
        service("{us-east: [b.example.net., a.example.net.]}"),
        "more than one host name",
    ),
    "a name without a dot": (
        service("{us-east: localhost}"),
        "`localhost` is neither an address nor a host name",
    ),
    "no endpoints": (service("{us-east: []}"), "the region has no endpoints"),
    "no regions": (
        service("{}"),
        "a.yaml:10:7: apps.shop.services.orders: the service has no endpoints",
    ),
    "a setting of a service that can't be read": (
        service("{us-east: 192.0.2.1, ttl: soon}"),
        "a.yaml:10:41: apps.shop.services.orders.ttl: `soon` is not a duration",
    ),
    "a key of the app in a service": (
        service("{us-east: 192.0.2.1, panic: 10%}"),
        "a.yaml:10:36: apps.shop.services.orders.panic: `panic` is a key of the app; "
        "write it there",
    ),
    "reports are a matter of a check, not of a service": (
        service("{us-east: 192.0.2.1, passive: {minimum: 5}}"),
        "a.yaml:10:36: apps.shop.services.orders.passive: `passive` is a key of a check, beside "
        "its probes: reports take out, only probes put back; write it there",
    ),
    "how a service is probed is a matter of its check": (
        service("{us-east: 192.0.2.1, interval: 5s}"),
        "apps.shop.services.orders.interval: `interval` is a key of a check; write it there",
    ),
    "a key of steering in a service": (
        service("{us-east: 192.0.2.1, weights: {us-east: 1}}"),
        "apps.shop.services.orders.weights: `weights` is a key of `steering`; write it there",
    ),
    "an unknown key in a service's steering": (
        service("{us-east: 192.0.2.1, steering: {polcy: sticky}}"),
        "a.yaml:10:47: apps.shop.services.orders.steering.polcy: `polcy` is not a known key; "
        "write `policy`",
    ),
    "an unknown key in a service's check": (
        service("{us-east: 192.0.2.1, check: {type: http, prot: 80}}"),
        "services.orders.check.prot: `prot` is not a known key; write `port`",
    ),
    "a check of a service that is not there": (
        service("{us-east: 192.0.2.1, check: ap}"),
        "a.yaml:10:43: apps.shop.services.orders.check: there is no check `ap`",
    ),
    "a service's steering to where it is not": (
        service("{us-east: 192.0.2.1, steering: {policy: failover, order: [eu-west]}}"),
        "apps.shop.services.orders.steering.order: no service of the app is in eu-west",
    ),
    "more needed up than a service has": (
        service("{us-east: 192.0.2.1, min_up: 2}"),
        "but the service's min_up is 2: it could never be up; write more endpoints",
    ),
    "a multicast address": (service("{us-east: 224.0.0.1}"), "no client can reach `224.0.0.1`"),
    "a scoped address": (service('{us-east: "fe80::1%eth0"}'), "no client can reach"),
    "optional": (service("{us-east: 192.0.2.1, optional: NO}"), "`NO` is neither true nor false"),
    "a service that is its own endpoint": (
        service("{us-east: orders.gtm.example.com.}"),
        "the service is its own endpoint",
    ),
    "min_up that can't be": (
        app("    min_up: 2\n    services: {a: {us-east: 192.0.2.1}}\n"),
        "the region has 1 endpoint, but the app's min_up is 2",
    ),
    "min_up of nothing": (
        app("    min_up: 0%\n    services: {a: {us-east: 192.0.2.1}}\n"),
        "`0%` is not a number of endpoints",
    ),
    "one service twice": (
        app("    services: {a: {us-east: 192.0.2.1}, A: {us-east: 192.0.2.1}}\n"),
        "the service a.gtm.example.com. is defined at",
    ),
    "a service outside the zone": (
        app("    services: {a.example.net.: {us-east: 192.0.2.1}}\n"),
        "a.example.net. is outside the zone gtm.example.com.",
    ),
    "a wildcard service": (
        app('    services: {"*.a": {us-east: 192.0.2.1}}\n'),
        "a service can't be a wildcard",
    ),
    "a host name at the apex": (
        app('    services: {"": {us-east: a.example.net.}}\n'),
        "the zone's own name can't have host names as endpoints",
    ),
    "a label too long": (
        app(f"    services: {{{'a' * 64}: {{us-east: 192.0.2.1}}}}\n"),
        "has a label over 63 octets",
    ),
    "a region called like an option": (
        HEAD + "  optional: {location: GB}\n",
        "a region can't be called `optional`",
    ),
    "latency to an unknown region": (
        HEAD + "latency: {GB: {eu-wets: 12}}\n",
        "a.yaml:6:16: latency.GB.eu-wets: there is no region `eu-wets`; write `eu-west`",
    ),
    "latency of nothing": (HEAD + "latency: {GB: {eu-west: 0}}\n", "`0` is not a number above 0"),
    "one area twice": (
        HEAD + "latency: {GB: {eu-west: 1}, EU-GB: {eu-west: 2}}\n",
        "EU-GB is written twice",
    ),
    "an override with host bits": (
        HEAD + "geo: {overrides: {203.0.113.1/24: {location: GB}}}\n",
        "write `203.0.113.0/24`",
    ),
    "a continent as a place": (
        HEAD + "geo: {overrides: {203.0.113.0/24: {location: EU}}}\n",
        "the centre of `EU` is not known",
    ),
    "a mailbox": (HEAD + "soa: {contact: hostmaster}\n", "`hostmaster` is not a mailbox"),
    "the root": (
        'zone: "."\nnameservers: {ns1.example.net.: []}\n',
        "the root can't be a zone here",
    ),
    "a zone that is no name": (
        "zone: 5\nnameservers: {ns1: 192.0.2.1}\nrecords: {a.b.: {type: A, value: 192.0.2.1}}\n",
        "a.yaml:1:7: zone: `5` is not a domain name",
    ),
    "glue that is missing": (
        "zone: a.example\nnameservers: {ns1: []}\n",
        "a.yaml:2:15: nameservers.ns1: ns1.a.example. lies in the zone, so it needs addresses",
    ),
    "a zone that is misspelt": (
        "zones: a.example\nnameservers: {ns1: 192.0.2.1}\n",
        "a.yaml:1:1: zones: `zones` is not a known key; write `zone`",
    ),
    "a zone that is missing": (
        "nameservers: {ns1: 192.0.2.1}\n",
        "a.yaml:1:1: `zone` is missing; begin the file with `zone: your.zone.example`",
    ),
    "no name servers": (
        "zone: a.example\nnameservers: {}\n",
        "a zone has at least one name server",
    ),
}


@pytest.mark.parametrize("text, said", ONE_MISTAKE.values(), ids=ONE_MISTAKE.keys())
def test_one_mistake_gives_one_message(tmp_path: Path, text: str, said: str) -> None:
    found = mistakes_of(tmp_path, text)
    assert len(found) == 1, found
    assert said in found[0]


def test_the_error_says_how_many_and_the_first(tmp_path: Path) -> None:
    with pytest.raises(ZoneFileError, match="cannot load zones: 10 mistakes in 1 file; the first"):
        load_text(tmp_path, TEN)


def test_a_region_that_could_not_be_read_is_known_where_it_is_used(tmp_path: Path) -> None:
    text = HEAD.replace("location: IE", "location: XX") + "latency: {GB: {eu-west: 1}}\n"
    assert len(mistakes_of(tmp_path, text)) == 1


def test_a_shared_file_that_could_not_be_read_makes_no_region_unknown(tmp_path: Path) -> None:
    (tmp_path / "shared.yaml").write_text("regions: [")
    text = service("{ap-south: 192.0.2.1}").replace(
        "topology: spread", "topology: spread\n    check: db"
    )
    (said,) = mistakes_of(tmp_path, text)
    assert said.startswith("shared.yaml")


def test_keys_of_a_check_whose_type_is_misspelt_are_left_in_peace(tmp_path: Path) -> None:
    """They were called wrong for icmp, which nobody had written."""
    checks = "checks: {api: {type: htp, path: /health, tls: false}}\n"
    said = [str(mistake) for mistake in mistakes_of(tmp_path, HEAD + checks)]
    assert not [one for one in said if "says nothing for" in one]
    assert [one for one in said if "`htp` is not a check type" in one]
