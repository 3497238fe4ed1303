"""Programmes are checked apart: whatever a text does to whoever reads it, the service goes on answering."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from services.scoring.children.handlers import ChildEndedError, ChildLostError, Children
from services.scoring.programmes.domain.completing import Completion, Completions, Cursor
from services.scoring.programmes.domain.mistakes import Mistake
from services.scoring.programmes.domain.reading import Reading
from services.scoring.settings import Settings
from shared.contracts.programme import Programme

#: By the clock, for a check that its own limit does not end; the machine may be busy.
CLOCK_FACTOR = 6
#: Of the processor: a text of 256 KiB takes a tenth.
COMPLETE_SECONDS = 1.0
CHILD_MAX_BYTES = 1024 * 1024 * 1024


class CheckTooSlowError(Exception):
    """A programme took longer to check than it may: `seconds` of the processor."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"checking it took more than {seconds:g} s")
        self.seconds = seconds


class ChecksBusyError(Exception):
    """This one has waited for its turn as long as it may, or its check was lost: it may be sent again."""


@dataclass(slots=True)
class _Turn:
    """A community's place in the line, and how many of its programmes want it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: int = 0


@dataclass(slots=True)
class Checker:
    """Has programmes checked, one at a time, and one of a community: nobody else waits behind a second."""

    children: Children = field(default_factory=lambda: Children("check", count=1, memory_bytes=CHILD_MAX_BYTES))
    _turns: dict[str, _Turn] = field(default_factory=dict)

    async def check(self, text: str, *, community: str, settings: Settings) -> Reading:
        """Read a programme: what it is, or every mistake in it.

        Raises CheckTooSlowError and ChecksBusyError.
        """
        since = (datetime.now(UTC) - timedelta(days=settings.rule_review_days)).date()
        request = {"text": text, "seconds": settings.check_seconds, "reviewed_since": since.isoformat()}
        found = await self._ask(request, community=community, settings=settings)
        if "document" in found:
            programme = Programme.model_validate(found["document"])
            return Reading(programme, [], _mistakes(found["warnings"]), found["steps"])
        return Reading(None, _mistakes(found["mistakes"]), [])

    async def complete(self, text: str, cursor: Cursor, *, community: str, settings: Settings) -> Completions:
        """What may stand at the cursor. Raises CheckTooSlowError and ChecksBusyError."""
        request = {"text": text, "cursor": list(cursor), "seconds": min(COMPLETE_SECONDS, settings.check_seconds)}
        found = await self._ask(request, community=community, settings=settings)
        return Completions(found["column"], [Completion(*one) for one in found["found"]])

    async def _ask(self, request: Mapping[str, Any], *, community: str, settings: Settings) -> Any:
        try:
            async with (
                asyncio.timeout(settings.check_wait_seconds) as waiting,
                self._turn(community),
                self.children.lend() as child,
            ):
                waiting.reschedule(None)
                parts = child.ask(request, seconds=CLOCK_FACTOR * request["seconds"])
                (found,) = [part async for part in parts]
        except ChildEndedError:
            raise CheckTooSlowError(request["seconds"]) from None
        except (TimeoutError, ChildLostError):
            raise ChecksBusyError from None
        return found

    async def close(self) -> None:
        """End the child."""
        await self.children.close()

    @asynccontextmanager
    async def _turn(self, community: str) -> AsyncIterator[None]:
        """The community's own turn: it waits at the child once, however many programmes it has to be checked."""
        turn = self._turns.setdefault(community, _Turn())
        turn.wanted += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.wanted -= 1
            if not turn.wanted:
                del self._turns[community]


def _mistakes(found: Iterable[Sequence[Any]]) -> list[Mistake]:
    return [Mistake(*mistake) for mistake in found]


CHECKER = Checker()
