"""A grant of a limited badge with another member's number is made anew with the right one, when somebody asks."""

from dataclasses import replace

from services.recognition.badges.domain.by_hand import (
    EditionsGoneError,
    Gift,
    UnknownGrantError,
)
from services.recognition.badges.domain.deciding import BadgeMember, Number
from services.recognition.badges.handlers.by_hand import Named, find_named
from services.recognition.badges.store import by_hand as store
from services.recognition.badges.store import shown as shown_store
from services.recognition.badges.store import standing as standing_store
from services.recognition.badges.store.shown import Misnumbered
from services.recognition.hands.domain import Giver, cleaned
from services.recognition.metrics import BADGES_BY_HAND
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import Due, Grant, Held, ThresholdKey, grant_id
from services.recognition.thresholds.handlers import Traced, make_grants
from shared.audit import Did
from shared.followed_communities import load_calendar
from shared.transaction import Transaction


async def renumber(
    tx: Transaction, *, community: str, badge_id: str, misnumbered_id: str, reason: str, by: Giver
) -> Grant | None:
    """Take back a grant whose number is not its member's, and make it anew with the one that is.

    That is theirs, or the lowest that is free. Whoever is one person with the number's owner holds it by a grant
    to that one. Returns the grant that stands now; None where there is nothing to mend, as it is done already.

    Raises
    UnknownBadgeError, UnknownGrantError, NobodyThereError, AboutYourselfError, NoWordsError, and EditionsGoneError
    where no number is left: then nothing changes.
    """
    words = cleaned(reason)
    was = (await thresholds_store.load_grants(tx.conn, community=community, grant_ids=[misnumbered_id])).get(
        misnumbered_id
    )
    if (
        was is None
        or was.key != ThresholdKey.of_badge(badge_id)
        or was.reverses is not None
        or was.edition is None
    ):
        raise UnknownGrantError
    named = await find_named(tx, community=community, member_id=was.member_id, badge_id=badge_id, by=by)
    found = await shown_store.find_misnumbered(
        tx.conn, community=community, badge=badge_id, grant_id=misnumbered_id
    )
    if found is None:
        tx.did_nothing()
        return None
    number = await _number(tx, found, community=community, named=named)
    grant = was
    if number != Number(was.edition, was.member_id):
        grant = await _anew(tx, was, number=number, named=named, words=words, by=by)
    BADGES_BY_HAND.labels("renumbered").inc()
    tx.did(
        Did(
            "badge.renumber",
            "badge",
            badge_id,
            member_id=named.member_id,
            before={"grant_id": was.grant_id, "edition": was.edition},
            after={"grant_id": grant.grant_id, "edition": grant.edition, "reason": words},
        )
    )
    return grant


async def _number(tx: Transaction, found: Misnumbered, *, community: str, named: Named) -> Number:
    """The number that is right: that of the grant where its owner is the same person, theirs, or the next."""
    badge_id, limit = named.badge.id, named.badge.limited_to
    if found.is_persons and found.owner_id is not None:
        return Number(found.edition, found.owner_id)
    had = await store.load_editions(tx.conn, community=community, member_ids=named.group)
    own = {member_id: Number(number, member_id) for (badge, member_id), number in had.items() if badge == badge_id}
    if found.member_id in own:
        return own[found.member_id]
    if own:
        return min(own.values())
    if limit is None:
        raise UnknownGrantError
    room = (await store.lock_rooms(tx.conn, community=community, limits={badge_id: limit}))[badge_id]
    edition, room = room.take()
    if edition is None:
        raise EditionsGoneError(limit)
    await store.set_rooms(tx.conn, community=community, rooms={badge_id: room})
    await store.add_editions(
        tx.conn, community=community, editions=[(badge_id, edition, found.member_id)], at=tx.now
    )
    return Number(edition, found.member_id)


async def _anew(tx: Transaction, was: Grant, *, number: Number, named: Named, words: str, by: Giver) -> Grant:
    """Take a grant back, and make it anew with a number, to whose that is."""
    community, key = was.community, was.key
    due = Due(tx.now, (await load_calendar(tx.conn, community=community)).said_day(tx.now))
    anew = replace(
        was,
        # From the grant before follows the one after: sent again, it is the same.
        grant_id=grant_id(community, number.member_id, key, f"renumbered {was.grant_id}"),
        member_id=number.member_id,
        event_time=due.event_time,
        day=due.day,
        version=named.version,
        edition=number.edition,
    )
    member = (await standing_store.lock_members(tx.conn, keys=[(community, named.member_id)]))[
        community, named.member_id
    ]
    held = Held(was.grant_id, was.title)
    back = member.taken(key, held, was.member_id, due, version=named.version, by_hand=was.by_hand)
    if was.by_hand:
        await _give_anew(tx, anew, was=was, words=words, by=by)
    else:
        await _stand(tx, member, was=was, anew=anew, head_id=named.member_id)
    await make_grants(tx, grants=[Traced(back, tx.traceparent), Traced(anew, tx.traceparent)], celebrates=False)
    return anew


async def _stand(tx: Transaction, member: BadgeMember, *, was: Grant, anew: Grant, head_id: str) -> None:
    """Have what was earned stand by the new grant."""
    standing = member.standing.get(anew.key)
    if standing is not None and standing.grant_id == was.grant_id:
        other_id = None if anew.member_id == head_id else anew.member_id
        member.standing[anew.key] = Held(anew.grant_id, anew.title, other_id)
        await standing_store.set_members(tx.conn, members=[member])


async def _give_anew(tx: Transaction, anew: Grant, *, was: Grant, words: str, by: Giver) -> None:
    """Have what was given be given by the new grant, with the same words; why is with the one before."""
    gift = await store.find_gift(tx.conn, community=was.community, grant_id=was.grant_id)
    await store.set_taken_back(
        tx.conn,
        community=was.community,
        grant_id=was.grant_id,
        at=tx.now,
        by_person=by.person_id,
        by_name=by.name,
        reason=words,
    )
    if gift is not None:
        await store.add_gift(
            tx.conn,
            Gift(
                was.community,
                anew.grant_id,
                anew.member_id,
                gift.badge,
                gift.citation,
                gift.given_at,
                gift.given_by_person,
                gift.given_by,
            ),
        )
