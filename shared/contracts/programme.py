"""A programme: the rules of a community, in the sections that each service reads.

scoring reads `rules`, recognition reads `recognition`, rewards reads `rewards`. A programme is written in
YAML, published as a version, and never changed afterwards.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.contracts.activities import ACTIVITY_TYPES
from shared.contracts.fields import Currency, Name, Slug, Text

RULES_MAX_COUNT = 200
BADGES_MAX_COUNT = 200
LEVELS_MAX_COUNT = 50
CATALOGUE_MAX_COUNT = 500
CONDITION_MAX_CHARS = 2_000
RULE_POINTS_MAX = 1_000_000

Slot = Literal["actor", "object_author", "reply_author"]
ActivityType = Literal[ACTIVITY_TYPES]  # type: ignore[valid-type]
PositivePoints = Annotated[int, Field(ge=1, le=RULE_POINTS_MAX)]


class Section(BaseModel):
    """A part of a programme: nothing unknown, nothing converted, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Rule(Section):
    """Points for whoever did something: `when` is a CEL condition over `event` and `data`.

    `points` go to the person in the slot `to`; `daily_cap` limits what one member gets from this rule
    in one UTC day of event time.
    """

    id: Slug
    title: Name
    on: list[ActivityType] = Field(min_length=1, max_length=len(ACTIVITY_TYPES))
    when: Annotated[str, StringConstraints(min_length=1, max_length=CONDITION_MAX_CHARS)] | None = None
    points: PositivePoints
    to: Slot = "actor"
    daily_cap: PositivePoints | None = None


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


class CatalogueReward(Section):
    """Something that a member can have for points."""

    id: Slug
    title: Name
    description: Text = ""
    points: PositivePoints


class PayingAccount(Section):
    """The account that payouts leave from."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=70)]
    iban: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$")]
    bic: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{8}([A-Z0-9]{3})?$")]


class PayoutTerms(Section):
    """How points become money: `points` points are worth `minor` minor units of `currency`."""

    currency: Currency
    points: PositivePoints
    minor: Annotated[int, Field(ge=1, le=1_000_000)]
    minimum_points: PositivePoints
    paying_account: PayingAccount


class Rewards(Section):
    catalogue: list[CatalogueReward] = Field(default_factory=list, max_length=CATALOGUE_MAX_COUNT)
    payout: PayoutTerms | None = None


class Programme(Section):
    """One version's text of a community's programme."""

    programme: Slug
    title: Name
    description: Text = ""
    rules: list[Rule] = Field(min_length=1, max_length=RULES_MAX_COUNT)
    recognition: Recognition = Recognition()
    rewards: Rewards = Rewards()

    @model_validator(mode="after")
    def ids_are_unique_and_known(self) -> Self:
        """Refuse two rules, badges, levels or rewards of one id, and a badge on a rule that isn't there."""
        for section, ids in (
            ("rules", [rule.id for rule in self.rules]),
            ("recognition.badges", [badge.id for badge in self.recognition.badges]),
            ("recognition.levels", [level.id for level in self.recognition.levels]),
            ("rewards.catalogue", [reward.id for reward in self.rewards.catalogue]),
        ):
            repeated = sorted({one for one in ids if ids.count(one) > 1})
            if repeated:
                raise ValueError(f"{section}: the id {repeated[0]!r} is used twice; ids must be unique")
        known = {rule.id for rule in self.rules}
        for badge in self.recognition.badges:
            if badge.rule is not None and badge.rule not in known:
                raise ValueError(
                    f"recognition.badges: badge {badge.id!r} counts rule {badge.rule!r}, which is not there"
                )
        return self
