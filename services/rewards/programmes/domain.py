"""Programme versions, as far as rewards reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from shared.contracts.programme import CatalogueReward, Rewards


class Version(NamedTuple):
    """A published version; `rewards_json` is its section, as it was published, `audiences_json` its audiences."""

    community: str
    programme_id: str
    version: int
    effective_from: datetime
    rewards_json: str
    audiences_json: str
    #: The levels that open redeeming, by their ids.
    redeeming_json: str


@dataclass(frozen=True, slots=True)
class InForce:
    """The programme version that applies, its rewards section, and its audiences' titles by their ids."""

    programme_id: str
    version: int
    rewards: Rewards
    audiences: Mapping[str, str]
    #: The titles of the levels without one of which nobody may have a reward; none for everybody.
    redeeming: Mapping[str, str] = field(default_factory=dict)

    def reward(self, reward_id: str) -> CatalogueReward | None:
        """The reward of that id, if it is on offer."""
        return next((reward for reward in self.rewards.catalogue if reward.id == reward_id), None)
