"""HTTP routes of people, for administrators; the bootstrap key may add."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from services.ingest.access.people import handlers, store
from services.ingest.access.people.domain import Appointment, KeyUse, Person, PersonPlace, UnknownPersonError
from shared.access_keys import PersonKind, Role, check_reach, decides
from shared.contracts.fields import Name, Slug
from shared.contracts.story import GRACE
from shared.contracts.texts import if_text, label
from shared.http import (
    Conn,
    Limit,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import OTHER_COMMUNITY, UNKNOWN_PATH
from shared.postgres import Connection

UNKNOWN_PERSON = ProblemType("unknown-person", 404, "No such person")
OWN_ROLES = ProblemType("own-roles", 403, "Nobody decides about themselves")
NOT_A_ROLE_HERE = ProblemType("not-a-role-here", 422, "The installation has no such role")

EMAIL_MAX_CHARS = 254
PERSON_EXAMPLE = "7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11"

Adder = Annotated[Principal, requires(Scope.PEOPLE_WRITE, or_bootstrap=True)]
Administrator = Annotated[Principal, requires(Scope.PEOPLE_WRITE)]
Reader = Annotated[Principal, requires(Scope.PEOPLE_READ)]

#: An address with one @ and no blank; whether it is anybody's nobody can say from its looks.
Email = Annotated[
    str, StringConstraints(max_length=EMAIL_MAX_CHARS, pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$")
]

router = APIRouter(tags=["people"])


class RolesWanted(RequestBody):
    """What a person is to be in the community: all of their roles there."""

    roles: list[Role] = Field(max_length=len(Role), examples=[["manager", "finance_maker"]])


class PersonWanted(RolesWanted):
    """A person to be added."""

    name: Annotated[Name, BeforeValidator(if_text(label))] = Field(
        description="Shown wherever they did something", examples=["Grace Hopper"]
    )
    kind: PersonKind = Field(PersonKind.PERSON, description="`service` for an account of a program")
    email: Email | None = Field(None, description="Stays at ingest", examples=["grace@example.org"])


class PersonShown(BaseModel):
    """A person as one community sees them."""

    person_id: str = Field(examples=[PERSON_EXAMPLE])
    community: str = Field(examples=["acme"])
    name: str = Field(examples=["Grace Hopper"])
    kind: PersonKind
    email: str | None
    roles: list[Role] = Field(examples=[["finance_maker", "manager"]])
    disabled: bool = Field(description="In every community, not in this one alone")
    created_at: datetime
    members: list[str] = Field(
        description="The members who they are, as far as anybody said: about these they decide nothing",
        examples=[[GRACE]],
    )
    issuer: str | None = Field(
        description="The OpenID provider at which they are somebody; null: they have not signed in by one",
        examples=["https://login.example.org"],
    )

    @classmethod
    def of(cls, appointment: Appointment) -> "PersonShown":
        """What is shown of a person."""
        person = appointment.person
        return cls(
            person_id=person.person_id,
            community=appointment.community,
            name=person.name,
            kind=person.kind,
            email=person.email,
            roles=list(appointment.roles),
            disabled=person.disabled,
            created_at=person.created_at,
            members=list(appointment.members),
            issuer=person.issuer,
        )


class PersonListed(PersonShown):
    """A person, and how they use their access keys."""

    decides: bool = Field(
        description="Whether their roles let them decide about members: say who they are, by `members`"
    )
    keys_count: int = Field(description="Access keys of theirs that work in the community")
    last_used_at: datetime | None = Field(
        description="When one of their keys was last used at this service, to the minute; null: never here"
    )


async def _with_uses(conn: Connection, appointments: Sequence[Appointment]) -> dict[str, PersonListed]:
    """The same people of one community as they are listed, by their ids."""
    if not appointments:
        return {}
    uses = await store.load_key_uses(
        conn,
        community=appointments[0].community,
        person_ids=[one.person.person_id for one in appointments],
        now=datetime.now(UTC),
    )
    listed = {}
    for one in appointments:
        use = uses.get(one.person.person_id, KeyUse())
        listed[one.person.person_id] = PersonListed(
            **PersonShown.of(one).model_dump(),
            decides=decides(one.roles, one.community),
            keys_count=use.working_count,
            last_used_at=use.last_used_at,
        )
    return listed


@router.post(
    "/v1/communities/{community}/people",
    status_code=201,
    summary="Add a person",
    responses=problem_responses(UNKNOWN_PATH, OTHER_COMMUNITY, NOT_A_ROLE_HERE),
)
async def post_person(caller: Adder, tx: Tx, community: Slug, body: PersonWanted) -> PersonShown:
    """For administrators, and for the bootstrap key.

    The community `plaudit` is the installation itself, whose roles are administrator and operator.
    """
    person = Person(str(uuid4()), body.name, body.kind, tx.now, email=body.email)
    appointment = await handlers.add_person(
        tx, caller=caller, person=person, community=community, roles=body.roles
    )
    return PersonShown.of(appointment)


@router.get(
    "/v1/communities/{community}/people",
    summary="People of a community",
    responses=problem_responses(UNKNOWN_PATH, OTHER_COMMUNITY),
)
async def get_people(
    caller: Reader,
    conn: Conn,
    community: Slug,
    place: Annotated[PersonPlace | None, after(PersonPlace)],
    limit: Limit = 100,
) -> Page[PersonListed]:
    """In the order of their ids, those too who have no role any more, or were disabled."""
    check_reach(caller, community)
    appointments = await store.page_of_appointments(conn, community=community, after=place, limit_count=limit)
    listed = await _with_uses(conn, appointments)
    return Page[PersonListed].of(
        appointments, limit, item=lambda one: listed[one.person.person_id], place=PersonPlace.of
    )


@router.get(
    "/v1/communities/{community}/people/{person_id}",
    summary="A person",
    responses=problem_responses(OTHER_COMMUNITY, UNKNOWN_PERSON),
)
async def get_person(caller: Reader, conn: Conn, community: Slug, person_id: UUID) -> PersonListed:
    """What they are in the community."""
    check_reach(caller, community)
    appointment = await store.find_appointment(conn, community=community, person_id=str(person_id))
    if appointment is None:
        raise UnknownPersonError(community, str(person_id))
    return (await _with_uses(conn, [appointment]))[str(person_id)]


@router.put(
    "/v1/communities/{community}/people/{person_id}/roles",
    summary="Say what a person is",
    responses=problem_responses(OTHER_COMMUNITY, OWN_ROLES, NOT_A_ROLE_HERE, UNKNOWN_PERSON),
)
async def put_roles(
    caller: Administrator, tx: Tx, community: Slug, person_id: UUID, body: RolesWanted
) -> PersonShown:
    """All of their roles in the community, of which none is a way to let them do nothing there.

    Every service goes by it within moments, for their keys and for tokens. Nobody does it for themselves.
    """
    appointment = await handlers.set_roles(
        tx, caller=caller, community=community, person_id=str(person_id), roles=body.roles
    )
    return PersonShown.of(appointment)


@router.post(
    "/v1/communities/{community}/people/{person_id}/disable",
    summary="Disable a person",
    responses=problem_responses(OTHER_COMMUNITY, OWN_ROLES, UNKNOWN_PERSON),
)
async def post_disable(caller: Administrator, tx: Tx, community: Slug, person_id: UUID) -> PersonShown:
    """In every community: nothing of theirs lets in any more, and what they began and nobody ended stops.

    Of whom other communities know too, the installation's administrator decides.
    """
    appointment = await handlers.switch(
        tx, caller=caller, community=community, person_id=str(person_id), disabled=True
    )
    return PersonShown.of(appointment)


@router.post(
    "/v1/communities/{community}/people/{person_id}/enable",
    summary="Enable a person again",
    responses=problem_responses(OTHER_COMMUNITY, OWN_ROLES, UNKNOWN_PERSON),
)
async def post_enable(caller: Administrator, tx: Tx, community: Slug, person_id: UUID) -> PersonShown:
    """In every community, with the roles and keys that they had."""
    appointment = await handlers.switch(
        tx, caller=caller, community=community, person_id=str(person_id), disabled=False
    )
    return PersonShown.of(appointment)
