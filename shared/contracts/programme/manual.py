"""The section `manual`, which scoring reads: what a person may give points for, or take some, and how many."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fields import Name, Slug, Text
from shared.contracts.programme.ids import Ids
from shared.contracts.programme.section import PositivePoints, Section

REASONS_MAX_COUNT = 50
REASONS: Final = Ids(("manual", "reasons"), "reason")
IDS: Final = (REASONS,)


class ManualReason(Section):
    """What a person gives points for, or takes some (`takes`). Awards name its `id`, as they name a rule's."""

    id: Slug
    title: Name
    description: Text = ""
    takes: bool = False


class ManualLimit(Section):
    """The points that one person may give and take, added up, within a time in the community's zone."""

    points: PositivePoints
    within: Literal["day", "week", "month"]


class Manual(Section):
    """Awards by hand. From `second_person_from` points on another person approves one."""

    reasons: Annotated[list[ManualReason], Field(min_length=1, max_length=REASONS_MAX_COUNT)]
    limit: ManualLimit
    second_person_from: PositivePoints

    @model_validator(mode="after")
    def amounts_go_together(self) -> Self:
        """Refuse a limit that is below what another person approves: nobody could ever ask for that."""
        if self.second_person_from > self.limit.points:
            raise PydanticCustomError(
                "second_person_above_limit",
                "`second_person_from` is above the limit of one person: then nothing would ever be approved",
            )
        return self
