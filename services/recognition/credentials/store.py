"""The SQL of issuers, their keys, and of the badges that members took away."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.recognition.credentials.domain import Credential, Issuer, SealedKey
from shared.contracts.fields import Timestamp, Uuid
from shared.postgres import Connection

_COLUMNS = """
    c.community, c.credential_id, c.grant_id, c.member_id, c.badge, c.tier, c.title, c.salt, c.list_no,
    c.list_index, c.issued_at, coalesce(c.revoked_at, (
        select min(r.granted_at) from grants r where r.community = c.community and r.reverses = c.grant_id
    )) as revoked_at
"""


class CredentialPlace(NamedTuple):
    """Where a page of credentials ended: the newest first."""

    issued_at: Timestamp
    credential_id: Uuid


class StandingGrant(NamedTuple):
    """A badge that stands for a member: which grant, and by what name (of a tier, the tier's)."""

    grant_id: str
    name: str
    title: str


async def find_issuer(conn: Connection, *, community: str) -> Issuer | None:
    """Who a community says that it is; None where it has not."""
    row = await conn.fetchrow(
        "select name, url, email, description from credential_issuers where community = $1", community
    )
    return None if row is None else Issuer(*row)


async def put_issuer(conn: Connection, issuer: Issuer, *, community: str, changed_at: datetime) -> None:
    """Keep who a community says that it is."""
    await conn.execute(
        """
        insert into credential_issuers (community, name, url, email, description, changed_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (community) do update
        set name = excluded.name, url = excluded.url, email = excluded.email, description = excluded.description,
            changed_at = excluded.changed_at
        """,
        community,
        *issuer,
        changed_at,
    )


async def lock_issuer(conn: Connection, *, community: str) -> bool:
    """Lock an issuer until the transaction ends; whether there is one."""
    found = await conn.fetchval("select true from credential_issuers where community = $1 for update", community)
    return bool(found)


async def load_keys(conn: Connection, *, community: str) -> list[SealedKey]:
    """An issuer's keys, the newest first: that one signs."""
    rows = await conn.fetch(
        """
        select public_key, sealed_by, sealed, made_at, stolen_since from credential_keys
        where community = $1 order by made_at desc, public_key
        """,
        community,
    )
    return [SealedKey(*row) for row in rows]


async def add_key(conn: Connection, key: SealedKey, *, community: str) -> None:
    """Keep a new key."""
    await conn.execute(
        """
        insert into credential_keys (community, public_key, sealed_by, sealed, made_at, stolen_since)
        values ($1, $2, $3, $4, $5, $6)
        """,
        community,
        *key,
    )


async def set_stolen(conn: Connection, key: SealedKey, *, community: str) -> None:
    """Keep since when a key is somebody else's, too."""
    await conn.execute(
        "update credential_keys set stolen_since = $3 where community = $1 and public_key = $2",
        community,
        key.public_key,
        key.stolen_since,
    )


async def set_sealed(conn: Connection, key: SealedKey, *, community: str) -> None:
    """Keep a key's private half sealed by another key of the settings."""
    await conn.execute(
        "update credential_keys set sealed_by = $3, sealed = $4 where community = $1 and public_key = $2",
        community,
        key.public_key,
        key.sealed_by,
        key.sealed,
    )


async def load_standing(
    conn: Connection, *, community: str, member_ids: Collection[str], names: Sequence[str]
) -> dict[str, StandingGrant]:
    """Which of these badges and tiers stand for a person, by name; what somebody took from them does not."""
    rows = await conn.fetch(
        """
        select distinct on (g.name) g.grant_id, g.name, g.title
        from grants g
        where g.community = $1 and g.member_id = any($2::uuid[]) and g.kind = 'badge' and g.name = any($3::text[])
            and g.reverses is null
            and not exists (select from grants r where r.community = g.community and r.reverses = g.grant_id)
        order by g.name, g.granted_at, g.grant_id
        """,
        community,
        list(member_ids),
        list(names),
    )
    return {row["name"]: StandingGrant(str(row["grant_id"]), row["name"], row["title"]) for row in rows}


async def find_of_grant(conn: Connection, *, community: str, grant_id: str) -> Credential | None:
    """The credential of a grant; None where it was not taken away."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from credentials c where c.community = $1 and c.grant_id = $2",  # noqa: S608
        community,
        grant_id,
    )
    return None if row is None else _credential(row)


async def find_credential(
    conn: Connection, *, community: str, member_ids: Collection[str], credential_id: str
) -> Credential | None:
    """A credential of a person's by its id."""
    row = await conn.fetchrow(
        f"""
        select {_COLUMNS} from credentials c
        where c.community = $1 and c.credential_id = $2 and c.member_id = any($3::uuid[])
        """,  # noqa: S608
        community,
        credential_id,
        list(member_ids),
    )
    return None if row is None else _credential(row)


async def page_of_credentials(
    conn: Connection,
    *,
    community: str,
    member_ids: Collection[str],
    after: CredentialPlace | None,
    limit_count: int,
) -> list[Credential]:
    """The credentials of a person, the newest first."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from credentials c
        where c.community = $1 and c.member_id = any($2::uuid[])
            and ($3::timestamptz is null or (c.issued_at, c.credential_id) < ($3, $4::uuid))
        order by c.issued_at desc, c.credential_id desc limit $5
        """,  # noqa: S608
        community,
        list(member_ids),
        *(after or (None, None)),
        limit_count,
    )
    return [_credential(row) for row in rows]


async def newest_list(conn: Connection, *, community: str) -> tuple[int, int]:
    """The list that is filled now, from 1, and how many credentials are in it."""
    row = await conn.fetchrow(
        """
        select list_no, count(*) as taken from credentials
        where community = $1 and list_no = (select max(list_no) from credentials where community = $1)
        group by list_no
        """,
        community,
    )
    return (1, 0) if row is None else (row["list_no"], row["taken"])


async def add_credential(conn: Connection, credential: Credential) -> bool:
    """Keep that a badge was taken away; False where its place is another's, or the grant has one already."""
    added = await conn.fetchval(
        """
        insert into credentials (community, credential_id, grant_id, member_id, badge, tier, title, salt, list_no,
                                 list_index, issued_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing returning true
        """,
        credential.community,
        credential.credential_id,
        credential.grant_id,
        credential.member_id,
        credential.badge,
        credential.tier,
        credential.title,
        credential.salt,
        credential.list_no,
        credential.list_index,
        credential.issued_at,
    )
    return bool(added)


async def load_valid(conn: Connection, *, community: str, list_no: int) -> set[int] | None:
    """The places of a list whose credentials are valid; None where there is no such list."""
    rows = await conn.fetch(
        """
        select c.list_index, c.revoked_at is null and not exists (
            select from grants r where r.community = c.community and r.reverses = c.grant_id) as is_valid
        from credentials c where c.community = $1 and c.list_no = $2
        """,
        community,
        list_no,
    )
    return {row["list_index"] for row in rows if row["is_valid"]} if rows else None


async def set_revoked(conn: Connection, *, community: str, member_ids: Collection[str], at: datetime) -> int:
    """Revoke all that members took away; how many were valid until now."""
    rows = await conn.fetch(
        """
        update credentials set revoked_at = $3
        where community = $1 and member_id = any($2::uuid[]) and revoked_at is null returning 1
        """,
        community,
        list(member_ids),
        at,
    )
    return len(rows)


def _credential(row: Any) -> Credential:
    ids = {name: str(row[name]) for name in ("credential_id", "grant_id", "member_id")}
    return Credential(**{**dict(row), **ids})
