"""A backtest: what was asked, by whom, how far it is, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from services.scoring.backtests.domain.summing import Asked
from services.scoring.programmes.domain.publication import Author, text_sha256
from shared.contracts.fields import Timestamp, Uuid

DRAFTS_MAX_COUNT = 4
#: A process that ends so often without getting on broke by the backtest: its log says how.
ATTEMPTS_MAX_COUNT = 4


class BacktestState(StrEnum):
    """What became of a backtest."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: What may follow on a state.
STEPS: Final = {
    BacktestState.QUEUED: frozenset({BacktestState.RUNNING, BacktestState.FAILED, BacktestState.CANCELLED}),
    BacktestState.RUNNING: frozenset({BacktestState.DONE, BacktestState.FAILED, BacktestState.CANCELLED}),
    BacktestState.DONE: frozenset[BacktestState](),
    BacktestState.FAILED: frozenset[BacktestState](),
    BacktestState.CANCELLED: frozenset[BacktestState](),
}


class Failure(StrEnum):
    """Why a backtest failed."""

    TOO_MANY_EVENTS = "too_many_events"
    TOO_LONG = "too_long"
    TOO_MUCH_MEMORY = "too_much_memory"
    NO_PROGRAMME = "no_programme"
    BROKE = "broke"


class UnknownBacktestError(Exception):
    """There is no such backtest."""


class BacktestEndedError(Exception):
    """The backtest ended: it is in that state."""

    def __init__(self, state: BacktestState) -> None:
        super().__init__(state)
        self.state = state


class TooManyBacktestsError(Exception):
    """As many backtests of the community wait or run as may."""

    def __init__(self, max_count: int) -> None:
        super().__init__(max_count)
        self.max_count = max_count


class BacktestWindowError(Exception):
    """The window asked for is none: it is empty, or begins in the future."""


class BacktestFailedError(Exception):
    """It cannot be finished."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


class DraftAsked(NamedTuple):
    """A draft whose text goes through the log; `draft_id` is the stored one's that it was of, if any."""

    title: str
    text: str
    sha256: str
    draft_id: str | None = None

    @classmethod
    def of(cls, title: str, text: str, draft_id: str | None = None) -> "DraftAsked":
        """A draft with the digest of its exact text."""
        return cls(title, text, text_sha256(text), draft_id)


class BacktestPlace(NamedTuple):
    """Where a backtest stands in the list of them: what was asked last comes first."""

    asked_at: Timestamp
    backtest_id: Uuid


class Mover(NamedTuple):
    """A member who has more or less by a draft, the how manieth of the backtest's, than before."""

    draft: int
    place: int
    member_id: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """A backtest as it is. Of `records_count` records of the log `read_count` are read."""

    community: str
    backtest_id: str
    state: BacktestState
    asked: Asked
    drafts: tuple[DraftAsked, ...]
    asked_at: datetime
    asked_by: Author
    moved_at: datetime
    records_count: int = 0
    read_count: int = 0
    events_count: int = 0
    used_seconds: float = 0.0
    attempts: int = 0
    waits_for_live: bool = False
    ended_at: datetime | None = None
    failure: Failure | None = None
    result: dict[str, Any] | None = None
    movers: tuple[Mover, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it waits or runs."""
        return bool(STEPS[self.state])

    @property
    def percent(self) -> int:
        """How much of the log is read."""
        if self.state is BacktestState.DONE:
            return 100
        return min(99, self.read_count * 100 // self.records_count) if self.records_count else 0

    def ended(self, state: BacktestState, *, now: datetime, failure: Failure | None = None) -> "Backtest":
        """It in a state that it ends in. Raises BacktestEndedError when it has ended."""
        if state not in STEPS[self.state]:
            raise BacktestEndedError(self.state)
        return replace(self, state=state, ended_at=now, moved_at=now, failure=failure, waits_for_live=False)


def window_of(since: datetime, until: datetime | None, audience: str | None, *, now: datetime) -> Asked:
    """What is looked at: until now where nothing else is said. Raises BacktestWindowError."""
    asked = Asked(since, min(until or now, now), audience)
    if asked.until - asked.since < timedelta(seconds=1):
        raise BacktestWindowError
    return asked


def movers_of(result: dict[str, Any]) -> tuple[dict[str, Any], Sequence[Mover]]:
    """A result without who moved, and who did: members are kept by themselves, so that they can be forgotten."""
    sides, movers = [], []
    for number, side in enumerate(result["sides"]):
        compared = side.get("compared")
        if compared is not None:
            movers += [
                Mover(number, place, one["member_id"], one["before"], one["after"])
                for place, one in enumerate(compared["movers"], start=1)
            ]
            compared = {name: value for name, value in compared.items() if name != "movers"}
        sides.append(side if compared is None else side | {"compared": compared})
    return result | {"sides": sides}, movers
