"""The SQL of each service's copy of people and access keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from shared.contracts.facts import AccessKeyChanged, PersonChanged, TokenKeyChanged
from shared.postgres import Connection


class FollowedPerson(NamedTuple):
    """A person as a community sees them; who was disabled, or unbound, for one community is so in every one."""

    person_id: str
    name: str
    kind: str
    disabled: bool
    roles: tuple[str, ...]
    unbound_count: int


class KnownKey(NamedTuple):
    """An access key, and whose it is; None where the service has heard of nobody.

    `has_ended` goes by the clock that is ahead: the one that was given, or the database's.
    """

    community: str
    key_id: str
    scopes: tuple[str, ...]
    revoked: bool
    has_ended: bool
    last_used_at: datetime | None
    person: FollowedPerson | None


class TokenVerifier(NamedTuple):
    """What verifies tokens, in base64url, and what time it is by the database's clock."""

    public_key: str
    clock: datetime


async def load_clock(conn: Connection) -> datetime:
    """What time it is by the database's clock: the same for all processes of a service, whatever theirs say."""
    clock: datetime = await conn.fetchval("select now()")
    return clock


async def put_access_keys(conn: Connection, changes: Sequence[AccessKeyChanged]) -> None:
    """Keep keys as these changes say.

    One that was revoked stays so, one that has an end never gets a later one, and whose it is never changes.
    """
    await conn.executemany(
        """
        insert into access_keys (community, key_id, person_id, name, secret_sha256, scopes, expires_at, revoked)
        values ($1, $2, $3::text::uuid, $4, $5, $6, $7, $8)
        on conflict (community, key_id) do update
        set person_id = coalesce(access_keys.person_id, excluded.person_id), name = excluded.name,
            scopes = excluded.scopes, revoked = access_keys.revoked or excluded.revoked,
            expires_at = least(access_keys.expires_at, excluded.expires_at)
        """,
        [
            (
                change["community"],
                change["data"]["key_id"],
                change["data"].get("person_id"),
                change["data"]["name"],
                change["data"]["secret_sha256"],
                change["data"]["scopes"],
                change["data"].get("expires_at"),
                change["data"]["revoked"],
            )
            for change in changes
        ],
    )


async def put_people(conn: Connection, changes: Sequence[PersonChanged]) -> None:
    """Keep people as these changes say; a revision that is not above the one known changes nothing."""
    await conn.executemany(
        """
        insert into followed_people as p (
            community, person_id, revision, name, kind, disabled, roles, unbound_count, members)
        values ($1, $2::text::uuid, $3, $4, $5, $6, $7, $8, $9)
        on conflict (community, person_id) do update
        set revision = excluded.revision, name = excluded.name, kind = excluded.kind,
            disabled = excluded.disabled, roles = excluded.roles, members = excluded.members,
            unbound_count = greatest(p.unbound_count, excluded.unbound_count)
        where excluded.revision > p.revision
        """,
        [
            (
                change["community"],
                change["data"]["person_id"],
                change["data"]["revision"],
                change["data"]["name"],
                change["data"]["kind"],
                change["data"]["disabled"],
                change["data"]["roles"],
                change["data"].get("unbound_count", 0),
                change["data"].get("members", []),
            )
            for change in changes
        ],
    )


async def put_token_keys(conn: Connection, changes: Sequence[TokenKeyChanged]) -> None:
    """Keep the keys that verify tokens; one that was revoked stays so."""
    await conn.executemany(
        """
        insert into followed_token_keys as k (kid, public_key, not_after, revoked) values ($1, $2, $3, $4)
        on conflict (kid) do update
        set not_after = least(k.not_after, excluded.not_after), revoked = k.revoked or excluded.revoked
        """,
        [
            (
                change["data"]["kid"],
                change["data"]["public_key"],
                change["data"]["not_after"],
                change["data"]["revoked"],
            )
            for change in changes
        ],
    )


async def find_key(conn: Connection, *, secret_sha256: str, now: datetime) -> KnownKey | None:
    """The access key with that hash, with whose it is; None when there is none."""
    row = await conn.fetchrow(
        """
        select community, key_id, scopes, revoked, last_used_at, person_id,
            coalesce(expires_at <= greatest($2, now()), false) as has_ended
        from access_keys where secret_sha256 = $1
        """,
        secret_sha256,
        now,
    )
    if row is None:
        return None
    person = None
    if row["person_id"] is not None:
        person = await find_person(conn, community=row["community"], person_id=str(row["person_id"]))
    return KnownKey(
        community=row["community"],
        key_id=row["key_id"],
        scopes=tuple(row["scopes"]),
        revoked=row["revoked"],
        has_ended=row["has_ended"],
        last_used_at=row["last_used_at"],
        person=person,
    )


async def find_person(conn: Connection, *, community: str, person_id: str) -> FollowedPerson | None:
    """A person as the community sees them; None when it has never had them."""
    row = await conn.fetchrow(
        """
        select name, kind, roles, d.disabled, d.unbound_count
        from followed_people p
        cross join lateral (
            select bool_or(disabled) as disabled, max(unbound_count) as unbound_count
            from followed_people o where o.person_id = p.person_id) d
        where p.community = $1 and p.person_id = $2::text::uuid
        """,
        community,
        person_id,
    )
    if row is None:
        return None
    return FollowedPerson(
        person_id, row["name"], row["kind"], row["disabled"], tuple(row["roles"]), row["unbound_count"]
    )


async def find_public(conn: Connection, *, community: str) -> frozenset[str]:
    """What the community shows to everybody; nothing where nobody declared it, or it was not heard of yet."""
    found = await conn.fetch(
        "select jsonb_array_elements_text(data -> 'public') from followed_communities where community = $1",
        community,
    )
    return frozenset(row[0] for row in found)


async def find_token_key(conn: Connection, *, kid: str, now: datetime) -> TokenVerifier | None:
    """The key that verifies tokens signed with that id; None for none that does so yet, by either clock."""
    row = await conn.fetchrow(
        """
        select public_key, now() as clock from followed_token_keys
        where kid = $1 and not revoked and not_after > greatest($2, now())
        """,
        kid,
        now,
    )
    return None if row is None else TokenVerifier(row["public_key"], row["clock"])


async def set_last_used(conn: Connection, *, community: str, key_id: str, at: datetime) -> None:
    """Note when a key was last used; by a clock that is ahead, that is now."""
    await conn.execute(
        """
        update access_keys set last_used_at = greatest(last_used_at, least($3, now()))
        where community = $1 and key_id = $2
        """,
        community,
        key_id,
        at,
    )
