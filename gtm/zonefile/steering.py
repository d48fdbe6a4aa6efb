"""From steering as written to the model's Steering."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from gtm.model import EVERYONE, Draw, Match, Policy, Rule, Steering
from gtm.zonefile import rules, values
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings, Spot, Wrong, listed, shown
from gtm.zonefile.policies import BY_COST, BY_WEIGHT, idle_keys
from gtm.zonefile.reach import candidates, fence_of, judge_fence, warn_of_idle
from gtm.zonefile.scope import Scope
from gtm.zonefile.steeringshape import PrefixShape, RuleShape, SteeringKeys, SteeringShape

# What a policy can't do without, and how it is written.
_NEEDED = {
    Policy.FAILOVER: ("order", "write `{policy: failover, order: [first, second]}`"),
    Policy.GEO: ("rules", "write `{policy: geo, rules: [{match: [...], regions: [...]}, ...]}`"),
}

# More levels of `otherwise` and `rules` than this nobody can follow.
MAX_NESTING = 4


@dataclass(slots=True)
class SteeringReader:
    """Reads the steering of one app.

    `used` are the regions that its services name; `hashes` tells whether its endpoints are picked
    by the client's network.
    """

    document: Document
    findings: Findings
    scope: Scope
    used: tuple[str, ...]
    hashes: bool
    reaching: rules.Reaching = field(default_factory=rules.Reaching)

    def read(self, shape: SteeringShape, path: KeyPath) -> Steering:
        """The app's steering, with every mistake noted."""
        steering = self._steering(shape, shape.policy, path, 0)
        sure = self._is_sure(steering.policy, path)
        if shape.prefix is not None and sure and not self.hashes and not any_sticky(steering):
            self.findings.wrong(
                self.document.key((*path, "prefix")),
                f"`prefix` says nothing for {shape.policy.value}",
                "remove it; it is for sticky, and for `balance: hash`",
            )
        return steering

    def _steering(self, shape: SteeringKeys, policy: Policy, path: KeyPath, depth: int) -> Steering:
        if depth > MAX_NESTING:
            self.findings.wrong(
                self.document.at(path),
                f"steering is nested deeper than {MAX_NESTING} levels",
                "write fewer `otherwise` and `rules` inside each other",
            )
            return Steering()
        if self._is_sure(policy, path):
            self._judge_keys(shape, policy, path)
        if depth and shape.prefix is not None:
            self._refuse_prefix(path)
        counted = type(shape.regions) is int
        named = None if counted else self._names(shape.regions, (*path, "regions"))
        ordered = "regions" if _is_plain(shape) else "order"
        prefix = shape.prefix or PrefixShape()
        steering = Steering(
            policy,
            regions=named or None,
            weights=self._weights(shape, path),
            within=shape.within,
            answered=self._count(shape, path) if counted else 1,
            fence=fence_of(shape.fence, self.document, path, self.findings),
            order=self._names(shape.order, (*path, ordered)),
            trickle=shape.trickle,
            rules=self._rules(shape, path, depth),
            draw=shape.draw or Draw.WINDOW,
            prefix4=prefix.v4,
            prefix6=prefix.v6,
            otherwise=self._otherwise(shape, path, depth),
            latency_weight=shape.latency_weight,
        )
        if self._is_sure(policy, path) and policy is not Policy.GEO:
            self._judge_weights(steering, path)
            spot = self.document.at((*path, "fence"))
            judge_fence(steering, self.used, self.scope, spot, self.findings)
            if policy is Policy.LEAST_LOAD:
                self._judge_capacities(steering, path)
        if steering.otherwise is not None:
            spot = self.document.key((*path, "otherwise"))
            warn_of_idle(steering, self.used, self.scope, spot, self.findings)
        return steering

    # --- keys -------------------------------------------------------------------------

    def _is_sure(self, policy: Policy, path: KeyPath) -> bool:
        """Whether the policy is the one written, not a stand-in for one that can't be read."""
        written = self.document.value_at(path)
        word = written.get("policy") if isinstance(written, dict) else written
        return word is None or word == policy.value

    def _judge_keys(self, shape: SteeringKeys, policy: Policy, path: KeyPath) -> None:
        needed, remedy = _NEEDED.get(policy, ("", ""))
        absent = self.document.value_at((*path, needed)) is None
        missing = needed and absent and not _is_plain(shape)
        if missing and policy is Policy.FAILOVER and isinstance(shape.regions, str | list):
            spot = self.document.key((*path, "regions"))
            self.findings.wrong(spot, "failover has `order` for its regions", "write `order:` here")
            return
        for key, problem, cure in idle_keys(shape, policy):
            self.findings.wrong(self.document.key((*path, key)), problem, cure)
        if missing:
            spot = self.document.at((*path, "policy"))
            self.findings.wrong(spot, f"{policy.value} needs `{needed}`", remedy)

    def _refuse_prefix(self, path: KeyPath) -> None:
        self.findings.wrong(
            self.document.key((*path, "prefix")),
            "`prefix` is one for the whole app",
            "write it beside the app's own policy, in `steering`",
        )

    # --- regions ----------------------------------------------------------------------

    def _count(self, shape: SteeringKeys, path: KeyPath) -> int:
        try:
            return values.region_count(shape.regions)
        except Wrong as wrong:
            spot = self.document.at((*path, "regions"))
            self.findings.wrong(spot, wrong.problem, wrong.remedy)
            return 1

    def _names(self, value: object, path: KeyPath) -> tuple[str, ...]:
        """Regions in the operator's order, without those that can't be used; none for None."""
        if value is None:
            return ()
        written = value if isinstance(value, list) else [value]
        if not written:
            spot = self.document.at(path)
            self.findings.wrong(spot, f"`{path[-1]}` names no region", "write `[first, second]`")
        found: list[str] = []
        for position, name in enumerate(written):
            spot = self.document.at((*path, position))
            if name in found:
                self.findings.wrong(spot, f"{shown(name)} is written twice", "keep one of them")
            elif self._is_region(name, spot):
                found.append(str(name))
        return tuple(found)

    def _is_region(self, name: object, spot: Spot) -> bool:
        """Whether the app can be steered to a region of this name; its mistake is noted if not."""
        if not isinstance(name, str):
            problem, remedy = f"{shown(name)} is not the name of a region", "write one in quotes"
        elif not self.scope.complete or name in self.used:
            return True
        elif name not in self.scope.region_spots:
            problem, remedy = self.scope.no_region(name)
        elif not self.used:
            return True  # the app has no services that could be read
        else:
            problem = f"no service of the app is in {name}"
            remedy = f"remove it, or write one of: {listed(self.used)}"
        self.findings.wrong(spot, problem, remedy)
        return False

    # --- weights ----------------------------------------------------------------------

    def _weights(self, shape: SteeringKeys, path: KeyPath) -> tuple[tuple[str, int], ...]:
        return tuple(
            (name, weight)
            for name, weight in shape.weights.items()
            if self._is_region(name, self.document.key((*path, "weights", name)))
        )

    def _judge_weights(self, steering: Steering, path: KeyPath) -> None:
        """Note weights that leave nothing to share, and those of regions left out."""
        path = (*path, "weights")
        written = self.document.value_at(path)
        idle = steering.policy not in (*BY_WEIGHT, *BY_COST)
        if idle or not isinstance(written, dict) or len(steering.weights) < len(written):
            return  # none that count, or some that can't be read
        weights = dict(steering.weights)
        among = candidates(steering, self.used)
        for name in weights:
            if name not in among:
                self.findings.wrong(
                    self.document.key((*path, name)),
                    f"{name} has a weight, but is not among the `regions`",
                    "add it there, or remove it here",
                )
        unnamed = 0 if steering.policy in BY_WEIGHT else 1
        if not weights or not weights.keys() <= set(among):
            return
        if not any(weights.get(name, unnamed) for name in among):
            rest = "; regions not named weigh 0 too" if len(weights) < len(among) else ""
            self.findings.wrong(
                self.document.key(path), f"all the weights are 0{rest}", "write one above 0"
            )

    def _judge_capacities(self, steering: Steering, path: KeyPath) -> None:
        """Note regions that can't be compared, as nothing says how much they can take."""
        regions = self.scope.regions
        for name in candidates(steering, self.used):
            if name in regions and regions[name].capacity is None:
                self.findings.wrong(
                    self.document.at((*path, "policy")),
                    f"least_load needs the capacity of every region, and {name} has none",
                    f"write `capacity:` in the region {name}, or name others in `regions`",
                )

    # --- rules and otherwise ----------------------------------------------------------

    def _rules(self, shape: SteeringKeys, path: KeyPath, depth: int) -> tuple[Rule, ...]:
        path = (*path, "rules")
        found: list[Rule] = []
        matched: list[tuple[Match | None, ...]] = []
        for number, rule in enumerate(shape.rules or ()):
            match = self._match(rule, (*path, number))
            outer = self.reaching
            if rule.policy is Policy.GEO or rule.otherwise is not None:
                spots = partial(self._spot_of_rule, path)
                self.reaching = outer.into(match, matched, spots)
            steering = self._rule_steering(rule, (*path, number), depth + 1)
            self.reaching = outer
            matched.append(match)
            found.append(Rule(tuple(one for one in match if one is not None), steering))
        written = self.document.value_at(path)
        if written == []:
            self.findings.wrong(
                self.document.at(path), "there are no rules", "write `- regions: [...]`"
            )
        if isinstance(written, list) and len(written) == len(matched):
            rules.judge(matched, self.document, path, self.findings, self.reaching)
        return tuple(found)

    def _spot_of_rule(self, path: KeyPath, number: int) -> Spot:
        return self.document.at((*path, number))

    def _match(self, rule: RuleShape, path: KeyPath) -> tuple[Match | None, ...]:
        if "match" not in rule.model_fields_set:
            return (EVERYONE,)
        return rules.matches(rule.match, self.document, (*path, "match"), self.findings)

    def _rule_steering(self, rule: RuleShape, path: KeyPath, depth: int) -> Steering:
        """The rule's policy; without one its regions are tried in their order."""
        if rule.policy is not None:
            return self._steering(rule, rule.policy, path, depth)
        order = rule.regions if isinstance(rule.regions, str | list) else None
        if self._is_sure(Policy.FAILOVER, path):
            self._judge_plain(rule, order, path)
        plain = rule.model_copy(update={"order": order, "regions": None})
        plain.model_fields_set.difference_update(("regions", "order"))
        return self._steering(plain, Policy.FAILOVER, path, depth)

    def _judge_plain(self, rule: RuleShape, order: object, path: KeyPath) -> None:
        if "order" in rule.model_fields_set:
            spot = self.document.key((*path, "order"))
            remedy = "write `regions: [first, second]`, or `policy: failover` beside it"
            self.findings.wrong(spot, "a rule without a `policy` has no `order`", remedy)
        elif order is None and not self._misspelt(path):
            remedy = "write `regions: [first, second]`, or a `policy`"
            self.findings.wrong(self.document.at(path), "the rule names no regions", remedy)

    def _misspelt(self, path: KeyPath) -> bool:
        """Whether the rule has an unknown key, which has been said and may be what is missing."""
        written = self.document.value_at(path)
        return isinstance(written, dict) and not written.keys() <= RuleShape.model_fields.keys()

    def _otherwise(self, shape: SteeringKeys, path: KeyPath, depth: int) -> Steering | None:
        inner = shape.otherwise
        if inner is None:
            return None
        return self._steering(inner, inner.policy, (*path, "otherwise"), depth + 1)


def _is_plain(shape: SteeringKeys) -> bool:
    """Whether this is a rule whose regions are tried in their order."""
    return isinstance(shape, RuleShape) and shape.policy is None


def any_sticky(steering: Steering) -> bool:
    """Whether the policy, or one inside it, is sticky."""
    inner = [rule.steering for rule in steering.rules]
    inner += [steering.otherwise] if steering.otherwise else []
    return steering.policy is Policy.STICKY or any(map(any_sticky, inner))
