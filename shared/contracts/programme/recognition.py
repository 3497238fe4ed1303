"""The section `recognition`, which recognition reads: badges and levels."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

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


Counted = Literal["events", "awards"]


class Badge(Section):
    """Granted when a member's points, or what is counted of one rule, reach `at_least`.

    Of a rule are counted the `events` that meet it, whatever they earned, or the `awards` that it gave, which a
    cap may keep few. Events, where `count` does not say.
    """

    id: Slug
    title: Name
    description: Text = ""
    rule: Slug | None = None
    count: Counted | None = None
    at_least: Annotated[int, Field(ge=1, le=1_000_000_000)]

    @model_validator(mode="after")
    def count_is_of_a_rule(self) -> Self:
        """Refuse `count` without a rule."""
        if self.count is not None and self.rule is None:
            raise PydanticCustomError("count_without_rule", "`count` says what is counted of a `rule`: name one")
        return self

    @property
    def counted(self) -> Counted | None:
        """What is counted; None for a badge for points."""
        return None if self.rule is None else self.count or "events"


class Level(Section):
    """Held by a member with at least `points` points."""

    id: Slug
    title: Name
    points: Annotated[int, Field(ge=0, le=1_000_000_000)]


class Recognition(Section):
    badges: list[Badge] = Field(default_factory=list, max_length=BADGES_MAX_COUNT)
    levels: list[Level] = Field(default_factory=list, max_length=LEVELS_MAX_COUNT)
