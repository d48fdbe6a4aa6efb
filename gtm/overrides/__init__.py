"""Operators' words that beat verdicts: drains and forced states, with author, reason and end."""

from gtm.overrides.book import Book
from gtm.overrides.effect import (
    Change,
    because_of,
    changes,
    coming_of,
    differences,
    objection,
    refusal,
    refusals,
)
from gtm.overrides.happened import decided_by, happened
from gtm.overrides.nearest import nothing_matches
from gtm.overrides.override import Override, Wanted
from gtm.overrides.phases import Course, Phase, ttls_of
from gtm.overrides.register import Register, counts
from gtm.overrides.store import Store
from gtm.overrides.target import OverrideTarget, parse_target

__all__ = [
    "Book",
    "Change",
    "Course",
    "Override",
    "OverrideTarget",
    "Phase",
    "Register",
    "Store",
    "Wanted",
    "because_of",
    "changes",
    "coming_of",
    "counts",
    "decided_by",
    "differences",
    "happened",
    "nothing_matches",
    "objection",
    "parse_target",
    "refusal",
    "refusals",
    "ttls_of",
]
