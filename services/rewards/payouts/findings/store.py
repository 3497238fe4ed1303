"""The SQL of findings, and of what persons were paid in a year."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record

from services.rewards.payouts.domain import Payout
from services.rewards.payouts.findings.domain import COUNTED, Check, Finding, FindingFilter, FindingPlace
from services.rewards.payouts.links.store import MEMBERS_MAX_COUNT
from services.rewards.payouts.store import payout_of
from shared.calendars import Calendar
from shared.postgres import Connection

_STOPPING = tuple(check.value for check in Check if check.stops)


async def load_others(
    conn: Connection, payouts: Sequence[Payout], *, calendar: Calendar, now: datetime
) -> dict[str, int]:
    """What the person of each payout has in the year of `now` beside it, in its currency's minor units, by payout.

    A payout is of the year in which its bank file was written, and until then of that of now. Whoever is merged is
    one person. The payouts are of one community and currency.
    """
    year = calendar.day_of(now).year
    rows = await conn.fetch(
        """
        with asked as (
            select a.payout_id, coalesce(g.head_id, a.member_id) as head_id
            from unnest($2::uuid[], $3::uuid[]) as a(payout_id, member_id)
            left join merges g on g.community = $1 and g.member_id = a.member_id),
        persons as (
            select payout_id, head_id as member_id from asked
            union
            select a.payout_id, g.member_id from asked a
            join merges g on g.community = $1 and g.head_id = a.head_id)
        select o.payout_id, sum(p.amount_minor)::bigint as minor
        from persons o
        join payouts p on p.community = $1 and p.member_id = o.member_id and p.payout_id <> o.payout_id
        left join payout_changes s
            on s.community = $1 and s.payout_id = p.payout_id and s.state = 'submitted'
        where p.currency = $4 and p.state = any($5) and (s.changed_at is null or s.changed_at >= $6)
        group by 1
        """,
        payouts[0].community if payouts else "",
        [payout.payout_id for payout in payouts],
        [payout.member_id for payout in payouts],
        payouts[0].currency if payouts else "",
        COUNTED,
        calendar.start_of(date(year, 1, 1)),
    )
    return {str(row["payout_id"]): row["minor"] for row in rows}


async def load_sharing(conn: Connection, payouts: Sequence[Payout]) -> dict[str, int]:
    """How many persons beside its own are paid to the account of each payout, by payout, where there are any.

    The payouts are of one community; of an account so many members are looked at, as for links.
    """
    paid = [(payout.payout_id, payout.member_id, payout.payee.iban) for payout in payouts if payout.payee]
    if not paid:
        return {}
    community = payouts[0].community
    rows = await conn.fetch(
        """
        with asked as (
            select a.payout_id, a.iban, coalesce(g.head_id, a.member_id) as head_id
            from unnest($2::uuid[], $3::uuid[], $4::text[]) as a(payout_id, member_id, iban)
            left join merges g on g.community = $1 and g.member_id = a.member_id)
        select payout_id, iban, head_id, null as member_id from asked
        union all
        select null, i.iban, coalesce(g.head_id, m.member_id), m.member_id
        from (select distinct iban from asked) i
        cross join lateral (
            select distinct p.member_id from payee_changes p
            where p.community = $1 and p.iban = i.iban order by p.member_id limit $5) m
        left join merges g on g.community = $1 and g.member_id = m.member_id
        """,
        community,
        *(list(column) for column in zip(*paid, strict=True)),
        MEMBERS_MAX_COUNT,
    )
    # Put together here: where the database expects few rows, it reads all bank details for each of them.
    newest = await _load_newest_ibans(conn, {row["member_id"] for row in rows} - {None}, community=community)
    heads: defaultdict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        if row["member_id"] is not None and newest.get(row["member_id"]) == row["iban"]:
            heads[row["iban"]].add(row["head_id"])
    others = {
        str(row["payout_id"]): len(heads[row["iban"]] - {row["head_id"]})
        for row in rows
        if row["payout_id"] is not None
    }
    return {payout_id: count for payout_id, count in others.items() if count}


async def _load_newest_ibans(conn: Connection, member_ids: Collection[UUID], *, community: str) -> dict[UUID, str]:
    """The account that each of these members has now."""
    rows = await conn.fetch(
        """
        select distinct on (member_id) member_id, iban from payee_changes
        where community = $1 and member_id = any($2::uuid[]) order by member_id, revision desc
        """,
        community,
        list(member_ids),
    )
    return {row["member_id"]: row["iban"] for row in rows}


async def load_cleared(conn: Connection, payouts: Sequence[Payout]) -> dict[tuple[str, Check, str], str]:
    """The clearances of the persons of payouts of one community, by payout, check and basis."""
    rows = await conn.fetch(
        """
        with asked as (
            select a.payout_id, coalesce(g.head_id, a.member_id) as head_id
            from unnest($2::uuid[], $3::uuid[]) as a(payout_id, member_id)
            left join merges g on g.community = $1 and g.member_id = a.member_id),
        persons as (
            select payout_id, head_id as member_id from asked
            union
            select a.payout_id, g.member_id from asked a
            join merges g on g.community = $1 and g.head_id = a.head_id)
        select o.payout_id, c.check_name, c.basis, c.clearance_id
        from persons o join payout_clearances c on c.community = $1 and c.member_id = o.member_id
        where c.state = 'approved'
        """,
        payouts[0].community if payouts else "",
        [payout.payout_id for payout in payouts],
        [payout.member_id for payout in payouts],
    )
    return {
        (str(row["payout_id"]), Check(row["check_name"]), row["basis"]): str(row["clearance_id"]) for row in rows
    }


async def find_finding(conn: Connection, payout: Payout, *, check: Check) -> Finding | None:
    """What a check found of a payout last; None where it found nothing."""
    row = await conn.fetchrow(
        "select * from payout_findings where community = $1 and payout_id = $2 and check_name = $3",
        payout.community,
        payout.payout_id,
        check,
    )
    return None if row is None else _finding(row)


async def put_findings(conn: Connection, findings: Sequence[Finding]) -> None:
    """Keep findings; of each check of a payout the newest."""
    await conn.executemany(
        """
        insert into payout_findings (
            community, payout_id, check_name, policy_id, country, year, total_minor, limit_minor, found_at, basis,
            others_count, is_payer, clearance_id, list_id, entry_ids, minimum_age)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        on conflict (community, payout_id, check_name) do update set
            policy_id = excluded.policy_id, country = excluded.country, year = excluded.year,
            total_minor = excluded.total_minor, limit_minor = excluded.limit_minor, found_at = excluded.found_at,
            basis = excluded.basis, others_count = excluded.others_count, is_payer = excluded.is_payer,
            clearance_id = excluded.clearance_id, list_id = excluded.list_id, entry_ids = excluded.entry_ids,
            minimum_age = excluded.minimum_age
        """,
        [
            (
                finding.community,
                finding.payout_id,
                finding.check,
                finding.policy_id,
                finding.country,
                finding.year,
                finding.total_minor,
                finding.limit_minor,
                finding.found_at,
                finding.basis,
                finding.others_count,
                finding.is_payer,
                finding.clearance_id,
                finding.list_id,
                list(finding.entry_ids) or None,
                finding.minimum_age,
            )
            for finding in findings
        ],
    )


async def page_before_the_bank(conn: Connection, *, community: str, after: str | None, limit: int) -> list[Payout]:
    """Payouts of a community that no bank file has yet and that may still be paid, beginning after an id."""
    rows = await conn.fetch(
        """
        select * from payouts
        where community = $1 and state in ('held', 'eligible', 'approved', 'reserved')
          and ($2::uuid is null or payout_id > $2)
        order by payout_id limit $3
        """,
        community,
        after,
        limit,
    )
    return [payout_of(row) for row in rows]


async def load_found_members(conn: Connection, *, community: str) -> list[str]:
    """Members with a held payout of which a check found something."""
    rows = await conn.fetch(
        """
        select distinct p.member_id from payout_findings f join payouts p using (community, payout_id)
        where f.community = $1 and f.check_name = any($2) and f.clearance_id is null and p.state = 'held'
        """,
        community,
        _STOPPING,
    )
    return [str(row["member_id"]) for row in rows]


async def page_of_findings(
    conn: Connection, wanted: FindingFilter, *, community: str, after: FindingPlace | None, limit: int
) -> list[tuple[Finding, str]]:
    """Findings, newest first, beginning after a place, each with the payout's member."""
    rows = await conn.fetch(
        """
        select f.*, p.member_id from payout_findings f join payouts p using (community, payout_id)
        where f.community = $1 and ($2::text is null or f.check_name = $2)
          and ($3::boolean is null
               or (p.state = 'held' and f.check_name = any($4) and f.clearance_id is null) = $3)
          and ($5::timestamptz is null or (f.found_at, f.payout_id, f.check_name) < ($5, $6::uuid, $7))
        order by f.found_at desc, f.payout_id desc, f.check_name desc limit $8
        """,
        community,
        wanted.check,
        wanted.waits,
        _STOPPING,
        *(after or (None, None, None)),
        limit,
    )
    return [(_finding(row), str(row["member_id"])) for row in rows]


async def count_waiting(conn: Connection) -> dict[Check, tuple[int, datetime]]:
    """How many payouts each check keeps back in all communities, and since when the first of them was made."""
    rows = await conn.fetch(
        """
        select f.check_name, count(*) as count, min(p.created_at) as since
        from payout_findings f join payouts p using (community, payout_id)
        where p.state = 'held' and f.check_name = any($1) and f.clearance_id is null group by 1
        """,
        _STOPPING,
    )
    return {Check(row["check_name"]): (row["count"], row["since"]) for row in rows}


def _finding(row: Record) -> Finding:
    return Finding(
        community=row["community"],
        payout_id=str(row["payout_id"]),
        check=Check(row["check_name"]),
        policy_id=str(row["policy_id"]) if row["policy_id"] else None,
        list_id=str(row["list_id"]) if row["list_id"] else None,
        entry_ids=row["entry_ids"] or (),
        found_at=row["found_at"],
        others_count=row["others_count"],
        is_payer=row["is_payer"],
        minimum_age=row["minimum_age"],
        basis=row["basis"],
        clearance_id=str(row["clearance_id"]) if row["clearance_id"] else None,
        country=row["country"],
        year=row["year"],
        total_minor=row["total_minor"],
        limit_minor=row["limit_minor"],
    )
