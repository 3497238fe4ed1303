"""The SQL of people."""

from collections.abc import Collection, Sequence
from datetime import datetime

from asyncpg import Record

from services.ingest.access.people.domain import Appointment, KeyUse, Person, PersonPlace
from shared.access_keys import INSTALLATION, PersonKind, Role
from shared.contracts.facts import PersonChanged
from shared.postgres import Connection

_APPOINTMENT = """
select f.community, f.roles, f.members, p.person_id, p.revision, p.name, p.kind, p.disabled, p.email, p.created_at,
    p.oidc_issuer, p.unbound_count
from followed_people f join people p using (person_id)
"""


async def add_person(conn: Connection, *, person: Person) -> None:
    """Store a new person."""
    await conn.execute(
        """
        insert into people (person_id, revision, name, kind, disabled, email, created_at)
        values ($1::text::uuid, $2, $3, $4, $5, $6, $7)
        """,
        person.person_id,
        person.revision,
        person.name,
        person.kind,
        person.disabled,
        person.email,
        person.created_at,
    )


async def set_person(conn: Connection, *, person: Person) -> None:
    """Store a changed person, and the change in every community that has them."""
    await conn.execute(
        """
        update people set revision = $2, name = $3, disabled = $4, unbound_count = $5
        where person_id = $1::text::uuid
        """,
        person.person_id,
        person.revision,
        person.name,
        person.disabled,
        person.unbound_count,
    )


async def delete_subject(conn: Connection, *, person_id: str, at: datetime, may_return: bool) -> None:
    """Forget who a person is at a provider; who that was becomes them again by email only if they `may_return`."""
    await conn.execute(
        """
        insert into unbound_subjects (person_id, issuer, subject, unbound_at)
        select person_id, oidc_issuer, oidc_subject, $2 from people
        where person_id = $1::text::uuid and oidc_subject is not null
        on conflict do nothing
        """,
        person_id,
        at,
    )
    await conn.execute(
        "update people set oidc_issuer = null, oidc_subject = null where person_id = $1::text::uuid", person_id
    )
    if may_return:
        await conn.execute("delete from unbound_subjects where person_id = $1::text::uuid", person_id)


async def put_people_as_told(conn: Connection, *, people: Sequence[PersonChanged]) -> None:
    """Keep people as they were told; a revision not above the one known changes nothing.

    Who was unbound since is unbound from whom they are at a provider here.
    """
    await conn.executemany(
        """
        insert into unbound_subjects (person_id, issuer, subject, unbound_at)
        select person_id, oidc_issuer, oidc_subject, $3 from people
        where person_id = $1::text::uuid and unbound_count < $2 and oidc_subject is not null
        on conflict do nothing
        """,
        [(told["data"]["person_id"], told["data"].get("unbound_count", 0), told["time"]) for told in people],
    )
    await conn.executemany(
        """
        insert into people as p (person_id, revision, name, kind, disabled, created_at, unbound_count)
        values ($1::text::uuid, $2, $3, $4, $5, $6, $7)
        on conflict (person_id) do update
        set revision = excluded.revision, name = excluded.name, disabled = excluded.disabled,
            unbound_count = greatest(p.unbound_count, excluded.unbound_count),
            oidc_issuer = case when p.unbound_count < excluded.unbound_count then null else p.oidc_issuer end,
            oidc_subject = case when p.unbound_count < excluded.unbound_count then null else p.oidc_subject end
        where excluded.revision > p.revision
        """,
        [
            (
                told["data"]["person_id"],
                told["data"]["revision"],
                told["data"]["name"],
                told["data"]["kind"],
                told["data"]["disabled"],
                told["time"],
                told["data"].get("unbound_count", 0),
            )
            for told in people
        ],
    )


async def lock_person(conn: Connection, *, person_id: str) -> Person | None:
    """The person, locked until the transaction ends; None when there is none."""
    row = await conn.fetchrow(
        """
        select person_id, revision, name, kind, disabled, email, created_at, oidc_issuer, unbound_count
        from people where person_id = $1::text::uuid for no key update
        """,
        person_id,
    )
    return None if row is None else _person(row)


async def put_appointment(conn: Connection, *, appointment: Appointment, signed_with: str | None) -> None:
    """Store what a person is in a community, at the person's revision, and who signs that."""
    person = appointment.person
    await conn.execute(
        """
        insert into followed_people (
            community, person_id, revision, name, kind, disabled, roles, signed_with, unbound_count, members)
        values ($1, $2::text::uuid, $3, $4, $5, $6, $7, $8, $9, $10)
        on conflict (community, person_id) do update
        set revision = excluded.revision, name = excluded.name, disabled = excluded.disabled,
            roles = excluded.roles, signed_with = excluded.signed_with, unbound_count = excluded.unbound_count,
            members = excluded.members
        """,
        appointment.community,
        person.person_id,
        person.revision,
        person.name,
        person.kind,
        person.disabled,
        appointment.roles,
        signed_with,
        person.unbound_count,
        appointment.members,
    )


async def find_appointment(conn: Connection, *, community: str, person_id: str) -> Appointment | None:
    """What a person is in a community; None where it has never had them."""
    row = await conn.fetchrow(
        f"{_APPOINTMENT} where f.community = $1 and p.person_id = $2::text::uuid",
        community,
        person_id,
    )
    return None if row is None else _appointment(row)


async def load_appointments(conn: Connection, *, person_id: str) -> list[Appointment]:
    """What a person is in each community that has or had them, in the order of the communities."""
    rows = await conn.fetch(
        f"{_APPOINTMENT} where p.person_id = $1::text::uuid order by f.community",
        person_id,
    )
    return [_appointment(row) for row in rows]


async def has_other_administrator(conn: Connection, *, community: str, person_id: str) -> bool:
    """Whether somebody else administers the community, or the installation."""
    found: bool = await conn.fetchval(
        """
        select exists (
            select from followed_people
            where community in ($1, $2) and $3 = any (roles) and not disabled and person_id <> $4::text::uuid)
        """,
        community,
        INSTALLATION,
        Role.ADMINISTRATOR,
        person_id,
    )
    return found


async def lock_ties(conn: Connection, *, community: str) -> None:
    """Have whoever else says who is which member of the community wait until this transaction ends."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 2))", f"ties {community}")


async def find_tied(conn: Connection, *, community: str, members: Collection[str]) -> list[str]:
    """The people of a community who are one of these members, in the order of their ids."""
    rows = await conn.fetch(
        "select person_id from followed_people where community = $1 and members && $2::text[]::uuid[] order by 1",
        community,
        list(members),
    )
    return [str(row["person_id"]) for row in rows]


async def page_of_appointments(
    conn: Connection, *, community: str, after: PersonPlace | None, limit_count: int
) -> list[Appointment]:
    """The people of a community in the order of their ids."""
    rows = await conn.fetch(
        f"""
        {_APPOINTMENT}
        where f.community = $1 and ($2::text is null or p.person_id > $2::text::uuid) order by p.person_id limit $3
        """,
        community,
        None if after is None else after.person_id,
        limit_count,
    )
    return [_appointment(row) for row in rows]


async def load_key_uses(
    conn: Connection, *, community: str, person_ids: Sequence[str], now: datetime
) -> dict[str, KeyUse]:
    """How each person uses their keys of the community; who never had one is left out."""
    rows = await conn.fetch(
        """
        select person_id, max(last_used_at) as last_used_at,
               count(*) filter (where not revoked and (expires_at is null or expires_at > $3)) as working_count
        from access_keys where community = $1 and person_id = any($2::text[]::uuid[]) group by person_id
        """,
        community,
        person_ids,
        now,
    )
    return {str(row["person_id"]): KeyUse(row["working_count"], row["last_used_at"]) for row in rows}


async def lock_appointments_signed_otherwise(
    conn: Connection, *, signed_with: str | None, limit_count: int
) -> list[Appointment]:
    """Appointments whose newest fact is signed otherwise, or still to be told; people are locked in order."""
    rows = await conn.fetch(
        f"""
        {_APPOINTMENT} where f.signed_with is distinct from $1
        order by p.person_id, f.community limit $2 for no key update of p
        """,
        signed_with,
        limit_count,
    )
    return [_appointment(row) for row in rows]


async def set_signed_with(
    conn: Connection, *, appointments: Sequence[Appointment], signed_with: str | None
) -> None:
    """Note who has signed the newest facts about these."""
    await conn.execute(
        """
        update followed_people f set signed_with = $3
        from unnest($1::text[], $2::text[]) as k(community, person_id)
        where f.community = k.community and f.person_id = k.person_id::uuid
        """,
        [one.community for one in appointments],
        [one.person.person_id for one in appointments],
        signed_with,
    )


async def count_appointments_signed_otherwise(conn: Connection, *, signed_with: str | None) -> int:
    """How many there are whose newest fact is signed otherwise, or is still to be told."""
    count: int = await conn.fetchval(
        "select count(*) from followed_people where signed_with is distinct from $1", signed_with
    )
    return count


def _appointment(row: Record) -> Appointment:
    members = tuple(map(str, row["members"]))
    return Appointment(row["community"], _person(row), tuple(map(Role, row["roles"])), members)


def _person(row: Record) -> Person:
    return Person(
        person_id=str(row["person_id"]),
        name=row["name"],
        kind=PersonKind(row["kind"]),
        created_at=row["created_at"],
        revision=row["revision"],
        disabled=row["disabled"],
        email=row["email"],
        issuer=row["oidc_issuer"],
        unbound_count=row["unbound_count"],
    )
