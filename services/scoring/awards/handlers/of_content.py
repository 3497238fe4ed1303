"""What good content gives its author: an award of the score that the programme names, amended with its quality."""

from datetime import datetime
from typing import Any, Final

from services.scoring.audiences.store.turns import put_due as put_members_due
from services.scoring.awards import store as award_store
from services.scoring.awards.domain.activities import Marks
from services.scoring.awards.domain.awards import Award, Earned, award_id, for_content
from services.scoring.awards.handlers.rooms import READ_BACK_LEFT
from services.scoring.awards.handlers.telling import tell
from services.scoring.limits.domain.claims import head_of
from services.scoring.metrics import CONTENT_POINTS_TOLD
from services.scoring.programmes.handlers.in_force import document_in_force
from services.scoring.quality.domain.weighing import points_of
from services.scoring.quality.store import judgements as store
from services.scoring.quality.store.judgements import Scored
from services.scoring.rules.domain.attributes import MemberKey
from services.scoring.rules.domain.qualities import QUALITY
from services.scoring.settings import Settings
from services.scoring.voids.domain import NOTHING_STANDS
from services.scoring.voids.store import find_communities_with_voids, load_standing
from shared.contracts.programme import Programme
from shared.followed_communities import load_calendar
from shared.merges import load_heads
from shared.transaction import Transaction

#: What such an award says that it is for, in place of a type of event.
CONTENT_TYPE: Final = "content.quality.v1"


async def give_for_content(tx: Transaction[Settings]) -> bool:
    """Timer: tell what content gives its author now, of the next so much; whether there may be more."""
    if await READ_BACK_LEFT.is_any(tx.conn):
        # After a restore quality is what it was only once all events are read again.
        return False
    limit = tx.settings.quality_contents_per_piece_max_count
    contents, taken = await store.take_due(tx.conn, limit_count=limit)
    by_community: dict[str, list[Scored]] = {}
    for content in contents:
        by_community.setdefault(content.community, []).append(content)
    for community, of_community in sorted(by_community.items()):
        number, programme = await document_in_force(tx.conn, community=community, at=tx.now)
        if programme is not None and number is not None and programme.quality and programme.quality.score:
            await _give(tx, of_community, programme=programme, number=number)
    return taken == limit


async def _give(tx: Transaction[Settings], contents: list[Scored], *, programme: Programme, number: int) -> None:
    section = programme.quality
    if section is None or section.score is None or section.points is None:
        return
    community = contents[0].community
    calendar = await load_calendar(tx.conn, community=community)
    times = {(one.content_id, time) for one in contents for time in (one.made_at, one.told_at) if time is not None}
    keys = [(community, *key) for key in sorted(times)]
    earned: dict[str, dict[str, Earned]] = {}
    for one in await award_store.load_earned(tx.conn, events=keys):
        earned.setdefault(one.award.event_uid, {})[one.award.award_id] = one
    # What was made while its author is suspended earns nothing, however good it is found later.
    heads = await load_heads(tx.conn, keys={(community, one.author_id) for one in contents})
    persons = {one.author_id: head_of(heads, community, one.author_id) for one in contents}
    standing = NOTHING_STANDS
    if await find_communities_with_voids(tx.conn, communities=[community]):
        members = sorted({(community, person_id) for person_id in persons.values()})
        standing = await load_standing(tx.conn, contents=(), members=members, heads=heads)
    awards: list[Award] = []
    marks: dict[tuple[str, str], Marks] = {}
    told: list[Scored] = []
    for content in contents:
        known = earned.get(content.content_id, {})
        new = _award(content, programme=programme, number=number, at=tx.now)._replace(
            score=section.score,
            day=calendar.said_day(content.made_at),
            week=calendar.said_week(content.made_at),
        )
        due = dict.fromkeys(known, 0)
        is_off = any(
            void.holds_at(content.made_at)
            for void in standing.members.get((community, persons[content.author_id]), ())
        )
        is_nothing = content.is_gone or content.is_upheld or is_off
        due[new.award_id] = 0 if is_nothing else points_of(content.sums, section.points)
        found = [for_content(known.get(one), of_new=new, due=points) for one, points in due.items()]
        found_awards = [award for award in found if award is not None]
        awards += found_awards
        if found_awards and content.told_at != content.made_at:
            told.append(content)
            # Explanations find its award by it, as by an event.
            marks[community, content.content_id] = Marks(True, content.made_at, None)
    if marks:
        await award_store.put_marks(tx.conn, marks=dict(sorted(marks.items())))
        await store.put_told(tx.conn, contents=told)
    await tell(tx, awards)
    if any(audience.measures for audience in programme.audiences or ()):
        # What they did may take them into audiences.
        looked_at = {MemberKey(community, award.member_id): tx.now for award in awards}
        await put_members_due(tx.conn, due=looked_at)
    CONTENT_POINTS_TOLD.inc(len(awards))


def _award(content: Scored, *, programme: Programme, number: int, at: datetime) -> Award:
    """The award of a content, of no points and no score yet."""
    said: dict[str, Any] = {
        **dict.fromkeys(Award._fields),
        "community": content.community,
        "award_id": award_id(
            community=content.community,
            rule_id=QUALITY,
            beneficiary="object_author",
            event_uid=content.content_id,
            member_id=content.author_id,
            event_time=content.made_at,
        ),
        "member_id": content.author_id,
        "points": 0,
        "rule_id": QUALITY,
        "beneficiary": "object_author",
        "programme_id": programme.programme,
        "programme_version": number,
        "event_uid": content.content_id,
        "event_type": CONTENT_TYPE,
        "event_time": content.made_at,
        "received_at": at,
        "is_backfill": False,
    }
    return Award(**said)
