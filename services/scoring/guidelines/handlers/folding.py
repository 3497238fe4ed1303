"""Cases are worked out, and what follows from them: piece by piece, by a timer, whoever said what.

Whatever is void is so for events that are scored from the commit on. What was earned before is reversed piece by
piece, each with the community's head locked: no batch is then being scored that does not know of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.scoring.awards import store as award_store
from services.scoring.awards.domain.activities import Marks
from services.scoring.awards.domain.awards import Award, amended, award_id
from services.scoring.awards.handlers.rooms import READ_BACK_LEFT
from services.scoring.awards.handlers.telling import tell
from services.scoring.awards.handlers.voiding import recount
from services.scoring.guidelines import store
from services.scoring.guidelines.domain.cases import Case, Folded, due_at, fold
from services.scoring.guidelines.domain.following import (
    PENALTY_TYPE,
    content_void,
    settled,
    suspension_by_hand,
    suspension_of,
)
from services.scoring.guidelines.domain.said import Kind, Word
from services.scoring.guidelines.handlers.telling import tell_case, tell_suspension
from services.scoring.limits.domain.claims import Word as SaidOfEvent
from services.scoring.limits.store.claims import load_claims_of_events
from services.scoring.limits.store.members import lock_members
from services.scoring.manual.store import points_of
from services.scoring.metrics import CASES_DECIDED, CASES_WAITING, VOIDS_TO_SWEEP
from services.scoring.programmes.domain.publication import succession
from services.scoring.programmes.store import versions
from services.scoring.quality.store import judgements
from services.scoring.rules.domain.attributes import MemberKey
from services.scoring.settings import Settings
from services.scoring.voids import store as void_store
from services.scoring.voids.domain import Void, Voided, Why
from shared.contracts.programme import PENALTY_RULE, Guidelines
from shared.followed_communities import load_calendar
from shared.merges import find_head, load_group, lock_heads
from shared.postgres import Connection
from shared.transaction import Transaction

CASES_AT_ONCE_COUNT = 20


@dataclass(frozen=True, slots=True)
class InForce:
    """What the version of the programme that is in force says of guidelines: nothing where there is none."""

    programme_id: str
    version: int | None
    section: Guidelines | None


async def in_force(conn: Connection, *, community: str, now: datetime) -> InForce:
    """What the version that is in force says of guidelines."""
    starts = succession(await versions.load_starts(conn, community=community))
    number = next((start.number for start in reversed(starts) if start.effective_from <= now), None)
    if number is None:
        return InForce("", None, None)
    document = (await versions.load_documents(conn, community=community, numbers=[number]))[number]
    section = document.get("guidelines")
    return InForce(
        str(document["programme"]), number, None if section is None else Guidelines.model_validate(section)
    )


async def work_off(tx: Transaction[Settings]) -> bool:
    """Timer: reverse and give back the next piece of what is void or is not any more, then work cases out.

    Returns whether there may be more.
    """
    if await READ_BACK_LEFT.is_any(tx.conn):
        # Events are still read again: what they earned is not known yet.
        return False
    void = await void_store.find_next_to_sweep(tx.conn)
    if void is not None:
        await _sweep(tx, void)
        return True
    for _ in range(CASES_AT_ONCE_COUNT):
        found = await store.find_next_due(tx.conn)
        if found is None:
            return False
        community, case_id = found
        await versions.lock_head_for_update(tx.conn, community=community)
        await work_out(tx, community=community, case_id=case_id)
        if await void_store.find_next_to_sweep(tx.conn) is not None:
            return True
    return True


async def count_waiting(tx: Transaction[Settings]) -> None:
    """Timer: show how many cases wait to be decided, and how many of these longer than they may."""
    for deadline, count in (await store.count_waiting(tx.conn)).items():
        CASES_WAITING.labels(deadline).set(count)
    VOIDS_TO_SWEEP.set(await void_store.count_to_sweep(tx.conn))


async def work_out(tx: Transaction[Settings], *, community: str, case_id: str) -> tuple[Case, Folded] | None:
    """Work a case out by all that was said in it, and have done what follows. None where there is no such case.

    Locks the case, then its voids, then its member.
    """
    case = await store.lock_case(tx.conn, community=community, case_id=case_id)
    if case is None:
        return None
    words = await store.load_words(tx.conn, community=community, case_id=case_id)
    said = await in_force(tx.conn, community=community, now=tx.now)
    folded = fold(words)
    if folded is None:
        await store.put_case(tx.conn, replace(case, is_due=False))
        return None
    folded = await _settled(tx, case, folded=folded, said=said)
    words = [
        folded.decision if folded.decision and one.word_id == folded.decision.word_id else one for one in words
    ]
    # The decision says by now until when appeals count.
    folded = fold(words) or folded
    decisions = [word for word in words if word.kind is Kind.DECISION]
    lifts = await store.load_lifts(
        tx.conn, community=community, suspension_ids=[word.suspension_id for word in decisions]
    )
    wanted = [content_void(case_id, folded, case.content)]
    wanted += [suspension_of(word, folded, case_id, lifts) for word in decisions]
    is_swept = True
    for void in wanted:
        if void is not None:
            is_swept &= await put(tx, void)
    if is_swept:
        # Nobody is taken more than they have once the points of the content are reversed.
        for word in decisions:
            await _penalise(tx, word, folded=folded, said=said)
    now = case.with_folded(folded, due_at=due_at(folded, said.section))
    if now.revision != case.revision:
        tell_case(tx, now, folded=folded)
        if now.state is not case.state:
            CASES_DECIDED.labels(now.state.value).inc()
    now = replace(now, is_due=not is_swept)
    await store.put_case(tx.conn, now)
    return now, folded


async def put(tx: Transaction[Settings], void: Void) -> bool:
    """Have a void be as it is wanted; whether it is worked off."""
    known = await void_store.lock_void(tx.conn, community=void.community, void_id=void.void_id)
    if known is None and not void.is_standing:
        return True
    if known is not None and known.says_the_same(void):
        return known.is_swept
    now = replace_void(void, revision=1 if known is None else known.revision + 1)
    await void_store.put_void(tx.conn, now, now=tx.now)
    if void.why is Why.SUSPENDED:
        tell_suspension(tx, now)
    return False


def replace_void(void: Void, *, revision: int) -> Void:
    """The void with another revision."""
    return void._replace(revision=revision)


async def work_out_suspension(tx: Transaction[Settings], word: Word) -> None:
    """Have a suspension that a person began be as it was said."""
    lifts = await store.load_lifts(tx.conn, community=word.community, suspension_ids=[word.suspension_id])
    await put(tx, suspension_by_hand(word, lifts))


async def _settled(tx: Transaction[Settings], case: Case, *, folded: Folded, said: InForce) -> Folded:
    """The same with what follows from the decision as things are known now, where nobody has said that yet."""
    decision, community = folded.decision, case.content.community
    if decision is None or decision.is_settled:
        return folded
    before = 0
    if folded.member_id is not None:
        days = 365 if said.section is None else said.section.repeat_within_days
        before = await store.count_upheld(
            tx.conn,
            community=community,
            member_ids=await person(tx.conn, community=community, member_id=folded.member_id),
            but=case.case_id,
            since=decision.said_at - timedelta(days=days),
            until=decision.said_at,
        )
    known = settled(decision, said.section, version=said.version, category=folded.category, upheld_before=before)
    await store.set_settled(tx.conn, known)
    return replace(folded, decision=known)


async def person(conn: Connection, *, community: str, member_id: str) -> list[str]:
    """All who are one person with a member, whom they are merged into first."""
    head_id = await find_head(conn, community=community, member_id=member_id)
    return await load_group(conn, community=community, head_id=head_id)


async def _sweep(tx: Transaction[Settings], found: Void) -> None:
    """Reverse, or give back, the next piece of what a void takes."""
    community, limit = found.community, tx.settings.voided_at_once_max_count
    await versions.lock_head_for_update(tx.conn, community=community)
    await lock_heads(tx.conn, keys=[(community, found.member_id)])
    void = await void_store.lock_void(tx.conn, community=community, void_id=found.void_id)
    if void is None or void.is_swept:
        return
    released = await void_store.take_released(tx.conn, void, limit=limit)
    if released:
        await recount(
            tx,
            events=sorted({(one.community, one.event_uid, one.event_time) for one in released}),
            award_ids={one.award_id for one in released},
        )
        return
    group = set(await person(tx.conn, community=community, member_id=void.member_id))
    if void.swept_to is None and void.judged_id is not None:
        # What others found of it gives its author nothing while it stands, and all of it again after that.
        await judgements.put_due(tx.conn, content_ids=[void.judged_id])
    if void.content_id is None and void.swept_to is None:
        await _weigh_anew(tx, void, group=group)
    if not void.is_standing:
        await void_store.set_swept(tx.conn, void, swept_to=None, is_swept=True)
        return
    events, swept_to = await _next_events(tx.conn, void, group=group, limit=limit)
    taken = await _taken(tx.conn, void, group=group, events=events)
    await void_store.add_voided(tx.conn, voided=taken)
    await recount(
        tx,
        events=sorted({(one.community, one.event_uid, one.event_time) for one in taken}),
        award_ids={one.award_id for one in taken},
    )
    await void_store.set_swept(tx.conn, void, swept_to=swept_to, is_swept=swept_to is None)


async def _weigh_anew(tx: Transaction[Settings], void: Void, *, group: set[str]) -> None:
    """Have what others found of a member's content weighed anew, but for the time in which they are suspended.

    And have the points looked at of what they made in it, or in a time in which they were thought to be.
    """
    assert void.starts_at is not None  # noqa: S101 -- it is a suspension
    members = [MemberKey(void.community, one) for one in sorted(group)]
    await judgements.put_pairs_due_of(tx.conn, members=members)
    await judgements.put_due_of_authors(tx.conn, members=members, since=void.starts_at)


async def _next_events(
    conn: Connection, void: Void, *, group: set[str], limit: int
) -> tuple[Sequence[void_store.TimedEvent], str | None]:
    """The next events that a void may take something of, and up to where that is; None for all."""
    if void.content_id is not None:
        of_content = await void_store.load_events_of_content(
            conn, community=void.community, content_id=void.content_id, after=void.swept_to, limit=limit
        )
        return of_content, of_content[-1][1] if len(of_content) == limit else None
    assert void.starts_at is not None  # noqa: S101 -- it is a suspension
    found = await void_store.load_awarded_events(
        conn,
        community=void.community,
        member_ids=sorted(group),
        since=void.starts_at,
        until=void.ends_at,
        after=void.swept_to,
        limit=limit,
    )
    return sorted({event for _, event in found}), found[-1][0] if len(found) == limit else None


async def _taken(
    conn: Connection, void: Void, *, group: set[str], events: Sequence[void_store.TimedEvent]
) -> list[Voided]:
    """What of events a void takes: what its member earned, or would if there were room."""
    if not events:
        return []
    found = {
        claim.award_id: (claim.member_id, claim.event_uid, claim.event_time)
        for claim in await load_claims_of_events(conn, events=events)
        if claim.pace is None or not claim.pace.takes
    }
    for one in await award_store.load_earned(conn, events=events):
        award = one.award
        if award.points > 0:
            found[award.award_id] = (award.member_id, award.event_uid, award.event_time)
    return [
        Voided(void.community, key, void.void_id, void.why, member_id, event_uid, event_time)
        for key, (member_id, event_uid, event_time) in sorted(found.items())
        if member_id in group and void.holds_at(event_time)
    ]


async def _penalise(tx: Transaction[Settings], decision: Word, *, folded: Folded, said: InForce) -> None:
    """Have the points taken that a decision takes, while it stands; no more than the member has then."""
    is_standing = (
        folded.is_punished and folded.decision is not None and folded.decision.word_id == decision.word_id
    )
    key = (decision.community, decision.penalty_uid, decision.said_at)
    known = await award_store.load_earned(tx.conn, events=[key])
    if known:
        word = SaidOfEvent(tx.now, decision.word_id, decision.word_id, not is_standing, None)
        found = [amended(one, word, None) for one in known]
        await tell(tx, [one for one in found if one is not None])
        return
    if not is_standing or not decision.penalty_points or folded.member_id is None or said.version is None:
        return
    community, member_id = decision.community, folded.member_id
    head_id = await find_head(tx.conn, community=community, member_id=member_id)
    await lock_members(tx.conn, members=[(community, head_id)])
    group = await load_group(tx.conn, community=community, head_id=head_id)
    points = min(decision.penalty_points, await points_of(tx.conn, community=community, member_ids=group))
    if points <= 0:
        return
    calendar = await load_calendar(tx.conn, community=community)
    written: dict[str, Any] = {
        **dict.fromkeys(Award._fields),
        "community": community,
        "award_id": award_id(
            community=community,
            rule_id=PENALTY_RULE,
            beneficiary="actor",
            event_uid=decision.penalty_uid,
            member_id=member_id,
            event_time=decision.said_at,
        ),
        "member_id": member_id,
        "points": -points,
        "rule_id": PENALTY_RULE,
        "beneficiary": "actor",
        "programme_id": said.programme_id,
        "programme_version": said.version,
        "event_uid": decision.penalty_uid,
        "event_type": PENALTY_TYPE,
        "event_time": decision.said_at,
        "received_at": tx.now,
        "day": calendar.said_day(decision.said_at),
        "week": calendar.said_week(decision.said_at),
    }
    # Explanations find its award by it, as by an event.
    await award_store.put_marks(
        tx.conn, marks={(community, decision.penalty_uid): Marks(True, decision.said_at, None)}
    )
    await tell(tx, [Award(**written)])
