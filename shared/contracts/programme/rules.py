"""The section `rules`, which scoring reads: what earns points."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from shared.contracts.activities import ACTIVITY_TYPES
from shared.contracts.fields import Name, Slug
from shared.contracts.programme.ids import Ids
from shared.contracts.programme.section import PositivePoints, Section

RULES_MAX_COUNT = 200
CONDITION_MAX_CHARS = 2_000

Slot = Literal["actor", "object_author", "reply_author"]
EventType = Literal[ACTIVITY_TYPES]  # type: ignore[valid-type]

RULES: Final = Ids(("rules",), "rule")
IDS: Final = (RULES,)


class Rule(Section):
    """Points for whoever did something: `when` is a CEL condition over `event` and `data`.

    `points` go to the person in the slot `to`; `daily_cap` limits what one member gets from this rule
    in one day of event time, in the community's time zone.
    """

    id: Slug
    title: Name
    on: list[EventType] = Field(min_length=1, max_length=len(ACTIVITY_TYPES))
    when: Annotated[str, StringConstraints(min_length=1, max_length=CONDITION_MAX_CHARS)] | None = None
    points: PositivePoints
    to: Slot = "actor"
    daily_cap: PositivePoints | None = None
