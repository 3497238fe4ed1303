"""What all sections of a programme have in common."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

RULE_POINTS_MAX = 1_000_000

PositivePoints = Annotated[int, Field(ge=1, le=RULE_POINTS_MAX)]


def _not_zero(points: int) -> int:
    if points == 0:
        raise ValueError("a rule gives points, or takes some (below 0)")
    return points


#: Given, or below 0 taken.
SomePoints = Annotated[
    int,
    Field(ge=-RULE_POINTS_MAX, le=RULE_POINTS_MAX),
    AfterValidator(_not_zero),
]


class Section(BaseModel):
    """A part of a programme: nothing unknown, nothing converted, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
