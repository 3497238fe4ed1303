"""A programme as one document of all its sections."""

from typing import Self

from pydantic import Field, model_validator

from shared.contracts.fields import Name, Slug, Text
from shared.contracts.programme.recognition import Recognition
from shared.contracts.programme.rewards import Rewards
from shared.contracts.programme.rules import RULES_MAX_COUNT, Rule
from shared.contracts.programme.section import Section


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
