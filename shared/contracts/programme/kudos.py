"""What a programme says of kudos: how many one may give, and for which values of the community."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fields import Name, Slug
from shared.contracts.programme.ids import Ids
from shared.contracts.programme.section import Section

VALUES_MAX_COUNT = 30
KUDOS_MAX_COUNT = 1_000

VALUES: Final = Ids(("recognition", "kudos", "values"), "value", may_lack=True)

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
    def pair_is_within_the_month(self) -> Self:
        """Refuse a limit of a pair above that of the month."""
        if self.pair_per_month is not None and self.pair_per_month > self.per_month:
            raise PydanticCustomError(
                "pair_beyond_month",
                "`pair_per_month` is at most `per_month`: nobody gives more to one than to all",
            )
        return self

    def value(self, value_id: str) -> KudosValue | None:
        """One of its values."""
        return next((value for value in self.values if value.id == value_id), None)
