"""The section `recognition`, which recognition reads: badges and levels."""

from typing import Annotated, Final

from pydantic import Field

from shared.contracts.fields import Name, Slug, Text
from shared.contracts.programme.ids import Ids, Reference
from shared.contracts.programme.rules import RULES
from shared.contracts.programme.section import Section

BADGES_MAX_COUNT = 200
LEVELS_MAX_COUNT = 50

BADGES: Final = Ids(("recognition", "badges"), "badge")
LEVELS: Final = Ids(("recognition", "levels"), "level")
IDS: Final = (BADGES, LEVELS)
REFERENCES: Final = (Reference(BADGES, "rule", "counts", RULES),)


class Badge(Section):
    """Granted when a member's points, or the number of awards from one rule, reach `at_least`."""

    id: Slug
    title: Name
    description: Text = ""
    rule: Slug | None = None
    at_least: Annotated[int, Field(ge=1, le=1_000_000_000)]


class Level(Section):
    """Held by a member with at least `points` points."""

    id: Slug
    title: Name
    points: Annotated[int, Field(ge=0, le=1_000_000_000)]


class Recognition(Section):
    badges: list[Badge] = Field(default_factory=list, max_length=BADGES_MAX_COUNT)
    levels: list[Level] = Field(default_factory=list, max_length=LEVELS_MAX_COUNT)
