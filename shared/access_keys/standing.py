"""Whether somebody who did something may still do it: for what waits for a second person."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.access_keys.roles import scopes_of
from shared.access_keys.scopes import Scope
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Standing:
    """A person and the credential that they acted by, as both are now.

    `person_id` is None where nobody is known whose credential that was. Only a key can be revoked; one that was
    replaced or has expired is not.
    """

    community: str
    person_id: str | None
    credential: str
    name: str | None
    disabled: bool
    roles: tuple[str, ...]
    revoked: bool

    def why_not(self, scope: Scope) -> str | None:
        """Why they may not do any more what takes that scope, by that credential; None when they may."""
        if self.revoked:
            return "the access key that it was done by was revoked"
        return self.why_not_in_person(scope)

    def why_not_in_person(self, scope: Scope) -> str | None:
        """Why they may not do any more what takes that scope, by whatever credential; None when they may."""
        if self.person_id is None or self.name is None:
            return "nobody is known whose access key it was done by"
        if self.disabled:
            return f"{self.name} is disabled"
        if scope not in scopes_of(self.roles, self.community):
            return f"{self.name} has no role any more that lets them ({scope})"
        return None


async def load_standings(
    conn: Connection, actors: Sequence[tuple[str | None, str]], *, community: str
) -> list[Standing]:
    """How people stand who acted by these credentials, in this order; a person who is None is the key's."""
    rows = await conn.fetch(
        """
        select coalesce(a.person_id, k.person_id)::text as person_id, a.credential, p.name,
               coalesce(p.roles, '{}') as roles, coalesce(k.revoked, false) as revoked,
               exists (select from followed_people d where d.person_id = p.person_id and d.disabled) as disabled
        from unnest($2::text[], $3::text[]) with ordinality as n(person, credential, place)
        cross join lateral (select n.person::uuid as person_id, n.credential) a
        left join access_keys k on k.community = $1 and k.key_id = a.credential
        left join followed_people p on p.community = $1 and p.person_id = coalesce(a.person_id, k.person_id)
        order by n.place
        """,
        community,
        [person_id for person_id, _ in actors],
        [credential for _, credential in actors],
    )
    return [
        Standing(
            community=community,
            person_id=row["person_id"],
            credential=row["credential"],
            name=row["name"],
            disabled=row["disabled"],
            roles=tuple(row["roles"]),
            revoked=row["revoked"],
        )
        for row in rows
    ]
