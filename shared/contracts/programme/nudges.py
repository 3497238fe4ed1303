"""Nudges in the section `recognition`: a word to a member at the moment when it helps, and whether it did."""

from typing import Annotated, Final, Literal, Self, get_args

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fields import Name, Slug
from shared.contracts.programme.ids import Ids
from shared.contracts.programme.rules import RuleEventType
from shared.contracts.programme.section import Section
from shared.contracts.programme.worth import Expression

NUDGES_MAX_COUNT = 20
NUDGES_PER_WEEK_MAX = 20
TYPES_MAX_COUNT = 20
ASKED_MAX_COUNT = 20
HOLDOUT_MAX_PERCENT = 50
WAITED_MAX_HOURS = 14 * 24
WISHED_MAX_DAYS = 90
BETWEEN_MAX_DAYS = 366

NudgeKind = Literal["welcome", "answered", "streak", "waiting", "thanks"]
NUDGE_KINDS: Final[tuple[NudgeKind, ...]] = get_args(NudgeKind)
NUDGES: Final = Ids(("recognition", "nudges", "of"), "nudge", may_lack=True)
#: What asks and answers where a nudge does not say: posts of forums, and replies there.
ASKING: Final = ("forum.post.v1",)
ANSWERING: Final = ("forum.reply.v1",)

#: The fields that one kind has and no other, and whether it has to say each.
_OF_KINDS: Final[dict[str, tuple[NudgeKind, bool]]] = {
    "streak": ("streak", True),
    "hour": ("streak", False),
    "at_least": ("streak", False),
    "after_hours": ("waiting", False),
    "people": ("waiting", False),
    "milestone": ("thanks", True),
}

Types = Annotated[list[RuleEventType], Field(min_length=1, max_length=TYPES_MAX_COUNT)]


class Nudge(Section):
    """A word to a member by an occasion of its `kind`, in the hope that they then do what is `wished`.

    `welcome`: who is new did something for the first time. `answered`: one of the events `on` answers them.
    `streak`: from `hour` (0 to 23, where they live) on a streak of `at_least` so many ends today. `waiting`:
    nobody answered one of the events `on` for `after_hours`, and they answered in its topic before; at most so
    many `people` are asked. `thanks`: they reached a `milestone`.

    `when` is a CEL condition over the event `on`, `audience` of whom one has to be. A member gets it once in
    `every_days`. `holdout_percent` of the members never get it: they are compared with those who do, by whether
    they did something `wished`, an event of one of these types, `within_days`.
    """

    id: Slug
    title: Name
    kind: NudgeKind
    on: Types | None = None
    when: Expression | None = None
    audience: Slug | None = None
    every_days: Annotated[int, Field(ge=1, le=BETWEEN_MAX_DAYS)] = 1
    holdout_percent: Annotated[int, Field(ge=0, le=HOLDOUT_MAX_PERCENT)] = 10
    wished: Types
    within_days: Annotated[int, Field(ge=1, le=WISHED_MAX_DAYS)] = 7
    streak: Slug | None = None
    hour: Annotated[int, Field(ge=0, le=23)] | None = None
    at_least: Annotated[int, Field(ge=1, le=1_000)] | None = None
    after_hours: Annotated[int, Field(ge=1, le=WAITED_MAX_HOURS)] | None = None
    people: Annotated[int, Field(ge=1, le=ASKED_MAX_COUNT)] | None = None
    milestone: Slug | None = None

    @model_validator(mode="after")
    def it_says_what_its_kind_has(self) -> Self:
        """Refuse fields of another kind, and one that lacks what its kind goes by."""
        for name, (kind, is_needed) in _OF_KINDS.items():
            said = getattr(self, name) is not None
            if said and kind != self.kind:
                raise PydanticCustomError(
                    "nudge_other_kind",
                    "`{field}` is of a nudge whose kind is `{kind}`",
                    {"field": name, "kind": kind},
                )
            if is_needed and not said and kind == self.kind:
                raise PydanticCustomError(
                    "nudge_lacks",
                    "a nudge whose kind is `{kind}` names a `{field}`",
                    {"field": name, "kind": kind},
                )
        if self.kind not in ("answered", "waiting") and (self.on is not None or self.when is not None):
            raise PydanticCustomError(
                "nudge_event",
                "`on` and `when` are of kinds `answered` and `waiting`; of others name an `audience`",
            )
        return self

    @property
    def types(self) -> tuple[str, ...]:
        """The types of the events that lead to it; none of those that others lead to."""
        by_kind = {"answered": ANSWERING, "waiting": ASKING}
        return tuple(self.on) if self.on is not None else by_kind.get(self.kind, ())

    @property
    def from_hour(self) -> int:
        """From which hour on (0 to 23) it is said that a streak ends today."""
        return 18 if self.hour is None else self.hour

    @property
    def least(self) -> int:
        """From how many periods in a row on the end of a streak is worth a word."""
        return 3 if self.at_least is None else self.at_least

    @property
    def waits_hours(self) -> int:
        """For how many hours nobody has to have answered."""
        return 24 if self.after_hours is None else self.after_hours

    @property
    def asked_max_count(self) -> int:
        """How many are asked at most."""
        return 3 if self.people is None else self.people


class NudgeTerms(Section):
    """The nudges of a programme: of all of them together one member gets at most `per_week` within seven days."""

    per_week: Annotated[int, Field(ge=1, le=NUDGES_PER_WEEK_MAX)] = 3
    of: Annotated[list[Nudge], Field(min_length=1, max_length=NUDGES_MAX_COUNT)]
