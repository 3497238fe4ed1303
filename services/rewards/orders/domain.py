"""What came of asking a provider about an order."""

from dataclasses import dataclass
from enum import StrEnum

from services.rewards.providers.domain.contract import Answer, Quote


class Became(StrEnum):
    """What became of a call."""

    ANSWERED = "answered"
    #: The provider knows no such order.
    NONE = "none"
    REFUSED = "refused"
    LATER = "later"
    UNKNOWN = "unknown"
    OTHER_ORDER = "other_order"


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What a call came to: with an answer, or why there is none; `quote` is what was asked for again before it."""

    became: Became
    answer: Answer | None = None
    reason: str = ""
    after_seconds: float | None = None
    quote: Quote | None = None
