"""HTTPS, SVCB and SRV of services, `alias` and `whoami` as zone files have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gtm.model import Service
from gtm.published import Binding, Dispatch, Published
from gtm.zonefile import load
from gtm.zonefile.expand import expand
from tests.unit.zonefile.zonefile_writing import load_text, mistakes_of, warnings_of, zone_of

HEAD = """\
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: US}, ie: {location: IE}, a..b: {location: SG}}
"""
APP = """\
apps:
  shop:
    topology: spread
    %s
    services:
      orders: {us: [192.0.2.1], %s}
      other: {ie: [192.0.2.2]}
"""


def zone(app: str = "ramp: 30s", service: str = "ie: 192.0.2.3", rest: str = "") -> str:
    return HEAD + APP % (app, service) + rest


def orders(directory: Path, app: str = "ramp: 30s", service: str = "ie: 192.0.2.3") -> Service:
    return zone_of(directory, zone(app, service)).apps[0].services[0]


def said(directory: Path, text: str) -> list[str]:
    """The mistakes, without their places."""
    return [line.split(": ", 1)[1] for line in mistakes_of(directory, text)]


# --- what is read ---------------------------------------------------------------------------


def test_https_in_short_is_http_2_with_hints(tmp_path: Path) -> None:
    assert orders(tmp_path, "https: true").published == Published(Binding(("h2",)))


def test_services_have_what_their_app_has_unless_they_say_otherwise(tmp_path: Path) -> None:
    app = "https: true\n    srv: {_grpc._tcp: 8443}"
    own = orders(tmp_path, app, "https: {alpn: h3, port: 444}")
    assert own.published is not None
    assert own.published.https == Binding(("h3",), port=444)
    assert own.published.srv == (("_grpc._tcp", Dispatch(8443)),)
    assert orders(tmp_path, app, "https: false, srv: {}").published is None


def test_services_that_publish_nothing_have_nothing(tmp_path: Path) -> None:
    assert orders(tmp_path).published is None
    assert orders(tmp_path, service="answers: 1").published is None


def test_every_key_is_read(tmp_path: Path) -> None:
    service = (
        "https: {alpn: [h2, h3], no_default_alpn: true, port: 8443, hints: false, "
        "ech: AAQACwAA, mandatory: [port, ech]}, "
        "svcb: {_dns: {dohpath: '/q{?dns}'}, _853._dns: {}}, "
        "srv: {_GRPC._tcp: {port: 1, regions: 9}}, alias: true"
    )
    assert orders(tmp_path, service=service).published == Published(
        Binding(("h2", "h3"), False, 8443, b"\0\4\0\x0b\0\0", "", ("port", "ech"), False),
        (("_dns", Binding(dohpath="/q{?dns}")), ("_853._dns", Binding())),
        (("_grpc._tcp", Dispatch(1, 9)),),
        True,
    )


def test_the_long_form_loads_to_an_equal_zone(tmp_path: Path) -> None:
    app = "https: true\n    srv: {_grpc._tcp: 8443}\n    svcb: {_dns: {port: 853}}"
    service = "alias: true, https: {no_default_alpn: true, alpn: [h3], ech: AAQACwAA}"
    text = zone(app, service, "whoami: {allow: [loopback, 192.0.2.0/24]}\nsoa: {serial: 7}\n")
    before = zone_of(tmp_path, text)
    (tmp_path / "long").mkdir()
    long = tmp_path / "long" / "zone.yaml"
    long.write_text(expand(tmp_path / "a.yaml"), encoding="utf-8")
    assert load(long).zones == (before,)


def test_whoami_in_short_is_for_the_machine_itself(tmp_path: Path) -> None:
    for written, networks in (
        ("true", ["127.0.0.0/8", "::1/128"]),
        ("false", []),
        ("{allow: 192.0.2.1}", ["192.0.2.1/32"]),
    ):
        found = zone_of(tmp_path, zone(rest=f"whoami: {written}\n"))
        assert [str(each) for each in found.whoami.networks] == networks


def test_weights_say_something_where_srv_records_have_them(tmp_path: Path) -> None:
    service = "ie: [{address: 192.0.2.8, weight: 2}, {address: 192.0.2.9, weight: 1}]"
    assert any("weights" in line for line in warnings_of(tmp_path, zone(service=service)))
    srv = zone("srv: {_grpc._tcp: 1}", service)
    assert not any("weights" in line for line in warnings_of(tmp_path, srv))


# --- what is wrong --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "problem"),
    [
        ("https: 1", "`1` stands where keys are expected"),
        ("https: {alpn: [5]}", "`5` is not an ALPN protocol"),
        ("https: {alpn: [h2, h2]}", "`h2` is written twice"),
        ("https: {alpn: ['']}", "`` is not an ALPN protocol"),
        ("https: {port: 0}", "`0` is not a port"),
        ("https: {hints: 2}", "`2` is neither true nor false"),
        ("https: {ech: '?'}", "is not base64"),
        ("https: {ech: AAAA}", "is not an ECHConfigList"),
        ("https: {ech: 7}", "is not base64"),
        ("https: {no_default_alpn: true}", "no protocol is left"),
        ("https: {mandatory: [port]}", "`port` is mandatory, but the record has none"),
        ("https: {mandatory: [ipv4hint]}", "hints come and go"),
        ("https: {mandatory: [alnp], alpn: [h2]}", "is no key that can be mandatory"),
        ("https: {alpn: [h2], mandatory: [alpn, alpn]}", "`alpn` is written twice"),
        ("https: {dohpath: /q}", "is not a known key"),
        ("https: {target: x}", "is not a known key"),
        ("svcb: {dns: {}}", "is no scheme"),
        ("svcb: {_https: {}}", "has HTTPS records, not SVCB"),
        ("svcb: {_8443._https: {}}", "has HTTPS records, not SVCB"),
        ("svcb: {_dns: {dohpath: q}}", "is not a path for DNS over HTTPS"),
        ("svcb: {_dns: {}, _DNS: {}}", "`_dns` is written twice"),
        ("srv: {_grpc: 1}", "does not name a service and a protocol"),
        ("srv: {_a._b._c: 1}", "does not name a service and a protocol"),
        ("srv: {_grpc._tcp: 70000}", "`70000` is not a port"),
        ("srv: {_grpc._tcp: {regions: 2}}", "`port` is missing"),
        ("srv: {_grpc._tcp: {port: 1, regions: 0}}", "can't be how many regions are named"),
        ("srv: {_grpc._tcp: {port: 1, weight: 2}}", "is not a known key"),
        ("alias: 1", "`1` is neither true nor false"),
        ("alias: true, ie: cdn.example.net.", "a CNAME can't stand there"),
    ],
)
def test_what_a_service_cannot_publish(tmp_path: Path, service: str, problem: str) -> None:
    found = said(tmp_path, zone(service=service))
    assert len(found) == 1 and problem in found[0], found


@pytest.mark.parametrize(
    ("rest", "problem"),
    [
        ("whoami: 1\n", "`1` stands where keys are expected"),
        ("whoami: {}\n", "`whoami` allows nobody"),
        ("whoami: {allow: [home]}\n", "is no network"),
        ("whoami: {allow: [192.0.2.1/24]}\n", "has bits behind its prefix"),
        ("whoami: {allow: [1]}\n", "`1` is not a network"),
        ("whoami: {deny: [any]}\n", "is not a known key"),
    ],
)
def test_whom_whoami_cannot_allow(tmp_path: Path, rest: str, problem: str) -> None:
    found = said(tmp_path, zone(rest=rest))
    assert len(found) == 1 and problem in found[0], found


# --- what stands in its way -------------------------------------------------------------------

EVERYTHING = "https: true, svcb: {_dns: {}}, srv: {_grpc._tcp: 1}, alias: true"


@pytest.mark.parametrize(
    "record",
    [
        '"": {type: A, value: 192.0.2.7}',
        '"": {type: HTTPS, value: {svcpriority: 1, targetname: ., svcparams: {}}}',
        "orders: {type: HTTPS, value: {svcpriority: 1, targetname: ., svcparams: {}}}",
        "_grpc._tcp.orders: {type: SRV, value: {priority: 1, weight: 1, port: 1, target: a.b.}}",
        "_dns.orders: {type: CNAME, value: a.b.}",
        "192-0-2-1.us.orders: {type: A, value: 192.0.2.1}",
        "whoami: {type: TXT, value: me}",
    ],
)
def test_records_cannot_stand_where_the_zone_makes_them(tmp_path: Path, record: str) -> None:
    text = zone(service=EVERYTHING, rest=f"whoami: true\nrecords: {{{record}}}\n")
    (found,) = said(tmp_path, text)
    assert "can't stand beside what" in found


def test_records_of_a_master_file_cannot_either(tmp_path: Path) -> None:
    lines = [*(f"plain{n} A 192.0.2.9" for n in range(3)), "192-0-2-1.us.orders A 192.0.2.1"]
    (tmp_path / "static.zone").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (found,) = said(tmp_path, zone(service=EVERYTHING, rest="records_file: static.zone\n"))
    assert "can't stand beside what `srv`" in found


def test_other_records_can_stand_beside(tmp_path: Path) -> None:
    records = '"": {type: TXT, value: x}, _grpc._tcp.orders: {type: TXT, value: x}'
    load_text(tmp_path, zone(service=EVERYTHING, rest=f"records: {{{records}}}\n"))


def test_a_zone_has_one_alias(tmp_path: Path) -> None:
    text = zone(service="alias: true").replace("other: {", "other: {alias: true, ")
    (found,) = said(tmp_path, text)
    assert "`alias` of the service other" in found and "as `alias` of the service orders" in found
    text = zone(service="alias: true").replace("other:", '"":')
    (found,) = said(tmp_path, text)
    assert "can't stand beside what `alias`" in found


def test_services_cannot_be_called_what_the_zone_makes(tmp_path: Path) -> None:
    for name in ("_grpc._tcp.orders", "192-0-2-1.us.orders", "whoami"):
        text = zone(service=EVERYTHING, rest="whoami: true\n").replace("other:", f"{name}:")
        (found,) = said(tmp_path, text)
        assert f"the service {name}.gtm.example.com. can't stand beside what" in found


def test_name_servers_cannot_be_the_apex_of_an_alias_or_a_target(tmp_path: Path) -> None:
    for name in ("gtm.example.com.", "192-0-2-1.us.orders"):
        text = zone(service=EVERYTHING).replace("ns1:", f"{name}:")
        (found,) = said(tmp_path, text)
        assert "is a name server: its addresses come from `nameservers`" in found


def test_what_is_made_is_not_delegated(tmp_path: Path) -> None:
    delegation = "records: {_tcp.orders: {type: NS, value: ns.example.net.}}\n"
    (found,) = said(tmp_path, zone(service=EVERYTHING, rest=delegation))
    assert "is in _tcp.orders.gtm.example.com., which is delegated at" in found


def test_names_below_services_are_made_once(tmp_path: Path) -> None:
    text = zone(service="srv: {_grpc._tcp: 1}").replace("other:", "_tcp.orders:")
    text = text.replace("{ie: [192.0.2.2]}", "{ie: [192.0.2.2], svcb: {_grpc: {}}}")
    load_text(tmp_path, text)  # of different types they stand together
    one = zone(service="svcb: {_1._dns: {}}").replace("other:", "_dns.orders:")
    (found,) = said(tmp_path, one.replace("{ie: [192.0.2.2]}", "{ie: [192.0.2.2], svcb: {_1: {}}}"))
    assert "makes _1._dns.orders.gtm.example.com., as `svcb`" in found


def test_regions_of_srv_targets_can_be_labels(tmp_path: Path) -> None:
    (found,) = said(tmp_path, zone(service="srv: {_grpc._tcp: 1}, a..b: 192.0.2.4"))
    assert "is no name of a host" in found


def test_names_that_are_made_fit(tmp_path: Path) -> None:
    long = ".".join("x" * 60 for _ in range(4))[:225]
    text = zone(service="srv: {_grpc._tcp: 1}").replace("orders:", f"{long}:")
    found = said(tmp_path, text)
    assert found and all("is longer than 255 octets" in line for line in found)


def test_no_region_is_called_like_a_setting(tmp_path: Path) -> None:
    for name in ("https", "srv", "svcb", "alias"):
        found = said(tmp_path, zone().replace("us: {location", f"{name}: {{location"))
        assert any(f"a region can't be called `{name}`" in line for line in found)
