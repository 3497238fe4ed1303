"""The SQL of links: who is paid to an account, and what was told of it."""

from collections.abc import Collection, Sequence

from services.rewards.payouts.links.domain import Link
from shared.postgres import Connection

#: Of one account so many members are looked at.
MEMBERS_MAX_COUNT = 1_000


async def load_accounts(conn: Connection, *, community: str, ibans: Collection[str]) -> dict[str, str]:
    """The account of each member who was ever paid to one of these: where they are paid now."""
    rows = await conn.fetch(
        """
        select m.member_id, c.iban
        from (select distinct member_id from payee_changes where community = $1 and iban = any($2::text[])
              order by member_id limit $3) m
        cross join lateral (
            select iban from payee_changes p where p.community = $1 and p.member_id = m.member_id
            order by revision desc limit 1) c
        """,
        community,
        list(ibans),
        MEMBERS_MAX_COUNT,
    )
    return {str(row["member_id"]): row["iban"] for row in rows}


async def load_paying(conn: Connection, *, community: str, ibans: Collection[str]) -> set[str]:
    """Which of these accounts some version of the programme pays from."""
    rows = await conn.fetch(
        """
        select distinct paying.iban from programmes
        cross join lateral (
            select rewards #>> '{payout,paying_account,iban}' as iban
            union all
            select other #>> '{paying_account,iban}'
            from jsonb_array_elements(coalesce(rewards #> '{payout,also}', '[]')) as other) paying
        where community = $1 and paying.iban = any($2::text[])
        """,
        community,
        list(ibans),
    )
    return {row["iban"] for row in rows}


async def load_links(conn: Connection, *, community: str, member_ids: Collection[str]) -> dict[str, Link]:
    """What was told last of members."""
    rows = await conn.fetch(
        "select * from member_links where community = $1 and member_id = any($2::uuid[])",
        community,
        list(member_ids),
    )
    return {
        str(row["member_id"]): Link(
            row["community"],
            str(row["member_id"]),
            row["revision"],
            None if row["account_id"] is None else str(row["account_id"]),
            row["members_count"],
            row["is_payer"],
        )
        for row in rows
    }


async def draw_ids(conn: Connection, *, member_ids: Sequence[str]) -> dict[str, str]:
    """An id drawn by lot for each member."""
    rows = await conn.fetch(
        "select m, gen_random_uuid()::text as drawn from unnest($1::text[]) as m", list(member_ids)
    )
    return {row["m"]: row["drawn"] for row in rows}


async def put_links(conn: Connection, *, links: Sequence[Link]) -> None:
    """Keep what is told of members; an older revision than is there changes nothing."""
    await conn.executemany(
        """
        insert into member_links as l (community, member_id, revision, account_id, members_count, is_payer)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (community, member_id) do update set revision = excluded.revision,
            account_id = excluded.account_id, members_count = excluded.members_count, is_payer = excluded.is_payer
        where l.revision < excluded.revision
        """,
        [
            (
                link.community,
                link.member_id,
                link.revision,
                link.account_id,
                link.members_count,
                link.is_payer,
            )
            for link in links
        ],
    )
