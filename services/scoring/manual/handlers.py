"""Awards by hand: asked for, approved by another person, given as any award is told, and taken back."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from services.scoring.awards import store as award_store
from services.scoring.awards.domain.activities import Marks
from services.scoring.awards.domain.awards import Award, amended, award_id
from services.scoring.awards.handlers.telling import tell
from services.scoring.limits.domain.claims import Word
from services.scoring.limits.store.members import lock_members
from services.scoring.manual import store
from services.scoring.manual.domain import (
    BY_HAND_TYPE,
    BelowFloorError,
    ManualAward,
    ManualDecidedError,
    ManualState,
    NobodyThereError,
    NoManualAwardsError,
    ReasonGoneError,
    TooManyWaitingError,
    UnknownManualAwardError,
    UnknownReasonError,
    WrongSignError,
    check_limit,
    declared,
    manual_id,
    reason_for,
)
from services.scoring.metrics import MANUAL_AWARDS, MANUAL_WAITING
from services.scoring.programmes.domain.publication import Author, Document, succession
from services.scoring.programmes.store import versions
from services.scoring.settings import Settings
from shared.access_keys import Scope, check_not_about_oneself, load_standings
from shared.audit import Did
from shared.contracts.facts import POINTS_AWARDED, PointsAwarded
from shared.contracts.facts.points import ByHandData
from shared.contracts.programme import Manual
from shared.followed_communities import load_calendar
from shared.merges import find_head, load_group
from shared.own_facts import ReadBack
from shared.postgres import Connection
from shared.topics import POINTS
from shared.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to give a member or (below 0) take, for which reason, and by which idempotency key."""

    member_id: str
    points: int
    reason: str
    idempotency_key: str
    by: Author


async def ask(tx: Transaction[Settings], *, community: str, asked: Asked) -> ManualAward:
    """Give or take points by hand; from the amount on that the programme says, once another person approves.

    Raises NobodyThereError, AboutYourselfError, NoManualAwardsError, UnknownReasonError, WrongSignError,
    PersonsLimitError, BelowFloorError, TooManyWaitingError, and ManualKeyReusedError when the key named another
    award.
    """
    if not await store.is_member(tx.conn, community=community, member_id=asked.member_id):
        raise NobodyThereError
    await _check_another(tx, member_id=asked.member_id, community=community, by=asked.by)
    number, document = await version_in_force(tx.conn, community=community, now=tx.now)
    section = declared(document)
    reason = reason_for(section, asked.reason, asked.points)
    wanted_id = manual_id(community, asked.idempotency_key)
    # Persons before members: nobody else counts what this one gives.
    await store.lock_person(tx.conn, community=community, person_id=asked.by.person_id or "")
    known = await store.find_award(tx.conn, community=community, manual_id=wanted_id)
    if known is not None:
        # Its answer is forgotten, after a restore; it is not given twice.
        person_id = await find_head(tx.conn, community=community, member_id=known.member_id)
        is_theirs = asked.member_id in (known.member_id, person_id)
        known.check_same(asked.points, asked.reason, by=asked.by, is_theirs=is_theirs)
        tx.did(_entry("ask", known, before=known))
        return known
    used = await _used(tx.conn, community=community, section=section, by=asked.by, now=tx.now)
    check_limit(section, asked.points, used=used)
    award = ManualAward(
        community=community,
        manual_id=wanted_id,
        member_id=asked.member_id,
        points=asked.points,
        reason=reason.id,
        title=reason.title,
        programme_id=str(document["programme"]),
        programme_version=number,
        state=ManualState.WAITING,
        asked_at=tx.now,
        asked_by=asked.by,
    )
    if abs(asked.points) < section.second_person_from:
        award = await _give(tx, award)
    elif await store.count_waiting(tx.conn, community=community) >= tx.settings.manual_waiting_max_count:
        raise TooManyWaitingError(tx.settings.manual_waiting_max_count)
    else:
        # What could not be taken is said at once; it is looked at again when it is.
        await _check_floor(tx, award)
    await store.add_award(tx.conn, award)
    tx.did(_entry("ask", award))
    return award


async def approve(tx: Transaction[Settings], *, community: str, wanted_id: str, by: Author) -> ManualAward:
    """Give what another person asked for; approving again changes nothing.

    Raises UnknownManualAwardError, AboutYourselfError, ManualFourEyesError when `by` asked, ManualDecidedError
    when it waits no more or who asked may not do so any more, ReasonGoneError when the programme in force has its
    reason no more, NoManualAwardsError when it has none at all, NobodyThereError when its member was forgotten,
    and BelowFloorError. In each case it goes on waiting.
    """
    award = await _lock(tx, community=community, wanted_id=wanted_id, by=by)
    award.check_another(by)
    if award.state is ManualState.GIVEN:
        tx.did(_entry("approve", award, before=award))
        return award
    award.check(ManualState.WAITING)
    await _check_standing(tx, award.asked_by, community=community)
    await _check_reason(tx, award)
    if not await store.is_member(tx.conn, community=community, member_id=award.member_id):
        raise NobodyThereError
    given = await _give(tx, award, approved_by=by)
    await store.set_award(tx.conn, given)
    tx.did(_entry("approve", given, before=award))
    return given


async def decline(tx: Transaction[Settings], *, community: str, wanted_id: str, by: Author) -> ManualAward:
    """Decide that nobody gets it: another person, or who asked for it. Again changes nothing.

    One that somebody asked to take back stays given. Raises UnknownManualAwardError, AboutYourselfError, and
    ManualDecidedError when nothing waits.
    """
    award = await _lock(tx, community=community, wanted_id=wanted_id, by=by)
    if award.state is ManualState.GIVEN and award.reversal_asked_by is not None:
        kept = award.kept()
        await store.set_award(tx.conn, kept)
        tx.did(_entry("decline", kept, before=award))
        return kept
    if award.state is ManualState.DECLINED:
        tx.did(_entry("decline", award, before=award))
        return award
    declined = award.declined(by=by, now=tx.now)
    await store.set_award(tx.conn, declined)
    tx.did(_entry("decline", declined, before=award))
    return declined


async def reverse(tx: Transaction[Settings], *, community: str, wanted_id: str, by: Author) -> ManualAward:
    """Take an award by hand back, or what was taken: it amounts to nothing from now on. Again changes nothing.

    One that took two people is only asked to be taken back: another person confirms that. Raises
    UnknownManualAwardError, AboutYourselfError, and ManualDecidedError when it was never given.
    """
    award = await _lock(tx, community=community, wanted_id=wanted_id, by=by)
    if award.state is ManualState.REVERSED:
        tx.did(_entry("reverse", award, before=award))
        return award
    if award.took_two:
        asked = award.to_reverse(by=by, now=tx.now)
        await store.set_award(tx.conn, asked)
        tx.did(_entry("reverse", asked, before=award))
        return asked
    return await _take_back(tx, award, by=by, verb="reverse")


async def confirm_reversal(
    tx: Transaction[Settings], *, community: str, wanted_id: str, by: Author
) -> ManualAward:
    """Take an award back that took two people, as another asked; confirming again changes nothing.

    Raises UnknownManualAwardError, AboutYourselfError, ManualFourEyesError when `by` asked for that, and
    ManualDecidedError when nobody did, or who did may not do so any more.
    """
    award = await _lock(tx, community=community, wanted_id=wanted_id, by=by)
    if award.state is ManualState.REVERSED:
        tx.did(_entry("confirm_reversal", award, before=award))
        return award
    award.check_reversal(by)
    assert award.reversal_asked_by is not None  # noqa: S101 -- it was just checked
    await _check_standing(tx, award.reversal_asked_by, community=community)
    return await _take_back(tx, award, by=by, verb="confirm_reversal")


async def _take_back(tx: Transaction[Settings], award: ManualAward, *, by: Author, verb: str) -> ManualAward:
    community = award.community
    taken_back = award.reversed(by=by, now=tx.now)
    await _lock_member(tx, award)
    assert award.given_at is not None  # noqa: S101 -- it is given
    key = (community, award.manual_id, award.given_at)
    word = Word(tx.now, award.manual_id, award.manual_id, is_retraction=True, by_member=None)
    found = [amended(one, word, None) for one in await award_store.load_earned(tx.conn, events=[key])]
    await tell(tx, [one for one in found if one is not None], by_hand=_by_hand(by))
    await store.set_award(tx.conn, taken_back)
    MANUAL_AWARDS.labels("reversed").inc()
    tx.did(_entry(verb, taken_back, before=award))
    return taken_back


async def _check_standing(tx: Transaction[Settings], asker: Author, *, community: str) -> None:
    """Check that who asked for something may still do so. Raises ManualDecidedError when not."""
    (standing,) = await load_standings(tx.conn, [(asker.person_id, asker.credential or "")], community=community)
    reason = standing.why_not_in_person(Scope.POINTS_WRITE)
    if reason is not None:
        raise ManualDecidedError(f"who asked for it may not do so any more: {reason}")


async def _check_reason(tx: Transaction[Settings], award: ManualAward) -> None:
    """Check that the programme in force still has what an award is for.

    Raises NoManualAwardsError when it names no reasons, and ReasonGoneError when not this one for that.
    """
    _, document = await version_in_force(tx.conn, community=award.community, now=tx.now)
    try:
        reason_for(declared(document), award.reason, award.points)
    except (UnknownReasonError, WrongSignError) as error:
        raise ReasonGoneError(award.reason) from error


async def terms(conn: Connection, *, community: str, by: Author) -> tuple[Manual, int]:
    """What the programme in force says of awards by hand, and what a person may give and take yet.

    Raises NoManualAwardsError when it says nothing.
    """
    now = datetime.now(UTC)
    _, document = await version_in_force(conn, community=community, now=now)
    section = declared(document)
    used = await _used(conn, community=community, section=section, by=by, now=now)
    return section, max(0, section.limit.points - used)


async def _used(conn: Connection, *, community: str, section: Manual, by: Author, now: datetime) -> int:
    """What a person gave and took, or asked to, within the time that the limit is for."""
    calendar = await load_calendar(conn, community=community)
    since = calendar.start_of(calendar.period_of(section.limit.within, calendar.day_of(now)).starts_on)
    return await store.sum_of_person(conn, community=community, person_id=by.person_id or "", since=since)


async def count_waiting(tx: Transaction[Settings]) -> None:
    """Timer: show how many awards by hand wait for another person."""
    MANUAL_WAITING.set(await store.count_waiting(tx.conn))


async def on_awards_told(tx: Transaction[Settings], facts: list[PointsAwarded]) -> None:
    """Take in awards by hand that were told and that the database has forgotten, so that none is given twice.

    Who asked is known by their id alone; what waited is lost.
    """
    for fact in facts:
        data = fact["data"]
        hand = data.get("by_hand")
        if hand is None:
            continue
        by = Author(hand["person_id"], hand["person_id"], None)
        if "amends" in data:
            award = await store.lock_award(tx.conn, community=fact["community"], manual_id=data["event_uid"])
            if award is not None and award.state is ManualState.GIVEN:
                taken_back = replace(award, state=ManualState.REVERSED, reversed_at=fact["time"], reversed_by=by)
                await store.set_award(tx.conn, taken_back)
            continue
        approved_by = hand.get("approved_by_person")
        given_at = data["event_time"].astimezone(UTC)
        decided_by = None if approved_by is None else Author(approved_by, approved_by, None)
        known = await store.lock_award(tx.conn, community=fact["community"], manual_id=data["event_uid"])
        if known is not None:
            if known.state is ManualState.WAITING:
                # It waited when the copy was made, and was approved since: else it could be given again.
                given = replace(
                    known.given(data["award_id"], now=given_at), decided_at=given_at, decided_by=decided_by
                )
                await store.set_award(tx.conn, given)
        else:
            award = ManualAward(
                community=fact["community"],
                manual_id=data["event_uid"],
                member_id=data["member_id"],
                points=data["points"],
                reason=data["rule_id"],
                title=data["rule_id"],
                programme_id=data["programme_id"],
                programme_version=data["programme_version"],
                state=ManualState.GIVEN,
                asked_at=given_at,
                asked_by=by,
                award_id=data["award_id"],
                given_at=given_at,
                decided_at=None if approved_by is None else given_at,
                decided_by=decided_by,
            )
            await store.add_award(tx.conn, award)
        await _mark(tx, community=fact["community"], uid=data["event_uid"], given_at=given_at)


async def _give(
    tx: Transaction[Settings], award: ManualAward, *, approved_by: Author | None = None
) -> ManualAward:
    """The award given: it is told as any, at the time of now, which no limit of rules counts."""
    await _lock_member(tx, award)
    await _check_floor(tx, award)
    made_id = award_id(
        community=award.community,
        rule_id=award.reason,
        beneficiary="actor",
        event_uid=award.manual_id,
        member_id=award.member_id,
        event_time=tx.now,
    )
    given = award.given(made_id, now=tx.now, approved_by=approved_by)
    calendar = await load_calendar(tx.conn, community=award.community)
    # Whatever else an award may say, this one does not.
    said: dict[str, Any] = {
        **dict.fromkeys(Award._fields),
        "community": award.community,
        "award_id": made_id,
        "member_id": award.member_id,
        "points": award.points,
        "rule_id": award.reason,
        "beneficiary": "actor",
        "programme_id": award.programme_id,
        "programme_version": award.programme_version,
        "event_uid": award.manual_id,
        "event_type": BY_HAND_TYPE,
        "event_time": tx.now,
        "received_at": tx.now,
        "day": calendar.said_day(tx.now),
        "week": calendar.said_week(tx.now),
    }
    # Explanations and amendments find its awards by it, as by an event.
    await _mark(tx, community=award.community, uid=award.manual_id, given_at=tx.now)
    await tell(tx, [Award(**said)], by_hand=_by_hand(award.asked_by, approved_by))
    MANUAL_AWARDS.labels("given" if award.points > 0 else "taken").inc()
    return given


async def _check_floor(tx: Transaction[Settings], award: ManualAward) -> None:
    """Nobody is taken more than they have. Raises BelowFloorError."""
    if award.points > 0:
        return
    head_id = await find_head(tx.conn, community=award.community, member_id=award.member_id)
    group = await load_group(tx.conn, community=award.community, head_id=head_id)
    points = await store.points_of(tx.conn, community=award.community, member_ids=group)
    if points + award.points < 0:
        raise BelowFloorError(points)


async def _lock_member(tx: Transaction[Settings], award: ManualAward) -> None:
    """Of two who take from one member the second sees what the first took."""
    head_id = await find_head(tx.conn, community=award.community, member_id=award.member_id)
    await lock_members(tx.conn, members=[(award.community, head_id)])


async def _lock(tx: Transaction[Settings], *, community: str, wanted_id: str, by: Author) -> ManualAward:
    """The award, locked. Raises UnknownManualAwardError, and AboutYourselfError for whom it is of."""
    award = await store.lock_award(tx.conn, community=community, manual_id=wanted_id)
    if award is None:
        raise UnknownManualAwardError
    await _check_another(tx, member_id=award.member_id, community=community, by=by)
    return award


async def _check_another(tx: Transaction[Settings], *, member_id: str, community: str, by: Author) -> None:
    await check_not_about_oneself(tx.conn, community=community, person_id=by.person_id, members=[member_id])


async def _mark(tx: Transaction[Settings], *, community: str, uid: str, given_at: datetime) -> None:
    await award_store.put_marks(tx.conn, marks={(community, uid): Marks(True, given_at, None)})


async def version_in_force(conn: Connection, *, community: str, now: datetime) -> tuple[int, Document]:
    """The version that applies then, and what it says. Raises NoManualAwardsError when there is none."""
    starts = succession(await versions.load_starts(conn, community=community))
    number = next((start.number for start in reversed(starts) if start.effective_from <= now), None)
    if number is None:
        raise NoManualAwardsError
    return number, (await versions.load_documents(conn, community=community, numbers=[number]))[number]


def _by_hand(by: Author, approved_by: Author | None = None) -> ByHandData | None:
    if by.person_id is None:
        return None
    hand: ByHandData = {"person_id": by.person_id}
    if approved_by is not None and approved_by.person_id is not None:
        hand["approved_by_person"] = approved_by.person_id
    return hand


def _entry(verb: str, award: ManualAward, *, before: ManualAward | None = None) -> Did:
    """What the audit log has of a command about an award by hand."""
    said = [
        None
        if one is None
        else {
            "state": one.state,
            "points": one.points,
            "reason": one.reason,
            "award_id": one.award_id,
            **({"reversal_asked": True} if one.reversal_asked_by is not None else {}),
        }
        for one in (before, award)
    ]
    return Did(
        f"manual_award.{verb}",
        "manual_award",
        award.manual_id,
        member_id=award.member_id,
        before=said[0],
        after=said[1],
    )


#: After awards themselves.
READ_BACK = (ReadBack((POINTS,), POINTS_AWARDED.adapter, on_awards_told),)
