"""HTTP routes of held awards: what was found about whom, and who releases or denies it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.scoring.holds.api.models import (
    DECIDED_AT_ONCE_MAX_COUNT,
    HeldOfMember,
    NamedSignalCase,
    SignalCaseItem,
    SignalCaseShown,
    SignalDecision,
    SignalDecisions,
    SignalTerms,
    StateName,
    named,
    of_member,
    pair_of,
)
from services.scoring.holds.handlers import deciding
from services.scoring.holds.handlers.deciding import Decision
from services.scoring.programmes.domain.publication import Author, Document
from services.scoring.programmes.handlers.in_force import document_in_force
from services.scoring.signals.domain.cases import (
    CasePlace,
    CaseState,
    Reason,
    UnknownSignalCaseError,
)
from services.scoring.signals.domain.ties import TieKey
from services.scoring.signals.store import cases as cases_store
from services.scoring.signals.store import ties as ties_store
from shared.access_keys import load_own
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
    Scope,
    Shown,
    Tx,
    Whose,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import ABOUT_YOURSELF, UNKNOWN_IDENTITY
from shared.merges import load_group

UNKNOWN_SIGNAL_CASE = ProblemType("unknown-signal-case", 404, "No such case of held awards")
SIGNAL_CASE_DECIDED = ProblemType("signal-case-decided", 409, "The case is not in a state for that")
SIGNAL_FOUR_EYES = ProblemType("signal-four-eyes", 403, "Another person must do that")
SIGNAL_REASON = ProblemType("signal-reason", 422, "The reason is for the other decision")

router = APIRouter()

Reader = Annotated[Principal, requires(Scope.POINTS_READ, reads=IN_ANSWER)]
Decider = Annotated[Principal, requires(Scope.POINTS_WRITE)]
Approver = Annotated[Principal, requires(Scope.POINTS_APPROVE)]

#: What is listed unless a state is asked for: whatever is not over.
WAITING = (CaseState.HELD, CaseState.RELEASE_ASKED)


def _author(principal: Principal) -> Author:
    return Author(principal.person_id, principal.person_name, principal.credential)


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
    found = await cases_store.page_of_cases(
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
        item=lambda case: NamedSignalCase.model_validate(named(case, names, document)),
        place=lambda case: CasePlace(case.score_percent, case.case_id),
    )


@router.get(
    "/v1/signals/{case_id}", summary="A case of held awards", responses=problem_responses(UNKNOWN_SIGNAL_CASE)
)
async def get_signal_case(principal: Reader, shown: Shown, case_id: UUID, conn: Conn) -> SignalCaseShown:
    """What was found, who gave whom how much, and who is in it, too."""
    community = principal.community
    case = await cases_store.find_case(conn, community=community, case_id=str(case_id))
    if case is None:
        raise UnknownSignalCaseError
    member_id = case.key.member_id
    near = {member_id, *case.others}
    near.update(*(sorted(one.givers or ())[:DECIDED_AT_ONCE_MAX_COUNT] for one in case.found))
    pairs = await ties_store.load_pairs(conn, key=case.key, members=sorted(near))
    others = await cases_store.load_cases(
        conn, community=community, window=case.key.window, members=sorted(case.others)
    )
    met = {member_id, *(one for pair in pairs for one in (pair.giver, pair.receiver))}
    shown.of(*sorted(met))
    names = await load_names(conn, community=community, member_ids=sorted(met))
    back = {pair.key: pair.points for pair in pairs}
    return SignalCaseShown.model_validate(
        named(case, names, await _document(conn, community))
        | {
            "pairs": [pair_of(pair, names, back.get(TieKey(pair.receiver, pair.giver), 0)) for pair in pairs],
            "ring_case_ids": [one.case_id for one in others.values() if one.state is case.state],
            "is_about_you": case.names_any(
                await load_own(conn, community=community, person_id=principal.person_id)
            ),
        }
    )


_DECIDING = problem_responses(UNKNOWN_SIGNAL_CASE, ABOUT_YOURSELF, SIGNAL_CASE_DECIDED, SIGNAL_REASON)


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
    responses=problem_responses(UNKNOWN_SIGNAL_CASE, ABOUT_YOURSELF, SIGNAL_CASE_DECIDED, SIGNAL_FOUR_EYES),
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
    found = await cases_store.page_of_cases(
        conn,
        community=principal.community,
        states=(*WAITING, CaseState.DENIED),
        member_ids=group,
        after=place,
        limit=limit,
    )
    return Page.of(found, limit, item=of_member, place=lambda case: CasePlace(case.score_percent, case.case_id))
