"""HTTP routes of held awards: what was found about whom, and who releases or denies it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.scoring.holds.handlers import deciding
from services.scoring.holds.handlers.deciding import Decision
from services.scoring.programmes.domain.publication import Author, Document
from services.scoring.programmes.handlers.in_force import document_in_force
from services.scoring.signals import store
from services.scoring.signals.domain.cases import (
    CasePlace,
    CaseState,
    Reason,
    SignalCase,
    UnknownCaseError,
)
from services.scoring.signals.domain.suspicion import Found
from services.scoring.signals.domain.ties import WINDOW_DAYS, Tie, TieKey
from shared.contracts.fields import Name
from shared.contracts.programme import Programme
from shared.followed_members import load_names
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    MemberId,
    MemberNamed,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Shown,
    Tx,
    Whose,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY
from shared.merges import load_group

UNKNOWN_SIGNAL_CASE = ProblemType("unknown-signal-case", 404, "No such case of held awards")
SIGNAL_CASE_DECIDED = ProblemType("signal-case-decided", 409, "The case is not in a state for that")
SIGNAL_FOUR_EYES = ProblemType("signal-four-eyes", 403, "Another person must do that")
SIGNAL_REASON = ProblemType("signal-reason", 422, "The reason is for the other decision")

#: As many as a ring has members.
DECIDED_AT_ONCE_MAX_COUNT = 30

router = APIRouter()

Reader = Annotated[Principal, requires(Scope.POINTS_READ, reads=IN_ANSWER)]
Decider = Annotated[Principal, requires(Scope.POINTS_WRITE)]
Approver = Annotated[Principal, requires(Scope.POINTS_APPROVE)]

StateName = Literal["marked", "held", "release_asked", "released", "denied", "gone"]
ReasonName = Literal["honest", "same_place", "one_person", "traded", "automated"]
#: What is listed unless a state is asked for: whatever is not over.
WAITING = (CaseState.HELD, CaseState.RELEASE_ASKED)


class SignalDecision(RequestBody):
    """Why what is held is released, or denied. The member reads the reason, and never the note."""

    reason: ReasonName = Field(
        description=(
            "To release: honest (they just help one another), same_place (they share a home, a class or a team). "
            "To deny: traded (points were handed to and fro), one_person (the accounts are one person's), "
            "automated (acts were bought or made by a program)"
        ),
        examples=["honest"],
    )
    note: Name | None = Field(None, description="For whoever looks later", examples=["I know both of them"])


class SignalDecisions(SignalDecision):
    """One decision about several cases, as those of a ring."""

    case_ids: list[UUID] = Field(
        min_length=1,
        max_length=DECIDED_AT_ONCE_MAX_COUNT,
        examples=[["0d2f6f0e-57b4-5d0c-9a0e-3d3f5c1b7a10", "0d2f6f0e-57b4-5d0c-9a0e-3d3f5c1b7a11"]],
    )
    decision: Literal["release", "deny"] = Field(examples=["release"])


class SignalItem(BaseModel):
    """A signal, its score in percent, and in words and figures what it is made of."""

    signal: Literal["ring", "linked", "burst", "farm", "shared_account", "payer"]
    score_percent: int = Field(examples=[97])
    words: str = Field(
        examples=["A group of 3 gives 98 % of what it gives within the group, and what it gets comes from there"]
    )
    figures: Mapping[str, int] = Field(examples=[{"members": 3, "insularity_percent": 98}])
    givers_count: int | None = Field(description="Null where it is about whatever the member received")


class HeldWorth(BaseModel):
    """What the points are worth by the payout terms in force, in minor units, rounded down."""

    currency: str = Field(examples=["EUR"])
    minor: int = Field(examples=[1200])


class SignalCaseItem(BaseModel):
    """What was found about what a member received within 30 days, and what became of it."""

    case_id: UUID
    member_id: UUID
    state: StateName = Field(
        description=(
            "marked (listed only), held (waits for a person), release_asked (waits for a second), released, "
            "denied, gone (it is not found any more)"
        )
    )
    score_percent: int = Field(examples=[97])
    signals: list[SignalItem]
    starts_on: date = Field(description="The first of its 30 days")
    ends_on: date = Field(description="The last of them")
    held_points: int = Field(description="What is held, or was denied, would come to now", examples=[240])
    held_awards: int = Field(examples=[24])
    opened_at: datetime
    changed_at: datetime
    asked_at: datetime | None
    asked_by: str | None = Field(description="Who asked to release it, where that takes two", examples=["Mia"])
    asked_by_person: UUID | None
    decided_at: datetime | None
    decided_by: str | None = Field(examples=["Omar"])
    decided_by_person: UUID | None
    reason: ReasonName | None
    note: str | None
    programme_version: int = Field(examples=[3])

    @classmethod
    def of(cls, case: SignalCase) -> Self:
        """The case as it is answered to commands."""
        return cls.model_validate(_said(case))


class NamedSignalCase(SignalCaseItem):
    """A case with its member's name, and what is held in money."""

    member_name: str | None = Field(examples=["Ada Lovelace"])
    worth: HeldWorth | None = Field(description="Null where points are not paid")


class SignalPair(BaseModel):
    """What one gave another in these 30 days, before limits, and what the other gave back."""

    giver_id: UUID
    giver_name: str | None
    receiver_id: UUID
    receiver_name: str | None
    points: int = Field(examples=[120])
    acts: int = Field(examples=[24])
    back_points: int = Field(description="What the other gave back", examples=[110])


class SignalCaseShown(NamedSignalCase):
    """A case with who gave whom how much, the others of its rings, and their cases."""

    pairs: list[SignalPair]
    ring_case_ids: list[UUID] = Field(
        description="Cases of the others of its rings that wait for the same decision"
    )


class SignalTerms(BaseModel):
    """What the programme in force says of signals, and what waits."""

    is_on: bool = Field(description="Whether the programme has a section `signals`")
    more_than_points: int | None
    mark_from_percent: int | None
    hold_from_percent: int | None = Field(description="Null: nothing is held, it is only marked")
    second_person_from: int | None


class HeldOfMember(BaseModel):
    """Points of a member that are being looked at, or were not given, as the member sees it."""

    case_id: UUID
    member_id: UUID
    state: Literal["looked_at", "denied"]
    held_points: int = Field(examples=[240])
    held_awards: int = Field(examples=[24])
    starts_on: date
    ends_on: date
    opened_at: datetime
    decided_at: datetime | None
    reason: ReasonName | None = Field(description="Why they were not given")


def _author(principal: Principal) -> Author:
    return Author(principal.person_id, principal.person_name, principal.credential)


def _said(case: SignalCase) -> dict[str, object]:
    asked, decided = case.asked_by, case.decided_by
    return {
        "case_id": case.case_id,
        "member_id": case.key.member_id,
        "state": case.state.value,
        "score_percent": case.score_percent,
        "signals": [_signal(one) for one in case.found],
        "starts_on": case.starts_on,
        "ends_on": case.starts_on + timedelta(days=WINDOW_DAYS - 1),
        "held_points": case.held_points,
        "held_awards": case.held_awards,
        "opened_at": case.opened_at,
        "changed_at": case.changed_at,
        "asked_at": case.asked_at,
        "asked_by": asked.name if asked else None,
        "asked_by_person": asked.person_id if asked else None,
        "decided_at": case.decided_at,
        "decided_by": decided.name if decided else None,
        "decided_by_person": decided.person_id if decided else None,
        "reason": case.reason.value if case.reason else None,
        "note": case.note,
        "programme_version": case.programme_version,
    }


def _signal(one: Found) -> dict[str, object]:
    return {
        "signal": one.signal.value,
        "score_percent": one.percent,
        "words": one.words,
        "figures": dict(one.figures),
        "givers_count": None if one.givers is None else len(one.givers),
    }


def _worth(case: SignalCase, document: Document) -> dict[str, object] | None:
    payout: Mapping[str, Any] | None = (document.get("rewards") or {}).get("payout")
    if payout is None:
        return None
    return {"currency": payout["currency"], "minor": case.held_points * payout["minor"] // payout["points"]}


def _named(case: SignalCase, names: Mapping[str, str | None], document: Document) -> dict[str, object]:
    return _said(case) | {"member_name": names.get(case.key.member_id), "worth": _worth(case, document)}


async def _document(conn: Conn, community: str) -> Document:
    _, programme = await document_in_force(conn, community=community, at=datetime.now(UTC))
    return {} if programme is None else programme.model_dump(mode="json", exclude_none=True)


@router.get("/v1/signals/terms", summary="What the programme says of signals", responses=problem_responses())
async def get_signal_terms(
    principal: Annotated[Principal, requires(Scope.POINTS_READ)], conn: Conn
) -> SignalTerms:
    """Of the programme that is in force. Without its section nobody is looked at."""
    programme: Programme | None
    _, programme = await document_in_force(conn, community=principal.community, at=datetime.now(UTC))
    terms = None if programme is None else programme.signals
    return SignalTerms(
        is_on=terms is not None,
        more_than_points=terms.more_than_points if terms else None,
        mark_from_percent=terms.mark_from_percent if terms else None,
        hold_from_percent=terms.hold_from_percent if terms else None,
        second_person_from=terms.second_person_from if terms else None,
    )


@router.get(
    "/v1/signals",
    summary="Cases of held awards, the strongest first",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def get_signal_cases(
    principal: Reader,
    shown: Shown,
    whose: Whose,
    conn: Conn,
    place: Annotated[CasePlace | None, after(CasePlace)],
    state: Annotated[
        StateName | None, Query(description="Left out: what waits for somebody, held or with a release asked for")
    ] = None,
    member: Annotated[MemberNamed | None, Query(description="Of this member: an id or an identity")] = None,
    limit: Limit = 100,
) -> Page[NamedSignalCase]:
    """A signal is no verdict: two who answer one another at work look like two who trade points."""
    community = principal.community
    member_id = await whose.asked(conn, community=community, member=member)
    group = None if member_id is None else await load_group(conn, community=community, head_id=member_id)
    states: Sequence[CaseState] = WAITING if group is None else tuple(CaseState)
    found = await store.page_of_cases(
        conn,
        community=community,
        states=states if state is None else (CaseState(state),),
        member_ids=group,
        after=place,
        limit=limit,
    )
    members = [case.key.member_id for case in found[:limit]]
    shown.of(*members)
    names = await load_names(conn, community=community, member_ids=members)
    document = await _document(conn, community)
    return Page.of(
        found,
        limit,
        item=lambda case: NamedSignalCase.model_validate(_named(case, names, document)),
        place=lambda case: CasePlace(case.score_percent, case.case_id),
    )


@router.get(
    "/v1/signals/{case_id}", summary="A case of held awards", responses=problem_responses(UNKNOWN_SIGNAL_CASE)
)
async def get_signal_case(principal: Reader, shown: Shown, case_id: UUID, conn: Conn) -> SignalCaseShown:
    """What was found, who gave whom how much, and who is in it, too."""
    community = principal.community
    case = await store.find_case(conn, community=community, case_id=str(case_id))
    if case is None:
        raise UnknownCaseError
    member_id = case.key.member_id
    near = {member_id, *case.others}
    near.update(*(sorted(one.givers or ())[:DECIDED_AT_ONCE_MAX_COUNT] for one in case.found))
    pairs = await store.load_pairs(conn, key=case.key, members=sorted(near))
    others = await store.load_cases(conn, community=community, window=case.key.window, members=sorted(case.others))
    named = {member_id, *(one for pair in pairs for one in (pair.giver, pair.receiver))}
    shown.of(*sorted(named))
    names = await load_names(conn, community=community, member_ids=sorted(named))
    back = {pair.key: pair.points for pair in pairs}
    return SignalCaseShown.model_validate(
        _named(case, names, await _document(conn, community))
        | {
            "pairs": [_pair(pair, names, back.get(TieKey(pair.receiver, pair.giver), 0)) for pair in pairs],
            "ring_case_ids": [one.case_id for one in others.values() if one.state is case.state],
        }
    )


def _pair(tie: Tie, names: Mapping[str, str | None], back: int) -> dict[str, object]:
    return {
        "giver_id": tie.giver,
        "giver_name": names.get(tie.giver),
        "receiver_id": tie.receiver,
        "receiver_name": names.get(tie.receiver),
        "points": tie.points,
        "acts": tie.acts,
        "back_points": back,
    }


_DECIDING = problem_responses(UNKNOWN_SIGNAL_CASE, SIGNAL_CASE_DECIDED, SIGNAL_REASON)


@router.post("/v1/signals/{case_id}/release", summary="Give what a case holds", responses=_DECIDING)
async def release_signal_case(principal: Decider, case_id: UUID, tx: Tx, wanted: SignalDecision) -> SignalCaseItem:
    """The awards are given within seconds, and what comes of these givers in the same 30 days.

    From as many points on as the programme says it waits until another person approves it. What was denied can be
    released, too. Again changes nothing.
    """
    (case,) = await deciding.release(
        tx, community=principal.community, case_ids=[str(case_id)], decision=_decision(principal, wanted)
    )
    return SignalCaseItem.of(case)


@router.post(
    "/v1/signals/{case_id}/approve",
    summary="Approve a release that another person asked for",
    responses=problem_responses(UNKNOWN_SIGNAL_CASE, SIGNAL_CASE_DECIDED, SIGNAL_FOUR_EYES),
)
async def approve_signal_case(principal: Approver, case_id: UUID, tx: Tx) -> SignalCaseItem:
    """Whoever asked for it cannot, by whatever key; approving again changes nothing."""
    return SignalCaseItem.of(
        await deciding.approve(tx, community=principal.community, case_id=str(case_id), by=_author(principal))
    )


@router.post("/v1/signals/{case_id}/deny", summary="Give nobody what a case holds", responses=_DECIDING)
async def deny_signal_case(principal: Decider, case_id: UUID, tx: Tx, wanted: SignalDecision) -> SignalCaseItem:
    """The awards amount to nothing, and so does what these givers give in the same 30 days. The member reads why.

    Again changes nothing.
    """
    (case,) = await deciding.deny(
        tx, community=principal.community, case_ids=[str(case_id)], decision=_decision(principal, wanted)
    )
    return SignalCaseItem.of(case)


@router.post(
    "/v1/signals/decisions", summary="Release or deny several cases, as those of a ring", responses=_DECIDING
)
async def decide_signal_cases(principal: Decider, tx: Tx, wanted: SignalDecisions) -> list[SignalCaseItem]:
    """All of them, or none where one is not in a state for it."""
    decide = deciding.release if wanted.decision == "release" else deciding.deny
    cases = await decide(
        tx,
        community=principal.community,
        case_ids=sorted({str(one) for one in wanted.case_ids}),
        decision=_decision(principal, wanted, verb="decide"),
    )
    return [SignalCaseItem.of(case) for case in cases]


def _decision(principal: Principal, wanted: SignalDecision, *, verb: str | None = None) -> Decision:
    return Decision(_author(principal), Reason(wanted.reason), wanted.note, verb)


@router.get(
    "/v1/members/{member_id}/held-awards",
    summary="Points of a member that are being looked at",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def get_held_awards(
    principal: Annotated[Principal, requires(Scope.POINTS_READ, or_own=True, reads="member_id")],
    member_id: MemberId,
    conn: Conn,
    place: Annotated[CasePlace | None, after(CasePlace)],
    limit: Limit = 100,
) -> Page[HeldOfMember]:
    """How many, since when, and, where they were denied, why; not by whom, nor who else is meant."""
    group = await load_group(conn, community=principal.community, head_id=str(member_id))
    found = await store.page_of_cases(
        conn,
        community=principal.community,
        states=(*WAITING, CaseState.DENIED),
        member_ids=group,
        after=place,
        limit=limit,
    )
    return Page.of(found, limit, item=_of_member, place=lambda case: CasePlace(case.score_percent, case.case_id))


def _of_member(case: SignalCase) -> HeldOfMember:
    is_denied = case.state is CaseState.DENIED
    return HeldOfMember(
        case_id=UUID(case.case_id),
        member_id=UUID(case.key.member_id),
        state="denied" if is_denied else "looked_at",
        held_points=case.held_points,
        held_awards=case.held_awards,
        starts_on=case.starts_on,
        ends_on=case.starts_on + timedelta(days=WINDOW_DAYS - 1),
        opened_at=case.opened_at,
        decided_at=case.decided_at if is_denied else None,
        reason=case.reason.value if is_denied and case.reason else None,
    )
