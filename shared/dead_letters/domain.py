"""What a dead letter is, and what may become of it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from shared.contracts.fields import Timestamp


class LetterState(StrEnum):
    """What somebody decided about a dead letter, and what came of it."""

    WAITING = "waiting"
    ASKED = "asked"
    REPLAYED = "replayed"
    DISCARDED = "discarded"


#: What a letter must be for a command, which leaves it in the state that is the key.
STEPS = {LetterState.ASKED: LetterState.WAITING, LetterState.DISCARDED: LetterState.WAITING}


class DeadLetterPlace(NamedTuple):
    """A dead letter's place in their list: newest first."""

    dead_at: Timestamp
    letter_id: str


BEFORE_ALL = DeadLetterPlace(datetime.max.replace(tzinfo=UTC), "ffffffff-ffff-ffff-ffff-ffffffffffff")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that could not be processed: where it came from, why, and what was decided.

    `community` is None where the record's key names none; `value` ends early where it `is_truncated`, and is empty
    in lists.
    """

    letter_id: str
    community: str | None
    topic: str
    partition: int
    record_offset: int
    key: bytes
    value: bytes
    value_bytes: int
    is_truncated: bool
    reason: str
    dead_at: datetime
    state: LetterState
    tries_count: int
    settled_at: datetime | None
    note: str | None

    @property
    def place(self) -> DeadLetterPlace:
        """Where it stands among the others."""
        return DeadLetterPlace(self.dead_at, self.letter_id)


class UnknownLetterError(Exception):
    """The community has no such dead letter."""


class SettledLetterError(Exception):
    """Somebody has decided already: `state` is what the letter is."""

    def __init__(self, state: LetterState) -> None:
        super().__init__(state)
        self.state = state


class TruncatedLetterError(Exception):
    """The record was too large to be kept whole, so it cannot be sent through again from here."""


def community_of(key: bytes) -> str | None:
    """The community in a record's key, `community|part`; None where there is none."""
    community, bar, _ = key.partition(b"|")
    try:
        return community.decode() if bar and community and b"\x00" not in community else None
    except UnicodeDecodeError:
        return None
