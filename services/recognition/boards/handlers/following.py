"""Awards, merges, audiences and suspensions change boards, each at the cost of the rows of the members concerned.

Locks are taken in this order: programme, merges, who is shown on boards, rows.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import orjson

from services.recognition.boards.domain.changes import ScoreKey, changes_of, of_persons
from services.recognition.boards.domain.kept import ALL_TIME, KeptBoard, span_of
from services.recognition.boards.store import kept, parked, reading, scores
from services.recognition.thresholds import store as thresholds_store
from shared.calendars import Calendar
from shared.contracts.facts import POINTS_AWARDED, RECOGNITION_GRANTED, AudienceFact, PointsAwarded
from shared.followed_communities import load_calendar
from shared.followed_members import Followed
from shared.merges import load_persons
from shared.transaction import Transaction

MemberKey = tuple[str, str]  # community, member id
#: Parked awards that are looked at in one transaction.
PARKED_PIECE_COUNT = 500
#: What stands for the type of the event of awards that no event led to.
_OF_NO_EVENT = frozenset({"content.quality.v1", RECOGNITION_GRANTED.name})


async def add_awards(
    tx: Transaction,
    awards: Collection[PointsAwarded],
    *,
    heads: Mapping[MemberKey, str],
    own: Collection[MemberKey],
) -> None:
    """Add awards, none of which was added before, to the boards of their communities.

    `heads` are of members who are one person with others, and `own` those of them who have rows of their own.
    """
    boards = await kept.load_boards(tx.conn, communities={award["community"] for award in awards})
    if not boards:
        return
    await scores.lock_shown(tx.conn, communities=boards)
    awards, channels = await _placed(tx, awards, boards=boards)
    changes, times, late = changes_of(awards, boards, channels)
    by_no = {board.board_no: board for of_community in boards.values() for board in of_community}
    head_of = {member_id: head_id for (_, member_id), head_id in heads.items()}
    if changes:
        of_heads = of_persons(changes, head_of)
        emptied = await scores.add(
            tx.conn, changes=of_heads, may_begin=_may_begin(of_heads, by_no, {}), times=times, heads=head_of
        )
        owners = {member_id for _, member_id in own}
        theirs = {key: change for key, change in changes.items() if key[0] in owners}
        if theirs:
            await scores.add_own(tx.conn, changes=theirs, may_begin=_may_begin(theirs, by_no, head_of))
        if emptied:
            await scores.set_reached(tx.conn, keys=emptied, heads=head_of, owners=owners)
    for (community, board_id, period, starts_on), one in late.items():
        await reading.add_late(
            tx.conn, community=community, board_id=board_id, period=period, starts_on=starts_on, late=one
        )


def _may_begin(keys: Iterable[ScoreKey], by_no: Mapping[int, KeptBoard], head_of: Mapping[str, str]) -> list[bool]:
    return [by_no[board_no].has_of_before(head_of.get(member_id, member_id)) for member_id, board_no, _ in keys]


async def _placed(
    tx: Transaction, awards: Collection[PointsAwarded], *, boards: Mapping[str, Sequence[KeptBoard]]
) -> tuple[Collection[PointsAwarded], dict[tuple[str, str], str]]:
    """The awards that can be added now, and where their events happened, as far as boards ask for that.

    An award may come before its event does: it is kept until then, for every board of its community.
    """
    asking = {community for community, those in boards.items() if any(one.declared.channel for one in those)}
    wanted = {
        (award["community"], award["data"]["event_uid"])
        for award in awards
        if award["community"] in asking and _is_of_an_event(award)
    }
    if not wanted:
        return awards, {}
    channels = await kept.load_channels(tx.conn, keys=wanted)
    if wanted <= channels.keys():
        return awards, channels
    missing = wanted - channels.keys()
    early = [
        award
        for award in awards
        if (award["community"], award["data"]["event_uid"]) in missing and _is_of_an_event(award)
    ]
    await parked.add(
        tx.conn,
        awards=[
            (one["community"], one["data"]["award_id"], one["data"]["event_uid"], orjson.dumps(one).decode())
            for one in early
        ],
        parked_at=tx.now,
    )
    waiting = {(one["community"], one["data"]["award_id"]) for one in early}
    return [one for one in awards if (one["community"], one["data"]["award_id"]) not in waiting], channels


def _is_of_an_event(award: PointsAwarded) -> bool:
    return "by_hand" not in award["data"] and award["data"]["event_type"] not in _OF_NO_EVENT


async def add_parked(tx: Transaction, *, community: str) -> bool:
    """Add a community's parked awards whose events have come since; whether any were to be looked at.

    Takes the locks that awards take, in their order.
    """
    await thresholds_store.lock_programmes_and_merges(tx.conn, communities=[community])
    due = await parked.lock_due(tx.conn, community=community, now=tx.now, limit_count=PARKED_PIECE_COUNT)
    if not due:
        return False
    come = [POINTS_AWARDED.adapter.validate_json(one.award) for one in due if one.has_come]
    gone = [one.award_id for one in due if one.has_come or one.is_over(tx.now)]
    await parked.delete(tx.conn, community=community, award_ids=gone)
    waiting = [(one.award_id, one.look_at(tx.now)) for one in due if one.award_id not in set(gone)]
    await parked.set_look_at(tx.conn, community=community, look_at=waiting)
    heads = await load_persons(tx.conn, keys={(community, award["data"]["member_id"]) for award in come})
    await add_awards(tx, come, heads=heads, own=heads)
    return True


async def regroup(
    tx: Transaction, *, community: str, groups: Mapping[str, Sequence[str]], alone: Sequence[str]
) -> None:
    """Have members be on boards as the persons that `groups` say; nobody applies awards meanwhile.

    Comes before their totals are regrouped: boards that are being filled take what these were.
    """
    boards = (await kept.load_boards(tx.conn, communities=[community])).get(community)
    if not boards:
        return
    await scores.lock_to_show(tx.conn, communities=[community])
    ids = sorted({member_id for group in groups.values() for member_id in group})
    for board in boards:
        if not board.is_filled:
            await fill(tx, board, member_ids=ids, owners=sorted(set(ids).difference(alone)))
    await scores.regroup(tx.conn, community=community, groups=groups, alone=alone)
    # Who was suspended as another is so as who stays.
    await scores.refresh(tx.conn, community=community, member_ids=ids)


async def fill(tx: Transaction, board: KeptBoard, *, member_ids: Sequence[str], owners: Sequence[str]) -> None:
    """Have members begin on a board with what they had before it; `owners` with what is theirs of a person's."""
    days: tuple[object, ...] = (ALL_TIME, "", date.min, date.min)
    if board.declared.period != "all_time":
        # The period after the last that counts as over: the one in which the board began.
        span = span_of(board.by, board.final_up_to, await calendar_of(tx, board))
        current = span_of(board.by, span.ends_on + timedelta(days=1), await calendar_of(tx, board))
        added_up = board.by if board.by in ("week", "month") else "month"
        days = (current.starts_on, added_up, current.starts_on, current.ends_on)
    await scores.fill(tx.conn, board, member_ids=member_ids, owners=owners, days=days)


class WereOff(NamedTuple):
    """Who was on no board before facts change that, and as a bot or not, of the communities that have boards."""

    communities: frozenset[str]
    members: frozenset[tuple[str, str, bool]]


async def load_off(tx: Transaction, members: Collection[MemberKey]) -> WereOff:
    """Those of these members who are on no board, of communities that have boards: before facts change that."""
    boards = await kept.load_boards(tx.conn, communities={community for community, _ in members})
    concerned = [key for key in members if key[0] in boards]
    off = await scores.load_off(tx.conn, members=concerned) if concerned else set()
    return WereOff(frozenset(boards), frozenset(off))


async def follow_members(tx: Transaction, followed: Followed, *, were_off: WereOff) -> None:
    """Have whoever wants no part in boards be on none at once, and whoever does again on theirs.

    Comes before members are regrouped: who is shown is locked here for all communities, in their order.
    """
    told = [(fact["community"], fact["data"]["member_id"]) for fact in (*followed.identified, *followed.erased)]
    moved = {(one.community, one.member_id) for one in followed.moved}
    concerned = [key for key in told if key[0] in were_off.communities]
    if not concerned:
        return
    # A bot takes nobody off whom it is merged into, so whether somebody is one counts, too.
    changed = await scores.load_off(tx.conn, members=concerned) ^ were_off.members
    regrouped = {one.community for one in followed.moved} & were_off.communities
    await scores.lock_to_show(tx.conn, communities={community for community, *_ in changed} | regrouped)
    await _refresh(tx, {(community, one) for community, one, _ in changed} | (moved & set(concerned)))


async def follow_audiences(tx: Transaction, facts: Sequence[AudienceFact]) -> None:
    """Have boards of audiences be of whoever is in them now: these facts are kept already."""
    boards = await kept.load_boards(tx.conn, communities={fact["community"] for fact in facts})
    scoped = {(community, board.declared.audience) for community, those in boards.items() for board in those}
    await _refresh(
        tx,
        {
            (fact["community"], fact["data"]["member_id"])
            for fact in facts
            if (fact["community"], fact["data"]["audience"]) in scoped
        },
    )


async def _refresh(tx: Transaction, members: Collection[MemberKey]) -> None:
    communities = sorted({community for community, _ in members})
    await scores.lock_to_show(tx.conn, communities=communities)
    for community in communities:
        ids = {member_id for of, member_id in members if of == community}
        heads = await scores.load_heads_of(tx.conn, community=community, member_ids=ids)
        await scores.refresh(tx.conn, community=community, member_ids=heads)


async def apply_suspensions(tx: Transaction, *, communities: Collection[str]) -> None:
    """Have boards be without whoever is suspended by now, and with whoever is not any more.

    The lock of merges is held, shared at least: who keeps suspensions holds it, and changes them before this.
    """
    begun = await scores.load_begun_suspensions(tx.conn, communities=communities)
    await scores.lock_to_show(tx.conn, communities=begun)
    for community in sorted(begun):
        await scores.apply_suspensions(tx.conn, community=community)
    await _refresh(tx, {(community, one) for community, members in begun.items() for one in members})


async def calendar_of(tx: Transaction, board: KeptBoard) -> Calendar:
    """The calendar of a board's community."""
    return await load_calendar(tx.conn, community=board.community)
