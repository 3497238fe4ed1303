"""Backtests are run piece by piece, in turns, by a process of its own that gives way to the live line.

What a piece found is committed with where the next one begins: a process that is killed goes on from there. Pieces
take a fraction of a second, so a community that had less of the process has its turn soon.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from services.scoring.backtests.domain.backtests import (
    ATTEMPTS_MAX_COUNT,
    Backtest,
    BacktestFailedError,
    BacktestState,
    Failure,
    movers_of,
)
from services.scoring.backtests.domain.known import Told
from services.scoring.backtests.domain.packing import Piece, pack, unpack
from services.scoring.backtests.domain.replaying import (
    Found,
    Said,
    Side,
    add_word,
    replay,
    settle_all,
    words_in,
)
from services.scoring.backtests.domain.summing import result_of
from services.scoring.backtests.handlers.knowing import known_of, side_in_force
from services.scoring.backtests.store import backtests as store
from services.scoring.backtests.store.backtests import BacktestPool, Offsets, Ranges
from services.scoring.backtests.store.known import load_told
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.settings import Settings
from shared.contracts.activities import TARGETING_TYPES
from shared.contracts.facts import AcceptedEvent
from shared.contracts.programme import Programme
from shared.postgres import Connection, begin

#: An event may say that it happened a while after it was received: clocks differ.
CLOCKS = timedelta(days=1)
TURNS_MAX_COUNT = 100
#: What a community had of the process in this time counts when it is asked whose turn it is.
LATELY = timedelta(days=1)
WAIT_SECONDS = 0.5
#: So many events are matched between two looks at whether the live line lags.
SLICE_COUNT = 250

log = logging.getLogger(__name__)


class Log(Protocol):
    """The log of events, as it is read from somewhere on."""

    async def ranges(self, since: datetime) -> Ranges:
        """Which part has what was received since a moment, up to its end now."""

    async def read(
        self, community: str, offsets: Offsets, ends: Offsets, max_count: int
    ) -> tuple[Sequence[AcceptedEvent], Offsets]:
        """The next events of a community, and where they end."""

    async def live_lag(self) -> int:
        """How many records of the log wait for the live line."""


@dataclass(slots=True)
class Running:
    """A backtest in memory, as far as it has come."""

    backtest: Backtest
    told: Told
    sides: list[Side]
    ranges: Ranges
    offsets: Offsets
    found: list[Found] = field(default_factory=list)
    words: dict[str, Said] = field(default_factory=dict)
    uids: set[str] = field(default_factory=set)
    pieces_count: int = 0

    def take(self, piece: Piece, offsets: Offsets) -> None:
        """Add what a piece found."""
        for side, more in zip(self.found, piece.sides, strict=True):
            side.add(more)
        for uid, said in piece.words.items():
            add_word(self.words, uid, said)
        self.uids.update(piece.uids)
        self.offsets = offsets
        self.pieces_count += 1

    @property
    def is_read(self) -> bool:
        """Whether all of its part of the log is read."""
        return all(self.offsets[partition] >= end for partition, end in self.ranges.ends.items())

    @property
    def read_count(self) -> int:
        """How many records are read."""
        return sum(self.offsets[partition] - begun for partition, begun in self.ranges.begins.items())


@dataclass(slots=True)
class Runner:
    """Runs what is asked for, as long as there is any."""

    pool: BacktestPool
    log: Log
    settings: Settings
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def turn(self) -> bool:
        """Give a backtest its turn; False when there is none that nobody else runs."""
        async with begin(self.pool) as conn:
            asked = await store.next_in_turn(conn, lately=self.clock() - LATELY, limit=TURNS_MAX_COUNT)
        for backtest in asked:
            async with self.pool.acquire() as holding:
                if await store.try_to_hold(holding, community=backtest.community):
                    try:
                        await self._run(backtest)
                    finally:
                        await store.let_go(holding, community=backtest.community)
                    return True
        return False

    async def _run(self, backtest: Backtest) -> None:
        failure = None
        try:
            if backtest.attempts >= ATTEMPTS_MAX_COUNT:
                raise BacktestFailedError(Failure.BROKE)
            await self._run_on(backtest)
        except BacktestFailedError as error:
            failure = error.failure
        except MemoryError:
            failure = Failure.TOO_MUCH_MEMORY
        # Not while an error is handled, which holds all that was found until then.
        if failure is not None:
            await self._fail(backtest, failure)

    async def _run_on(self, backtest: Backtest) -> None:
        """Go on with a backtest until it is done, was cancelled, or others have their turn."""
        async with begin(self.pool) as conn:
            await store.set_begun(conn, backtest, now=self.clock())
        running = await self._load(backtest)
        started = time.monotonic()
        while not running.is_read:
            if not await self._piece(running):
                return
            if time.monotonic() - started > self.settings.backtest_turn_seconds:
                # Whoever asked meanwhile has a turn too; where nobody did, it goes on.
                async with begin(self.pool) as conn:
                    if await store.has_others(conn, community=backtest.community):
                        return
                started = time.monotonic()
        await self._finish(running)

    async def _load(self, backtest: Backtest) -> Running:
        """What is known so far of a backtest, and whatever it needs."""
        async with begin(self.pool, snapshot=True) as conn:
            told = await load_told(conn, community=backtest.community)
            sides = [await side_in_force(conn, community=backtest.community)]
            ranges = await store.find_ranges(conn, backtest)
            pieces = await store.load_pieces(conn, backtest)
        for draft in backtest.drafts:
            programme = read_programme(draft.text)
            if not isinstance(programme, Programme):
                raise BacktestFailedError(Failure.NO_PROGRAMME)
            sides.append(Side.of_draft(draft.title, programme))
        if ranges is None:
            ranges = await self.log.ranges(backtest.asked.since - CLOCKS)
            async with begin(self.pool) as conn:
                await store.set_ranges(conn, backtest, ranges=ranges)
        running = Running(backtest, told, sides, ranges, ranges.begins, [Found() for _ in sides])
        for offsets, packed in pieces:
            running.take(unpack(packed), offsets)
        return running

    async def _piece(self, running: Running) -> bool:
        """Read and match the next piece, and commit what it found; whether it is to go on."""
        backtest = running.backtest
        if not await self._give_way(running):
            return False
        began = time.monotonic()
        events, offsets = await self.log.read(
            backtest.community, running.offsets, running.ranges.ends, self.settings.backtest_piece_max_count
        )
        fresh: dict[str, AcceptedEvent] = {}
        for event in events:
            if event["type"] not in TARGETING_TYPES and backtest.asked.holds(event["time"]):
                fresh.setdefault(event["uid"], event)
        for uid in running.uids & fresh.keys():
            del fresh[uid]
        piece = Piece([Found() for _ in running.sides], words_in(events), list(fresh))
        counted = list(fresh.values())
        for start in range(0, len(counted), SLICE_COUNT):
            if start and not await self._give_way(running):
                return False
            part = counted[start : start + SLICE_COUNT]
            async with begin(self.pool) as conn:
                known = await known_of(conn, part, sides=running.sides, told=running.told)
            for side, found in zip(running.sides, piece.sides, strict=True):
                found.add(replay(part, side, running.told, known))
        packed = pack(piece)
        running.take(piece, offsets)
        if len(running.uids) > self.settings.backtest_events_max_count:
            raise BacktestFailedError(Failure.TOO_MANY_EVENTS)
        seconds = time.monotonic() - began
        if backtest.used_seconds + seconds > self.settings.backtest_max_seconds:
            raise BacktestFailedError(Failure.TOO_LONG)
        async with begin(self.pool) as conn:
            # 1. The backtest's row: whoever cancels it waits, and deletes the pieces that there are then.
            goes_on = await self._moved(conn, running, seconds)
            # 2. What was found.
            if goes_on:
                number = running.pieces_count
                await store.add_piece(conn, backtest, piece=number, offsets=offsets, packed=packed)
        return goes_on

    async def _moved(self, conn: Connection, running: Running, seconds: float, *, waits: bool = False) -> bool:
        return await store.set_moved(
            conn,
            running.backtest,
            read_count=running.read_count,
            events_count=len(running.uids),
            seconds=seconds,
            now=self.clock(),
            waits_for_live=waits,
        )

    async def _give_way(self, running: Running) -> bool:
        """Wait while the live line lags, which is shown; False when somebody cancelled it meanwhile."""
        has_waited = False
        while await self.log.live_lag() > self.settings.backtest_gives_way_count:
            has_waited = True
            if not await self._note(running, waits=True):
                return False
            await asyncio.sleep(WAIT_SECONDS)
        return not has_waited or await self._note(running, waits=False)

    async def _note(self, running: Running, *, waits: bool) -> bool:
        async with begin(self.pool) as conn:
            return await self._moved(conn, running, 0.0, waits=waits)

    async def _finish(self, running: Running) -> None:
        """Give all claims their room, sum it up, and keep what came of it."""
        backtest = running.backtest
        began = time.monotonic()
        sides = [
            (side, found, settle_all(found, side, running.told, running.words))
            for side, found in zip(running.sides, running.found, strict=True)
        ]
        whole = result_of(backtest.asked, running.told, sides, events_count=len(running.uids))
        result, movers = movers_of(whole)
        async with begin(self.pool) as conn:
            locked = await self._lock(conn, backtest)
            if locked is not None:
                used = locked.used_seconds + time.monotonic() - began
                done = replace(locked.ended(BacktestState.DONE, now=self.clock()), used_seconds=used)
                await store.set_ended(conn, done, result=result, movers=movers)
        log.info("a backtest is done", extra={"backtest_id": backtest.backtest_id})

    async def _fail(self, backtest: Backtest, failure: Failure) -> None:
        async with begin(self.pool) as conn:
            locked = await self._lock(conn, backtest)
            if locked is not None:
                failed = locked.ended(BacktestState.FAILED, now=self.clock(), failure=failure)
                await store.set_ended(conn, failed)
        log.warning("a backtest failed: %s", failure, extra={"backtest_id": backtest.backtest_id})

    async def _lock(self, conn: Connection, backtest: Backtest) -> Backtest | None:
        """The backtest as it is, locked, if it is still open."""
        key: dict[str, Any] = {"community": backtest.community, "backtest_id": backtest.backtest_id}
        found = await store.lock_backtest(conn, **key)
        return found if found is not None and found.is_open else None
