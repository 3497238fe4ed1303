"""The SQL of identities: whose they are, and by what that was shown."""

from collections.abc import Collection, Mapping

from services.ingest.members.domain import (
    BotBy,
    Email,
    IdentityKey,
    MemberKey,
    Owner,
    ProvenBy,
    ToldIdentity,
)
from services.ingest.members.store.members import said_of
from shared.postgres import Connection


async def load_owners(conn: Connection, *, identities: Collection[IdentityKey]) -> dict[IdentityKey, Owner]:
    """The member behind each identity that is known."""
    # One key after the other: planned as joins, a community's identities are all read for each batch until the
    # statistics know that there is more than one community (6.5 ms for 300 events instead of 1.2).
    rows = await conn.fetch(
        """
        select k.community, k.channel, k.identity, k.host, i.member_id, m.name, m.name_by, m.name_at, m.bot_by,
            m.is_person, m.earns and coalesce(h.earns, true) as earns
        from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as k(community, channel, identity, host)
        cross join lateral (
            select i.member_id from identities i
            where i.community = k.community and i.channel = k.channel and i.identity = k.identity
                and i.host = k.host
            offset 0) i
        cross join lateral (
            select m.* from members m where m.community = k.community and m.member_id = i.member_id offset 0) m
        left join lateral (
            select g.head_id from merges g where g.community = k.community and g.member_id = i.member_id
            offset 0) g on true
        left join lateral (
            select h.earns from members h where h.community = k.community and h.member_id = g.head_id
            offset 0) h on true
        """,
        *_identity_columns(identities),
    )
    return {
        IdentityKey(row["community"], row["channel"], row["identity"], row["host"]): Owner(
            str(row["member_id"]),
            said_of(row),
            row["bot_by"] and BotBy(row["bot_by"]),
            row["is_person"],
            row["earns"],
        )
        for row in rows
    }


def _identity_columns(identities: Collection[IdentityKey]) -> list[list[str]]:
    """The columns community, channel, identity and host."""
    return [list(column) for column in zip(*identities, strict=True)] or [[], [], [], []]


async def add_identities(conn: Connection, *, owners: Mapping[IdentityKey, str]) -> set[IdentityKey]:
    """Give identities to members by id, in the order of their keys; what belongs to somebody already stays.

    Returns those that were nobody's.
    """
    if not owners:
        return set()
    rows = await conn.fetch(
        """
        insert into identities (community, channel, identity, host, member_id)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::uuid[])
        order by 1, 2, 3, 4
        on conflict do nothing
        returning community, channel, identity, host
        """,
        *_identity_columns(owners),
        list(owners.values()),
    )
    return {IdentityKey(*row) for row in rows}


async def load_erased(conn: Connection, *, hashes: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of identities by their communities and hashes, those that were somebody's who was erased."""
    rows = await conn.fetch(
        """
        select community, identity_hash from erased_identities
        join unnest($1::text[], $2::text[]) as k(community, identity_hash) using (community, identity_hash)
        """,
        [community for community, _ in hashes],
        [identity_hash for _, identity_hash in hashes],
    )
    return {(row["community"], row["identity_hash"]) for row in rows}


async def give_identities(conn: Connection, *, of: MemberKey, to: str) -> None:
    """Give all identities of a member that nobody has heard of yet to another."""
    await conn.execute("update identities set member_id = $3 where community = $1 and member_id = $2", *of, to)


async def take_told_identities(conn: Connection, *, hashes: Mapping[str, IdentityKey]) -> dict[IdentityKey, str]:
    """Of identities by their hashes, those known by these alone, and whose they are: now they are known."""
    rows = await conn.fetch(
        """
        with known as (
            select community, identity_hash from told_identities
            where identity_hash = any($1::text[]) order by 1, 2 for update)
        delete from told_identities t using known k
        where t.community = k.community and t.identity_hash = k.identity_hash
        returning t.identity_hash, t.member_id
        """,
        list(hashes),
    )
    return {hashes[row["identity_hash"]]: str(row["member_id"]) for row in rows}


async def put_told_identities(conn: Connection, *, told: Collection[ToldIdentity]) -> None:
    """Keep identities of which the hash is known; whose they are is what was told last."""
    ordered = sorted({(one.community, one.hash): one for one in told}.values())
    await conn.execute(
        """
        insert into told_identities (community, identity_hash, channel, member_id)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::uuid[])
        on conflict (community, identity_hash) do update set member_id = excluded.member_id
        """,
        *([list(column) for column in zip(*ordered, strict=True)] or [[], [], [], []]),
    )


async def find_owner(conn: Connection, *, identity: IdentityKey, identity_hash: str) -> str | None:
    """The id of the member who has an identity; None when nobody has it."""
    found = await conn.fetchval(
        """
        select member_id from identities where community = $1 and channel = $2 and identity = $3 and host = $4
        union all
        select member_id from told_identities where community = $1 and identity_hash = $5 limit 1
        """,
        *identity,
        identity_hash,
    )
    return None if found is None else str(found)


async def find_owner_by_email(conn: Connection, *, community: str, hashes: Collection[str]) -> str | None:
    """The one member with a verified address that has one of the hashes; None for none, or several."""
    rows = await conn.fetch(
        """
        select distinct coalesce(head_id, member_id) as member_id
        from identities left join merges using (community, member_id)
        where community = $1 and email_hash = any($2::text[]) and email_verified limit 2
        """,
        community,
        list(hashes),
    )
    return str(rows[0]["member_id"]) if len(rows) == 1 else None


async def lock_subject(conn: Connection, *, community: str, subject_hash: str) -> None:
    """Have whoever links another identity of that subject wait until this transaction ends."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"{community} {subject_hash}")


async def find_owners_by_subject(conn: Connection, *, community: str, subject_hash: str) -> list[str]:
    """The members with an identity of that subject, of many two."""
    rows = await conn.fetch(
        """
        select distinct coalesce(head_id, member_id) as member_id
        from identities left join merges using (community, member_id)
        where community = $1 and subject_hash = $2 order by 1 limit 2
        """,
        community,
        subject_hash,
    )
    return [str(row["member_id"]) for row in rows]


async def set_proof(
    conn: Connection, *, keys: Collection[IdentityKey], joined_by: ProvenBy | None, subject_hash: str | None
) -> None:
    """Note by what identities were joined to their member, if they were, and of which subject they are."""
    await conn.execute(
        """
        update identities i set joined_by = coalesce($5, i.joined_by), subject_hash = coalesce($6, i.subject_hash)
        from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as k(community, channel, identity, host)
        where i.community = k.community and i.channel = k.channel and i.identity = k.identity and i.host = k.host
        """,
        *_identity_columns(keys),
        joined_by,
        subject_hash,
    )


async def set_emails(conn: Connection, *, emails: Mapping[IdentityKey, Email]) -> None:
    """Note the addresses of identities."""
    if not emails:
        return
    await conn.execute(
        """
        update identities i set email_hash = e.email_hash, email_verified = e.email_verified
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[])
            as e(community, channel, identity, host, email_hash, email_verified)
        where i.community = e.community and i.channel = e.channel and i.identity = e.identity and i.host = e.host
        """,
        *_identity_columns(emails),
        [email.hash for email in emails.values()],
        [email.is_verified for email in emails.values()],
    )
