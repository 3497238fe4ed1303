"""The member whom a request names, in its path, query or body: by an id, or by an identity such as `forum:ada`."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Path, Request
from pydantic import AfterValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError
from starlette.types import Scope as HttpScope

from shared.contracts.identities import NamedIdentity, NotAnIdentityError, read_identity
from shared.http.problem_types import INVALID_REQUEST, UNKNOWN_IDENTITY
from shared.http.problems import FieldError, Problem
from shared.http.reads import ShownMembers
from shared.merges import find_head
from shared.postgres import Connection

#: Finds whose an identity of a community is: their id, or None.
FindOwner = Callable[..., Awaitable[str | None]]
#: What paths call it.
MEMBER_ID: Final = "member_id"
TEXT_MAX_CHARS = 1_000
NOT_KNOWN: Final = "It is seen in events, or declared by PUT /v1/members/identities at ingest"

#: A path's parameter, as the route has it: an id, whichever way the member was named.
MemberId = Annotated[
    UUID,
    Path(description="The member's id, or an identity: `channel:id` or `channel@host:id`, such as `forum:ada`"),
    WithJsonSchema({"type": "string"}),
]


def canonical(member_id: str) -> str | None:
    """The id in the one spelling that tokens have; None for what is no id, which the route itself refuses."""
    try:
        return str(UUID(member_id))
    except ValueError:
        return None


def asked_identity(text: str, *, field: str) -> NamedIdentity:
    """The identity that a request names in a field. Raises Problem 422."""
    try:
        return read_identity(text[: TEXT_MAX_CHARS + 1])
    except NotAnIdentityError as error:
        raise Problem(
            INVALID_REQUEST,
            "Nothing was done; see errors for what to change",
            [FieldError(field=field, detail=f"An identity {error}")],
        ) from None


async def name_member(request: HttpScope, community: str) -> None:
    """Put the id of whom it belongs to where the path of a request names a member, by an id or an identity.

    Raises Problem 422 for what is neither, and 404 for an identity that nobody has.
    """
    path_params: dict[str, Any] = request["path_params"]
    text = path_params.get(MEMBER_ID)
    if text is None:
        return
    app = request["app"]
    connected = app.state.connected
    if (named_id := canonical(text)) is not None:
        path_params[MEMBER_ID] = await head_of(request, community, named_id)
        return
    if ":" not in text:
        return
    identity = asked_identity(text, field=MEMBER_ID)
    async with connected.pool.acquire() as conn:
        member_id = await app.state.find_owner(conn, connected.settings, community=community, identity=identity)
    if member_id is None:
        raise Problem(UNKNOWN_IDENTITY, NOT_KNOWN)
    path_params[MEMBER_ID] = member_id


async def name_head(request: HttpScope, community: str) -> None:
    """As `name_member`, for whoever may not learn who has an identity: of an id alone."""
    named_id = canonical(request["path_params"].get(MEMBER_ID, ""))
    if named_id is not None:
        request["path_params"][MEMBER_ID] = await head_of(request, community, named_id)


async def head_of(request: HttpScope, community: str, member_id: str) -> str:
    """The member whom an id belongs to: another, where that is merged into it."""
    async with request["app"].state.connected.pool.acquire() as conn:
        return await find_head(conn, community=community, member_id=member_id)


def _named(text: str) -> str:
    member_id = canonical(text)
    if member_id is not None:
        return member_id
    if ":" not in text:
        raise PydanticCustomError("member", "A member is named by an id, or by an identity such as forum:ada")
    try:
        return str(read_identity(text))
    except NotAnIdentityError as error:
        raise PydanticCustomError("member", "An identity {error}", {"error": str(error)}) from None


#: A query's parameter or a body's field in one spelling: an id, or an identity, of which `Whose` says whose it is.
MemberNamed = Annotated[
    str,
    StringConstraints(max_length=TEXT_MAX_CHARS),
    AfterValidator(_named),
    WithJsonSchema({"type": "string"}),
]


class OwnersOfNames:
    """Says which member a query or a body names, and notes whose data are shown."""

    def __init__(self, request: Request) -> None:
        self._request = request

    async def asked(self, conn: Connection, *, community: str, member: str | None) -> str | None:
        """The id of the member whom the parameter `member` names, if it is given. Raises as `of`."""
        return None if member is None else await self.of(conn, community=community, named=member, field="member")

    async def of(self, conn: Connection, *, community: str, named: str, field: str) -> str:
        """The id of the member whom a field names. Raises Problem 404 for an identity that nobody has."""
        if ":" not in named:
            return await find_head(conn, community=community, member_id=named)
        state = self._request.app.state
        settings = state.connected.settings
        member_id: str | None = await state.find_owner(
            conn, settings, community=community, identity=read_identity(named)
        )
        if member_id is None:
            raise Problem(UNKNOWN_IDENTITY, "Nothing was done", [FieldError(field=field, detail=NOT_KNOWN)])
        ShownMembers(self._request).of(member_id)
        return member_id


async def _whose(request: Request) -> OwnersOfNames:
    return OwnersOfNames(request)


Whose = Annotated[OwnersOfNames, Depends(_whose)]
