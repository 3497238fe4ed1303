"""Dead letters as a service keeps them: what it could never process, until somebody replays or discards it."""

from shared.dead_letters.domain import (
    DeadLetter,
    DeadLetterPlace,
    LetterState,
    SettledLetterError,
    TruncatedLetterError,
    UnknownLetterError,
)

__all__ = [
    "DeadLetter",
    "DeadLetterPlace",
    "LetterState",
    "SettledLetterError",
    "TruncatedLetterError",
    "UnknownLetterError",
]
