"""HTTP routes of what is known of members from a moment on."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.ingest.attributes import domain, handlers
from services.ingest.attributes.domain import Purpose
from services.ingest.communities.api.models import KnownLanguage, Zone
from services.ingest.members.domain import Dated, MemberKey, UnknownMemberError
from services.ingest.members.store import members as members_store
from shared.access_keys import check_not_about_oneself
from shared.contracts.facts import DatedKind
from shared.contracts.fields import Attributes, AttributeValue, Name, Slug
from shared.http import (
    Conn,
    FieldError,
    MemberId,
    Moment,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    problem_responses,
    requires,
)
from shared.http.problem_types import ABOUT_YOURSELF, INVALID_REQUEST, UNKNOWN_IDENTITY, UNKNOWN_MEMBER

UNDECLARED_ATTRIBUTE = ProblemType("undeclared-attribute", 422, "The programme declares it otherwise, or not")
TOO_MANY_FACTS = ProblemType("too-many-facts", 409, "Too much is known of the member")
CONSENTS_MAX_COUNT = 20

router = APIRouter()


class Said(RequestBody):
    """Who knows it, and from when on it is so."""

    source: Name = Field(description="Who knows it", examples=["crm"])
    since: Moment | None = Field(None, description="From when on it is so, in the past; null: from now on")

    def begins(self, now: datetime) -> datetime:
        """From when on it is so. Raises Problem 422 for a moment to come."""
        if self.since is not None and self.since > now:
            detail = "It lies ahead: say it when it is so"
            raise Problem(INVALID_REQUEST, detail, [FieldError(field="/since", detail=detail)])
        return self.since or now


class AttributesSaid(Said):
    """Attributes of a member, as the programme declares them."""

    values: Attributes = Field(min_length=1, examples=[{"tier": "gold"}])


class OptOuts(RequestBody):
    """What a member wants no part in (true), or part in again; what is left out stays as it is."""

    boards: bool | None = Field(None, description="Holds at once", examples=[True])
    messages: bool | None = None
    analytics: bool | None = None

    @property
    def said(self) -> dict[Purpose, bool]:
        """Those that were said."""
        said = {
            Purpose.BOARDS: self.boards,
            Purpose.MESSAGES: self.messages,
            Purpose.ANALYTICS: self.analytics,
        }
        return {purpose: is_so for purpose, is_so in said.items() if is_so is not None}


class PreferencesSaid(Said):
    """What a member wishes; what is left out stays as it is."""

    time_zone: Zone | None = None
    language: KnownLanguage | None = Field(None, examples=["it"])
    opt_outs: OptOuts = Field(default_factory=OptOuts, description="What they want no part in")
    consents: dict[Slug, bool] = Field(
        default_factory=dict,
        max_length=CONSENTS_MAX_COUNT,
        json_schema_extra={"additionalProperties": False},
        description="By purpose: given, or withdrawn",
        examples=[{"newsletter": True}],
    )

    def facts(self, now: datetime) -> list[Dated]:
        """What was said, as dated facts. Raises Problem 422 for a moment to come."""
        since = self.begins(now)
        said: list[tuple[DatedKind, str, str | bool]] = [
            *(("opt_out", purpose.value, is_so) for purpose, is_so in self.opt_outs.said.items()),
            *(("consent", purpose, is_given) for purpose, is_given in self.consents.items()),
        ]
        if self.time_zone is not None:
            said.append(("time_zone", "time_zone", self.time_zone))
        if self.language is not None:
            said.append(("language", "language", self.language))
        return [Dated(kind, name, since, now, value, self.source, travels=True) for kind, name, value in said]


class DatedShown(BaseModel):
    """What is so from a moment on."""

    kind: DatedKind
    name: str = Field(examples=["tier"])
    since: datetime
    value: AttributeValue = Field(examples=["gold"])
    source: str = Field(description="Who knew it", examples=["crm"])
    told: bool = Field(description="Whether other services know it; what is not stays at ingest")


class Known(BaseModel):
    """All that is known of a member from a moment on, in the order of kinds, names and moments."""

    items: list[DatedShown]

    @classmethod
    def of(cls, facts: list[Dated]) -> "Known":
        """What is shown of it."""
        return cls(
            items=[
                DatedShown(
                    kind=one.kind,
                    name=one.name,
                    since=one.since,
                    value=one.value,
                    source=one.source,
                    told=one.travels,
                )
                for one in domain.counting(facts)
            ]
        )


PROBLEMS = (UNKNOWN_MEMBER, UNKNOWN_IDENTITY, TOO_MANY_FACTS)


@router.get(
    "/v1/members/{member_id}/attributes",
    summary="What is known of a member, and since when",
    responses=problem_responses(UNKNOWN_MEMBER, UNKNOWN_IDENTITY),
)
async def get_attributes(
    principal: Annotated[Principal, requires(Scope.MEMBERS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
) -> Known:
    """Attributes, consents, time zones, languages and opt-outs, each with its source and from when on it is so."""
    key = MemberKey(principal.community, str(member_id))
    if await members_store.find_member(conn, key=key) is None:
        raise UnknownMemberError(key.member_id)
    return Known.of((await members_store.load_dated(conn, keys=[key])).get(key, []))


@router.put(
    "/v1/members/{member_id}/attributes",
    summary="Say attributes of a member",
    responses=problem_responses(*PROBLEMS, ABOUT_YOURSELF, UNDECLARED_ATTRIBUTE),
)
async def put_attributes(
    principal: Annotated[Principal, requires(Scope.MEMBERS_WRITE)],
    tx: Tx,
    member_id: MemberId,
    body: AttributesSaid,
) -> Known:
    """As the community's programme declares them; of one moment what is said last counts, and history stays.

    Rules read them, so nobody says their own.
    """
    await check_not_about_oneself(
        tx.conn, community=principal.community, person_id=principal.person_id, members=[str(member_id)]
    )
    key = MemberKey(principal.community, str(member_id))
    return Known.of(
        await handlers.set_attributes(
            tx, key=key, values=body.values, source=body.source, since=body.begins(tx.now)
        )
    )


@router.put(
    "/v1/members/{member_id}/preferences",
    summary="Say what a member wishes",
    responses=problem_responses(*PROBLEMS),
)
async def put_preferences(
    principal: Annotated[Principal, requires(Scope.MEMBERS_WRITE, or_own=True)],
    tx: Tx,
    member_id: MemberId,
    body: PreferencesSaid,
) -> Known:
    """Time zone, language, opt-outs and consents; the member themselves may say them.

    Who wants no part in boards is on none at once.
    """
    key = MemberKey(principal.community, str(member_id))
    return Known.of(await handlers.set_preferences(tx, key=key, facts=body.facts(tx.now)))


def undeclared(error: domain.UndeclaredAttributeError) -> Problem:
    """What is wrong with an attribute, by its name."""
    field = f"/values/{error.name}"
    return Problem(UNDECLARED_ATTRIBUTE, "Nothing was done", [FieldError(field=field, detail=str(error))])
