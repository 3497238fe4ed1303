"""HTTP routes of what a member has to do with the guidelines: accepting them, reporting, appealing."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from services.scoring.guidelines import store
from services.scoring.guidelines.api.models import (
    AcceptanceShown,
    AcceptRequest,
    AppealRequest,
    CaseCommon,
    MemberGuidelines,
    OwnCase,
    ReportRequest,
    Reversed,
    SuspensionShown,
)
from services.scoring.guidelines.api.problems import (
    APPEAL_TOO_LATE,
    CASE_DECIDED,
    NO_GUIDELINES,
    OTHER_GUIDELINES,
    UNKNOWN_CASE,
    UNKNOWN_CATEGORY,
)
from services.scoring.guidelines.domain.cases import Case, CaseState, fold
from services.scoring.guidelines.domain.said import Content, named
from services.scoring.guidelines.handlers import deciding
from services.scoring.guidelines.handlers.deciding import By
from services.scoring.guidelines.handlers.folding import InForce, in_force
from services.scoring.programmes.domain.publication import Author
from services.scoring.voids import store as void_store
from shared.http import Conn, MemberId, Principal, Scope, Tx, Whose, problem_responses, requires
from shared.http.problem_types import UNKNOWN_IDENTITY
from shared.merges import load_group
from shared.postgres import Connection

router = APIRouter()

Own = Annotated[Principal, requires(Scope.GUIDELINES_WRITE, or_own=True)]
CASES_COUNT = 50


class ReportMade(BaseModel):
    """A report as who made it sees it."""

    case_id: UUID
    state: str


@router.get(
    "/v1/members/{member_id}/guidelines",
    summary="What a member has to do with the guidelines",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def get_members_guidelines(
    principal: Annotated[Principal, requires(Scope.GUIDELINES_READ, or_own=True, reads="member_id")],
    member_id: MemberId,
    conn: Conn,
) -> MemberGuidelines:
    """Which version they accepted, whether they are suspended, and what was decided of what they made."""
    community, now = principal.community, datetime.now(UTC)
    said = await in_force(conn, community=community, now=now)
    group = await load_group(conn, community=community, head_id=str(member_id))
    accepted = await store.load_acceptances(conn, community=community, member_ids=group)
    cases = await store.page_of_cases(
        conn,
        community=community,
        states=[CaseState.UPHELD, CaseState.APPEALED, CaseState.OVERTURNED],
        member_ids=group,
        newest_first=True,
        after=None,
        limit=CASES_COUNT,
    )
    suspensions = await void_store.load_suspensions(conn, community=community, member_ids=group, limit=CASES_COUNT)
    lasting = next((one for one in suspensions if one.holds_at(now)), None)
    reporters = await store.load_reporters(conn, community=community, member_ids=group)
    version = None if said.section is None else said.section.version
    return MemberGuidelines(
        version=version,
        accepted=[AcceptanceShown(version=one.version, accepted_at=one.accepted_at) for one in accepted],
        is_accepted=version in {one.version for one in accepted},
        suspension=None if lasting is None else SuspensionShown.of(lasting),
        cases=[await _own_case(conn, case, said=said, now=now) for case in cases],
        reports_made=sum(one.reports for one in reporters.values()),
    )


async def _own_case(conn: Connection, case: Case, *, said: InForce, now: datetime) -> OwnCase:
    folded = fold(await store.load_words(conn, community=case.content.community, case_id=case.case_id))
    decision = None if folded is None else folded.decision
    awards, points = await void_store.sum_voided(conn, community=case.content.community, void_id=case.case_id)
    last = decision if folded is None or folded.ruling is None else folded.ruling
    until = None if decision is None else decision.appeal_until
    may_appeal = (
        folded is not None
        and folded.state is CaseState.UPHELD
        and folded.ruling is None
        and (until is None or now <= until)
    )
    category = None if said.section is None else said.section.category(case.category)
    return OwnCase.model_validate(
        CaseCommon.common(case)
        | {
            "outcome_reason": None if last is None else last.reason,
            "category_title": None if category is None else category.title,
            "penalty_points": 0 if decision is None or not decision.penalty_points else decision.penalty_points,
            "reversed": Reversed(awards=awards, points=points),
            "appeal_until": until,
            "may_appeal": may_appeal,
        }
    )


@router.post(
    "/v1/members/{member_id}/guidelines/accept",
    summary="Accept the guidelines",
    responses=problem_responses(NO_GUIDELINES, OTHER_GUIDELINES, UNKNOWN_IDENTITY),
)
async def accept_guidelines(principal: Own, member_id: MemberId, tx: Tx, wanted: AcceptRequest) -> AcceptanceShown:
    """The version that was read, while it is in force. Again changes nothing."""
    accepted = await deciding.accept(
        tx, community=principal.community, member_id=str(member_id), version=wanted.version
    )
    return AcceptanceShown(version=accepted.version, accepted_at=accepted.accepted_at)


@router.post(
    "/v1/members/{member_id}/guideline-reports",
    summary="Report a content as a member",
    responses=problem_responses(NO_GUIDELINES, UNKNOWN_CATEGORY, UNKNOWN_IDENTITY),
)
async def post_own_report(
    principal: Own, member_id: MemberId, whose: Whose, tx: Tx, wanted: ReportRequest
) -> ReportMade:
    """A person looks at it; who made it does not learn who reported it. Again changes nothing."""
    community = principal.community
    author_id = await whose.asked(tx.conn, community=community, member=wanted.author)
    content = Content(community, wanted.channel, wanted.host, wanted.object_id)
    case = await deciding.report(
        tx,
        content=content,
        author_id=author_id,
        category=wanted.category,
        by=By(_author(principal), str(member_id)),
        word_id=named("own report", content.case_id, str(member_id)),
    )
    return ReportMade(case_id=UUID(case.case_id), state=case.state.value)


@router.post(
    "/v1/members/{member_id}/guideline-cases/{case_id}/appeal",
    summary="Appeal against a decision",
    responses=problem_responses(UNKNOWN_CASE, CASE_DECIDED, APPEAL_TOO_LATE, UNKNOWN_IDENTITY),
)
async def post_appeal(
    principal: Own, member_id: MemberId, case_id: UUID, tx: Tx, wanted: AppealRequest
) -> ReportMade:
    """Another person than who decided looks at it. Until then the decision stands. Again changes nothing."""
    case = await deciding.appeal(
        tx,
        community=principal.community,
        case_id=str(case_id),
        member_id=str(member_id),
        reason=wanted.reason,
        by=By(_author(principal), str(member_id)),
    )
    return ReportMade(case_id=UUID(case.case_id), state=case.state.value)


def _author(principal: Principal) -> Author:
    return Author(principal.person_id, principal.person_name, principal.credential)
