"""HTTP routes of rounds, nominations and votes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import uuid_utils
from fastapi import APIRouter, Path
from starlette.responses import Response

from services.ingest.nominations import store
from services.ingest.nominations.api.models import (
    ByWhom,
    CancelWanted,
    NominationDone,
    NominationWanted,
    PublicNomination,
    PublicRound,
    RoundFeed,
    RoundShown,
    RoundWanted,
    RoundWithNominations,
    feed_item,
    fields_of,
    shown_of,
)
from services.ingest.nominations.api.problems import (
    ALREADY_NOMINATED,
    INVALID_ROUND_DAYS,
    NOT_OF_AUDIENCE,
    NOT_STANDING,
    OWN_NOMINATION,
    ROUND_NOT_OPEN,
    TOO_MANY_NOMINATIONS,
    UNKNOWN_NOMINATION,
    UNKNOWN_ROUND,
)
from services.ingest.nominations.domain import (
    DeclareRound,
    RoundPlace,
    Said,
    ShownNomination,
    UnknownRoundError,
    seen_by_everybody,
)
from services.ingest.nominations.handlers import rounds as handlers
from services.ingest.nominations.handlers.rounds import Counted
from services.ingest.settings import Settings
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.http import (
    IN_ANSWER,
    Conn,
    FieldError,
    Limit,
    Page,
    Principal,
    Problem,
    Public,
    Scope,
    Tx,
    Whose,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_REQUEST, TOO_MANY_READS, UNKNOWN_IDENTITY
from shared.merges import find_head, load_group
from shared.postgres import Connection

router = APIRouter(tags=["nominations"])
FEED_VERSION = "https://jsonfeed.org/version/1.1"
FEED_MEDIA_TYPE = "application/feed+json"
FEED_COUNT = 20
Looker = Annotated[
    Principal, requires(Scope.RECOGNITION_READ, or_member=True, public=Public.NOMINATIONS, reads=IN_ANSWER)
]
TakingPart = Annotated[Principal, requires(Scope.EVENTS_WRITE, or_member=True)]
Running = Annotated[Principal, requires(Scope.RECOGNITION_WRITE)]
OwnSettings = Annotated[Settings, configured(Settings)]
RoundId = Annotated[UUID, Path(description="The round's id")]
NominationId = Annotated[UUID, Path(description="The nomination's id")]


async def _own(conn: Connection, principal: Principal) -> list[str]:
    if principal.member_id is None:
        return []
    head_id = await find_head(conn, community=principal.community, member_id=principal.member_id)
    return await load_group(conn, community=principal.community, head_id=head_id)


async def _who(principal: Principal, tx: Tx, whose: Whose, *, named: str | None, field: str) -> str:
    if principal.member_id is not None:
        if named is not None:
            detail = "A member does so for themselves"
            raise Problem(INVALID_REQUEST, "Nothing was done", [FieldError(field=field, detail=detail)])
        return principal.member_id
    if named is None:
        raise Problem(INVALID_REQUEST, "Nothing was done", [FieldError(field=field, detail="A key says who")])
    return await whose.of(tx.conn, community=principal.community, named=named, field=field)


@router.post(
    "/v1/nomination-rounds",
    status_code=201,
    summary="Declare a round",
    response_model=RoundShown,
    responses=problem_responses(INVALID_ROUND_DAYS, TOO_MANY_NOMINATIONS, KEY_REUSED),
)
async def post_round(principal: Running, tx: Tx, body: RoundWanted, idempotency_key: IdempotencyKey) -> Response:
    """Members nominate until votes are given, and vote until its last day is over; then it is counted for good."""
    community = principal.community

    async def work() -> RoundShown:
        wanted = DeclareRound(
            str(uuid_utils.uuid7()),
            body.title.strip(),
            (body.about or "").strip() or None,
            body.starts_on,
            body.votes_from,
            body.ends_on,
            body.nominators,
            body.voters,
            body.winners,
            body.live,
            body.needs_yes,
        )
        return RoundShown.of(await handlers.declare(tx, community=community, wanted=wanted), now=tx.now)

    said: dict[str, Any] = body.model_dump(mode="json")
    return await answer_once(
        tx, Command(CommandKey(community, "nomination_round", idempotency_key), said), work=work
    )


def _is_named(principal: Principal) -> bool:
    return not principal.is_publishable or Public.NAMES in principal.public


@router.get("/v1/nomination-rounds", summary="Rounds, newest first", responses=problem_responses(TOO_MANY_READS))
async def get_rounds(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, or_member=True, public=Public.NOMINATIONS)],
    conn: Conn,
    place: Annotated[RoundPlace | None, after(RoundPlace)],
    limit: Limit = 100,
) -> Page[RoundShown]:
    """All that were declared, with those that are over. Of those that were given up everybody sees nothing."""
    is_public, now = principal.is_publishable, datetime.now(UTC)
    found = await store.page_of_rounds(
        conn, community=principal.community, after=place, limit_count=limit, cancelled=not is_public
    )
    return Page.of(
        found,
        limit,
        item=lambda one: RoundShown.of(one, now=now, is_public=is_public),
        place=lambda one: RoundPlace(one.round_id),
    )


@router.get(
    "/v1/nomination-rounds/feed",
    summary="What rounds came to as JSON Feed",
    response_model=RoundFeed,
    responses=problem_responses(TOO_MANY_READS),
)
async def get_rounds_feed(principal: Looker, conn: Conn, settings: OwnSettings) -> Response:
    """The newest that are decided, with who won, for feed readers and where the community shows `nominations`."""
    community = principal.community
    found = await store.page_of_rounds(
        conn, community=community, after=None, limit_count=FEED_COUNT, cancelled=False, undecided=False
    )
    winners = await store.load_winners(
        conn,
        community=community,
        round_ids=[one.round_id for one in found],
        limit_count=FEED_COUNT * settings.nominations_max_count,
    )
    named = _is_named(principal)
    made = RoundFeed(
        version=FEED_VERSION,
        title=community,
        items=[feed_item(one, winners.get(one.round_id, ()), named=named) for one in found],
    )
    return Response(made.model_dump_json(), media_type=FEED_MEDIA_TYPE)


@router.get(
    "/v1/nomination-rounds/{round_id}",
    summary="A round, and who is nominated",
    responses=problem_responses(UNKNOWN_ROUND),
)
async def get_round(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, or_member=True, reads=IN_ANSWER)],
    conn: Conn,
    settings: OwnSettings,
    round_id: RoundId,
) -> RoundWithNominations:
    """With the counts, once it is decided or where they are shown before. What a decision hid only who it is of or
    by, and whoever reads all of recognition, see.
    """
    now, own = datetime.now(UTC), await _own(conn, principal)
    community, is_whole = principal.community, Scope.RECOGNITION_READ in principal.scopes
    counted = await handlers.find_counted(conn, settings, community=community, round_id=str(round_id), now=now)
    mine = await store.load_votes(conn, community=community, round_id=str(round_id), member_ids=own) if own else []
    seen = [
        one
        for one in counted.nominations
        if is_whole
        or (one.nomination.is_shown and one.is_eligible)
        or {one.nomination.nominee_id, one.nomination.nominator_id} & set(own)
    ]
    voted_for = mine[0].nomination_id if mine else None
    return RoundWithNominations(
        **fields_of(counted.round, now=now),
        nominations=[
            shown_of(one, counted, own=own, has_my_vote=one.nomination.nomination_id == voted_for)
            for one in _in_order(seen, counted)
        ],
    )


@router.get(
    "/v1/nomination-rounds/{round_id}/public",
    summary="A round, as everybody may see it",
    responses=problem_responses(UNKNOWN_ROUND, TOO_MANY_READS),
)
async def get_public_round(principal: Looker, conn: Conn, settings: OwnSettings, round_id: RoundId) -> PublicRound:
    """Where the community shows `nominations`: with the counts once it is decided, or where they are shown before.

    Who is there stands, and wants a part in what everybody sees. Of a round that was given up there is nothing.
    """
    now, named = datetime.now(UTC), _is_named(principal)
    counted = await handlers.find_counted(
        conn, settings, community=principal.community, round_id=str(round_id), now=now
    )
    if counted.round.cancelled_at is not None:
        raise UnknownRoundError
    found = [seen_by_everybody(one, found=counted.round) for one in counted.nominations]
    seen = _in_order([one for one in found if one is not None], counted)
    return PublicRound(
        **fields_of(counted.round, now=now, is_public=True),
        nominations=[PublicNomination.of(one, counts=counted.counts, named=named) for one in seen],
    )


def _in_order(seen: Sequence[ShownNomination], counted: Counted) -> Sequence[ShownNomination]:
    """By votes where these are shown."""
    counts = counted.counts
    if counts is None:
        return seen

    def place(one: ShownNomination) -> tuple[int, str]:
        nomination_id = one.nomination.nomination_id
        return -counts.get(nomination_id, 0), nomination_id

    return sorted(seen, key=place)


@router.post(
    "/v1/nomination-rounds/{round_id}/cancel",
    summary="Have a round come to nothing",
    responses=problem_responses(UNKNOWN_ROUND, ROUND_NOT_OPEN),
)
async def post_cancel(principal: Running, tx: Tx, round_id: RoundId, body: CancelWanted) -> RoundShown:
    """Until it is decided. Nothing more is nominated, voted for or counted in it."""
    done = await handlers.cancel(
        tx, community=principal.community, round_id=str(round_id), reason=body.reason.strip()
    )
    return RoundShown.of(done, now=tx.now)


@router.post(
    "/v1/nomination-rounds/{round_id}/nominations",
    status_code=201,
    summary="Nominate a member",
    response_model=NominationDone,
    responses=problem_responses(
        UNKNOWN_ROUND,
        UNKNOWN_IDENTITY,
        ROUND_NOT_OPEN,
        NOT_OF_AUDIENCE,
        NOT_STANDING,
        OWN_NOMINATION,
        ALREADY_NOMINATED,
        TOO_MANY_NOMINATIONS,
        KEY_REUSED,
    ),
)
async def post_nomination(
    principal: TakingPart,
    tx: Tx,
    whose: Whose,
    round_id: RoundId,
    body: NominationWanted,
    idempotency_key: IdempotencyKey,
) -> Response:
    """As a `nomination.made.v1`, once for each member in a round, and never oneself. Why stays sealed here.

    Where a word of the programme's lists stands in it, others see it once somebody has decided.
    """
    community, member_id = principal.community, principal.member_id
    own_key = idempotency_key if member_id is None else f"{member_id} {idempotency_key}"
    if member_id is not None and ":" in body.nominee:
        detail = "A member names a member by the id"
        raise Problem(INVALID_REQUEST, "Nothing was done", [FieldError(field="/nominee", detail=detail)])

    async def work() -> NominationDone:
        nominator_id = await _who(principal, tx, whose, named=body.nominator, field="/nominator")
        nominee_id = await whose.of(tx.conn, community=community, named=body.nominee, field="/nominee")
        made = await handlers.nominate(
            tx,
            community=community,
            round_id=str(round_id),
            nomination_id=str(uuid_utils.uuid7()),
            nominator_id=nominator_id,
            nominee_id=nominee_id,
            citation=body.citation.strip(),
            language=body.language,
        )
        return NominationDone.of(made)

    said: dict[str, Any] = body.model_dump(mode="json") | {"round": str(round_id)}
    return await answer_once(tx, Command(CommandKey(community, "nomination", own_key), said), work=work)


@router.post(
    "/v1/nominations/{nomination_id}/accept",
    summary="Say that one stands",
    responses=problem_responses(UNKNOWN_NOMINATION, UNKNOWN_IDENTITY, ROUND_NOT_OPEN),
)
async def post_accept(
    principal: TakingPart, tx: Tx, whose: Whose, nomination_id: NominationId, body: ByWhom
) -> NominationDone:
    """By who is nominated, until the round is over."""
    return await _say(principal, tx, whose, nomination_id=nomination_id, body=body, said=Said.ACCEPTED)


@router.post(
    "/v1/nominations/{nomination_id}/decline",
    summary="Say that one does not stand",
    responses=problem_responses(UNKNOWN_NOMINATION, UNKNOWN_IDENTITY, ROUND_NOT_OPEN),
)
async def post_decline(
    principal: TakingPart, tx: Tx, whose: Whose, nomination_id: NominationId, body: ByWhom
) -> NominationDone:
    """By who is nominated, until the round is over; votes for them count no more while they do not."""
    return await _say(principal, tx, whose, nomination_id=nomination_id, body=body, said=Said.DECLINED)


async def _say(
    principal: Principal, tx: Tx, whose: Whose, *, nomination_id: UUID, body: ByWhom, said: Said
) -> NominationDone:
    member_id = await _who(principal, tx, whose, named=body.member, field="/member")
    done = await handlers.say(
        tx, community=principal.community, nomination_id=str(nomination_id), member_id=member_id, said=said
    )
    return NominationDone.of(done)


@router.post(
    "/v1/nominations/{nomination_id}/vote",
    summary="Vote for a nomination",
    responses=problem_responses(
        UNKNOWN_NOMINATION,
        UNKNOWN_IDENTITY,
        ROUND_NOT_OPEN,
        NOT_OF_AUDIENCE,
        NOT_STANDING,
        OWN_NOMINATION,
        TOO_MANY_NOMINATIONS,
    ),
)
async def post_nomination_vote(
    principal: TakingPart, tx: Tx, whose: Whose, nomination_id: NominationId, body: ByWhom
) -> NominationDone:
    """One vote a person in a round, as a `nomination.voted.v1`. For another it takes its place, until the end."""
    voter_id = await _who(principal, tx, whose, named=body.member, field="/member")
    done = await handlers.vote(
        tx, community=principal.community, nomination_id=str(nomination_id), voter_id=voter_id
    )
    return NominationDone.of(done)
