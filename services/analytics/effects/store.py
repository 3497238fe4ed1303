"""The SQL of what campaigns bring about. Who is held out follows from ids alone, as `is_held_out` draws it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from asyncpg import Record

from services.analytics.effects.domain import (
    AudienceCounts,
    Effect,
    EffectCounts,
    EffectState,
    HeldOutCampaign,
    PaidPoints,
    Windows,
)
from shared.calendars import Span
from shared.postgres import Connection

#: Versions whose campaigns are known.
VERSIONS_MAX_COUNT: Final = 50
#: Payouts whose money left for good.
PAID_STATES: Final = ("settled", "corrected")


async def load_documents(conn: Connection, *, community: str) -> list[dict[str, Any]]:
    """The campaigns and rules of the newest VERSIONS_MAX_COUNT versions, oldest first."""
    rows = await conn.fetch(
        """
        select document -> 'campaigns' as campaigns, document -> 'rules' as rules from programmes
        where community = $1 and document ? 'campaigns' order by version desc limit $2
        """,
        community,
        VERSIONS_MAX_COUNT,
    )
    return [{name: orjson.loads(value or "[]") for name, value in row.items()} for row in reversed(rows)]


async def find_measured_at(conn: Connection, *, community: str, campaign_id: str) -> datetime | None:
    """When a campaign was measured last."""
    found: datetime | None = await conn.fetchval(
        "select measured_at from campaign_effects where community = $1 and campaign_id = $2",
        community,
        campaign_id,
    )
    return found


#: Members who were there in days before, by how they were drawn and in which of these audiences they were when
#: the days looked at began: who came in or left later stays as they were. Each with the person they are.
_DRAWN: Final = """
    members as (
        select coalesce(m.head_id, d.member_id) as person_id, d.member_id,
            bool_or(d.day <= $3) as was_there, bool_or(d.day >= $4) as is_active
        from member_days d left join merges m on m.community = d.community and m.member_id = d.member_id
        where d.community = $1 and d.day between $2 and $5 and d.events > 0
        group by 1, 2
    ), hashed as (
        select person_id, is_active,
            array(
                select a.audience_id from unnest($8::text[]) a(audience_id)
                where coalesce((
                    select t.is_in from audience_turns t
                    where t.member_id = members.member_id and t.community = $1
                        and t.audience_id = a.audience_id and t.since <= $9
                    order by t.revision desc limit 1), false)) as audience_ids,
            case when was_there then
            encode(sha256(convert_to(
                concat_ws(E'\\x1f', 'holdout', $1, $6::text, member_id::text), 'UTF8')), 'hex') end as hash
        from members
    ), drawn as (
        select person_id, is_active, audience_ids,
            (('x' || substr(hash, 1, 8))::bit(32)::bigint % 10000 * 7296
             + ('x' || substr(hash, 9, 8))::bit(32)::bigint) % 10000 < $7::int * 100 as is_out
        from hashed
    )
"""
#: Persons of both arms: who is one person with somebody drawn otherwise is in neither.
_ARMS: Final = """
    count(*) filter (where not is_out) as treated,
    count(*) filter (where not is_out and is_active) as treated_active,
    count(*) filter (where is_all_out) as held_out,
    count(*) filter (where is_all_out and is_active) as held_out_active,
    count(*) filter (where is_out and not is_all_out) as left_out
"""
_PERSON: Final = "bool_or(is_out) as is_out, bool_and(is_out) as is_all_out, bool_or(is_active) as is_active"


async def count(
    conn: Connection,
    *,
    community: str,
    campaign: HeldOutCampaign,
    windows: Windows,
    begins_at: datetime,
    rule_days: Span | None,
) -> EffectCounts:
    """Members of the base days by how they were drawn, those active in the days looked at, and points given.

    Of a campaign for audiences they are those who were in any of them when the days looked at began, at
    `begins_at`.
    """
    row = await conn.fetchrow(
        f"""
        with {_DRAWN}, persons as (
            select {_PERSON} from drawn group by person_id
            having count(is_out) > 0
                and (cardinality($8::text[]) = 0 or bool_or(cardinality(audience_ids) > 0))
        )
        select {_ARMS},
            coalesce((select sum(points) from rule_days where community = $1 and rule_id = any($10::text[])
                      and day between $11 and $12), 0)::bigint as points
        from persons
        """,  # noqa: S608
        *_values(community, campaign, windows, audiences=campaign.audiences, begins_at=begins_at),
        list(campaign.rule_ids),
        *(rule_days or (None, None)),
    )
    return EffectCounts(**dict(row or {}))


async def count_audiences(
    conn: Connection,
    *,
    community: str,
    campaign: HeldOutCampaign,
    windows: Windows,
    begins_at: datetime,
    titles: Mapping[str, str],
) -> list[AudienceCounts]:
    """The same members by the audiences of `titles`, by id, that they were in: who is in several is in each."""
    rows = await conn.fetch(
        f"""
        with {_DRAWN}, among as (
            select distinct person_id, audience_id from drawn, unnest(audience_ids) a(audience_id)
        ), persons as (
            select person_id, {_PERSON} from drawn group by 1
            having count(is_out) > 0 and (cardinality($10::text[]) = 0 or exists (
                select from among where among.person_id = drawn.person_id and audience_id = any($10::text[])))
        )
        select audience_id, {_ARMS} from persons join among using (person_id)
        where audience_id = any($11::text[]) group by 1 order by 1
        """,  # noqa: S608
        *_values(community, campaign, windows, audiences={*titles, *campaign.audiences}, begins_at=begins_at),
        list(campaign.audiences),
        list(titles),
    )
    return [AudienceCounts(row["audience_id"], titles[row["audience_id"]], *tuple(row)[1:]) for row in rows]


def _values(
    community: str,
    campaign: HeldOutCampaign,
    windows: Windows,
    *,
    audiences: Collection[str],
    begins_at: datetime,
) -> tuple[Any, ...]:
    return (
        community,
        *windows.base,
        *windows.looked_at,
        campaign.campaign_id,
        campaign.holdout_percent,
        sorted(audiences),
        begins_at,
    )


async def put_effect(conn: Connection, *, community: str, effect: Effect) -> None:
    """Keep what was counted of a campaign, in place of what was before."""
    campaign, windows = effect.campaign, effect.windows
    await conn.execute(
        """
        insert into campaign_effects (community, campaign_id, title, starts_on, ends_on, holdout_percent,
            base_starts_on, base_ends_on, looked_starts_on, looked_ends_on, state, treated, treated_active,
            held_out, held_out_active, left_out, points, measured_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        on conflict (community, campaign_id) do update set title = excluded.title,
            starts_on = excluded.starts_on, ends_on = excluded.ends_on, holdout_percent = excluded.holdout_percent,
            base_starts_on = excluded.base_starts_on, base_ends_on = excluded.base_ends_on,
            looked_starts_on = excluded.looked_starts_on, looked_ends_on = excluded.looked_ends_on,
            state = excluded.state, treated = excluded.treated, treated_active = excluded.treated_active,
            held_out = excluded.held_out, held_out_active = excluded.held_out_active,
            left_out = excluded.left_out, points = excluded.points, measured_at = excluded.measured_at
        """,
        community,
        campaign.campaign_id,
        campaign.title,
        campaign.starts_on,
        campaign.ends_on,
        campaign.holdout_percent,
        *windows.base,
        *windows.looked_at,
        windows.state,
        *effect.counts,
        effect.measured_at,
    )
    await conn.execute(
        "delete from campaign_audiences where community = $1 and campaign_id = $2",
        community,
        campaign.campaign_id,
    )
    await conn.executemany(
        """
        insert into campaign_audiences (community, campaign_id, audience_id, title, treated, treated_active,
            held_out, held_out_active, left_out)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        [(community, campaign.campaign_id, *one) for one in effect.audiences],
    )


async def page_of_effects(
    conn: Connection, *, community: str, after: str | None, limit_count: int, campaign_id: str | None = None
) -> list[Effect]:
    """What was counted of campaigns, by their ids."""
    rows = await conn.fetch(
        """
        select * from campaign_effects
        where community = $1 and ($2::text is null or campaign_id > $2) and ($4::text is null or campaign_id = $4)
        order by campaign_id limit $3
        """,
        community,
        after,
        limit_count,
        campaign_id,
    )
    audiences: defaultdict[str, list[AudienceCounts]] = defaultdict(list)
    for row in await conn.fetch(
        """
        select campaign_id, audience_id, title, treated, treated_active, held_out, held_out_active, left_out
        from campaign_audiences where community = $1 and campaign_id = any($2::text[]) order by audience_id
        """,
        community,
        [row["campaign_id"] for row in rows],
    ):
        audiences[row["campaign_id"]].append(AudienceCounts(*tuple(row)[1:]))
    return [_effect(row, audiences=audiences[row["campaign_id"]]) for row in rows]


async def load_paid(conn: Connection, *, community: str) -> list[PaidPoints]:
    """What points came to that were paid out for good, by currency."""
    rows = await conn.fetch(
        """
        select currency, sum(points)::bigint as points, sum(amount_minor)::bigint as amount_minor
        from payout_counts where community = $1 and state = any($2::text[]) and points > 0
        group by 1 order by 1
        """,
        community,
        list(PAID_STATES),
    )
    return [PaidPoints(*row) for row in rows]


def _effect(row: Record, *, audiences: Sequence[AudienceCounts]) -> Effect:
    return Effect(
        HeldOutCampaign(
            row["campaign_id"],
            row["title"],
            row["starts_on"],
            row["ends_on"],
            row["holdout_percent"],
            audiences=(),
            rule_ids=(),
        ),
        Windows(
            Span(row["base_starts_on"], row["base_ends_on"]),
            Span(row["looked_starts_on"], row["looked_ends_on"]),
            EffectState(row["state"]),
        ),
        EffectCounts(*(row[name] for name in EffectCounts._fields)),
        row["measured_at"],
        audiences,
    )
