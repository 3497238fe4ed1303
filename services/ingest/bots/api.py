"""HTTP route of what a member is beside a person, said by hand."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from services.ingest.bots import handlers
from services.ingest.members.api.identities import Member
from services.ingest.members.domain import MemberKey
from shared.access_keys import check_not_about_oneself
from shared.contracts.facts import Standing
from shared.http import MemberId, Principal, RequestBody, Scope, Tx, problem_responses, requires
from shared.http.problem_types import ABOUT_YOURSELF, UNKNOWN_IDENTITY, UNKNOWN_MEMBER

router = APIRouter()


class StandingSaid(RequestBody):
    """What somebody is; what is left out stays as it is."""

    bot: bool | None = Field(None, description="No person; false: a person, whatever a platform or pattern says")
    staff: bool | None = Field(None, description="Of whoever runs the community", examples=[True])
    departed: bool | None = None
    hidden: bool | None = Field(None, description="Left out of boards by the community")


@router.put(
    "/v1/members/{member_id}/standing",
    summary="Say what a member is",
    responses=problem_responses(UNKNOWN_MEMBER, UNKNOWN_IDENTITY, ABOUT_YOURSELF),
)
async def put_standing(
    principal: Annotated[Principal, requires(Scope.MEMBERS_WRITE)], tx: Tx, member_id: MemberId, body: StandingSaid
) -> Member:
    """A bot, of the staff, departed or hidden: boards follow within moments, and what is earned from now on.

    Whether staff, the departed and the hidden earn and rank is the community's to say, by its `standings`.
    """
    await check_not_about_oneself(
        tx.conn, community=principal.community, person_id=principal.person_id, members=[str(member_id)]
    )
    said: dict[Standing, bool | None] = {
        "staff": body.staff,
        "departed": body.departed,
        "hidden": body.hidden,
    }
    return Member.of(
        await handlers.say_standing(
            tx,
            key=MemberKey(principal.community, str(member_id)),
            bot=body.bot,
            standing={name: is_so for name, is_so in said.items() if is_so is not None},
            off_boards=None,
        )
    )
