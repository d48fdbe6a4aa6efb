"""What --xdp takes and refuses before the system is asked for anything."""

from __future__ import annotations

import pytest

from gtm.errors import ConfigError, StartError
from gtm.planes import choice
from gtm.planes.choice import why_not_native
from gtm.planes.sockets import ListenAddress, bind, parse_listen
from gtm.planes.xdp import open_interfaces
from gtm.settings import settle

PUBLIC = (parse_listen("192.0.2.53:53"),)
LOOPBACK = (parse_listen("127.0.0.1:5300"), parse_listen("[::1]:5300"))


def test_without_interfaces_nothing_is_opened() -> None:
    assert open_interfaces((), "python", LOOPBACK) == ()


def test_interfaces_are_set_by_flags_and_by_the_environment() -> None:
    assert settle({"xdp": ["eth0", "eth1"]}, {}, None).xdp == ("eth0", "eth1")
    assert settle({}, {"GTM_XDP": "eth0,eth1"}, None).xdp == ("eth0", "eth1")


@pytest.mark.parametrize(
    ("names", "plane", "listened", "why"),
    [
        (("eth0",), "python", PUBLIC, "the python plane can't"),
        (("eth0", "eth1", "eth0"), "native", PUBLIC, "--xdp names it twice"),
        (("eth0",), "native", LOOPBACK, "add --listen 0.0.0.0:53"),
    ],
)
def test_what_can_not_be_meant_is_refused_with_a_reason(
    names: tuple[str, ...], plane: str, listened: tuple[ListenAddress, ...], why: str
) -> None:
    with pytest.raises(ConfigError, match="cannot serve eth0 by XDP: .*" + why):
        open_interfaces(names, plane, listened)


def test_an_interface_that_is_not_there_is_refused_and_no_socket_stays_bound() -> None:
    if why := why_not_native():
        pytest.skip(f"{why}; pip install with GTM_REQUIRE_NATIVE=1")
    listener = bind(parse_listen("0.0.0.0:0"))
    with pytest.raises(StartError, match="cannot serve nowhere by XDP: there is no such interface"):
        choice.make("native", [listener], interfaces=("nowhere",))
    assert listener.udp.fileno() == listener.tcp.fileno() == -1


def test_what_is_no_ethernet_is_refused() -> None:
    if why := why_not_native():
        pytest.skip(f"{why}; pip install with GTM_REQUIRE_NATIVE=1")
    with pytest.raises(StartError, match="cannot serve lo by XDP: it is no Ethernet interface"):
        open_interfaces(("lo",), "native", PUBLIC)
