"""Levels of a programme: by points, or by what somebody did and does, within days that move on."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fields import Name, Slug, Text
from shared.contracts.programme.ids import Ids
from shared.contracts.programme.quests import Gives
from shared.contracts.programme.section import Section

LEVELS_MAX_COUNT = 50
REQUIREMENTS_MAX_COUNT = 20
#: Of all levels of a programme: each is kept for whoever did anything that it counts.
COUNTED_MAX_COUNT = 40
WINDOW_MAX_DAYS = 366
GRACE_MAX_DAYS = 366
KNOWN_MAX_MINUTES = 5_270_400
LEVELS: Final = Ids(("recognition", "levels"), "level")

LevelCount = Literal["events", "days", "people", "objects", "topics", "sum"]
#: What a level may open that is closed below it.
Right = Literal["redeem", "judge", "give_kudos"]
_Number = Annotated[int, Field(ge=1, le=1_000_000_000)]


class Share(Section):
    """So many `percent` of what all of the community did of a `rule` in these days, and `at_most` that many."""

    percent: Annotated[int, Field(ge=1, le=100)]
    rule: Slug
    at_most: _Number


class Requirement(Section):
    """One thing that a level asks for.

    Of a `rule` are counted the `events` that meet it, the `days` on which any did, the different `people` who
    were the other side, `objects` or `topics`, or the `sum` of a field (`of`). All of it ever, or what happened
    `within_days` times 24 hours. There are `at_least` or `at_most` so many, or a `share` of what all did.

    Or that the member is known since `known_minutes`; or was not suspended for `unsuspended_days`, and is not now.
    """

    rule: Slug | None = None
    count: LevelCount | None = None
    of: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")] | None = None
    within_days: Annotated[int, Field(ge=1, le=WINDOW_MAX_DAYS)] | None = None
    at_least: _Number | None = None
    at_most: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None
    share: Share | None = None
    known_minutes: Annotated[int, Field(ge=1, le=KNOWN_MAX_MINUTES)] | None = None
    unsuspended_days: Annotated[int, Field(ge=0, le=WINDOW_MAX_DAYS)] | None = None

    @model_validator(mode="after")
    def it_asks_for_one_thing(self) -> Self:
        """Refuse a requirement that asks for nothing, or for several things at once."""
        kinds = [self.rule is not None, self.known_minutes is not None, self.unsuspended_days is not None]
        bounds = [one is not None for one in (self.at_least, self.at_most, self.share)]
        if sum(kinds) != 1:
            raise PydanticCustomError(
                "level_asks",
                "say one thing that is asked for: a `rule`, `known_minutes` or `unsuspended_days`",
            )
        if self.rule is None and (any(bounds) or self.count or self.of or self.within_days):
            raise PydanticCustomError("level_bounds", "only of a `rule` is counted, within days and up to numbers")
        if self.rule is not None and sum(bounds) != 1:
            raise PydanticCustomError("level_number", "say how many: `at_least`, `at_most` or a `share`")
        if (self.count == "sum") != (self.of is not None):
            raise PydanticCustomError("level_sum", "a `sum` is `of` a field of the event, and nothing else is")
        if self.share is not None and self.within_days is None:
            raise PydanticCustomError("level_share", "a `share` is of what all did `within_days`: say how many")
        return self

    @property
    def counted(self) -> LevelCount:
        """What is counted of the rule."""
        return self.count or "events"


class Level(Section):
    """Held by a member with at least `points` points, or who has all that it `requires`, or that somebody gives.

    Those that require something stand one on another, in the order in which they are written. One that is reached
    is held as long as what it requires is there; with `keep` as a percentage, as long as that much of each number
    within days is; with `keep` as a list, as long as that is; with `always`, for good. It is not lost within
    `grace_days` after it was reached. One that is given `by_hand` is reached by no other way.

    What a level `opens` is closed to whoever has none that opens it: to `redeem`, to `give_kudos`. With `judge`
    whoever has it is trusted in full to judge content, whatever else makes members trusted.
    """

    id: Slug
    title: Name
    description: Text = ""
    points: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None
    requires: Annotated[list[Requirement], Field(min_length=1, max_length=REQUIREMENTS_MAX_COUNT)] | None = None
    by_hand: Literal[True] | None = None
    keep: (
        Literal["always"]
        | Annotated[int, Field(ge=1, le=100)]
        | Annotated[list[Requirement], Field(min_length=1, max_length=REQUIREMENTS_MAX_COUNT)]
        | None
    ) = None
    grace_days: Annotated[int, Field(ge=1, le=GRACE_MAX_DAYS)] | None = None
    opens: Annotated[list[Right], Field(min_length=1, max_length=4)] | None = None
    gives: Gives | None = None

    @model_validator(mode="after")
    def it_is_reached_in_one_way(self) -> Self:
        """Refuse a level that is reached in several ways or in none, and how to keep what is never lost."""
        if sum(one is not None for one in (self.points, self.requires, self.by_hand)) != 1:
            raise PydanticCustomError(
                "level_reached", "a level is reached by `points`, by what it `requires`, or given `by_hand`"
            )
        if self.requires is None and (self.keep is not None or self.grace_days is not None):
            raise PydanticCustomError("level_kept", "only a level that `requires` something says how it is kept")
        if self.keep == "always" and self.grace_days is not None:
            raise PydanticCustomError("level_grace", "what is kept `always` needs no `grace_days`")
        if self.opens is not None and len(set(self.opens)) < len(self.opens):
            raise PydanticCustomError("level_opens", "`opens` says one thing twice")
        return self

    @property
    def asked(self) -> list[Requirement]:
        """All that it asks for, to be reached and to be kept."""
        return [*(self.requires or ()), *(self.keep if isinstance(self.keep, list) else ())]


def opening(levels: Iterable[Level], right: Right) -> tuple[str, ...]:
    """The ids of the levels that open a right; none where it is open to everybody."""
    return tuple(level.id for level in levels if right in (level.opens or ()))


def check_levels(levels: Sequence[Level]) -> None:
    """Refuse levels that nobody could reach, and more to be counted than is kept.

    Raises PydanticCustomError.
    """
    hand = False
    for level in levels:
        if level.requires is not None and hand:
            raise PydanticCustomError(
                "level_above_hand",
                "`{id}` stands above a level that is given by hand: who has that has all that there is",
                {"id": level.id},
            )
        hand = hand or bool(level.by_hand)
    if len(counted_of(levels)) > COUNTED_MAX_COUNT:
        raise PydanticCustomError(
            "levels_count",
            "levels count {count} different things, and may count {most}",
            {"count": len(counted_of(levels)), "most": COUNTED_MAX_COUNT},
        )


def counted_of(levels: Iterable[Level]) -> set[tuple[str, str]]:
    """What levels count: a rule, and what is kept of each event; `all` is what everybody did."""
    found: set[tuple[str, str]] = set()
    for level in levels:
        for asked in level.asked:
            if asked.rule is not None:
                found.add((asked.rule, detail_of(asked)))
            if asked.share is not None:
                found.add((asked.share.rule, "all"))
    return found


def counted_id(rule_id: str, detail: str) -> str:
    """What it is called that a rule is counted with a detail; a rule's own id has no blank."""
    return f"{rule_id} {detail}"


def detail_of(asked: Requirement) -> str:
    """What has to be kept of each event to count it so; of days no more than of events."""
    if asked.counted == "days":
        return "events"
    return f"sum {asked.of}" if asked.counted == "sum" else asked.counted
