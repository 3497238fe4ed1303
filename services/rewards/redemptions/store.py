"""Redemptions."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from services.rewards.fulfilment.domain import UNDER_WAY, FulfilledBy, FulfilmentState
from services.rewards.redemptions.domain import (
    COUNTED_MAX_COUNT,
    Named,
    Redemption,
    RedemptionFilter,
    RedemptionPlace,
    RedemptionState,
    StateCount,
)
from services.rewards.turns.domain import Due, DueRows, Turn
from shared.postgres import Connection

_UNDER_WAY = ", ".join(f"'{state}'" for state in sorted(UNDER_WAY))
#: Reservations whose time is over, but what somebody has in hand, or a provider was asked for.
OVERDUE = DueRows(
    Due.RESERVATION,
    "redemptions",
    "expires_at",
    "state = 'reserved'",
    also=f"""not exists (
        select from fulfilments f
        where f.community = l.community and f.redemption_id = l.redemption_id and f.state in ({_UNDER_WAY}))""",
)


def _redemption(row: Record) -> Redemption:
    return Redemption(
        community=row["community"],
        redemption_id=str(row["redemption_id"]),
        member_id=str(row["member_id"]),
        reward_id=row["reward_id"],
        title=row["title"],
        points=row["spent_points"] or row["points"],
        state=RedemptionState(row["state"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
        has_code=row.get("has_code", False),
        reserved_points=row["points"] if row["spent_points"] else None,
        fulfilment=FulfilmentState(row["fulfilment"]) if row.get("fulfilment") else None,
        fulfilled_by=FulfilledBy(row["fulfilled_by"]) if row.get("fulfilled_by") else None,
        needs_address=row.get("needs_address", False),
        order_id=None if row["order_id"] is None else str(row["order_id"]),
        refunded_points=row["refunded_points"],
        is_returned=row["is_returned"],
    )


_GOODS = """
    exists (select from voucher_codes v where v.community = r.community and v.redemption_id = r.redemption_id)
        as has_code,
    (select f.state from fulfilments f where f.community = r.community and f.redemption_id = r.redemption_id)
        as fulfilment,
    (select f.fulfilled_by from fulfilments f
        where f.community = r.community and f.redemption_id = r.redemption_id)
        as fulfilled_by,
    exists (select from fulfilments f where f.community = r.community and f.redemption_id = r.redemption_id
            and f.fulfilled_by = 'hand' and f.state = 'reserved' and not exists (
                select from delivery_addresses a
                where a.community = f.community and a.redemption_id = f.redemption_id and a.sealed is not null))
        as needs_address
"""


async def lock_reward(conn: Connection, *, community: str, reward_id: str) -> None:
    """Of two who want the last of a reward the second sees that the first has it."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 13))", f"reward {community} {reward_id}")


async def lock_limit(conn: Connection, *, community: str, member_id: str, reward_id: str) -> None:
    """Of two requests of a person for a reward the second sees that the first has it."""
    await conn.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 19))", f"limit {community} {member_id} {reward_id}"
    )


async def count_taken(conn: Connection, *, community: str, reward_id: str) -> int:
    """How many of a reward are reserved, redeemed or given, and did not come back."""
    count: int = await conn.fetchval(
        "select count(*) from redemptions where community = $1 and reward_id = $2"
        " and state in ('reserved', 'confirmed', 'partly_refunded', 'refunded') and not is_returned",
        community,
        reward_id,
    )
    return count


async def add_redemption(conn: Connection, redemption: Redemption) -> None:
    """Add a redemption."""
    await conn.execute(
        """
        insert into redemptions (community, redemption_id, member_id, reward_id, title, points, state,
                                 created_at, expires_at, changed_at, changed_by, made_by, order_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)
        """,
        redemption.community,
        redemption.redemption_id,
        redemption.member_id,
        redemption.reward_id,
        redemption.title,
        redemption.points,
        redemption.state,
        redemption.created_at,
        redemption.expires_at,
        redemption.changed_at,
        redemption.changed_by,
        redemption.order_id,
    )


async def load_order(conn: Connection, *, community: str, order_id: str) -> list[Redemption]:
    """The redemptions of an order, by reward; none where there is no such order."""
    rows = await conn.fetch(
        f"select r.*, {_GOODS} from redemptions r"  # noqa: S608 -- a constant
        " where r.community = $1 and r.order_id = $2 order by r.reward_id, r.redemption_id",
        community,
        order_id,
    )
    return [_redemption(row) for row in rows]


async def find_redemption(conn: Connection, *, community: str, redemption_id: str) -> Redemption | None:
    """A redemption."""
    row = await conn.fetchrow(
        f"select r.*, {_GOODS} from redemptions r"  # noqa: S608 -- a constant
        " where r.community = $1 and r.redemption_id = $2",
        community,
        redemption_id,
    )
    return _redemption(row) if row else None


async def load_titles(
    conn: Connection, *, community: str, redemption_ids: Sequence[str], language: str | None = None
) -> dict[str, str]:
    """What was chosen, by redemption: as it was called then, or in a language in which the catalogue says that.

    What is called otherwise by now has no translation of what it was called.
    """
    rows = await conn.fetch(
        """
        select r.redemption_id, coalesce(nullif(c.translations -> $3::text ->> 'title', ''), r.title) as title
        from redemptions r left join catalogue_rewards c
            on c.community = r.community and c.reward_id = r.reward_id and c.title = r.title
        where r.community = $1 and r.redemption_id = any($2::uuid[])
        """,
        community,
        redemption_ids,
        language,
    )
    return {str(row["redemption_id"]): row["title"] for row in rows}


async def load_known(conn: Connection, keys: Sequence[tuple[str, str]]) -> dict[str, Redemption]:
    """Those redemptions that there are, by id, locked; `keys` are communities and redemption ids."""
    rows = await conn.fetch(
        """
        select r.* from redemptions r join unnest($1::text[], $2::uuid[]) as k(community, redemption_id)
            using (community, redemption_id)
        order by r.redemption_id for update of r
        """,
        [community for community, _ in keys],
        [redemption_id for _, redemption_id in keys],
    )
    return {str(row["redemption_id"]): _redemption(row) for row in rows}


async def lock_redemption(conn: Connection, *, community: str, redemption_id: str) -> Redemption | None:
    """A redemption, locked against other changes."""
    row = await conn.fetchrow(
        f"select r.*, {_GOODS} from redemptions r"  # noqa: S608 -- a constant
        " where r.community = $1 and r.redemption_id = $2 for update of r",
        community,
        redemption_id,
    )
    return _redemption(row) if row else None


async def lock_overdue(conn: Connection, turn: Turn, *, now: datetime) -> list[Redemption]:
    """Reservations of a turn whose time is over, locked; those that somebody works on are left for later.

    So is what somebody has in hand, or a provider was asked for: it ends as that does.
    """
    rows = await conn.fetch(
        f"""
        select r.* from unnest($1::text[]) as c(community)
        cross join lateral (
            select * from redemptions l
            where l.community = c.community and {OVERDUE.indexed} and l.expires_at <= $2 and {OVERDUE.also}
            order by l.expires_at limit $3 for update skip locked) r
        """,  # noqa: S608 -- of constants
        turn.communities,
        now,
        turn.share,
    )
    return [_redemption(row) for row in rows]


async def set_states(conn: Connection, redemptions: Sequence[Redemption]) -> None:
    """Write the states of redemptions, who or what brought them there, and what they came to if that is less."""
    await conn.execute(
        """
        update redemptions r set state = c.state, changed_at = c.changed_at, changed_by = c.changed_by,
            spent_points = c.spent_points
        from unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[], $6::bigint[])
            as c(community, redemption_id, state, changed_at, changed_by, spent_points)
        where r.community = c.community and r.redemption_id = c.redemption_id
        """,
        [redemption.community for redemption in redemptions],
        [redemption.redemption_id for redemption in redemptions],
        [redemption.state for redemption in redemptions],
        [redemption.changed_at for redemption in redemptions],
        [redemption.changed_by for redemption in redemptions],
        [redemption.points if redemption.reserved_points else None for redemption in redemptions],
    )


async def set_refunded(conn: Connection, redemption: Redemption) -> None:
    """Write what of a redemption, which is locked, is back; when it had been confirmed stays known."""
    await conn.execute(
        """
        update redemptions set state = $3, refunded_points = $4, is_returned = $5,
            confirmed_at = coalesce(confirmed_at, changed_at), changed_at = $6, changed_by = $7
        where community = $1 and redemption_id = $2
        """,
        redemption.community,
        redemption.redemption_id,
        redemption.state,
        redemption.refunded_points,
        redemption.is_returned,
        redemption.changed_at,
        redemption.changed_by,
    )


async def page_of_redemptions(
    conn: Connection, wanted: RedemptionFilter, *, community: str, after: RedemptionPlace | None, limit: int
) -> list[Named]:
    """Redemptions, newest first, of a state or of a member and those merged into it, beginning after a place."""
    rows = await conn.fetch(
        f"""
        select r.*, m.name, {_GOODS}
        from redemptions r left join followed_members m using (community, member_id)
        where r.community = $1 and ($2::text is null or r.state = $2)
           and ($3::uuid is null or r.member_id = any(array(
               select $3::uuid union all
               select g.member_id from merges g where g.community = $1 and g.head_id = $3)))
          and ($4::timestamptz is null or (r.created_at, r.redemption_id) < ($4, $5::uuid))
        order by r.created_at desc, r.redemption_id desc limit $6
        """,  # noqa: S608 -- a constant
        community,
        wanted.state,
        wanted.member_id,
        *(after or (None, None)),
        limit,
    )
    return [Named(_redemption(row), row["name"]) for row in rows]


async def count_states(conn: Connection, *, community: str) -> list[StateCount]:
    """How many redemptions are in each state, of each at most COUNTED_MAX_COUNT."""
    rows = await conn.fetch(
        """
        select state, (select count(*) from (
            select from redemptions r where r.community = $1 and r.state = s.state limit $3) counted) as number
        from unnest($2::text[]) with ordinality as s(state, place) order by place
        """,
        community,
        list(RedemptionState),
        COUNTED_MAX_COUNT,
    )
    return [StateCount(RedemptionState(row["state"]), row["number"]) for row in rows]
