"""Which operations show personal data of members, and whose a request was shown."""

from typing import Annotated, Final

import uuid_utils
from fastapi import Depends, Request

from shared.access_keys import Principal
from shared.audit import Read
from shared.http.connected import ACTOR, actor_of

#: Whose data an operation shows is said by its answer: the route says it, by `Shown`.
IN_ANSWER: Final = ""
#: Where a request keeps what is to be noted of it if it is answered: a list of Reads.
READS: Final = "plaudit.reads"


def called_by(request: Request, principal: Principal, *, reads: str | None) -> None:
    """Keep with a request who calls, for the entry of what it does, and whose personal data it reads.

    `reads` names the parameter with the member's id; without one in the request it is a list, and None reads
    nothing. What members read of themselves is not noted, nor what a visitor reads, who is nobody.
    """
    request.scope[ACTOR] = actor_of(principal)
    if reads is None:
        return
    member_id = _uuid(request.path_params.get(reads) or request.query_params.get(reads))
    if principal.is_visitor or (principal.member_id is not None and principal.member_id == member_id):
        return
    operation = f"{request.method} {request.scope['route'].path}"
    request.scope[READS] = [
        Read(principal.community, principal.person_id, principal.credential, operation, member_id)
    ]


class ShownMembers:
    """Says whose data a route shows, where only its answer has that."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def of(self, *member_ids: str | None) -> None:
        """These members' data are shown; None is nobody."""
        reads: list[Read] = self._request.scope.get(READS, [])
        named = dict.fromkeys(member_id for member_id in member_ids if member_id is not None)
        if reads and named:
            self._request.scope[READS] = [reads[0]._replace(member_id=member_id) for member_id in named]


async def _shown(request: Request) -> ShownMembers:
    return ShownMembers(request)


Shown = Annotated[ShownMembers, Depends(_shown)]


def _uuid(text: str | None) -> str | None:
    try:
        return None if text is None else str(uuid_utils.UUID(text))
    except ValueError:
        return None  # the route refuses it
