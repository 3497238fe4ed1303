"""HTTP routes of giving kudos, for members and for platforms that do it for them."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from services.ingest.kudos import store
from services.ingest.kudos.domain.giving import MESSAGE_MAX_CHARS, Allowance, GiveKudos, Given
from services.ingest.kudos.handlers import giving as handlers
from services.ingest.walls.domain import KudosState
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.contracts.fields import Name, Slug
from shared.contracts.ids import prepared, uuid5_text
from shared.contracts.texts import SomethingSeen
from shared.http import (
    IN_ANSWER,
    Conn,
    FieldError,
    MemberNamed,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Shown,
    Tx,
    Whose,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_REQUEST, UNKNOWN_IDENTITY, UNKNOWN_MEMBER
from shared.merges import find_head, load_group

NO_KUDOS = ProblemType("no-kudos", 409, "The programme has no kudos")
UNKNOWN_VALUE = ProblemType("unknown-value", 422, "The programme has no such value")
OWN_KUDOS = ProblemType("own-kudos", 409, "Nobody thanks themselves")
KUDOS_CLOSED = ProblemType("kudos-closed", 409, "The member has no level that opens giving kudos")
ALLOWANCE_SPENT = ProblemType("kudos-allowance-spent", 409, "No more kudos may be given in this month")
UNKNOWN_KUDOS = ProblemType("unknown-kudos", 404, "No such kudos")

RECEIVERS_MAX_COUNT = 20
#: What a key gives is named under this; it must never change.
_NAMESPACE: Final = prepared(UUID("eaf833ce-67d4-4870-8ede-9e05008e1f09"))
_WORD = re.compile(r"[^\W_]+")

router = APIRouter(tags=["kudos"])
Giving = Annotated[Principal, requires(Scope.EVENTS_WRITE, or_member=True)]
Message = Annotated[
    str, StringConstraints(min_length=1, max_length=MESSAGE_MAX_CHARS, pattern=r"\S"), SomethingSeen
]


class KudosWanted(RequestBody):
    """Who is thanked, for what."""

    receiver: MemberNamed = Field(
        description="Who is thanked: a member's id; for a key an identity, like `forum:ada`, too",
        examples=["0195f3f4-7d28-7c31-8f0a-3b5d7c9e1f22"],
    )
    giver: MemberNamed | None = Field(
        None, description="Who thanks, where a key does it for them; a member gives their own", examples=[None]
    )
    value: Slug | None = Field(
        None, description="Which of the programme's values it is for, where it has some", examples=["patience"]
    )
    message: Message = Field(
        description="What for, in words", examples=["Thank you for staying with it until it was solved."]
    )


class ValueShown(BaseModel):
    """A value of the community that kudos may be for."""

    value: str = Field(examples=["patience"])
    title: Name = Field(examples=["Patience"])


class AllowanceShown(BaseModel):
    """What somebody may give in this month of the community's zone."""

    per_month: int = Field(examples=[10])
    given: int = Field(description="Given in this month, with what was taken back", examples=[3])
    left: int = Field(examples=[7])
    ends_on: date = Field(description="The last day of the month")
    pair_per_month: int | None = Field(description="So many at most to one member; null: any number", examples=[3])
    mutual_per_month: int | None = Field(
        description="So many at most to somebody who thanked one in the month; null: any number", examples=[1]
    )
    values: list[ValueShown] = Field(description="Each is for one of these, where there are any")

    @classmethod
    def of(cls, allowance: Allowance) -> Self:
        """As the API shows it."""
        terms = allowance.terms
        return cls(
            per_month=terms.per_month,
            given=allowance.given,
            left=allowance.left,
            ends_on=allowance.ends_on,
            pair_per_month=terms.pair_per_month,
            mutual_per_month=terms.mutual_per_month,
            values=[ValueShown(value=one.id, title=one.title) for one in terms.values],
        )


class KudosGiven(BaseModel):
    """What was given: by the id of its event the wall has it, and the log."""

    event_uid: UUID
    giver_id: UUID
    receiver_id: UUID
    value: str | None = Field(examples=["patience"])
    given_at: datetime
    allowance: AllowanceShown

    @classmethod
    def of(cls, given: Given) -> Self:
        """As the API shows it."""
        one = given.kudos
        return cls(
            event_uid=UUID(one.event_uid),
            giver_id=UUID(one.giver_id),
            receiver_id=UUID(one.receiver_id),
            value=one.value,
            given_at=one.given_at,
            allowance=AllowanceShown.of(given.allowance),
        )


class KudosTakenBack(BaseModel):
    """What stands now."""

    event_uid: UUID
    state: KudosState


class ReceiversSought(RequestBody):
    """Whom somebody looks for, to thank them."""

    name: str = Field(min_length=2, max_length=100, description="How words of the name begin", examples=["gra"])


class ReceiverShown(BaseModel):
    """Somebody whom one may thank."""

    member_id: UUID
    name: str = Field(examples=["Grace"])


class Receivers(BaseModel):
    """Members whom one may thank, by their names; the first of them."""

    items: list[ReceiverShown]


def _refuse(field: str, detail: str) -> Problem:
    return Problem(INVALID_REQUEST, "Nothing was done", [FieldError(field=field, detail=detail)])


@router.post(
    "/v1/kudos",
    status_code=201,
    summary="Thank a member",
    response_model=KudosGiven,
    responses=problem_responses(
        UNKNOWN_IDENTITY,
        UNKNOWN_MEMBER,
        NO_KUDOS,
        UNKNOWN_VALUE,
        OWN_KUDOS,
        KUDOS_CLOSED,
        ALLOWANCE_SPENT,
        KEY_REUSED,
    ),
)
async def post_kudos(
    principal: Giving, tx: Tx, whose: Whose, body: KudosWanted, idempotency_key: IdempotencyKey
) -> Response:
    """As a `kudos.given.v1` of theirs, within what they may give in the month. What was written stays sealed here.

    A member gives their own; a key says who gives. Where a word of the programme's lists stands in the message,
    others see it once somebody has decided.
    """
    community, giver = principal.community, principal.member_id
    if giver is not None and (body.giver is not None or ":" in body.receiver):
        raise _refuse("/giver" if body.giver is not None else "/receiver", "A member names a member by the id")
    if giver is None and body.giver is None:
        raise _refuse("/giver", "A key says who gives")
    own_key = idempotency_key if giver is None else f"{giver} {idempotency_key}"

    async def work() -> KudosGiven:
        giver_id = giver or await whose.of(tx.conn, community=community, named=body.giver or "", field="/giver")
        receiver_id = await whose.of(tx.conn, community=community, named=body.receiver, field="/receiver")
        # Also where a database that came from a backup has forgotten the answer, the key gives once.
        kudos_id = uuid5_text(_NAMESPACE, f"{community}\x1f{own_key}")
        wanted = GiveKudos(kudos_id, giver_id, receiver_id, body.value, body.message.strip())
        return KudosGiven.of(await handlers.give(tx, community=community, wanted=wanted))

    said: dict[str, Any] = body.model_dump(mode="json")
    return await answer_once(tx, Command(CommandKey(community, "kudos", own_key), said), work=work)


@router.post(
    "/v1/kudos/{event_uid}/take-back",
    summary="Take kudos back",
    responses=problem_responses(UNKNOWN_KUDOS),
)
async def take_back_kudos(principal: Giving, tx: Tx, event_uid: UUID) -> KudosTakenBack:
    """One's own, or with a key anybody's that was given here: an event takes it back, and points of it go.

    It keeps the room that it filled in the month.
    """
    kudos = await handlers.take_back(
        tx, community=principal.community, event_uid=str(event_uid), by_member=principal.member_id
    )
    return KudosTakenBack(event_uid=event_uid, state=kudos.state)


@router.get(
    "/v1/kudos/allowance",
    summary="What somebody may give in this month",
    responses=problem_responses(UNKNOWN_IDENTITY, NO_KUDOS),
)
async def get_allowance(
    principal: Giving,
    conn: Conn,
    whose: Whose,
    member: Annotated[
        MemberNamed | None, Query(description="Whose, where a key asks: an id or an identity")
    ] = None,
) -> AllowanceShown:
    """Of the member who signed in; a key says of whom."""
    if principal.member_id is not None:
        member_id: str | None = principal.member_id
    else:
        member_id = await whose.asked(conn, community=principal.community, member=member)
    if member_id is None:
        raise _refuse("member", "A key says of whom")
    found = await handlers.find_allowance(
        conn, community=principal.community, member_id=member_id, now=datetime.now(UTC)
    )
    return AllowanceShown.of(found)


@router.post("/v1/kudos/receivers", summary="Find members whom one may thank", responses=problem_responses())
async def post_receivers(
    principal: Annotated[Principal, requires(Scope.MEMBERS_READ, or_member=True, reads=IN_ANSWER)],
    conn: Conn,
    shown: Shown,
    body: ReceiversSought,
) -> Receivers:
    """The first 20 in whose name each word begins so; nothing is changed by it.

    Who wants no part in what others see is not among them.
    """
    words = _WORD.findall(body.name)
    if not words:
        return Receivers(items=[])
    own: list[str] = []
    if principal.member_id is not None:
        head_id = await find_head(conn, community=principal.community, member_id=principal.member_id)
        own = await load_group(conn, community=principal.community, head_id=head_id)
    found = await store.load_receivers(
        conn, community=principal.community, words=words, without=own, limit_count=RECEIVERS_MAX_COUNT
    )
    shown.of(*(one.member_id for one in found))
    return Receivers(items=[ReceiverShown(member_id=UUID(one.member_id), name=one.name) for one in found])
