"""The SQL of codes of vouchers."""

from collections.abc import Collection, Sequence
from datetime import datetime

from asyncpg import Record

from services.rewards.vouchers.domain import CodeEntry, CodePlace, GivenCode, KeptCode, NewCode, Sealed
from shared.postgres import Connection


async def add_codes(
    conn: Connection, codes: Sequence[NewCode], *, community: str, reward_id: str, added_at: datetime
) -> None:
    """Add codes, which are not there."""
    await conn.execute(
        """
        insert into voucher_codes
            (community, reward_id, added_at, code_id, code_hash, sealed_by, sealed, expires_at)
        select $1, $2, $3, * from unnest($4::uuid[], $5::bytea[], $6::text[], $7::bytea[], $8::timestamptz[])
        """,
        community,
        reward_id,
        added_at,
        [code.code_id for code in codes],
        [code.sealed.code_hash for code in codes],
        [code.sealed.sealed_by for code in codes],
        [code.sealed.content for code in codes],
        [code.expires_at for code in codes],
    )


async def load_by_hash(conn: Connection, hashes: Collection[bytes], *, community: str) -> dict[bytes, KeptCode]:
    """Codes that have one of these hashes, by it."""
    rows = await conn.fetch(
        "select * from voucher_codes where community = $1 and code_hash = any($2::bytea[])",
        community,
        list(hashes),
    )
    return {row["code_hash"]: _kept(row) for row in rows}


async def count_left(conn: Connection, *, community: str, reward_id: str, now: datetime) -> int:
    """How many codes of a reward can be given."""
    count: int = await conn.fetchval(
        """
        select count(*) from voucher_codes where community = $1 and reward_id = $2 and redemption_id is null
            and (expires_at is null or expires_at > $3)
        """,
        community,
        reward_id,
        now,
    )
    return count


async def take_code(
    conn: Connection, *, community: str, reward_id: str, redemption_id: str, now: datetime, waits: bool
) -> GivenCode | None:
    """Give the next code of a reward to a redemption; None where there is none.

    Those that others are being given are passed over, or with `waits` waited for.
    """
    row = await conn.fetchrow(
        f"""
        update voucher_codes set redemption_id = $3, given_at = $4
        where community = $1 and code_id = (
            select code_id from voucher_codes
            where community = $1 and reward_id = $2 and redemption_id is null
                and (expires_at is null or expires_at > $4)
            order by expires_at, added_at, code_id limit 1 for update {"" if waits else "skip locked"})
        returning code_id, sealed_by, code_hash
        """,  # noqa: S608 -- one of two constants
        community,
        reward_id,
        redemption_id,
        now,
    )
    return None if row is None else GivenCode(str(row["code_id"]), row["sealed_by"], row["code_hash"])


async def find_given(
    conn: Connection, *, community: str, redemption_id: str
) -> tuple[KeptCode, datetime | None, datetime] | None:
    """The code of a redemption, until when it can be used, and when it was given; None where it has none."""
    row = await conn.fetchrow(
        "select * from voucher_codes where community = $1 and redemption_id = $2", community, redemption_id
    )
    return None if row is None else (_kept(row), row["expires_at"], row["given_at"])


async def page_of_codes(
    conn: Connection, *, community: str, reward_id: str, after: CodePlace | None, limit: int
) -> list[CodeEntry]:
    """Codes of a reward, those that came last first, beginning after a place."""
    rows = await conn.fetch(
        """
        select code_id, added_at, expires_at, redemption_id, given_at from voucher_codes
        where community = $1 and reward_id = $2
            and ($3::timestamptz is null or (added_at, code_id) < ($3, $4::uuid))
        order by added_at desc, code_id desc limit $5
        """,
        community,
        reward_id,
        *(after or (None, None)),
        limit,
    )
    return [
        CodeEntry(
            str(row["code_id"]),
            row["added_at"],
            row["expires_at"],
            None if row["redemption_id"] is None else str(row["redemption_id"]),
            row["given_at"],
        )
        for row in rows
    ]


async def lock_sealed_by(conn: Connection, key_ids: Sequence[str], *, limit: int) -> list[KeptCode]:
    """Codes that one of these keys sealed, locked; those that somebody works on are left for later."""
    rows = await conn.fetch(
        """
        select * from voucher_codes where sealed_by = any($1::text[]) and sealed is not null
        order by community, code_id limit $2 for update skip locked
        """,
        list(key_ids),
        limit,
    )
    return [_kept(row) for row in rows]


async def count_sealed_otherwise(conn: Connection, *, key_ids: Sequence[str]) -> int:
    """How many codes none of these keys sealed."""
    count: int = await conn.fetchval(
        "select count(*) from voucher_codes where sealed is not null and sealed_by <> all($1::text[])",
        list(key_ids),
    )
    return count


async def set_sealed(conn: Connection, sealed_by_code: Sequence[tuple[KeptCode, Sealed]]) -> None:
    """Write what codes are sealed as now."""
    await conn.execute(
        """
        update voucher_codes v set sealed_by = k.sealed_by, sealed = k.sealed, code_hash = k.code_hash
        from unnest($1::text[], $2::uuid[], $3::text[], $4::bytea[], $5::bytea[])
            as k(community, code_id, sealed_by, sealed, code_hash)
        where v.community = k.community and v.code_id = k.code_id
        """,
        [code.community for code, _ in sealed_by_code],
        [code.code_id for code, _ in sealed_by_code],
        [sealed.sealed_by for _, sealed in sealed_by_code],
        [sealed.content for _, sealed in sealed_by_code],
        [sealed.code_hash for _, sealed in sealed_by_code],
    )


async def put_given(
    conn: Connection, code: GivenCode, *, community: str, reward_id: str, redemption_id: str, given_at: datetime
) -> bool:
    """Note that a code is a redemption's, as was told; False where what it says is not known.

    One that is not there is added by its hash alone: it cannot be given, or taken in, again.
    """
    known: bool = await conn.fetchval(
        """
        insert into voucher_codes as v (community, code_id, reward_id, code_hash, sealed_by, added_at,
                                        redemption_id, given_at)
        values ($1, $2, $3, $4, $5, $7, $6, $7)
        on conflict (community, code_id) do update
        set redemption_id = excluded.redemption_id, given_at = coalesce(v.given_at, excluded.given_at)
        returning sealed is not null or forgotten_at is not null
        """,
        community,
        code.code_id,
        reward_id,
        code.code_hash,
        code.sealed_by,
        redemption_id,
        given_at,
    )
    return known


async def add_given(
    conn: Connection, code: NewCode, *, community: str, reward_id: str, redemption_id: str, given_at: datetime
) -> bool:
    """Add a code that is a redemption's from the beginning; False where the code, or one of it, is there."""
    added = await conn.fetchval(
        """
        insert into voucher_codes
            (community, reward_id, code_id, code_hash, sealed_by, sealed, expires_at, added_at, redemption_id,
             given_at)
        values ($1, $2, $3, $4, $5, $6, $7, $9, $8, $9) on conflict do nothing returning true
        """,
        community,
        reward_id,
        code.code_id,
        code.sealed.code_hash,
        code.sealed.sealed_by,
        code.sealed.content,
        code.expires_at,
        redemption_id,
        given_at,
    )
    return bool(added)


async def find_code_of(conn: Connection, *, community: str, redemption_id: str) -> KeptCode | None:
    """The code of a redemption, locked, whether or not it is known what it says; None where it has none."""
    row = await conn.fetchrow(
        "select * from voucher_codes where community = $1 and redemption_id = $2 for update",
        community,
        redemption_id,
    )
    return None if row is None else _kept(row)


async def forget_codes(conn: Connection, *, community: str, member_ids: Sequence[str], at: datetime) -> int:
    """Delete what the codes of members say, which stay given; how many."""
    gone = await conn.fetch(
        """
        update voucher_codes v set sealed = null, forgotten_at = $3
        from redemptions r
        where v.community = $1 and r.community = v.community and r.redemption_id = v.redemption_id
            and r.member_id = any($2::uuid[]) and v.forgotten_at is null
        returning v.code_id
        """,
        community,
        list(member_ids),
        at,
    )
    return len(gone)


def _kept(row: Record) -> KeptCode:
    return KeptCode(
        row["community"],
        str(row["code_id"]),
        row["reward_id"],
        row["code_hash"],
        row["sealed_by"],
        row["sealed"],
        None if row["redemption_id"] is None else str(row["redemption_id"]),
        row["forgotten_at"] is not None,
    )
