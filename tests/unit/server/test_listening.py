"""What a server listens on, by its settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from gtm.errors import ConfigError, StartError
from gtm.listening import FEWEST_CONNECTIONS, bind_all, connections_for
from gtm.settings import settle
from tests.unit.planes.stream_clients import certified

LOOPBACK = ["127.0.0.1:0"]


def test_tls_and_https_have_their_usual_ports() -> None:
    settings = settle({"tls": ["192.0.2.53", "[2001:db8::53]:8853"], "https": ["[::1]"]}, {}, None)
    assert [str(each) for each in settings.tls_addresses()] == [
        "192.0.2.53:853",
        "[2001:db8::53]:8853",
    ]
    assert [str(each) for each in settings.https_addresses()] == ["[::1]:443"]


def test_lists_of_the_environment_have_commas() -> None:
    variables = {"GTM_PROXY_FROM": "192.0.2.0/24,2001:db8::1", "GTM_CONNECTIONS": "50"}
    settings = settle({}, variables, None)
    assert settings.proxy_from == ("192.0.2.0/24", "2001:db8::1")
    assert settings.stream_limits(settings.connections).connections == 50


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("tls", "localhost:853", "is not an IP address; write 192.0.2.53:853"),
        ("https", "::1", "brackets"),
        ("proxy_from", "balancer", "is no network"),
        ("proxy_from", "192.0.2.1/24", "write 192.0.2.0/24"),
        ("connections", 0, "connections"),
        ("connections_per_client", 0, "connections_per_client"),
        ("idle", 0.5, "idle"),
        ("lifetime", 0, "lifetime"),
    ],
)
def test_wrong_settings_say_what_to_write(key: str, value: object, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        settle({key: value}, {}, None)


def test_everything_is_bound_and_named(tmp_path: Path) -> None:
    certificate, key = certified(tmp_path)
    flags = {"listen": LOOPBACK, "tls": LOOPBACK, "https": ["[::1]:0"]}
    files = {"certificate": certificate, "certificate_key": key}
    bound = bind_all(settle({**flags, **files}, {}, None), 1)
    try:
        plain, tls, https = bound.named()
        assert plain == str(bound.listeners[0].at)
        assert tls == f"tls://127.0.0.1:{bound.secure[0].at.port}"
        assert https == f"https://[::1]:{bound.secure[1].at.port}/dns-query"
        assert bound.keeper is not None
        taken = {**flags, **files, "listen": LOOPBACK, "tls": [str(bound.secure[0].at)]}
        with pytest.raises(StartError, match=r"in use; stop what listens there or .* --tls"):
            bind_all(settle(taken, {}, None), 1)
    finally:
        bound.close()


def test_tls_takes_a_certificate() -> None:
    with pytest.raises(ConfigError, match="cannot serve --https without a certificate"):
        bind_all(settle({"listen": LOOPBACK, "https": LOOPBACK}, {}, None), 1)


def test_interfaces_and_balancers_do_not_go_together() -> None:
    settings = settle({"xdp": ["eth0"], "proxy_from": ["192.0.2.1"]}, {}, None)
    with pytest.raises(ConfigError, match="cannot use --xdp with --proxy-from"):
        bind_all(settings, 1)


def test_connections_leave_files_for_probes_and_the_api() -> None:
    assert connections_for(1 << 20, 1000, 1) == 1000
    plenty = connections_for(4096, 100_000, 1)
    assert FEWEST_CONNECTIONS < plenty < 4096
    assert connections_for(4096, 100_000, 2) == plenty // 2
    assert connections_for(10, 1000, 2) == FEWEST_CONNECTIONS
