"""Restatements are worked out piece by piece, in turns, by the process that runs backtests.

What the version has for a piece of the log is committed with where the next one begins: a process that is killed
goes on from there. What was approved is worked out once more, with what came since: only what is still the same is
posted. Once all of that is posted the log is looked at again, until nothing came meanwhile.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from logging import getLogger

from services.scoring.awards import store as award_store
from services.scoring.awards.domain.awards import as_claim
from services.scoring.backtests.domain.known import Told
from services.scoring.backtests.domain.replaying import Side
from services.scoring.backtests.handlers.knowing import known_of
from services.scoring.backtests.handlers.running import Log
from services.scoring.backtests.store.backtests import BacktestPool, Offsets, Ranges, load_live_offsets
from services.scoring.backtests.store.known import load_told
from services.scoring.limits.domain.claims import Claim
from services.scoring.limits.store.claims import load_claims_of_events
from services.scoring.programmes.store.versions import load_documents
from services.scoring.restatements.domain.rescoring import rescore, side_of
from services.scoring.restatements.domain.restatements import (
    STEPS,
    Difference,
    Restatement,
    RestatementFailedError,
    RestatementFailure,
    RestatementState,
    digest_of,
    result_of,
    turns_of,
)
from services.scoring.restatements.domain.restating import Part, only_of, parts_of
from services.scoring.restatements.handlers.posting import PLACES_OF_PART, differences_of
from services.scoring.restatements.handlers.working_out import Foreseen, work_out
from services.scoring.restatements.store import parts as part_store
from services.scoring.restatements.store import restatements as store
from services.scoring.settings import Settings
from services.scoring.voids.domain import content_of
from shared.contracts.activities import TARGETING_TYPES
from shared.contracts.facts import AcceptedEvent
from shared.contracts.programme import Programme
from shared.postgres import Connection, begin

#: An event may say that it happened a while after it was received: clocks differ.
CLOCKS = timedelta(days=1)
TURNS_MAX_COUNT = 100
LATELY = timedelta(days=1)
WAIT_SECONDS = 0.5
#: So many events are matched between two looks at whether the live line lags.
SLICE_COUNT = 250
#: Of so many events the awards that stand are read at once.
STANDING_COUNT = 1_000

log = getLogger(__name__)


class _StoppedError(Exception):
    """Somebody cancelled it meanwhile."""


@dataclass(slots=True)
class Reading:
    """A restatement in memory, as far as the log is read."""

    restatement: Restatement
    told: Told
    side: Side
    ranges: Ranges
    offsets: Offsets
    claims: list[Claim] = field(default_factory=list)
    events: dict[str, datetime] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    pieces_count: int = 0
    #: What its pieces took in this turn.
    used_seconds: float = 0.0
    #: Of the events those that came since parts were made.
    new: list[str] = field(default_factory=list)

    def take(self, piece: Part, offsets: Offsets) -> None:
        """Add what the version has for a piece."""
        self.claims += piece.claims
        self.events.update(piece.events)
        self.contents |= piece.contents
        self.offsets = {**self.offsets, **offsets}
        self.pieces_count += 1
        if self.pieces_count > self.restatement.parted_count:
            self.new += [uid for uid, _ in piece.events]

    @property
    def is_read(self) -> bool:
        """Whether all of its part of the log is read."""
        return all(self.offsets[partition] >= end for partition, end in self.ranges.ends.items())

    @property
    def read_count(self) -> int:
        """How many records are read."""
        return sum(self.offsets[partition] - begun for partition, begun in self.ranges.begins.items())


@dataclass(slots=True)
class Computer:
    """Works out what is asked for, as long as there is any."""

    pool: BacktestPool
    log: Log
    settings: Settings
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def turn(self) -> bool:
        """Give a restatement its turn; False when there is none that nobody else works out."""
        async with begin(self.pool) as conn:
            waiting = await store.next_to_work_out(conn, lately=self.clock() - LATELY, limit=TURNS_MAX_COUNT)
        for restatement in turns_of(waiting):
            async with self.pool.acquire() as holding:
                if await store.try_to_hold(holding, community=restatement.community):
                    try:
                        await self._run(restatement)
                    finally:
                        await store.let_go(holding, community=restatement.community)
                    # Of one that breaks always the process would never rest.
                    return not restatement.broke
        return False

    async def _run(self, restatement: Restatement) -> None:
        failure = None
        try:
            if restatement.broke and RestatementState.FAILED in STEPS[restatement.state]:
                raise RestatementFailedError(RestatementFailure.BROKE)
            with suppress(_StoppedError):
                await self._run_on(restatement)
        except RestatementFailedError as error:
            failure = error.failure
        except MemoryError:
            failure = RestatementFailure.TOO_MUCH_MEMORY
        # Not while an error is handled, which holds all that was found until then.
        if failure is not None:
            await self._fail(restatement, failure)

    async def _run_on(self, restatement: Restatement) -> None:
        """Read on to where the live line stands now, and work out what that comes to."""
        async with begin(self.pool) as conn:
            await store.set_begun(conn, restatement, now=self.clock())
        reading = await self._load(restatement)
        started = time.monotonic()
        while not reading.is_read:
            await self._piece(reading)
            if time.monotonic() - started > self.settings.backtest_turn_seconds:
                # Whoever asked meanwhile has a turn too; where nobody did, it goes on.
                async with begin(self.pool) as conn:
                    if await store.has_others(conn, community=restatement.community):
                        return
                started = time.monotonic()
        if restatement.state is RestatementState.POSTING:
            await self._catch_up(reading)
        else:
            await self._finish(reading)

    async def _load(self, restatement: Restatement) -> Reading:
        """What is known so far of a restatement, and whatever it needs."""
        community = restatement.community
        async with begin(self.pool, snapshot=True) as conn:
            told = await load_told(conn, community=community)
            documents = await load_documents(conn, community=community, numbers=[restatement.version])
            ranges = await store.find_ranges(conn, restatement)
            pieces = await part_store.load_pieces(conn, restatement)
        document = documents.get(restatement.version)
        if document is None:
            raise RestatementFailedError(RestatementFailure.NO_PROGRAMME)
        side = side_of(Programme.model_validate(document), restatement.version)
        if ranges is None or restatement.state is not RestatementState.COMPUTING:
            ranges = await self._ranges(restatement, ranges)
        reading = Reading(restatement, told, side, ranges, ranges.begins)
        for offsets, piece in pieces:
            reading.take(piece, offsets)
        return reading

    async def _ranges(self, restatement: Restatement, before: Ranges | None) -> Ranges:
        """What is to be read: up to where the live line stands, as no event is restated before it is scored."""
        found = await self.log.ranges(restatement.asked.since - CLOCKS)
        async with begin(self.pool) as conn:
            stands = await load_live_offsets(conn)
            begins = found.begins if before is None else {**found.begins, **before.begins}
            ends = {
                one: max(begins[one], (before.ends.get(one, 0) if before else 0), min(end, stands.get(one, 0)))
                for one, end in found.ends.items()
            }
            ranges = Ranges(begins, ends)
            await store.set_ranges(conn, restatement, ranges=ranges)
        return ranges

    async def _piece(self, reading: Reading) -> None:
        """Read and match the next piece, and commit what the version has for it."""
        restatement = reading.restatement
        await self._give_way(reading)
        began = time.monotonic()
        events, offsets = await self.log.read(
            restatement.community, reading.offsets, reading.ranges.ends, self.settings.backtest_piece_max_count
        )
        fresh: dict[str, AcceptedEvent] = {}
        for event in events:
            if event["type"] not in TARGETING_TYPES and restatement.asked.holds(event["time"]):
                fresh.setdefault(event["uid"], event)
        for uid in reading.events.keys() & fresh.keys():
            del fresh[uid]
        piece = Part(events=[(uid, event["time"].astimezone(UTC)) for uid, event in fresh.items()])
        counted = list(fresh.values())
        for start in range(0, len(counted), SLICE_COUNT):
            part = counted[start : start + SLICE_COUNT]
            await self._give_way(reading)
            async with begin(self.pool) as conn:
                known = await known_of(conn, part, sides=[reading.side], told=reading.told)
            piece.claims += rescore(part, reading.side, reading.told, known)
        given = {claim.event_uid for claim in piece.claims}
        about = {uid: content_of(fresh[uid]) for uid in sorted(given)}
        piece.contents = {uid: content_id for uid, content_id in about.items() if content_id is not None}
        reading.take(piece, offsets)
        seconds = time.monotonic() - began
        reading.used_seconds += seconds
        self._hold_to_limits(reading)
        async with begin(self.pool) as conn:
            # 1. The restatement's row: whoever cancels it waits, and deletes the pieces that there are then.
            await self._note(conn, reading, seconds=seconds)
            # 2. What the version has.
            await part_store.add_piece(
                conn, restatement, number=reading.pieces_count, offsets=offsets, piece=piece
            )

    def _hold_to_limits(self, reading: Reading) -> None:
        """What is posted already is not given up halfway."""
        if reading.restatement.state is RestatementState.POSTING:
            return
        if len(reading.events) > self.settings.restatement_events_max_count:
            raise RestatementFailedError(RestatementFailure.TOO_MANY_EVENTS)
        if reading.restatement.used_seconds + reading.used_seconds > self.settings.restatement_max_seconds:
            raise RestatementFailedError(RestatementFailure.TOO_LONG)

    async def _note(
        self, conn: Connection, reading: Reading, *, seconds: float = 0.0, waits: bool = False
    ) -> None:
        goes_on = await store.set_moved(
            conn,
            reading.restatement,
            read_count=reading.read_count,
            events_count=len(reading.events),
            seconds=seconds,
            now=self.clock(),
            waits_for_live=waits,
        )
        if not goes_on:
            raise _StoppedError

    async def _give_way(self, reading: Reading) -> None:
        """Wait while the live line lags, which is shown."""
        has_waited = False
        while await self.log.live_lag() > self.settings.backtest_gives_way_count:
            has_waited = True
            async with begin(self.pool) as conn:
                await self._note(conn, reading, waits=True)
            await asyncio.sleep(WAIT_SECONDS)
        if has_waited:
            async with begin(self.pool) as conn:
                await self._note(conn, reading)

    async def _parts(self, conn: Connection, reading: Reading, events: dict[str, datetime]) -> list[Part]:
        """What the version has for these events, and what stands of them, in parts."""
        community = reading.restatement.community
        standing: list[Claim] = []
        timed = [(community, uid, at) for uid, at in events.items()]
        for start in range(0, len(timed), STANDING_COUNT):
            keys = timed[start : start + STANDING_COUNT]
            claims = await load_claims_of_events(conn, events=keys)
            known = {claim.award_id for claim in claims}
            standing += claims
            standing += [
                as_claim(one, None, None)
                for one in await award_store.load_earned(conn, events=keys)
                if one.award.award_id not in known
            ]
        audience = reading.restatement.asked.audience
        only = None if audience is None else reading.told.audiences.get(audience, frozenset())
        heads = {member: head for (_, member), head in reading.told.persons.heads[-1].items()}
        fresh = [claim for claim in reading.claims if claim.event_uid in events]
        return parts_of(
            only_of(fresh, only, heads),
            only_of(standing, only, heads),
            most=self.settings.restatement_part_max_count,
            contents=reading.contents,
        )

    async def _finish(self, reading: Reading) -> None:
        """Work out all differences; what is as it was approved is posted from now on."""
        restatement, community = reading.restatement, reading.restatement.community
        began = time.monotonic()
        # A snapshot: parts are worked out against what stood in one moment.
        async with begin(self.pool, snapshot=True) as conn:
            parts = await self._parts(conn, reading, reading.events)
        # While a part is posted nothing of its community is scored, nor of who is in one batch with it.
        if any(part.awards_count > self.settings.restatement_entangled_max_count for part in parts):
            raise RestatementFailedError(RestatementFailure.TOO_ENTANGLED)
        differences: list[tuple[int, list[Difference]]] = []
        count = 0
        foreseen = Foreseen(restatement.version)
        for number, part in enumerate(parts):
            async with begin(self.pool, snapshot=True) as conn:
                outcome = await work_out(
                    conn,
                    part,
                    community=community,
                    claims_max_count=self.settings.restatement_entangled_max_count,
                )
                await foreseen.spend(conn, outcome, community=community)
            found = differences_of(outcome.awards(restatement.restatement_id), part=number, is_posted=False)
            count += len(found)
            if count > self.settings.restatement_differences_max_count or len(found) >= PLACES_OF_PART:
                raise RestatementFailedError(RestatementFailure.TOO_MANY_DIFFERENCES)
            differences.append((number, found))
            async with begin(self.pool) as conn:
                await self._note(conn, reading)
        whole = [one for _, found in differences for one in found]
        digest = digest_of(restatement, whole)
        async with begin(self.pool) as conn:
            locked = await self._lock(conn, restatement)
            if locked is None:
                return
            now = self.clock()
            if restatement.state is RestatementState.COMPUTING:
                after = locked.stepped(RestatementState.READY, now=now)
            elif digest == locked.digest:
                after = locked.stepped(RestatementState.POSTING, now=now)
            else:
                after = locked.sent_back(now=now)
            await part_store.delete_parts(conn, restatement)
            await part_store.add_parts(conn, restatement, first=0, parts=parts)
            for number, found in differences:
                await part_store.put_differences(conn, restatement, part=number, differences=found)
            after = replace(
                after,
                digest=digest,
                result=result_of(whole, events_count=len(reading.events)),
                parts_count=len(parts),
                parts_done=0,
                parted_count=reading.pieces_count,
                events_count=len(reading.events),
                used_seconds=locked.used_seconds + time.monotonic() - began,
            )
            await store.put_restatement(conn, after)
        log.info("a restatement is %s", after.state, extra={"restatement_id": restatement.restatement_id})

    async def _catch_up(self, reading: Reading) -> None:
        """All is posted that was known: events of the time that were scored meanwhile are restated, too."""
        restatement = reading.restatement
        async with begin(self.pool, snapshot=True) as conn:
            new = {uid: reading.events[uid] for uid in reading.new}
            parts = await self._parts(conn, reading, new) if new else []
        async with begin(self.pool) as conn:
            locked = await self._lock(conn, restatement)
            if locked is None:
                return
            if parts:
                first = await part_store.count_parts(conn, restatement)
                await part_store.add_parts(conn, restatement, first=first, parts=parts)
                after = replace(
                    locked,
                    parts_count=first + len(parts),
                    parted_count=reading.pieces_count,
                    moved_at=self.clock(),
                )
            else:
                after = locked.stepped(RestatementState.POSTED, now=self.clock())
                await part_store.delete_pieces(conn, restatement)
            await store.put_restatement(conn, after)

    async def _fail(self, restatement: Restatement, failure: RestatementFailure) -> None:
        async with begin(self.pool) as conn:
            locked = await self._lock(conn, restatement)
            if locked is None:
                return
            if RestatementState.FAILED in STEPS[locked.state]:
                failed = replace(locked.stepped(RestatementState.FAILED, now=self.clock()), failure=failure)
                await part_store.delete_pieces(conn, restatement)
                await part_store.delete_parts(conn, restatement)
                await store.put_restatement(conn, failed)
        # What is half posted is not given up: somebody is called, and it is tried again, behind all others.
        log.warning("a restatement failed: %s", failure, extra={"restatement_id": restatement.restatement_id})

    async def _lock(self, conn: Connection, restatement: Restatement) -> Restatement | None:
        """The restatement as it is, locked, if it is still in the state that it was taken on in."""
        found = await store.lock_restatement(
            conn, community=restatement.community, restatement_id=restatement.restatement_id
        )
        return found if found is not None and found.state is restatement.state else None
