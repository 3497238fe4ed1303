"""The register of personal data: what every table and fact holds of members, and what an erasure does with it.

Exports go by it, and a test compares it with the databases and the contracts: what is new is here, or fails.
"""

from collections.abc import Mapping
from typing import Final

from shared.personal_data.kinds import Held
from shared.personal_data.registers import analytics, ingest, recognition, rewards, scoring

#: What each service holds of members.
HELD: Final[Mapping[str, tuple[Held, ...]]] = {
    "ingest": ingest.HELD,
    "scoring": scoring.HELD,
    "recognition": recognition.HELD,
    "rewards": rewards.HELD,
    "analytics": analytics.HELD,
}
