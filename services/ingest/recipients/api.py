"""HTTP routes of people who are written to before they are members."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field

from services.ingest.access.sign_ins.api import TokenIssued
from services.ingest.access.sign_ins.handlers import make_renewal
from services.ingest.communities import store as communities_store
from services.ingest.communities.api.models import KnownLanguage, LookModel
from services.ingest.members.api.identities import DIFFERENT_MEMBERS, ERASED_IDENTITY
from services.ingest.messages.api.problems import MESSAGES_NOT_SET_UP, UNUSABLE_LINK
from services.ingest.recipients import handlers
from services.ingest.recipients.domain import (
    COLUMNS,
    LINES_MAX_COUNT,
    Addressee,
    MemberElsewhereError,
    TableRefusedError,
)
from services.ingest.settings import Settings
from shared.access_keys import hash_secret
from shared.http import (
    Begin,
    Conn,
    FieldError,
    MemberId,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    configured,
    problem_responses,
    requires,
)
from shared.http.auth import count_visit
from shared.http.problem_types import TOO_MANY_READS, UNKNOWN_IDENTITY, UNKNOWN_MEMBER
from shared.http.problems import ErrorTable

RECIPIENTS_REFUSED = ProblemType("recipients-refused", 422, "Lines of the table cannot be taken")
MEMBER_ELSEWHERE = ProblemType("member-elsewhere", 409, "They sign in by their platform")
CSV_MAX_CHARS = 1_000_000
EXAMPLE = "email,member,reward\nada@example.org,,\n,forum:grace,\n"

router = APIRouter(tags=["messages"])
OwnSettings = Annotated[Settings, configured(Settings)]
Token = Annotated[str, Path(max_length=1_000, description="What the link in a message ends in")]


async def _visited(request: Request) -> None:
    count_visit(request, "visitor:links")


Visited = Annotated[None, Depends(_visited)]


class RecipientsTable(RequestBody):
    """People who are to get something, as a table."""

    csv: str = Field(
        max_length=CSV_MAX_CHARS,
        description=f"CSV with a line of headings: {', '.join(COLUMNS)}. Each line has an email or a member "
        f"(an id, or an identity such as forum:ada). {LINES_MAX_COUNT:,} lines at most",
        examples=[EXAMPLE],
    )
    language: KnownLanguage | None = Field(None, description="Of those who are no members yet", examples=["it"])
    days: int = Field(
        30, ge=1, le=366, description="How long they are held; the installation has a bound of its own"
    )


class AddresseeShown(BaseModel):
    """Who a line of a table is: a member, or somebody who is held; never by their address."""

    line: int = Field(examples=[2])
    member_id: UUID | None
    recipient_id: UUID | None
    reward_id: str | None = Field(description="What the line itself says; null: what all get", examples=[None])

    @classmethod
    def of(cls, one: Addressee) -> Self:
        """A line as it is answered."""
        return cls.model_validate(one._asdict())


class RecipientsTaken(BaseModel):
    """A table, line by line, as `POST /v1/sends` at rewards takes it."""

    lines: list[AddresseeShown]


class OfferShown(BaseModel):
    """What the link of a mail is for."""

    community: str = Field(description="Where it is", examples=["acme"])
    name: str = Field(description="What the community calls itself", examples=["Acme's users"])
    has_logo: bool = Field(description="Whether GET /v1/offers/{token}/look has a logo")
    line_id: UUID = Field(description="What rewards knows the offer by")
    until: datetime | None


class OfferToken(RequestBody):
    """What a member has of an offer."""

    token: Annotated[str, Field(min_length=1, max_length=1_000)] = Field(
        description="What the link in the message ends in", examples=["k1.EXAMPLE"]
    )


@router.post(
    "/v1/recipients/table",
    summary="Look up and hold the people of a table",
    responses=problem_responses(RECIPIENTS_REFUSED, MESSAGES_NOT_SET_UP),
)
async def post_table(
    principal: Annotated[Principal, requires(Scope.MESSAGES_WRITE)], tx: Tx, table: RecipientsTable
) -> RecipientsTaken:
    """All of a table or nothing: what is wrong is said line by line. Addresses are sealed, and stay here."""
    taken = await handlers.take_table(
        tx, table.csv, community=principal.community, language=table.language, days=table.days
    )
    return RecipientsTaken(lines=[AddresseeShown.of(one) for one in taken])


@router.get(
    "/v1/offers/{token}",
    summary="What the link of a mail offers",
    responses=problem_responses(UNUSABLE_LINK, TOO_MANY_READS),
)
async def get_offer(visited: Visited, conn: Conn, settings: OwnSettings, token: Token) -> OfferShown:
    """For whoever has it. Looking takes nothing: programs look at links before people do."""
    link = handlers.read_offer(settings, token=token, now=datetime.now(UTC))
    await handlers.find_held(conn, link)
    declared = await communities_store.find_community(conn, community=link.community)
    return OfferShown(
        community=link.community,
        name=link.community if declared is None else declared.look.name,
        has_logo=declared is not None and declared.look.logo_png is not None,
        line_id=UUID(link.line_id),
        until=link.until,
    )


@router.get(
    "/v1/offers/{token}/look",
    summary="How the community looks that a mail's link is of",
    responses=problem_responses(UNUSABLE_LINK, TOO_MANY_READS),
)
async def get_offers_look(visited: Visited, conn: Conn, settings: OwnSettings, token: Token) -> LookModel:
    """For whoever has the link: name, colours and logo, also of a community that shows nothing to everybody."""
    link = handlers.read_offer(settings, token=token, now=datetime.now(UTC))
    await handlers.find_held(conn, link)
    declared = await communities_store.find_community(conn, community=link.community)
    return LookModel(name=link.community) if declared is None else LookModel.of(declared.look)


@router.post(
    "/v1/offers/{token}/sign-in",
    status_code=201,
    summary="Sign in by the link of a mail",
    responses=problem_responses(UNUSABLE_LINK, TOO_MANY_READS, MEMBER_ELSEWHERE, ERASED_IDENTITY),
)
async def post_sign_in(visited: Visited, begin: Begin, token: Token) -> TokenIssued:
    """As the member who one becomes by it. Who is one by a platform signs in there, and takes the offer then."""
    async with begin() as tx:
        signed_in = await handlers.sign_in(tx, token=token)
        secret = f"psr_{secrets.token_urlsafe(24)}"
        renewal = await make_renewal(tx, signed_in=signed_in, secret_sha256=hash_secret(secret))
        return TokenIssued.of(signed_in, secret=secret, renewal=renewal)


@router.post(
    "/v1/members/{member_id}/offers",
    summary="Take an offer as the member who one is",
    responses=problem_responses(
        UNUSABLE_LINK, UNKNOWN_IDENTITY, UNKNOWN_MEMBER, DIFFERENT_MEMBERS, ERASED_IDENTITY
    ),
)
async def post_offer(
    principal: Annotated[Principal, requires(Scope.MEMBERS_WRITE, or_own=True)],
    tx: Tx,
    member_id: MemberId,
    said: OfferToken,
) -> OfferShown:
    """What a mail offers is theirs to claim at rewards from then on."""
    link = await handlers.take_offer(tx, token=said.token, community=principal.community, member_id=str(member_id))
    declared = await communities_store.find_community(tx.conn, community=link.community)
    return OfferShown(
        community=link.community,
        name=link.community if declared is None else declared.look.name,
        has_logo=declared is not None and declared.look.logo_png is not None,
        line_id=UUID(link.line_id),
        until=link.until,
    )


def _refused(error: TableRefusedError) -> Problem:
    errors = [FieldError(field="/csv", detail=fault.reason, line=fault.line) for fault in error.faults]
    first = error.faults[0]
    more = f"; {error.count - 1} more lines have faults" if error.count > 1 else ""
    return Problem(RECIPIENTS_REFUSED, f"Line {first.line}: {first.reason}{more}. Nobody was taken", errors)


ERRORS: ErrorTable = {
    TableRefusedError: _refused,
    MemberElsewhereError: lambda _: Problem(
        MEMBER_ELSEWHERE, "They are a member already: they sign in by their platform, and open the link again"
    ),
}
