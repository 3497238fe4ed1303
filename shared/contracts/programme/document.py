"""A programme as one document of all its sections."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fields import Name, Slug, Text
from shared.contracts.programme import (
    attributes,
    audiences,
    campaigns,
    event_types,
    goals,
    guidelines,
    manual,
    recognition,
    rewards,
    rules,
    surveys,
    worth,
)
from shared.contracts.programme.attributes import ATTRIBUTES_MAX_COUNT, Attribute
from shared.contracts.programme.audiences import AUDIENCES_MAX_COUNT, COUNTERS_MAX_COUNT, Audience, AudienceMeasure
from shared.contracts.programme.campaigns import CAMPAIGNS_MAX_COUNT, Campaign
from shared.contracts.programme.event_types import Events
from shared.contracts.programme.goals import DeclaredGoal
from shared.contracts.programme.guidelines import PENALTY_RULE, Guidelines
from shared.contracts.programme.ids import Ids, Reference, check_ids
from shared.contracts.programme.manual import Manual
from shared.contracts.programme.quality import Quality
from shared.contracts.programme.recognition import Recognition
from shared.contracts.programme.rewards import Rewards
from shared.contracts.programme.rules import LIMITS_MAX_COUNT, RULES_MAX_COUNT, Rule, SharedLimit
from shared.contracts.programme.section import Section
from shared.contracts.programme.signals import Signals
from shared.contracts.programme.surveys import Surveys
from shared.contracts.programme.worth import GOALS_MAX_COUNT, SCORES_MAX_COUNT, DeclaredScore

#: What the sections declare of their ids, in the order in which they are checked.
IDS: Final[tuple[Ids, ...]] = (
    *attributes.IDS,
    *audiences.IDS,
    *event_types.IDS,
    worth.SCORES,
    worth.GOALS,
    *campaigns.IDS,
    *rules.IDS,
    *manual.IDS,
    *guidelines.IDS,
    *recognition.IDS,
    *rewards.IDS,
    *surveys.IDS,
)
REFERENCES: Final[tuple[Reference, ...]] = (
    *rules.REFERENCES,
    *goals.REFERENCES,
    *campaigns.REFERENCES,
    *recognition.REFERENCES,
    *rewards.REFERENCES,
    *surveys.REFERENCES,
)


class Programme(Section):
    """One version's text of a community's programme."""

    programme: Slug
    title: Name
    description: Text = ""
    attributes: list[Attribute] = Field(default=[], max_length=ATTRIBUTES_MAX_COUNT)
    audiences: Annotated[list[Audience], Field(min_length=1, max_length=AUDIENCES_MAX_COUNT)] | None = None
    counters: Annotated[list[AudienceMeasure], Field(min_length=1, max_length=COUNTERS_MAX_COUNT)] | None = None
    events: Events = Events()
    rules: list[Rule] = Field(min_length=1, max_length=RULES_MAX_COUNT)
    limits: list[SharedLimit] = Field(default_factory=list, max_length=LIMITS_MAX_COUNT)
    manual: Manual | None = None
    guidelines: Guidelines | None = None
    quality: Quality | None = None
    recognition: Recognition = Recognition()
    rewards: Rewards = Rewards()
    scores: Annotated[list[DeclaredScore], Field(min_length=1, max_length=SCORES_MAX_COUNT)] | None = None
    goals: Annotated[list[DeclaredGoal], Field(min_length=1, max_length=GOALS_MAX_COUNT)] | None = None
    campaigns: Annotated[list[Campaign], Field(min_length=1, max_length=CAMPAIGNS_MAX_COUNT)] | None = None
    signals: Signals | None = None
    surveys: Surveys | None = None

    @model_validator(mode="after")
    def ids_are_unique_and_known(self) -> Self:
        """Refuse two items of a list with one id, and a reference to what isn't there.

        Raises IdsError, which pydantic keeps as the `error` in the context of its own.
        """
        check_ids(self, IDS, REFERENCES)
        return self

    @model_validator(mode="after")
    def reasons_are_no_rules(self) -> Self:
        """Refuse a reason for awards by hand that is called as a rule is: awards name both in one field."""
        rules_ids = {rule.id for rule in self.rules}
        for reason in self.manual.reasons if self.manual else ():
            if reason.id in rules_ids:
                raise PydanticCustomError(
                    "reason_is_a_rule",
                    "`manual` has a reason `{id}`, and so is a rule called: give it another id",
                    {"id": reason.id},
                )
        return self

    @model_validator(mode="after")
    def nothing_is_called_as_the_penalty(self) -> Self:
        """Refuse a rule, or a reason, that is called as what takes points when a report is upheld."""
        named = [
            *(rule.id for rule in self.rules),
            *(one.id for one in (self.manual.reasons if self.manual else ())),
        ]
        if PENALTY_RULE in named:
            raise PydanticCustomError(
                "called_as_the_penalty",
                "`{id}` is what an upheld report takes points by: give yours another id",
                {"id": PENALTY_RULE},
            )
        return self
