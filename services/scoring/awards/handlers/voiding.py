"""Awards that something takes which earns nothing: reversed, and given back, each exactly as it is known then."""

from collections.abc import Collection, Sequence

from services.scoring.awards import store
from services.scoring.awards.domain.awards import EventKey, amended
from services.scoring.awards.handlers.grace import give_grace
from services.scoring.awards.handlers.rooms import find_room, members_of
from services.scoring.limits.domain.claims import Heads, head_of
from services.scoring.limits.store.claims import load_claims_of_events
from services.scoring.limits.store.members import lock_members
from services.scoring.rules.domain.matching import Candidate
from services.scoring.settings import Settings
from services.scoring.voids.domain import NOTHING_STANDS, Standing, content_of
from services.scoring.voids.store import (
    TimedEvent,
    add_content_events,
    load_standing,
    load_whys,
)
from shared.merges import load_heads
from shared.postgres import Connection
from shared.transaction import Transaction


async def note_contents(
    conn: Connection, candidates: Sequence[Candidate], *, heads: Heads, with_voids: Collection[str]
) -> Standing:
    """Note which contents rules have something for; returns the voids that may be over that.

    `with_voids` are the communities in which a void stands.
    """
    if not candidates:
        return NOTHING_STANDS
    contents: dict[EventKey, tuple[str, str, str, object]] = {}
    for candidate in candidates:
        event = candidate.event
        key = (event["community"], event["uid"])
        if key not in contents and (content_id := content_of(event)) is not None:
            contents[key] = (event["community"], content_id, event["uid"], candidate.event_time)
    if contents:
        await add_content_events(conn, events=contents.values())  # type: ignore[arg-type]
    if not with_voids:
        return NOTHING_STANDS
    persons = {
        (candidate.event["community"], head_of(heads, candidate.event["community"], candidate.member_id))
        for candidate in candidates
        if candidate.event["community"] in with_voids
    }
    asked = {
        (community, content_id) for community, content_id, _, _ in contents.values() if community in with_voids
    }
    return await load_standing(conn, contents=asked, members=persons, heads=heads)


async def recount(
    tx: Transaction[Settings], *, events: Collection[TimedEvent], award_ids: Collection[str]
) -> None:
    """Have awards amount to what they are now, of these events: as voids take them, and as was said of the events.

    No event of theirs is being scored meanwhile: the community's head is locked.
    """
    if not events:
        return
    claims = [one for one in await load_claims_of_events(tx.conn, events=events) if one.award_id in award_ids]
    if claims:
        await lock_members(tx.conn, members=members_of(claims))
        claims = [one for one in await load_claims_of_events(tx.conn, events=events) if one.award_id in award_ids]
    of_claims = {claim.award_id for claim in claims}
    plain = [
        one
        for one in await store.load_earned(tx.conn, events=events)
        if one.award.award_id in award_ids and one.award.award_id not in of_claims
    ]
    keys = [(claim.community, claim.award_id) for claim in claims]
    keys += [(one.award.community, one.award.award_id) for one in plain]
    whys = await load_whys(tx.conn, awards=keys)
    marks = await store.load_marks(tx.conn, events=[(community, uid) for community, uid, _ in events])
    said_by = {
        (community, mark.word.by_member)
        for (community, _), mark in marks.items()
        if mark.word is not None and mark.word.by_member is not None
    }
    heads = await load_heads(tx.conn, keys={*said_by, *((one.community, one.member_id) for one in claims)})
    changed = []
    for claim in claims:
        before = claim.void
        claim.void = whys.get(claim.key)
        mark = marks.get((claim.community, claim.event_uid))
        word = None if mark is None or mark.word is None else mark.word
        heard = None if word is None else word.heard_by(claim.community, claim.member_id, heads)
        if claim.hear(heard) or claim.void != before:
            changed.append(claim)
    amendments = []
    for one in plain:
        mark = marks.get((one.award.community, one.award.event_uid))
        void = whys.get((one.award.community, one.award.award_id))
        amendments.append(amended(one, None if mark is None else mark.word, None, void=void))
    changed += await give_grace(tx.conn, new=[], changed=changed)
    await find_room(tx, new=[], changed=changed, awards=[one for one in amendments if one is not None])
