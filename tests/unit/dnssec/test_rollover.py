"""Roll-overs: whatever steps are taken when they are allowed, the chain of trust holds."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.dnssec import rollover
from gtm.dnssec.ledger import Entry, Kind, Ledger, Phase, Role, Stage, wanted
from gtm.dnssec.rollover import Awaited, Refused, awaited
from gtm.dnssec.timing import Timing
from tests.unit.dnssec.trust_oracle import Resolvers

TIMING = Timing(dnskey=3600, longest=7200, parent=86400, propagation=600.0)
HOUR = 3600.0


class Keys:
    """Makes entries of keys, no two alike."""

    def __init__(self) -> None:
        self.numbers = count(1)

    def __call__(self, *roles: Role, algorithm: int = 13) -> list[Entry]:
        return [
            Entry(
                (257 if role.secures else 256).to_bytes(2)
                + bytes((3, algorithm))
                + next(self.numbers).to_bytes(64),
                role,
                Stage.NEW,
                0.0,
            )
            for role in roles
        ]


def settled(keys: Keys, *roles: Role) -> Ledger:
    """A zone's first keys, with their DS at the parent."""
    entries = [replace(entry, stage=Stage.ACTIVE) for entry in keys(*roles)]
    return Ledger(tuple(entries), secured=True)


def shown(ledger: Ledger) -> str:
    roll = ledger.roll
    return "at rest" if roll is None else f"{roll.kind.value} {roll.phase.value}"


timings = st.builds(
    lambda dnskey, more, parent, propagation: Timing(
        dnskey, dnskey + more, parent, float(propagation)
    ),
    st.integers(0, 50),
    st.integers(0, 50),
    st.integers(0, 100),
    st.integers(0, 20),
)


class World:
    """An operator who takes whatever step is allowed, resolvers, and a parent that is told."""

    def __init__(self, timing: Timing, data: st.DataObject) -> None:
        self.timing, self.data, self.now = timing, data, 1000.0
        self.keys = Keys()
        self.ledger: Ledger | None = None
        self.resolvers = Resolvers(timing)
        self.resolvers.delegate(frozenset(), 0.0, settled=True)
        self.resolvers.serve(None, 0.0)
        self.algorithm = 13

    def step(self) -> None:
        self.now += self.data.draw(st.sampled_from([0, 1, 7, 40, 90, 130]), "wait")
        on = [self.advance, self.parent] * 3  # most of the time it goes on
        acts = [*on, self.roll, self.roll, self.cancel, self.unsign]
        act = acts[self.data.draw(st.integers(0, len(acts) - 1), "act")]
        try:
            act()
        except Refused:
            return
        trouble = self.resolvers.broken(self.now)
        assert trouble is None, (shown(self.ledger) if self.ledger else "unsigned", trouble)

    def take(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.resolvers.serve(ledger, self.now)

    def roles(self) -> tuple[Role, ...]:
        return (Role.KSK, Role.ZSK) if self.data.draw(st.booleans(), "split") else (Role.CSK,)

    def roll(self) -> None:
        if self.ledger is None:
            self.take(rollover.begun(self.keys(*self.roles()), self.now, self.timing))
            return
        kind = self.data.draw(st.sampled_from([Kind.ZSK, Kind.KSK, Kind.ALL, Kind.ALGORITHM]))
        number = self.algorithm
        if kind is Kind.ALGORITHM:
            number = 15 if self.ledger.keys[0].dnskey[3] == 13 else 13
        only = {Kind.ZSK: (Role.ZSK,), Kind.KSK: (Role.KSK,)}
        roles = only.get(kind) or self.roles()
        number = number if kind is Kind.ALGORITHM else self.ledger.keys[0].dnskey[3]
        new = self.keys(*roles, algorithm=number)
        self.take(rollover.introduced(self.ledger, kind, new, self.now, self.timing))

    def advance(self) -> None:
        if self.ledger is not None:
            self.take(rollover.advanced(self.ledger, self.now, self.timing))

    def cancel(self) -> None:
        if self.ledger is not None:
            self.take(rollover.cancelled(self.ledger))

    def unsign(self) -> None:
        if self.ledger is None:
            return
        roll = self.ledger.roll
        if roll is not None and roll.phase is Phase.UNSECURED:
            self.ledger = None
            self.resolvers.serve(None, self.now)
        else:
            self.take(rollover.unsigning(self.ledger, self.now, self.timing))

    def parent(self) -> None:
        """The operator changes the DS, waits for all servers of the parent, and says so."""
        roll = None if self.ledger is None else self.ledger.roll
        if self.ledger is None or roll is None:
            return
        asked = awaited(roll)
        if asked not in (Awaited.SEEN, Awaited.GONE):
            return
        ds = frozenset(key.dnskey for key in wanted(self.ledger))
        self.resolvers.delegate(ds, self.now, settled=False)
        assert self.resolvers.broken(self.now) is None, shown(self.ledger)
        self.now += self.data.draw(st.integers(0, 30), "the parent is slow")
        self.resolvers.delegate(ds, self.now, settled=True)
        told = rollover.ds_seen if asked is Awaited.SEEN else rollover.ds_gone
        self.take(told(self.ledger, self.now, self.timing))


@given(timings, st.data())
def test_no_sequence_of_allowed_steps_leaves_a_resolver_without_a_chain(
    timing: Timing, data: st.DataObject
) -> None:
    world = World(timing, data)
    for _ in range(data.draw(st.integers(5, 40), "steps")):
        world.step()


def course(kind: Kind) -> tuple[Ledger, Keys]:
    """A zone that can roll so, with two keys where one of them is to be rolled."""
    keys = Keys()
    split = kind in (Kind.ZSK, Kind.KSK)
    return settled(keys, *((Role.KSK, Role.ZSK) if split else (Role.CSK,))), keys


def begin(kind: Kind, now: float) -> tuple[Ledger | None, Ledger]:
    """Before and after the first step."""
    if kind is Kind.START:
        return None, rollover.begun(Keys()(Role.CSK), now, TIMING)
    before, keys = course(kind)
    if kind is Kind.UNSIGN:
        return before, rollover.unsigning(before, now, TIMING)
    roles = {Kind.ZSK: (Role.ZSK,), Kind.KSK: (Role.KSK,)}.get(kind, (Role.CSK,))
    new = keys(*roles, algorithm=15 if kind is Kind.ALGORITHM else 13)
    return before, rollover.introduced(before, kind, new, now, TIMING)


WAITS = [
    (kind, phase)
    for kind, phases in rollover.COURSES.items()
    for phase, waits in phases
    if waits in (Awaited.RECORDS, Awaited.DNSKEYS, Awaited.DS)
]


@pytest.mark.parametrize(("kind", "at"), WAITS)
def test_a_step_that_is_forced_too_early_really_breaks_something(kind: Kind, at: Phase) -> None:
    resolvers, now = Resolvers(TIMING), 0.0
    before, ledger = begin(kind, now := now + 10 * HOUR)
    resolvers.delegate(
        frozenset(k.dnskey for k in before.keys if k.role.secures) if before else frozenset(),
        0.0,
        settled=True,
    )
    resolvers.serve(before, 0.0)
    resolvers.serve(ledger, now)
    while ledger.roll is not None and ledger.roll.phase is not at:
        ledger, now = follow(ledger, now, resolvers)
    assert ledger.roll is not None
    ready = rollover.safe_at(ledger.roll, TIMING)
    assert ready is not None
    with pytest.raises(Refused) as refused:
        rollover.advanced(ledger, ready - 1, TIMING)
    assert refused.value.until == ready
    ledger = rollover.advanced(ledger, now := now + 1, TIMING, force=True)
    resolvers.serve(None if ledger.roll and ledger.roll.phase is Phase.UNSECURED else ledger, now)
    if kind is Kind.START or (ledger.roll is not None and awaited(ledger.roll) is Awaited.SEEN):
        resolvers.delegate(frozenset(k.dnskey for k in wanted(ledger)), now, settled=False)
    assert resolvers.broken(now) is not None


def follow(ledger: Ledger, now: float, resolvers: Resolvers) -> tuple[Ledger, float]:
    """The next step, when it is safe; the parent does what it is asked to."""
    roll = ledger.roll
    assert roll is not None
    asked = awaited(roll)
    if asked in (Awaited.SEEN, Awaited.GONE):
        now += HOUR
        resolvers.delegate(frozenset(k.dnskey for k in wanted(ledger)), now, settled=True)
        told = rollover.ds_seen if asked is Awaited.SEEN else rollover.ds_gone
        ledger = told(ledger, now, TIMING)
    else:
        ready = rollover.safe_at(roll, TIMING)
        assert ready is not None
        now = ready
        ledger = rollover.advanced(ledger, now, TIMING)
    resolvers.serve(ledger, now)
    assert resolvers.broken(now) is None
    return ledger, now


@pytest.mark.parametrize("kind", [Kind.START, Kind.ZSK, Kind.KSK, Kind.ALL, Kind.ALGORITHM])
def test_a_roll_over_walked_to_its_end_leaves_the_new_keys_alone(kind: Kind) -> None:
    resolvers = Resolvers(TIMING)
    before, ledger = begin(kind, HOUR)
    new = {key.dnskey for key in ledger.keys if key.stage is Stage.NEW}
    stay = {key.dnskey for key in ledger.keys if key.stage is Stage.ACTIVE}
    resolvers.delegate(
        frozenset(k.dnskey for k in before.keys if k.role.secures) if before else frozenset(),
        0.0,
        settled=True,
    )
    resolvers.serve(ledger, HOUR)
    now = HOUR
    while ledger.roll is not None:
        ledger, now = follow(ledger, now, resolvers)
    assert {key.dnskey for key in ledger.keys} == new | stay
    assert {key.stage for key in ledger.keys} == {Stage.ACTIVE}
    assert ledger.secured


def test_ttls_that_were_longer_when_a_phase_began_are_waited_for() -> None:
    _, ledger = begin(Kind.ZSK, 0.0)
    assert ledger.roll is not None
    shorter = replace(TIMING, dnskey=60)
    assert rollover.safe_at(ledger.roll, shorter) == 600 + 3600
    assert ledger.roll is not None
    longer = replace(TIMING, dnskey=36000)
    assert rollover.safe_at(ledger.roll, longer) == 600 + 36000


def test_first_keys_wait_from_when_the_zone_can_have_been_served_signed() -> None:
    ledger = rollover.begun(Keys()(Role.CSK), 0.0, TIMING)
    assert ledger.roll is not None
    assert rollover.safe_at(ledger.roll, replace(TIMING, signed=5 * HOUR)) == 5 * HOUR + 600 + 7200


def test_a_zone_without_a_zsk_of_its_own_has_none_to_roll() -> None:
    keys = Keys()
    ledger = settled(keys, Role.CSK)
    with pytest.raises(Refused, match="one key signs all"):
        rollover.introduced(ledger, Kind.ZSK, keys(Role.ZSK), 0.0, TIMING)


def test_one_change_at_a_time() -> None:
    _, ledger = begin(Kind.ZSK, 0.0)
    with pytest.raises(Refused, match="one at a time"):
        rollover.unsigning(ledger, 0.0, TIMING)
