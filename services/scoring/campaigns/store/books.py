"""The SQL of the books of campaigns, and of what became of these."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import orjson
from asyncpg import Record

from services.scoring.campaigns.domain.books import Books, BookState, CampaignKey, Standing, Turn, Turned
from shared.contracts.programme import Campaign
from shared.postgres import Connection

_STATE = (
    "state, is_slowed, is_let_go, last_day, changed_at, changed_by_person, changed_by, reason, revision, "
    "is_exhausted, closes_at"
)


async def lock_books(conn: Connection, *, keys: Sequence[CampaignKey]) -> dict[CampaignKey, Books]:
    """The states of campaigns, which nobody else changes, nor spends of, until the commit; `keys` are in order.

    They are the last that a transaction locks, behind the members of claims.
    """
    arrays = [community for community, _ in keys], [campaign_id for _, campaign_id in keys]
    await conn.execute(
        """
        insert into campaign_books (community, campaign_id)
        select community, campaign_id from unnest($1::text[], $2::text[]) as k(community, campaign_id)
        where not exists (select from campaign_books b
                          where b.community = k.community and b.campaign_id = k.campaign_id)
        order by community, campaign_id
        on conflict do nothing
        """,
        *arrays,
    )
    rows = await conn.fetch(
        f"""
        select community, campaign_id, {_STATE} from campaign_books
        join unnest($1::text[], $2::text[]) as k(community, campaign_id) using (community, campaign_id)
        order by community, campaign_id for update of campaign_books
        """,  # noqa: S608 -- the columns are a constant
        *arrays,
    )
    return {(row["community"], row["campaign_id"]): _books(row) for row in rows}


async def load_spent(
    conn: Connection, *, parts: Iterable[tuple[str, str, str]]
) -> dict[CampaignKey, dict[str, int]]:
    """What was spent in parts of books, each by community, campaign and part; nothing of what has none."""
    wanted = list(parts)
    rows = await conn.fetch(
        """
        select community, campaign_id, part, sum(points)::bigint as points from campaign_spent
        join unnest($1::text[], $2::text[], $3::text[]) as k(community, campaign_id, part)
            using (community, campaign_id, part)
        group by community, campaign_id, part
        """,
        *([one[place] for one in wanted] for place in range(3)),
    )
    found: dict[CampaignKey, dict[str, int]] = {}
    for row in rows:
        found.setdefault((row["community"], row["campaign_id"]), {})[row["part"]] = row["points"]
    return found


async def put_books(conn: Connection, *, books: Mapping[CampaignKey, Books]) -> None:
    """Store the states of campaigns that are locked."""
    await conn.execute(
        """
        update campaign_books b set state = n.state, is_slowed = n.is_slowed, is_let_go = n.is_let_go,
            last_day = n.last_day, changed_at = n.changed_at, changed_by_person = n.changed_by_person,
            changed_by = n.changed_by, reason = n.reason, revision = n.revision, is_exhausted = n.is_exhausted,
            closes_at = n.closes_at
        from unnest($1::text[], $2::text[], $3::text[], $4::bool[], $5::bool[], $6::date[], $7::timestamptz[],
                    $8::uuid[], $9::text[], $10::text[], $11::int[], $12::bool[], $13::timestamptz[])
            as n(community, campaign_id, state, is_slowed, is_let_go, last_day, changed_at, changed_by_person,
                 changed_by, reason, revision, is_exhausted, closes_at)
        where b.community = n.community and b.campaign_id = n.campaign_id
        """,
        [community for community, _ in books],
        [campaign_id for _, campaign_id in books],
        *([getattr(one, name) for one in books.values()] for name in _STATE.split(", ")),
    )


async def load_campaigns(
    conn: Connection, *, versions: Collection[tuple[str, int]]
) -> dict[tuple[str, int], list[Campaign]]:
    """The campaigns of versions of programmes, each by its community and number."""
    rows = await conn.fetch(
        """
        select community, version, document -> 'campaigns' as campaigns from programme_versions
        join unnest($1::text[], $2::int[]) as k(community, version) using (community, version)
        where document ? 'campaigns'
        """,
        [community for community, _ in versions],
        [number for _, number in versions],
    )
    return {
        (row["community"], row["version"]): [
            Campaign.model_validate(one) for one in orjson.loads(row["campaigns"])
        ]
        for row in rows
    }


async def load_campaigns_of_rules(
    conn: Connection, *, versions: Collection[tuple[str, int]]
) -> dict[tuple[str, int], dict[str, str]]:
    """Of which campaign the rules of versions are, those that are of one."""
    rows = await conn.fetch(
        """
        select community, version, r ->> 'id' as rule_id, r ->> 'campaign' as campaign_id from programme_versions
        join unnest($1::text[], $2::int[]) as k(community, version) using (community, version)
        cross join lateral jsonb_array_elements(document -> 'rules') as r
        where document ? 'campaigns' and r ? 'campaign'
        """,
        [community for community, _ in versions],
        [number for _, number in versions],
    )
    found: dict[tuple[str, int], dict[str, str]] = {}
    for row in rows:
        found.setdefault((row["community"], row["version"]), {})[row["rule_id"]] = row["campaign_id"]
    return found


async def load_books(conn: Connection, *, community: str, with_days: bool = True) -> dict[str, Books]:
    """The books of all campaigns of a community, by their ids; by day and week only `with_days`."""
    rows = await conn.fetch(
        f"select campaign_id, {_STATE} from campaign_books where community = $1",  # noqa: S608 -- constants
        community,
    )
    books = {row["campaign_id"]: _books(row) for row in rows}
    spent = await conn.fetch(
        """
        select campaign_id, part, sum(points)::bigint as points from campaign_spent
        where community = $1 and ($2 or part = 'all' or starts_with(part, 'rule:'))
        group by campaign_id, part order by part
        """,
        community,
        with_days,
    )
    for row in spent:
        books.setdefault(row["campaign_id"], Books()).spent[row["part"]] = row["points"]
    return books


async def add_turns(conn: Connection, *, turns: Sequence[Turn]) -> None:
    """Store what became of campaigns; what is there stays."""
    await conn.executemany(
        """
        insert into campaign_changes
            (community, campaign_id, revision, what, changed_at, spent_points, person_id, person_name, reason)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict do nothing
        """,
        [
            (
                turn.community,
                turn.campaign_id,
                turn.revision,
                turn.what.value,
                turn.at,
                turn.spent_points,
                turn.person_id,
                turn.person_name,
                turn.reason,
            )
            for turn in turns
        ],
    )


async def load_turns(conn: Connection, *, key: CampaignKey, limit_count: int) -> list[Turn]:
    """The last so many that became of a campaign, the newest first."""
    rows = await conn.fetch(
        """
        select revision, what, changed_at, spent_points, person_id, person_name, reason from campaign_changes
        where community = $1 and campaign_id = $2 order by revision desc limit $3
        """,
        *key,
        limit_count,
    )
    # How it stood then is in the facts; what is looked at says what changed.
    standing = Standing(BookState.RUNNING, is_let_go=False, is_exhausted=False)
    return [
        Turn(
            *key,
            row["revision"],
            Turned(row["what"]),
            standing,
            row["changed_at"],
            row["spent_points"],
            None if row["person_id"] is None else str(row["person_id"]),
            row["person_name"],
            row["reason"],
        )
        for row in rows
    ]


async def count_not_giving(conn: Connection, *, now: datetime) -> dict[str, int]:
    """How many campaigns give nothing, by why: of those that newest programmes say and whose books are open."""
    rows = await conn.fetch(
        """
        select case when b.state = 'running' then 'exhausted' else b.state end as why, count(*)
        from campaign_books b
        join programme_heads h using (community)
        join programme_versions v using (community, version)
        where (b.state <> 'running' or b.is_exhausted) and (b.closes_at is null or b.closes_at > $1)
            and v.document -> 'campaigns' @> jsonb_build_array(jsonb_build_object('id', b.campaign_id))
        group by 1
        """,
        now,
    )
    return {row["why"]: row["count"] for row in rows}


def _books(row: Record) -> Books:
    changed_at: datetime | None = row["changed_at"]
    person = row["changed_by_person"]
    return Books(
        state=BookState(row["state"]),
        is_slowed=row["is_slowed"],
        is_let_go=row["is_let_go"],
        last_day=row["last_day"],
        changed_at=changed_at,
        changed_by_person=None if person is None else str(person),
        changed_by=row["changed_by"],
        reason=row["reason"],
        revision=row["revision"],
        is_exhausted=row["is_exhausted"],
        closes_at=row["closes_at"],
    )
