"""The SQL of what is open of members, and of those who were erased."""

from collections.abc import Sequence
from datetime import datetime

from services.rewards.erasure.domain import ErasedMember, OpenAffairs
from services.rewards.ledger.domain.entries import Owner
from shared.postgres import Connection

#: What points can be before they are used for good.
_UNUSED_KINDS = ("pending", "available", "reserved")
#: Of payouts that are not over.
_OPEN_STATES = ("accrued", "held", "eligible", "approved", "reserved", "submitted", "sent")
#: A run that is over asks for nobody's bank details any more.
_OVER_RUNS = ("filed", "cancelled")
#: A member $2 of community $1, and all who are merged into it.
_PERSON = "select $2::uuid union all select member_id from merges where community = $1 and head_id = $2"


async def load_open(conn: Connection, owner: Owner) -> OpenAffairs:
    """What is open of a member, and of those merged into it."""
    balances = await conn.fetch(
        f"""
        select a.kind, a.currency, sum(b.amount)::bigint as amount
        from accounts a join balances b using (community, account_id)
        where a.community = $1 and a.owner = any(array({_PERSON}))
        group by 1, 2 having sum(b.amount) <> 0 order by 1, 2
        """,  # noqa: S608 -- a constant
        *owner,
    )
    payouts = await conn.fetch(
        f"""
        select state, count(*) from payouts
        where community = $1 and member_id = any(array({_PERSON})) and state = any($3::text[])
        group by 1 order by 1
        """,  # noqa: S608 -- a constant
        *owner,
        list(_OPEN_STATES),
    )
    has_bank_details = await conn.fetchval(
        f"""
        select exists (select from payee_changes where community = $1 and member_id = any(array({_PERSON})))
        """,  # noqa: S608 -- a constant
        *owner,
    )
    return OpenAffairs(
        points={row["kind"]: row["amount"] for row in balances if row["kind"] in _UNUSED_KINDS},
        payable_minor={row["currency"]: row["amount"] for row in balances if row["kind"] == "payable"},
        payouts={row["state"]: row["count"] for row in payouts},
        has_bank_details=bool(has_bank_details),
    )


async def put_erased(conn: Connection, *, erased: Sequence[ErasedMember]) -> None:
    """Note who was erased; whoever is known is looked after again."""
    await conn.execute(
        """
        insert into erased_members (community, member_id, forfeits, erased_at)
        select * from unnest($1::text[], $2::uuid[], $3::boolean[], $4::timestamptz[])
        on conflict (community, member_id) do update set done_at = null
        """,
        [one.community for one in erased],
        [one.member_id for one in erased],
        [one.forfeits for one in erased],
        [one.erased_at for one in erased],
    )


async def lock_undone(conn: Connection, *, limit_count: int) -> list[ErasedMember]:
    """Lock those who were erased and of whom something is left to do; who was looked after longest ago first."""
    rows = await conn.fetch(
        """
        select community, member_id::text, forfeits, erased_at from erased_members
        where done_at is null order by looked_at nulls first, erased_at, community, member_id limit $1
        for update skip locked
        """,
        limit_count,
    )
    return [ErasedMember(*row) for row in rows]


async def set_lots_over(conn: Connection, owner: Owner, *, now: datetime) -> None:
    """Have a member's lots be over now; their points must be locked. What is owed as money stays owed."""
    await conn.execute(
        """
        update lots set expires_at = $3
        where community = $1 and member_id = $2 and (expires_at is null or expires_at > $3)
        """,
        *owner,
        now,
    )


async def delete_payee(conn: Connection, owner: Owner) -> bool:
    """Delete the bank details of a member who was erased; False while a run, or a provider, may ask for them."""
    is_open: bool = await conn.fetchval(
        """
        select exists (
            select from payouts p join payout_runs r using (community, run_id)
            where p.community = $1 and p.member_id = $2
              -- A provider that was not asked yet, or has not answered, has to be told whom to pay.
              and (r.state <> all($3::text[]) or r.provider is not null and p.state = 'submitted'))
        """,
        *owner,
        list(_OVER_RUNS),
    )
    if is_open:
        return False
    await conn.execute("select erase_payee($1, $2)", *owner)
    return True


async def set_looked_after(conn: Connection, owner: Owner, *, at: datetime, is_done: bool) -> None:
    """Note when a member who was erased was looked after, and whether nothing is left to do."""
    await conn.execute(
        """
        update erased_members set looked_at = $3::timestamptz,
            done_at = case when $4 then $3::timestamptz end
        where community = $1 and member_id = $2
        """,
        *owner,
        at,
        is_done,
    )
