"""The SQL of links to sign in by, of id tokens that were used, and of who somebody is at a provider."""

from datetime import datetime

from asyncpg import Record

from services.ingest.access.sign_ins.domain import Link, Renewal
from shared.postgres import Connection


async def add_link(conn: Connection, *, link: Link) -> None:
    """Store a new link."""
    await conn.execute(
        """
        insert into sign_in_links (
            secret_sha256, community, person_id, member_id, issued_by, created_at, expires_at)
        values ($1, $2, $3::text::uuid, $4::text::uuid, $5, $6, $7)
        """,
        link.secret_sha256,
        link.community,
        link.person_id,
        link.member_id,
        link.issued_by,
        link.created_at,
        link.expires_at,
    )


async def lock_links(conn: Connection, *, community: str) -> None:
    """Have nobody else make a link in the community until the transaction ends: who counts them counts all."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"links {community}")


async def count_links(conn: Connection, *, link: Link, since: datetime) -> tuple[int, int]:
    """How many links the community has made since then, and how many of whom this one is for still work."""
    row = await conn.fetchrow(
        """
        select count(*) filter (where created_at > $2) as lately,
            count(*) filter (
                where used_at is null and expires_at > $3
                and (person_id = $4::text::uuid or member_id = $5::text::uuid)) as still_open
        from sign_in_links where community = $1 and (created_at > $2 or expires_at > $3)
        """,
        link.community,
        since,
        link.created_at,
        link.person_id,
        link.member_id,
    )
    return (0, 0) if row is None else (row["lately"], row["still_open"])


async def lock_link(conn: Connection, *, secret_sha256: str) -> Link | None:
    """A link, locked until the transaction ends; None when there is none."""
    row = await conn.fetchrow("select * from sign_in_links where secret_sha256 = $1 for update", secret_sha256)
    return None if row is None else _link(row)


async def set_used(conn: Connection, *, secret_sha256: str, at: datetime) -> None:
    """Note that a link was used."""
    await conn.execute("update sign_in_links set used_at = $2 where secret_sha256 = $1", secret_sha256, at)


async def end_links(conn: Connection, *, person_id: str, at: datetime) -> None:
    """Have the links end that still work and are for a person, or were made by them."""
    await conn.execute(
        """
        update sign_in_links set expires_at = $2
        where (person_id = $1::text::uuid or issued_by = $1) and used_at is null and expires_at > $2
        """,
        person_id,
        at,
    )


async def delete_links(conn: Connection, *, ended_before: datetime) -> None:
    """Delete the links that ended before then."""
    await conn.execute("delete from sign_in_links where expires_at < $1", ended_before)


async def add_renewal(conn: Connection, *, renewal: Renewal) -> None:
    """Store a new renewal."""
    await conn.execute(
        """
        insert into sign_in_renewals (secret_sha256, community, person_id, member_id, created_at, expires_at)
        values ($1, $2, $3::text::uuid, $4::text::uuid, $5, $6)
        """,
        renewal.secret_sha256,
        renewal.community,
        renewal.person_id,
        renewal.member_id,
        renewal.created_at,
        renewal.expires_at,
    )


async def delete_oldest_renewals(conn: Connection, *, beside: Renewal, max_count: int) -> None:
    """Delete all but the newest renewals, so many with this one, of whom it is for."""
    # Who signs in twice at once is counted twice: the second waits for the first.
    whose = beside.person_id or beside.member_id
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"renewals {whose}")
    await conn.execute(
        """
        delete from sign_in_renewals where secret_sha256 in (
            select secret_sha256 from sign_in_renewals
            where community = $1 and coalesce(person_id, member_id) = $2::text::uuid and secret_sha256 <> $3
            order by created_at desc, secret_sha256 offset $4)
        """,
        beside.community,
        whose,
        beside.secret_sha256,
        max_count - 1,
    )


async def find_renewal(conn: Connection, *, secret_sha256: str) -> Renewal | None:
    """A renewal; None when there is none."""
    row = await conn.fetchrow("select * from sign_in_renewals where secret_sha256 = $1", secret_sha256)
    if row is None:
        return None
    return Renewal(
        secret_sha256=row["secret_sha256"],
        community=row["community"],
        person_id=None if row["person_id"] is None else str(row["person_id"]),
        member_id=None if row["member_id"] is None else str(row["member_id"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


async def delete_renewals_of(conn: Connection, *, person_id: str) -> None:
    """Delete a person's renewals, in every community."""
    await conn.execute("delete from sign_in_renewals where person_id = $1::text::uuid", person_id)


async def delete_renewals(conn: Connection, *, ended_before: datetime) -> None:
    """Delete the renewals that ended before then."""
    await conn.execute("delete from sign_in_renewals where expires_at < $1", ended_before)


async def find_subjects(
    conn: Connection, *, community: str, issuer: str, subject: str, email: str | None
) -> list[tuple[str, bool]]:
    """The people of a community who are that subject, or else those whose email it is and who are no subject yet.

    Who was unbound from that subject does not become it by email. With each whether they are the subject; two at
    most.
    """
    rows = await conn.fetch(
        """
        select p.person_id, p.oidc_subject is not null as is_subject
        from people p join followed_people f using (person_id)
        where f.community = $1
        and ((oidc_issuer = $2 and oidc_subject = $3)
            or (lower(email) = lower($4) and oidc_subject is null and not exists (
                select from unbound_subjects u
                where u.person_id = p.person_id and u.issuer = $2 and u.subject = $3)))
        order by is_subject desc, p.person_id limit 2
        """,
        community,
        issuer,
        subject,
        email,
    )
    return [(str(row["person_id"]), row["is_subject"]) for row in rows]


async def add_used(conn: Connection, *, community: str, signed_sha256: str, at: datetime) -> bool:
    """Note that an id token signs somebody in; False when it has done so in the community."""
    added: bool | None = await conn.fetchval(
        """
        insert into used_id_tokens (community, signed_sha256, used_at) values ($1, $2, $3)
        on conflict do nothing returning true
        """,
        community,
        signed_sha256,
        at,
    )
    return bool(added)


async def delete_used(conn: Connection, *, used_before: datetime) -> None:
    """Forget the id tokens that were used before then."""
    await conn.execute("delete from used_id_tokens where used_at < $1", used_before)


async def set_subject(conn: Connection, *, person_id: str, issuer: str, subject: str) -> None:
    """Note who somebody is at a provider: from then on their email does not matter."""
    await conn.execute(
        "update people set oidc_issuer = $2, oidc_subject = $3 where person_id = $1::text::uuid",
        person_id,
        issuer,
        subject,
    )


def _link(row: Record) -> Link:
    return Link(
        secret_sha256=row["secret_sha256"],
        community=row["community"],
        person_id=None if row["person_id"] is None else str(row["person_id"]),
        member_id=None if row["member_id"] is None else str(row["member_id"]),
        issued_by=row["issued_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        used_at=row["used_at"],
    )
