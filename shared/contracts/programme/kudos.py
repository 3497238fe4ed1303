"""What a programme says of kudos: how many one may give, and for which values of the community."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fields import Name, Slug
from shared.contracts.programme.section import Section

VALUES_MAX_COUNT = 30
KUDOS_MAX_COUNT = 1_000

KudosCount = Annotated[int, Field(ge=1, le=KUDOS_MAX_COUNT)]


class KudosValue(Section):
    """Something that the community holds dear, and that kudos may be for."""

    id: Slug
    title: Name


class KudosTerms(Section):
    """Members may thank one another: each `per_month` times in a month of the community's zone.

    To one member at most `pair_per_month` of them; to one who thanked them in the same month already, at most
    `mutual_per_month`. With `values` each is for one of these.
    """

    per_month: KudosCount = 10
    pair_per_month: KudosCount | None = None
    mutual_per_month: Annotated[int, Field(ge=0, le=KUDOS_MAX_COUNT)] | None = None
    values: Annotated[list[KudosValue], Field(max_length=VALUES_MAX_COUNT)] = Field(default_factory=list)

    @model_validator(mode="after")
    def values_can_be_told_apart(self) -> Self:
        """Refuse two values of one id, and a limit of a pair above that of the month."""
        if len({value.id for value in self.values}) < len(self.values):
            raise PydanticCustomError("value_twice", "two `values` of `kudos` have one id")
        if self.pair_per_month is not None and self.pair_per_month > self.per_month:
            raise PydanticCustomError(
                "pair_beyond_month",
                "`pair_per_month` is at most `per_month`: nobody gives more to one than to all",
            )
        return self

    def value(self, value_id: str) -> KudosValue | None:
        """One of its values."""
        return next((value for value in self.values if value.id == value_id), None)
