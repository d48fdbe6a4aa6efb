"""Which variables of the environment are said to be misspelt, and which are let be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.receivers import Guarded, Where
from gtm.settings import PREFIX, Settings
from gtm.variables import Strange, named, strange

KEYS = tuple(Settings.model_fields)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("GTM_LISTN", "GTM_LISTEN"),
        ("GTM_ZONE", "GTM_ZONES"),
        ("GTM_GEO_IP", "GTM_GEOIP"),
        ("gtm_listen", "GTM_LISTEN"),
        ("GTM_RATELIMIT", "GTM_RATE_LIMIT"),
        ("GTM_API_TOKENS", "GTM_API_TOKEN"),
        ("GTM_COLOUR", ""),
        ("GTM_ACME_SECRET", ""),
        ("GTM_SLACK_URL", ""),
        ("GTM_", ""),
    ],
)
def test_a_variable_that_nobody_reads_is_found_with_what_was_meant(name: str, meant: str) -> None:
    assert strange({name: "1", "PATH": "/bin"}, KEYS) == [Strange(name, meant)]


@pytest.mark.parametrize("key", KEYS)
def test_every_setting_is_read(key: str) -> None:
    assert not strange({PREFIX + key.upper(): "1"}, KEYS)


@pytest.mark.parametrize(
    "name",
    ["GTM_SERVICE_HOST", "GTM_SERVICE_PORT", "GTM_SERVICE_PORT_DNS_TCP", "GTM_PORT",
     "GTM_PORT_53_UDP", "GTM_PORT_53_UDP_PROTO", "GTM_METRICS_SERVICE_HOST",
     "GTM_METRICS_PORT_8053_TCP_ADDR"],
)  # fmt: skip
def test_what_kubernetes_says_of_a_service_called_gtm_is_no_mistake(name: str) -> None:
    assert not strange({name: "10.0.0.1"}, KEYS)


def test_variables_with_secrets_are_known_by_what_names_them() -> None:
    held = Guarded(Where.ENVIRONMENT, "GTM_SLACK_URL")
    assert list(named([held, None, Guarded(Where.FILE, "/etc/secret")])) == ["GTM_SLACK_URL"]


@given(st.dictionaries(st.text(max_size=20).map(lambda text: PREFIX + text), st.just("")))
def test_any_environment_is_looked_at(environment: dict[str, str]) -> None:
    assert {each.name for each in strange(environment, KEYS)} <= set(environment)
