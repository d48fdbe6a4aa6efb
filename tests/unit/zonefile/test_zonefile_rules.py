"""Rules of `geo`: what they match, and which of them never get to a client."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtm.zonefile.document import parse
from gtm.zonefile.findings import Findings
from gtm.zonefile.rules import judge, match_of
from tests.unit.zonefile.zonefile_writing import (
    STEERED,
    STEERED_SERVICES,
    said_of_steered,
    warnings_of,
)

GEO = "  policy: geo\n  rules:\n"

RULES = {
    "an AS in an earlier rule": (
        "- {match: AS64500, regions: ie}\n- {match: [as064500], regions: us}\n- regions: us",
        "11:9: steering.rules: the rule can never match: the rule at a.yaml:10:9 takes all of its "
        "clients before it; write it before that, or remove it",
    ),
    "a rule outside the one around it": (
        "- {match: EU, policy: geo, rules: [{match: NA, regions: us}, {regions: ie}]}\n"
        "- regions: us",
        "10:42: steering.rules.rules: the rule can never match: none of its clients get into the "
        "rule around it; write a match within that of the rule around it, or remove it",
    ),
    "a rule behind one that takes all that get there": (
        "- {match: GB, policy: geo, rules: [{match: EU, regions: ie}, {regions: us}]}\n"
        "- regions: us",
        "10:68: steering.rules.rules: the rule can never match: the rule at a.yaml:10:42 takes all "
        "of its clients before it; write it before that, or remove it",
    ),
    "a rule for clients that an earlier rule around it takes": (
        "- {match: GB, regions: us}\n"
        "- {match: EU, policy: geo, rules: [{match: GB-ENG, regions: ie}, {regions: us}]}\n"
        "- regions: us",
        "11:42: steering.rules.rules: the rule can never match: the rule at a.yaml:10:9 takes all "
        "of its clients before it; write it before that, or remove it",
    ),
    "an AS that nobody can have": (
        "- {match: AS0, regions: ie}\n- regions: us",
        "10:17: steering.rules.match: AS0 stands for networks that nobody may announce (RFC 7607); "
        "write the number that announces the networks, or networks",
    ),
    "an AS number alone": (
        "- {match: 64500, regions: ie}\n- regions: us",
        "10:17: steering.rules.match: `64500` matches no client; "
        "write `AS64500` for an AS, or a geo code or a network",
    ),
    "clients without a rule": (
        "- {match: EU, regions: ie}",
        "10:9: steering.rules: clients that no rule matches would have no region; "
        "add `- regions: [...]` without `match` at the end",
    ),
    "a code in an earlier code": (
        "- {match: EU, regions: ie}\n- {match: [GB, IE], regions: us}\n- regions: us",
        "11:9: steering.rules: the rule can never match: the rule at a.yaml:10:9 takes all of its "
        "clients before it; write it before that, or remove it",
    ),
    "the same code again": (
        "- {match: US-CA, regions: ie}\n- {match: NA-US-CA, regions: us}\n- regions: us",
        "11:9: steering.rules: the rule can never match: the rule at a.yaml:10:9 takes all of its "
        "clients before it; write it before that, or remove it",
    ),
    "a network in an earlier network": (
        '- {match: "2001:db8::/32", regions: ie}\n- {match: "2001:db8:1::/48", regions: us}\n'
        "- regions: us",
        "11:9: steering.rules: the rule can never match: the rule at a.yaml:10:9 takes all of its "
        "clients before it; write it before that, or remove it",
    ),
    "a network in two earlier halves": (
        "- {match: 192.0.2.0/25, regions: ie}\n- {match: 192.0.2.128/25, regions: us}\n"
        "- {match: [192.0.2.0/24], regions: us}\n- regions: us",
        "12:9: steering.rules: the rule can never match: the rules at a.yaml:10:9 and a.yaml:11:9 "
        "take all of its clients before it; write it before that, or remove it",
    ),
    "anything after everyone": (
        '- {match: "*", regions: ie}\n- {match: EU, regions: us}',
        "11:9: steering.rules: the rule can never match: the rule at a.yaml:10:9 takes all of its "
        "clients before it; write it before that, or remove it",
    ),
    "everyone twice": (
        "- regions: ie\n- regions: us",
        "11:9: steering.rules: the rule can never match: the rule at a.yaml:10:9 takes all of its "
        "clients before it; write it before that, or remove it",
    ),
    "everyone and others": (
        '- {match: [EU, "*"], regions: ie}',
        "10:22: steering.rules.match: `*` takes everyone, so the others say nothing; "
        "write it alone",
    ),
    "an AS number": (
        "- {match: [EU, AS 64500], regions: ie}\n- regions: us",
        "10:22: steering.rules.match: `AS 64500` is not written as AS numbers are here; "
        "write `AS64500`",
    ),
    "host bits": (
        "- {match: 192.0.2.1/24, regions: ie}\n- regions: us",
        "10:17: steering.rules.match: 192.0.2.1/24 has bits set beyond its prefix; "
        "write `192.0.2.0/24`",
    ),
    "an unknown country": (
        "- {match: [UK], regions: ie}\n- regions: us",
        "10:18: steering.rules.match: 'UK': there is no country UK; did you mean EU-GB?",
    ),
    "an empty match": (
        "- {match: [], regions: ie}\n- regions: us",
        "10:17: steering.rules.match: the match is empty; write geo codes or networks, or remove "
        "the key: the rule is for everyone then",
    ),
    "a match without a value": (
        "- match:\n  regions: ie\n- regions: us",
        "10:15: steering.rules.match: the match is empty; write geo codes or networks, or remove "
        "the key: the rule is for everyone then",
    ),
    "a word twice": (
        "- {match: [GB, EU-GB], regions: ie}\n- regions: us",
        "10:22: steering.rules.match: `EU-GB` is written twice; keep one of them",
    ),
    "no regions": (
        "- match: EU\n- regions: us",
        "10:9: steering.rules: the rule names no regions; write `regions: [first, second]`, or a "
        "`policy`",
    ),
    "a number of regions": (
        "- {match: EU, regions: 2}\n- regions: us",
        "10:9: steering.rules: the rule names no regions; write `regions: [first, second]`, or a "
        "`policy`",
    ),
    "misspelt regions": (
        "- {match: EU, regionz: us}\n- regions: us",
        "10:21: steering.rules.regionz: `regionz` is not a known key; write `regions`",
    ),
    "an order without its policy": (
        "- {match: EU, order: us}\n- regions: us",
        "10:21: steering.rules.order: a rule without a `policy` has no `order`; "
        "write `regions: [first, second]`, or `policy: failover` beside it",
    ),
    "an unknown region": (
        "- {match: EU, regions: [us, iee]}\n- regions: us",
        "10:35: steering.rules.regions: there is no region `iee`; write `ie`",
    ),
    "a key of another policy": (
        "- {match: EU, regions: us, weights: {us: 1}}\n- regions: us",
        "10:34: steering.rules.weights: `weights` says nothing for failover; remove it; it is for "
        "weighted and sticky, and with `within` for nearest and latency",
    ),
    "a mistake inside a rule's rules": (
        "- {match: EU, policy: geo, rules: [{match: GB, regions: us}]}\n- regions: us",
        "10:42: steering.rules.rules: clients that no rule matches would have no region; "
        "add `- regions: [...]` without `match` at the end",
    ),
    "a rule that is no mapping": (
        "- 5\n- regions: us",
        "10:9: steering.rules: `5` stands where keys are expected; write `key: value` lines below "
        "it",
    ),
}


@pytest.mark.parametrize("text, said", RULES.values(), ids=RULES.keys())
def test_a_mistake_in_rules_gives_one_message(tmp_path: Path, text: str, said: str) -> None:
    rules = "".join(f"  {line}\n" for line in text.splitlines())
    assert said_of_steered(tmp_path, f"steering:\n{GEO}{rules}") == [said]


def test_an_asterisk_without_quotes_is_explained(tmp_path: Path) -> None:
    (said,) = said_of_steered(tmp_path, f"steering:\n{GEO}  - {{match: *, regions: us}}\n")
    assert said == (
        "10:18: a name is missing after `*` or `&`; "
        'put text that begins with a sign in quotes, such as `"*"`'
    )


# --- rules against a naive oracle -------------------------------------------------------

NETWORKS = st.builds(
    lambda address, length: IPv4Network((address >> (32 - length) << (32 - length), length)),
    st.integers(0xC0000200, 0xC000020F),
    st.integers(27, 32),
)
CLIENTS = [IPv4Address(number) for number in range(0xC00001F0, 0xC0000230)]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.lists(NETWORKS, min_size=1, max_size=3, unique=True), max_size=6))
def test_a_rule_is_refused_exactly_if_no_client_gets_to_it(rules: list[list[IPv4Network]]) -> None:
    document = parse("a.yaml", b"rules: []", Findings())
    assert document is not None
    findings = Findings()
    matches = [tuple(match_of(str(network)) for network in rule) for rule in rules]
    judge([*matches, (match_of("*"),)], document, ("rules",), findings)
    left, lost = set(CLIENTS), 0
    for rule in rules:
        here = {client for client in CLIENTS if any(client in network for network in rule)}
        lost += not here & left
        left -= here
    assert len(findings.mistakes) == lost


def test_many_rules_are_judged_in_little_time(tmp_path: Path) -> None:
    rules = "".join(
        f"  - {{match: 10.{n // 256}.{n % 256}.0/24, regions: us}}\n" for n in range(3000)
    )
    text = f"steering:\n{GEO}{rules}  - regions: ie\n"
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    assert warnings_of(tmp_path, STEERED + lines + STEERED_SERVICES) == []
