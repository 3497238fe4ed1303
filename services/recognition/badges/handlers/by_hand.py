"""Badges given by hand with a citation, and taken back with a reason: by whom is in the audit log."""

from dataclasses import dataclass, replace

from services.recognition.badges.domain.by_hand import (
    EditionsGoneError,
    Gift,
    HeldAlreadyError,
    NotByHandError,
    NotHeldError,
    UnknownBadgeError,
    Withheld,
)
from services.recognition.badges.domain.deciding import BadgeMember, Number
from services.recognition.badges.handlers import numbering
from services.recognition.badges.handlers.withholding import badges_of, taken_back
from services.recognition.badges.store import by_hand as store
from services.recognition.badges.store import standing as standing_store
from services.recognition.counts import store as counts_store
from services.recognition.hands.domain import Giver, cleaned
from services.recognition.hands.handlers import find_person
from services.recognition.metrics import BADGES_BY_HAND
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import Due, Grant, Held, ThresholdKey, grant_id
from services.recognition.thresholds.handlers import Traced, make_grants
from services.recognition.totals import store as totals_store
from shared.audit import Did
from shared.contracts.programme import Badge
from shared.followed_communities import load_calendar
from shared.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Named:
    """A badge of the programme in force, its version, and the person it is about: who stays, and all of theirs."""

    badge: Badge
    version: int
    member_id: str
    group: list[str]


async def find_named(tx: Transaction, *, community: str, member_id: str, badge_id: str, by: Giver) -> Named:
    """What a command names. Raises UnknownBadgeError, NobodyThereError, and AboutYourselfError for their own.

    Nobody decides about badges of the community, and nobody merges members, until the transaction ends.
    """
    await thresholds_store.lock_programme(tx.conn, community)
    in_force = await thresholds_store.find_recognition(tx.conn, community=community)
    badges = {} if in_force is None else {badge.id: badge for badge in in_force.recognition.badges}
    if in_force is None or badge_id not in badges:
        raise UnknownBadgeError
    person = await find_person(tx, community=community, member_id=member_id, by=by.person_id)
    return Named(badges[badge_id], in_force.version, *person)


async def give(
    tx: Transaction, *, community: str, member_id: str, badge_id: str, citation: str, by: Giver
) -> Grant:
    """Give a member a badge, and say in words for what.

    That is one that is given by hand, or one that somebody took from them. Raises UnknownBadgeError,
    NobodyThereError, AboutYourselfError, NoWordsError, NotByHandError, HeldAlreadyError, and EditionsGoneError
    where none is left.
    """
    words = cleaned(citation)
    named = await find_named(tx, community=community, member_id=member_id, badge_id=badge_id, by=by)
    withheld = await store.load_withheld(tx.conn, community=community, member_ids=named.group)
    if not named.badge.by_hand and badge_id not in set().union(*withheld.values()):
        raise NotByHandError
    if await store.lock_gift(tx.conn, community=community, member_ids=named.group, badge=badge_id):
        raise HeldAlreadyError
    # To whom of the person a number belongs that they have, so that both go with them when they part.
    number = await _number(tx, community=community, named=named)
    member_id = named.member_id if number is None else number.member_id
    turn = await store.count_gifts(tx.conn, community=community, member_id=member_id, badge=badge_id)
    key = ThresholdKey.of_badge(badge_id)
    grant = Grant(
        community=community,
        grant_id=grant_id(community, member_id, key, f"by hand {turn + 1}"),
        member_id=member_id,
        key=key,
        title=named.badge.title,
        award_id=None,
        event_time=tx.now,
        version=named.version,
        day=(await load_calendar(tx.conn, community=community)).said_day(tx.now),
        by_hand=True,
        edition=None if number is None else number.edition,
    )
    gift = Gift(community, grant.grant_id, member_id, badge_id, words, tx.now, by.person_id, by.name)
    await store.add_gift(tx.conn, gift)
    await make_grants(tx, grants=[Traced(grant, tx.traceparent)])
    BADGES_BY_HAND.labels("granted").inc()
    tx.did(
        Did(
            "badge.grant",
            "badge",
            badge_id,
            member_id=named.member_id,
            after={"grant_id": grant.grant_id, "edition": grant.edition},
        )
    )
    return grant


async def _number(tx: Transaction, *, community: str, named: Named) -> Number | None:
    limit = named.badge.limited_to
    if limit is None:
        return None
    had = await store.load_editions(tx.conn, community=community, member_ids=named.group)
    if own := [Number(number, one) for (badge, one), number in had.items() if badge == named.badge.id]:
        return min(own)
    room = (await store.lock_rooms(tx.conn, community=community, limits={named.badge.id: limit}))[named.badge.id]
    number, room = room.take()
    if number is None:
        raise EditionsGoneError(limit)
    await store.set_rooms(tx.conn, community=community, rooms={named.badge.id: room})
    edition = (named.badge.id, number, named.member_id)
    await store.add_editions(tx.conn, community=community, editions=[edition], at=tx.now)
    return Number(number, named.member_id)


async def take_back(
    tx: Transaction, *, community: str, member_id: str, badge_id: str, reason: str, by: Giver
) -> list[Grant]:
    """Take a badge with all of its tiers from a member, and have it earned no more; its number is free.

    Raises UnknownBadgeError, NobodyThereError, AboutYourselfError, NoWordsError, and NotHeldError.
    """
    words = cleaned(reason)
    named = await find_named(tx, community=community, member_id=member_id, badge_id=badge_id, by=by)
    due = Due(tx.now, (await load_calendar(tx.conn, community=community)).said_day(tx.now))
    hand = BadgeMember(community, named.member_id)
    grants: list[Grant] = []
    # Each of those who are one person may have been given it, before they were.
    while gift := await store.lock_gift(tx.conn, community=community, member_ids=named.group, badge=badge_id):
        held = Held(gift.grant_id, named.badge.title)
        key = ThresholdKey.of_badge(badge_id)
        grants.append(hand.taken(key, held, gift.member_id, due, version=named.version, by_hand=True))
        await store.set_taken_back(
            tx.conn,
            community=community,
            grant_id=gift.grant_id,
            at=tx.now,
            by_person=by.person_id,
            by_name=by.name,
            reason=words,
        )
    grants += await _earned(tx, community=community, named=named, due=due)
    if not grants:
        raise NotHeldError
    if not named.badge.by_hand:
        await store.put_withheld(
            tx.conn,
            Withheld(community, named.member_id, badge_id, tx.now, by.person_id, by.name, words),
        )
    grants[0] = replace(grants[0], freed=await _numbers(tx, community=community, named=named))
    await make_grants(tx, grants=[Traced(grant, tx.traceparent) for grant in grants])
    await _free(tx, community=community, named=named)
    BADGES_BY_HAND.labels("taken_back").inc()
    tx.did(
        Did(
            "badge.take_back",
            "badge",
            badge_id,
            member_id=named.member_id,
            before={"grant_ids": [grant.reverses for grant in grants]},
            after={"grant_ids": []},
        )
    )
    return grants


async def _earned(tx: Transaction, *, community: str, named: Named, due: Due) -> list[Grant]:
    """What takes back the standing grants of a badge that a member earned.

    What stands by totals and counts is left as it is there: nothing that it leads to is told while it is withheld.
    """
    key = (community, named.member_id)
    member = (await standing_store.lock_members(tx.conn, keys=[key]))[key]
    mine = [one for one in member.standing if one.base_id == named.badge.id]
    grants = [member.take_back(one, due, version=named.version, by_hand=True) for one in mine]
    await standing_store.set_members(tx.conn, members=[member])
    total = await totals_store.find_member(tx.conn, community=community, member_id=named.member_id)
    counted = await counts_store.find_member(tx.conn, community=community, member_id=named.member_id)
    there = [one for one in (total, counted) if one is not None]
    # What was taken before, from them or as they were merged, stands there too.
    made = await thresholds_store.load_made(
        tx.conn,
        community=community,
        grant_ids=[held.grant_id for standing in there for held in badges_of(standing).values()],
    )
    for standing in there:
        grants += taken_back(standing, {named.badge.id}, made, due=due, version=named.version, by_hand=True)
    return grants


async def _numbers(tx: Transaction, *, community: str, named: Named) -> tuple[int, ...]:
    """The numbers of a limited badge that a person has: of each of theirs, whoever of them holds it."""
    if named.badge.limited_to is None:
        return ()
    had = await store.load_editions(tx.conn, community=community, member_ids=named.group)
    return tuple(sorted(number for (badge, _), number in had.items() if badge == named.badge.id))


async def _free(tx: Transaction, *, community: str, named: Named) -> None:
    """Have the number be free again, and look at whoever waits for one the longest."""
    limit = named.badge.limited_to
    if limit is None:
        return
    room = (await store.lock_rooms(tx.conn, community=community, limits={named.badge.id: limit}))[named.badge.id]
    numbers = await store.delete_edition(
        tx.conn, community=community, badge=named.badge.id, member_ids=named.group
    )
    room = room.give_back(numbers)
    await store.set_rooms(tx.conn, community=community, rooms={named.badge.id: room})
    await numbering.ask_next(tx, community=community, badge=named.badge.id, room=room)
