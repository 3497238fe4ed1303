"""The programme version in force."""

from dataclasses import dataclass

from shared.contracts.programme import Rewards


@dataclass(frozen=True)
class InForce:
    """The programme version that applies now, and its rewards section."""

    programme_id: str
    version: int
    rewards: Rewards
