"""What all sections of a programme have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

RULE_POINTS_MAX = 1_000_000

PositivePoints = Annotated[int, Field(ge=1, le=RULE_POINTS_MAX)]


class Section(BaseModel):
    """A part of a programme: nothing unknown, nothing converted, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
