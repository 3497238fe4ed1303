"""Who could answer a question: who answered such before, what is long ago counting less."""

from datetime import datetime
from typing import Final, NamedTuple

#: Answers about a topic that are looked at, the latest: what is older weighs little, and the question stays quick.
ANSWERS_MAX_COUNT: Final = 5_000


class Knowing(NamedTuple):
    """Somebody who was the first to answer about a topic, how often, when last, and what that weighs now.

    An answer weighs 1 when it is given, and half of that after each half-life.
    """

    member_id: str
    name: str | None
    answers: int
    last_at: datetime
    weight: float
