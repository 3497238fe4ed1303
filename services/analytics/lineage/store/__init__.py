"""Lineage: from a payout back to the events it pays, and from an event forward to what it led to."""

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

import asyncpg

from services.analytics.lineage.domain.trail import (
    BEFORE_ALL_LOTS,
    Amendment,
    Award,
    Commit,
    CommitPlace,
    Decision,
    EventRecord,
    Grant,
    Lot,
    LotPlace,
    Outcome,
    PaidBy,
    PayoutHead,
    StateChange,
    UsedBy,
)
from shared.contracts.award_ids import award_id_range
from shared.postgres import Connection

Value = TypeVar("Value")

#: Of each award, and of each event the retractions and restorations; the newest.
AMENDMENTS_SHOWN_MAX_COUNT = 100

_AWARDS = """
    select a.award_id::text, a.member_id::text, a.points, a.rule_id, a.slot as beneficiary, a.programme_id,
           a.programme_version,
           (select p.published_by from programmes p
            where p.community = a.community and p.version = a.programme_version) as published_by,
           (select p.approved_by from programmes p
            where p.community = a.community and p.version = a.programme_version) as approved_by,
           (select t.audit_id::text from programmes p
            join audit_trail t on t.community = p.community and t.traceparent = p.traceparent
            where p.community = a.community and p.version = a.programme_version limit 1) as publication_audit_id,
           a.event_uid::text, a.event_time, a.awarded_at,
           (select h.person_id::text from awards_by_hand h
            where h.award_id = a.award_id and h.community = a.community) as given_by_person,
           (select h.approved_by_person::text from awards_by_hand h
            where h.award_id = a.award_id and h.community = a.community) as given_approved_by_person
    from awards a
"""


async def load_events(conn: Connection, *, community: str, uids: Collection[str]) -> dict[str, EventRecord]:
    """Events by uid; one of which only the retraction has arrived is not there."""
    rows = await conn.fetch(
        """
        select event_uid::text, source, event_id, type, channel, member_id::text, object_member_id::text,
               reply_member_id::text, target_uid::text, event_time, received_at, retracted_by::text,
               replace(trace_id::text, '-', '') as trace_id
        from events where community = $1 and event_uid = any($2::uuid[]) and received_at is not null
        """,
        community,
        list(uids),
    )
    return {row["event_uid"]: EventRecord(**row) for row in rows}


async def page_of_commits(
    conn: Connection, *, community: str, source: str, after: CommitPlace | None, limit: int
) -> list[Commit]:
    """Events of commits of a source that nobody has taken back, in the order of their ids."""
    rows = await conn.fetch(
        """
        select event_id, member_id::text, event_time from events
        where community = $1 and source = $2 and event_id > $3
            and type = 'code.commit.v1' and retracted_by is null
        order by event_id limit $4
        """,
        community,
        source,
        "" if after is None else after.id,
        limit,
    )
    return [Commit(*row) for row in rows]


async def find_event(conn: Connection, *, community: str, uid: str) -> EventRecord | None:
    """An event; None while it has not arrived, even if its retraction has."""
    return (await load_events(conn, community=community, uids=[uid])).get(uid)


async def load_awards(conn: Connection, *, community: str, award_ids: Collection[str]) -> dict[str, Award]:
    """Awards by id, each with its amendments."""
    rows = await conn.fetch(
        _AWARDS + "where community = $1 and award_id = any($2::uuid[]) and amends is null",
        community,
        list(award_ids),
    )
    return {award.award_id: award for award in await _with_amendments(conn, rows, community=community)}


async def find_award(conn: Connection, *, community: str, award_id: str) -> Award | None:
    """An award, by its own id or that of one of its amendments; None while it has not arrived."""
    amended = await conn.fetchval(
        "select amends::text from awards where community = $1 and award_id = $2", community, award_id
    )
    sought = amended or award_id
    return (await load_awards(conn, community=community, award_ids=[sought])).get(sought)


async def _with_amendments(conn: Connection, awards: Sequence[asyncpg.Record], *, community: str) -> list[Award]:
    rows = await conn.fetch(
        """
        select amended.award_id::text as amended, r.award_id::text, r.revision, r.cause, r.points, r.total,
               r.awarded_at
        from unnest($2::uuid[]) as amended(award_id)
        cross join lateral (
            select * from awards
            where community = $1 and amends = amended.award_id order by revision desc limit $3) r
        order by r.revision
        """,
        community,
        [award["award_id"] for award in awards],
        AMENDMENTS_SHOWN_MAX_COUNT,
    )
    amendments: dict[str, list[Amendment]] = {}
    for row in rows:
        columns = dict(row)
        amendments.setdefault(columns.pop("amended"), []).append(Amendment(**columns))
    return [Award(**award, amendments=amendments.get(award["award_id"], ())) for award in awards]


async def load_awards_of_event(conn: Connection, *, community: str, event: EventRecord) -> list[Award]:
    """What an event earned; a programme's rules and whom they pay bound how many awards there can be."""
    rows = await conn.fetch(
        _AWARDS + "where community = $1 and event_uid = $2 and award_id between $3 and $4 and amends is null"
        " order by a.awarded_at, a.rule_id, a.slot, a.points desc",
        community,
        event.event_uid,
        *award_id_range(event.event_uid, event.event_time),
    )
    return await _with_amendments(conn, rows, community=community)


async def load_awards_of_events(conn: Connection, *, community: str, events: Sequence[EventRecord]) -> list[Award]:
    """What events earned, each award with its amendments."""
    ranges = [award_id_range(event.event_uid, event.event_time) for event in events]
    rows = await conn.fetch(
        f"""
        select w.* from unnest($2::uuid[], $3::uuid[], $4::uuid[]) as k(event_uid, lowest, highest)
        cross join lateral (
            {_AWARDS} where a.community = $1 and a.event_uid = k.event_uid
                and a.award_id between k.lowest and k.highest and a.amends is null offset 0) w
        order by w.awarded_at, w.rule_id, w.beneficiary, w.points desc
        """,  # noqa: S608 -- a constant
        community,
        [event.event_uid for event in events],
        [lowest for lowest, _ in ranges],
        [highest for _, highest in ranges],
    )
    return await _with_amendments(conn, rows, community=community)


async def load_outcomes(conn: Connection, *, community: str, awards: Sequence[Award]) -> list[Outcome]:
    """What each of these awards led to, in their order."""
    award_ids = [award.award_id for award in awards]
    causes = {
        award.award_id: [award.award_id, *(amendment.award_id for amendment in award.amendments)]
        for award in awards
    }
    caused = [cause for of_award in causes.values() for cause in of_award]
    grants = await _load_grants(conn, community=community, award_ids=caused)
    payouts = await _load_payouts(conn, community=community, award_ids=award_ids)
    redemptions = await _load_redemptions(conn, community=community, award_ids=award_ids)
    return [
        Outcome(
            award,
            [grant for cause in causes[award.award_id] for grant in grants.get(cause, ())],
            payouts.get(award.award_id, ()),
            redemptions.get(award.award_id, ()),
        )
        for award in awards
    ]


async def load_decisions(conn: Connection, *, community: str, event_uid: str) -> list[Decision]:
    """The newest events that took an event back or restored it, in the order in which they decide."""
    rows = await conn.fetch(
        """
        select event_uid::text, type, member_id::text, event_time, received_at from events
        where community = $1 and target_uid = $2 order by event_time desc, event_uid desc limit $3
        """,
        community,
        event_uid,
        AMENDMENTS_SHOWN_MAX_COUNT,
    )
    return [Decision(**row) for row in reversed(rows)]


async def _load_grants(conn: Connection, *, community: str, award_ids: Collection[str]) -> dict[str, list[Grant]]:
    """The badges and levels that awards and amendments granted or took back, by which of them did."""
    rows = await conn.fetch(
        """
        select g.award_id::text, g.award_id::text as caused_by, g.grant_id::text, g.kind, g.name as id,
               g.title, g.granted_at, g.reverses::text,
               (select r.grant_id::text from grants r
                where r.community = g.community and r.reverses = g.grant_id limit 1) as reversed_by
        from grants g where g.community = $1 and g.award_id = any($2::uuid[])
        order by g.granted_at, g.kind, g.name
        """,
        community,
        award_ids,
    )
    return _by_award(rows, Grant)


async def _load_payouts(
    conn: Connection, *, community: str, award_ids: Collection[str]
) -> dict[str, list[PaidBy]]:
    """The payouts that pay awards, with how many points of each, by award."""
    rows = await conn.fetch(
        """
        select l.award_id::text, l.payout_id::text, sum(l.points)::bigint as points, p.state, p.end_to_end_id
        from payout_lots l left join payouts p using (community, payout_id)
        where l.community = $1 and l.award_id = any($2::uuid[])
        group by l.award_id, l.payout_id, p.state, p.end_to_end_id, p.changed_at
        order by p.changed_at, l.payout_id
        """,
        community,
        award_ids,
    )
    return _by_award(rows, PaidBy)


async def _load_redemptions(
    conn: Connection, *, community: str, award_ids: Collection[str]
) -> dict[str, list[UsedBy]]:
    """The redemptions that use awards, with how many points of each, less what went back."""
    rows = await conn.fetch(
        """
        select l.award_id::text, l.redemption_id::text, sum(l.points)::bigint as points, r.state, r.reward_id
        from (
            select community, redemption_id, award_id, points from redemption_lots
            where community = $1 and award_id = any($2::uuid[])
            union all
            select community, redemption_id, award_id, -points from redemption_lots_given_back
            where community = $1 and award_id = any($2::uuid[])) l
        left join redemptions r using (community, redemption_id)
        group by l.award_id, l.redemption_id, r.state, r.reward_id, r.changed_at having sum(l.points) > 0
        order by r.changed_at, l.redemption_id
        """,
        community,
        award_ids,
    )
    return _by_award(rows, UsedBy)


async def find_payout(conn: Connection, *, community: str, payout_id: str) -> PayoutHead | None:
    """A payout in its newest state, and its member's name; None while it has not arrived."""
    row = await conn.fetchrow(
        """
        select p.run_id::text, p.member_id::text, m.name as member_name, p.points, p.amount_minor, p.currency,
               p.end_to_end_id, p.state
        from payouts p left join followed_members m using (community, member_id)
        where community = $1 and payout_id = $2
        """,
        community,
        payout_id,
    )
    return PayoutHead(**row) if row else None


async def load_state_changes(conn: Connection, *, community: str, payout_id: str) -> list[StateChange]:
    """The states of a payout in the order it reached them; a payout has some twenty at most."""
    rows = await conn.fetch(
        """
        select s.state, s.changed_by as by, s.person_id::text, p.name as person_name, s.reason, s.changed_at as at,
               s.outcome_id::text,
               (select t.audit_id::text from audit_trail t
                where t.community = s.community and t.traceparent = s.traceparent limit 1) as audit_id
        from payout_states s left join followed_people p using (community, person_id)
        where s.community = $1 and s.payout_id = $2 order by s.changed_at, s.position
        """,
        community,
        payout_id,
    )
    return [StateChange(**row) for row in rows]


async def page_of_lots(
    conn: Connection, *, community: str, payout_id: str, after: LotPlace | None, limit: int
) -> list[Lot]:
    """The lots of a payout after a place, each with its award and event where they have arrived."""
    rows = await conn.fetch(
        "select part, position, award_id::text, points from payout_lots"
        " where community = $1 and payout_id = $2 and (part, position) > ($3, $4)"
        " order by part, position limit $5",
        community,
        payout_id,
        *(after or BEFORE_ALL_LOTS),
        limit,
    )
    awards = await load_awards(conn, community=community, award_ids={row["award_id"] for row in rows})
    uids = {award.event_uid for award in awards.values()}
    events = await load_events(conn, community=community, uids=uids)
    return [
        Lot(
            place=LotPlace(row["part"], row["position"]),
            award_id=row["award_id"],
            points=row["points"],
            award=(award := awards.get(row["award_id"])),
            event=events.get(award.event_uid) if award else None,
        )
        for row in rows
    ]


def _by_award(rows: Sequence[asyncpg.Record], value: Callable[..., Value]) -> dict[str, list[Value]]:
    """A value of each row, made from its columns but `award_id`, by that."""
    found: dict[str, list[Value]] = {}
    for row in rows:
        columns = dict(row)
        found.setdefault(columns.pop("award_id"), []).append(value(**columns))
    return found
