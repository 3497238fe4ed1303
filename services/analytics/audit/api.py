"""HTTP routes of the audit: who did what, who read whose data, and all of it as a table."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from services.analytics.audit import domain, store
from services.analytics.audit.domain import (
    HEADINGS,
    EntryFilter,
    EntryPlace,
    TooManyEntriesError,
    csv_row,
)
from services.analytics.settings import Settings
from shared.access_keys import check_reach
from shared.contracts.fields import Slug
from shared.http import (
    Conn,
    Limit,
    MemberId,
    MemberNamed,
    Moment,
    Page,
    Principal,
    ProblemType,
    Scope,
    Whose,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.connected import Connected, ConnectedService
from shared.http.pages import PAGE_MAX_COUNT
from shared.http.problem_types import INVALID_CURSOR, OTHER_COMMUNITY, UNKNOWN_IDENTITY, UNKNOWN_PATH
from shared.services import SERVICES
from shared.spreadsheets import csv_lines

TOO_MANY_ENTRIES = ProblemType("too-many-entries", 422, "The table would be too long")

TEXT_MAX_CHARS = 300
EXAMPLE_ID = "019c2a34-55a0-7c3e-8b1a-3f6d2c9e4b70"

Auditor = Annotated[Principal, requires(Scope.AUDIT_READ)]
#: Who may see who read or changed a member's data: the member too.
AuditorOfMember = Annotated[Principal, requires(Scope.AUDIT_READ, or_own=True, reads="member_id")]
OwnSettings = Annotated[Settings, configured(Settings)]
AskedPlace = Annotated[EntryPlace | None, after(EntryPlace)]
Text = Annotated[str | None, Query(max_length=TEXT_MAX_CHARS, pattern=r"^[^\x00]*$")]
Kind = Literal["command", "read"]
Service = Literal[SERVICES]  # type: ignore[valid-type]

router = APIRouter(tags=["audit"])


class ObjectShown(BaseModel):
    """What it was done to."""

    kind: str = Field(examples=["payout_run"])
    id: str


class EntryShown(BaseModel):
    """A command, or a read of personal data."""

    audit_id: str = Field(examples=[EXAMPLE_ID])
    at: datetime
    community: str = Field(examples=["acme"])
    kind: Kind
    service: str = Field(examples=["rewards"])
    command: str = Field(
        description="What was done; of a read, the operation that showed the data", examples=["payout_run.approve"]
    )
    person_id: str | None = Field(description="Null for the bootstrap key")
    person_name: str | None = Field(examples=["Grace Hopper"])
    credential: str = Field(description="The access key's id, or `token:` and the token's")
    object: ObjectShown
    member_id: str | None = Field(description="Null where none is concerned, or a list was read")
    before: dict[str, Any] | None = Field(examples=[{"state": "open"}])
    after: dict[str, Any] | None = Field(
        description="Small: secrets are left out, and bank details masked", examples=[{"state": "approved"}]
    )
    traceparent: str | None = Field(description="The facts that came of a command have the same")

    @classmethod
    def of(cls, entry: domain.Entry) -> Self:
        """An entry as it is shown."""
        return cls(
            audit_id=entry.audit_id,
            at=entry.at,
            community=entry.community,
            kind=entry.kind,
            service=entry.service,
            command=entry.command,
            person_id=entry.person_id,
            person_name=entry.person_name,
            credential=entry.credential,
            object=ObjectShown(kind=entry.object_kind, id=entry.object_id),
            member_id=entry.member_id,
            before=dict(entry.before) if entry.before is not None else None,
            after=dict(entry.after) if entry.after is not None else None,
            traceparent=entry.traceparent,
        )


class Asked(BaseModel):
    """Which entries a request asks for, whoever asks."""

    kind: Kind | None
    service: Service | None
    command: str | None
    person_id: UUID | None
    credential: str | None
    object_id: str | None
    trace_id: str | None
    since: datetime | None
    until: datetime | None

    def filter(self, community: str, member_id: str | None = None) -> EntryFilter:
        """The same of a community, and of one member where one is named."""
        asked = self.model_dump() | {"person_id": None if self.person_id is None else str(self.person_id)}
        return EntryFilter(community=community, member_id=member_id, **asked)


async def _asked(
    kind: Annotated[Kind | None, Query(description="Commands alone, or reads of personal data alone")] = None,
    service: Annotated[Service | None, Query(description="Only in this service")] = None,
    command: Annotated[Text, Query(description="Only this, as `payee.set`")] = None,
    person: Annotated[UUID | None, Query(description="Only by this person")] = None,
    credential: Annotated[Text, Query(description="Only by this access key or token")] = None,
    object_: Annotated[Text, Query(alias="object", description="Only of the object with this id")] = None,
    trace: Annotated[
        str | None,
        Query(pattern="^[0-9a-f]{32}$", description="Only what came by this trace"),
    ] = None,
    since: Annotated[Moment | None, Query(alias="from", description="Only from this moment on")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Only before this moment")] = None,
) -> Asked:
    return Asked(
        kind=kind,
        service=service,
        command=command,
        person_id=person,
        credential=credential,
        object_id=object_,
        trace_id=trace,
        since=since,
        until=until,
    )


AskedEntries = Annotated[Asked, Depends(_asked)]
Member = Annotated[
    MemberNamed | None, Query(description="Only what concerns this member: an id or an identity of that community")
]
Community = Annotated[
    Slug | None, Query(description="Another community, for administrators and operators of the installation")
]


def _community(principal: Principal, asked: str | None) -> str:
    """The community whose entries are asked for. Raises OtherCommunityError where the authority ends before."""
    check_reach(principal, asked or principal.community)
    return asked or principal.community


@router.get(
    "/v1/audit",
    summary="Who did what",
    responses=problem_responses(UNKNOWN_IDENTITY, INVALID_CURSOR, OTHER_COMMUNITY),
)
async def get_audit(
    principal: Auditor,
    asked: AskedEntries,
    place: AskedPlace,
    service: ConnectedService,
    conn: Conn,
    whose: Whose,
    member: Member = None,
    community: Community = None,
    limit: Limit = 100,
) -> Page[EntryShown]:
    """Commands of every service, and reads of members' personal data, newest first.

    An entry arrives by topic, usually within a second. After a restore of this service the answer is 503 until it
    has read the topic again.
    """
    service.check_is_whole()
    of = _community(principal, community)
    wanted = asked.filter(of, await whose.asked(conn, community=of, member=member))
    entries = await store.page_of_entries(conn, wanted, after=place, limit=limit)
    return Page.of(entries, limit, item=EntryShown.of, place=lambda entry: entry.place)


@router.get(
    "/v1/audit.csv",
    summary="Who did what, as a table",
    response_class=StreamingResponse,
    responses={
        **problem_responses(UNKNOWN_IDENTITY, OTHER_COMMUNITY, TOO_MANY_ENTRIES),
        200: {"description": "RFC 4180, in UTF-8, newest first", "content": {"text/csv": {}}},
    },
)
async def get_audit_csv(
    principal: Auditor,
    asked: AskedEntries,
    service: ConnectedService,
    settings: OwnSettings,
    whose: Whose,
    member: Member = None,
    community: Community = None,
) -> StreamingResponse:
    """With the same filters, all of it. No cell is a formula where a spreadsheet opens it.

    What would be longer than `PLAUDIT_AUDIT_CSV_MAX_COUNT` entries is refused: a part of it would pass for all.
    """
    service.check_is_whole()
    of = _community(principal, community)
    most = settings.audit_csv_max_count
    async with service.pool.acquire() as conn:
        wanted = asked.filter(of, await whose.asked(conn, community=of, member=member))
        if await store.count_entries(conn, wanted, limit=most + 1) > most:
            raise TooManyEntriesError(most)
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(_table(service, wanted), media_type="text/csv; charset=utf-8", headers=headers)


async def _table(service: Connected, wanted: EntryFilter) -> AsyncIterator[bytes]:
    """The table, a page at a time: no connection waits for whoever reads it slowly."""
    yield csv_lines([HEADINGS])
    place: EntryPlace | None = None
    while True:
        async with service.pool.acquire() as conn:
            entries = await store.page_of_entries(conn, wanted, after=place, limit=PAGE_MAX_COUNT)
        if entries:
            yield csv_lines(map(csv_row, entries))
            place = entries[-1].place
        if len(entries) < PAGE_MAX_COUNT:
            return


@router.get(
    "/v1/members/{member_id}/audit",
    summary="Who read or changed a member's data",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_PATH, INVALID_CURSOR),
)
async def get_member_audit(
    principal: AuditorOfMember,
    member_id: MemberId,
    asked: AskedEntries,
    place: AskedPlace,
    service: ConnectedService,
    conn: Conn,
    limit: Limit = 100,
) -> Page[EntryShown]:
    """Newest first; a read is there once for a person, operation and hour.

    Lists that show many members, such as the leaderboard, name none: GET /v1/audit has who read those.
    """
    service.check_is_whole()
    wanted = asked.filter(principal.community, str(member_id))
    entries = await store.page_of_entries(conn, wanted, after=place, limit=limit)
    return Page.of(entries, limit, item=EntryShown.of, place=lambda entry: entry.place)
