"""What scoring does with each event, inside a transaction that somebody else opened."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from services.scoring.audiences.handlers.counting import decided_for, note_active, note_topics, with_decided
from services.scoring.awards import store
from services.scoring.awards.domain.activities import Marks, Work, marks, sort_out
from services.scoring.awards.domain.awards import Award, EventKey, amended, award_id_of, make
from services.scoring.awards.handlers.grace import give_grace
from services.scoring.awards.handlers.rooms import READ_BACK_LEFT, find_room, members_of
from services.scoring.awards.handlers.voiding import note_contents
from services.scoring.limits.domain.claims import Claim, Heads
from services.scoring.limits.store.claims import load_claims_of_events
from services.scoring.limits.store.members import lock_members
from services.scoring.metrics import EVENTS_SCORED, RULES_DECLINED
from services.scoring.programmes.handlers.in_force import Lend, VersionsInForce
from services.scoring.programmes.store import versions as programme_store
from services.scoring.quality.handlers.judging import take_in, values_for
from services.scoring.rules.domain.asking import members_read, questions
from services.scoring.rules.domain.attributes import Known, MemberKey, Said
from services.scoring.rules.domain.compiling import CompiledVersion
from services.scoring.rules.domain.declining import Declined
from services.scoring.rules.domain.matching import Answers, Matched, match
from services.scoring.rules.handlers.evaluating import Evaluator
from services.scoring.rules.store import add_calculated, add_declined, add_read, load_attributes
from services.scoring.settings import Settings
from services.scoring.signals.domain.acts import act_of, is_looked_at, keys_of
from services.scoring.signals.handlers import note_acts
from services.scoring.signals.store.cases import load_held
from services.scoring.voids.store import add_voided, load_heads_and_voids, load_whys
from shared.consumer import Preparation
from shared.contracts.activities import RESTORED_TYPE, RETRACTED_TYPE, TARGETING_TYPES
from shared.contracts.backfill import is_backfill
from shared.contracts.facts import AcceptedEvent
from shared.contracts.own_acts import members_of as members_named
from shared.merges import load_heads
from shared.postgres import Connection
from shared.telemetry import observe_ages
from shared.transaction import InvalidMessageError, Transaction

#: Matching this many events takes some 20 ms with the dearest conditions that are evaluated here.
MATCH_SLICE_COUNT = 100


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was got ready for a batch outside its transaction, as of the newest version of each community.

    `known` is what was said of the attributes of members that its rules read, `decided` in which audiences they
    are by what they did before and what is known of quality, and `persons` whom members are merged into: those
    that the events `named`.
    """

    events: Sequence[AcceptedEvent]
    named: Set[tuple[str, str]]
    heads: Mapping[str, int]
    versions: Mapping[str, Sequence[CompiledVersion]]
    answers: Answers
    known: Known
    decided: Mapping[MemberKey, Mapping[str, Sequence[Said]]]
    persons: Heads


class Locked(NamedTuple):
    """What stays so until the transaction ends: the newest versions, and whom those named are merged into."""

    named: Set[tuple[str, str]]
    heads: Mapping[str, int]
    persons: Heads


@dataclass(slots=True)
class Scorer:
    """Scores events, with the versions that are in force in memory."""

    versions: VersionsInForce = field(default_factory=VersionsInForce)
    evaluator: Evaluator = field(default_factory=Evaluator)
    _prepared: Prepared | None = None

    async def prepare(self, preparation: Preparation[Settings], events: list[AcceptedEvent]) -> None:
        """Compile what is in force for events, and evaluate what can take long, outside a transaction.

        Where neither is to be done, which memory knows nearly always, nothing is read twice.
        """
        self._prepared = None
        if self.versions.takes_time(events):
            self._prepared = await self._prepare(preparation.lend, events, preparation.settings)

    async def on_activities(self, tx: Transaction[Settings], events: list[AcceptedEvent]) -> Work:
        """Award what the rules give for new events, and amend what those gave that were taken back or restored.

        Returns which of them are new, and what is new of others.
        """
        for index, event in enumerate(events):
            if event["type"] in TARGETING_TYPES and "targetuid" not in event:
                raise InvalidMessageError("a retraction or restoration without targetuid", index)
        # 1. The versions; no other can appear until this commits, nor is anybody merged.
        communities = sorted({event["community"] for event in events})
        heads = await programme_store.lock_heads_for_share(tx.conn, communities=communities)
        prepared, self._prepared = self._prepared, None
        named = prepared.named if prepared is not None and prepared.events is events else _members(events)
        persons, with_voids = await load_heads_and_voids(tx.conn, members=named, communities=communities)
        locked = Locked(named, heads, persons)
        if prepared is None or prepared.events is not events or prepared.heads != heads:
            # Nothing takes long, or a version was published since.
            prepared = await self._prepare(lambda: nullcontext(tx.conn), events, tx.settings, locked)
        elif prepared.persons != persons:
            # Some were merged since, or parted.
            prepared = await self._prepare(lambda: nullcontext(tx.conn), events, tx.settings, locked)
        elif (
            wanted := members_read(events, prepared.versions, prepared.persons)
        ) and prepared.known != await load_attributes(tx.conn, wanted=wanted):
            # More was told of members since, perhaps in this very batch.
            prepared = await self._prepare(lambda: nullcontext(tx.conn), events, tx.settings, locked)
        elif prepared.decided and prepared.decided != await _decided(
            tx.conn,
            events=events,
            versions=prepared.versions,
            persons=prepared.persons,
            settings=tx.settings,
        ):
            # They earned more since.
            prepared = await self._prepare(lambda: nullcontext(tx.conn), events, tx.settings, locked)
        # 2. Which events are new, and of which is something new said?
        said = marks(events)
        before = await store.put_marks(tx.conn, marks=said)
        work = sort_out(events, said, before)
        # 3. What the rules have for them. After a restore some awards are there before their events are scored
        # again.
        matched = await _match(work.fresh, prepared)
        is_read_back = await READ_BACK_LEFT.is_any(tx.conn)
        told = None
        if is_read_back:
            of_candidates = {
                (candidate.event["community"], candidate.event["uid"]) for candidate in matched.candidates
            }
            told = await store.load_read_back(tx.conn, events=of_candidates)
        standing = await note_contents(tx.conn, matched.candidates, heads=persons, with_voids=with_voids)
        seen = [one for one in matched.candidates if is_looked_at(one)]
        held = await load_held(tx.conn, keys=keys_of(seen)) if seen else {}
        made = make(matched.candidates, work.words, told, persons, standing, held)
        # 4. What fits under limits, the facts, and the messages about them.
        changed, amendments = await _changed(
            tx.conn, work, new=made.claims, before=before, is_read_back=is_read_back
        )
        changed += await give_grace(tx.conn, new=made.claims, changed=changed)
        if made.voided:
            await add_voided(tx.conn, voided=made.voided)
        # Whatever waits for no campaign comes before its books are locked, which others wait for.
        if matched.declined:
            await add_declined(tx.conn, declined=matched.declined)
        if matched.read:
            await add_read(tx.conn, read=matched.read)
        if matched.calculated:
            await add_calculated(tx.conn, calculated=matched.calculated)
        await note_topics(tx, events=work.fresh)
        await note_acts(
            tx.conn,
            acts=[
                act_of(one, award_id_of(one), is_taken_back=_is_taken_back(one.event, work), held=held)
                for one in seen
            ],
            words={key: word.is_retraction for key, (word, _) in work.changed.items()},
        )
        await find_room(tx, new=made.claims, changed=changed, awards=[*amendments, *made.awards])
        await note_active(
            tx,
            events=work.fresh,
            changed=work.changed,
            amended={
                *((claim.community, claim.member_id) for claim in changed),
                *((award.community, award.member_id) for award in amendments),
            },
            compiled=prepared.versions,
            heads=persons,
        )
        await take_in(
            tx,
            events=work.fresh,
            words=work.words,
            changed={key: word.is_retraction for key, (word, _) in work.changed.items()},
            compiled=prepared.versions,
            heads=persons,
        )
        _count(events, len(work.fresh), matched.without_version, matched.declined)
        observe_ages("award", (event["receivedat"] for event in work.fresh if not is_backfill(event)), tx.now)
        return work

    async def close(self) -> None:
        """End the child processes."""
        await self.evaluator.close()

    async def _prepare(
        self, lend: Lend, events: Sequence[AcceptedEvent], settings: Settings, locked: Locked | None = None
    ) -> Prepared:
        """Get a batch ready, as of what is `locked`, where it is within its transaction."""
        heads, versions = await self.versions.of(events, lend, None if locked is None else locked.heads)
        known: Known = {}
        named = _members(events) if locked is None else locked.named
        async with lend() as conn:
            persons = await load_heads(conn, keys=named) if locked is None else locked.persons
            if wanted := members_read(events, versions, persons):
                known = await load_attributes(conn, wanted=wanted)
            decided = (
                await _decided(conn, events=events, versions=versions, persons=persons, settings=settings)
                if wanted
                else {}
            )
        asked = questions(events, versions, with_decided(known, decided), persons)
        answers = await self.evaluator.answers(asked, settings) if asked else {}
        return Prepared(events, named, heads, versions, answers, known, decided, persons)


async def _decided(
    conn: Connection,
    *,
    events: Sequence[AcceptedEvent],
    versions: Mapping[str, Sequence[CompiledVersion]],
    persons: Heads,
    settings: Settings,
) -> Mapping[MemberKey, Mapping[str, Sequence[Said]]]:
    """What is decided for events before they count: in which audiences members are, and of quality."""
    of_members = await decided_for(
        conn,
        events=events,
        compiled=versions,
        heads=persons,
        awards_max_count=settings.audience_awards_max_count,
    )
    of_events = await values_for(conn, events=events, compiled=versions, heads=persons, now=datetime.now(UTC))
    return {**of_members, **of_events} if of_events else of_members


def _members(events: Iterable[AcceptedEvent]) -> set[tuple[str, str]]:
    """Whom events name, by community and id."""
    return {(event["community"], member_id) for event in events for member_id in members_named(event)}


async def _match(events: Sequence[AcceptedEvent], prepared: Prepared) -> Matched:
    """Match events in slices, between which the event loop has its turn."""
    matched = Matched()
    known = with_decided(prepared.known, prepared.decided)
    for start in range(0, len(events), MATCH_SLICE_COUNT):
        if start:
            await asyncio.sleep(0)
        piece = events[start : start + MATCH_SLICE_COUNT]
        matched.add(match(piece, prepared.versions, prepared.answers, known, prepared.persons))
    return matched


async def _changed(
    conn: Connection, work: Work, *, new: Sequence[Claim], before: Mapping[EventKey, Marks], is_read_back: bool
) -> tuple[list[Claim], list[Award]]:
    """Lock the members of all claims, new ones too; what is said of events scored before changes claims and
    awards.

    Returns claims with the state that they have now, and amendments of awards that no limit is over.
    """
    keys = [(*key, time) for key in work.changed if (time := before[key].event_time) is not None]
    claims = await load_claims_of_events(conn, events=keys) if keys else []
    if new or claims:
        await lock_members(conn, members=members_of([*new, *claims]))
    if not keys:
        return [], []
    # Others may have changed them until they were locked.
    claims = await load_claims_of_events(conn, events=keys) if claims else []
    changed = []
    heads = await _persons_of_words(conn, work=work, claims=claims)
    for claim in claims:
        word, (claim.traceparent, claim.is_backfill) = work.changed[claim.community, claim.event_uid]
        if claim.hear(word.heard_by(claim.community, claim.member_id, heads)):
            changed.append(claim)
    of_claims = {claim.award_id for claim in claims}
    told = await store.load_read_back(conn, events=work.changed) if is_read_back else {}
    amendments = []
    found = await store.load_earned(conn, events=keys)
    whys = await load_whys(conn, awards=[(one.award.community, one.award.award_id) for one in found])
    for earned in found:
        key = (earned.award.community, earned.award.event_uid)
        if earned.award.award_id not in of_claims and earned.award.award_id not in told.get(key, ()):
            word, cause = work.changed[key]
            void = whys.get((earned.award.community, earned.award.award_id))
            amendments.append(amended(earned, word, *cause, void=void))
    return changed, [amendment for amendment in amendments if amendment is not None]


def _is_taken_back(event: AcceptedEvent, work: Work) -> bool:
    """Whether an event was taken back before it came."""
    word = work.words.get((event["community"], event["uid"]))
    return word is not None and word.is_retraction


async def _persons_of_words(conn: Connection, *, work: Work, claims: Sequence[Claim]) -> Heads:
    """Whom those are merged into who said the last of the events of claims, and whose the claims are."""
    keys = {(claim.community, claim.member_id) for claim in claims}
    for claim in claims:
        by_member = work.changed[claim.community, claim.event_uid][0].by_member
        keys |= set() if by_member is None else {(claim.community, by_member)}
    return await load_heads(conn, keys=keys) if keys else {}


def _count(
    events: Sequence[AcceptedEvent], fresh: int, without_version: int, declined: Sequence[Declined]
) -> None:
    retractions = sum(event["type"] == RETRACTED_TYPE for event in events)
    restorations = sum(event["type"] == RESTORED_TYPE for event in events)
    for outcome, count in (
        ("scored", fresh - without_version),
        ("without_programme", without_version),
        ("duplicate", len(events) - retractions - restorations - fresh),
        ("retraction", retractions),
        ("restoration", restorations),
    ):
        if count:
            EVENTS_SCORED.labels(outcome).inc(count)
    for reason, count in Counter(rule.reason for rule in declined).items():
        RULES_DECLINED.labels(reason).inc(count)
