"""HTTP routes of cases and suspensions: the queue of who moderates."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.scoring.guidelines import store
from services.scoring.guidelines.api.models import (
    CaseItem,
    CaseShown,
    DecisionRequest,
    GuidelinesShown,
    ReporterShown,
    ReportRequest,
    Reversed,
    RulingRequest,
    StateShown,
    SuspendRequest,
    SuspensionShown,
    WordShown,
)
from services.scoring.guidelines.api.problems import (
    CASE_DECIDED,
    NO_GUIDELINES,
    OWN_CASE,
    UNKNOWN_CASE,
    UNKNOWN_CATEGORY,
    UNKNOWN_SUSPENSION,
)
from services.scoring.guidelines.domain.cases import WAITING, Case, CasePlace, CaseState
from services.scoring.guidelines.domain.errors import NoGuidelinesError, UnknownCaseError
from services.scoring.guidelines.domain.said import Content, Kind, Outcome, Word, named
from services.scoring.guidelines.handlers import deciding
from services.scoring.guidelines.handlers.deciding import By, Decided
from services.scoring.guidelines.handlers.folding import in_force, person
from services.scoring.programmes.domain.publication import Author
from services.scoring.voids import store as void_store
from shared.access_keys import load_own
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.followed_members import load_names
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    MemberNamed,
    Page,
    Principal,
    Public,
    Scope,
    Shown,
    Tx,
    Whose,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import ABOUT_YOURSELF, UNKNOWN_IDENTITY, UNKNOWN_MEMBER
from shared.merges import load_group
from shared.postgres import Connection

router = APIRouter()

Reader = Annotated[Principal, requires(Scope.GUIDELINES_READ, reads=IN_ANSWER)]
Moderator = Annotated[Principal, requires(Scope.GUIDELINES_WRITE)]
HISTORY_COUNT = 20
#: Of so many reports a case says each by itself: what floods it makes no answer larger than this.
REPORTS_SHOWN_COUNT = 100
SUSPENSIONS_MAX_COUNT = 500


def by_of(principal: Principal) -> By:
    """Who does something here."""
    author = Author(principal.person_id, principal.person_name, principal.credential)
    return By(author, principal.member_id)


@router.get(
    "/v1/guidelines", summary="The guidelines that are in force", responses=problem_responses(NO_GUIDELINES)
)
async def get_guidelines(
    principal: Annotated[Principal, requires(Scope.GUIDELINES_READ, or_member=True, public=Public.PROGRAMME)],
    conn: Conn,
) -> GuidelinesShown:
    """Where they are, or their text, and what follows when a report is upheld: for everybody to know."""
    section = (await in_force(conn, community=principal.community, now=datetime.now(UTC))).section
    if section is None:
        raise NoGuidelinesError
    count = None
    if Scope.GUIDELINES_READ in principal.scopes:
        count = await store.count_accepted(conn, community=principal.community, version=section.version)
    return GuidelinesShown.of(section, accepted_count=count)


@router.get(
    "/v1/guideline-cases",
    summary="What was reported, by when it is to be decided",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def get_cases(
    principal: Reader,
    shown: Shown,
    whose: Whose,
    conn: Conn,
    place: Annotated[CasePlace | None, after(CasePlace)],
    state: Annotated[
        StateShown | Literal["waiting"],
        Query(
            description="`waiting`: what somebody is to decide, the most urgent first; others: the newest first"
        ),
    ] = "waiting",
    member: Annotated[MemberNamed | None, Query(description="About this member: an id or an identity")] = None,
    limit: Limit = 100,
) -> Page[CaseItem]:
    """Reports of one content are one case."""
    community = principal.community
    member_id = await whose.asked(conn, community=community, member=member)
    found = await store.page_of_cases(
        conn,
        community=community,
        states=WAITING if state == "waiting" else [CaseState(state)],
        member_ids=None if member_id is None else await load_group(conn, community=community, head_id=member_id),
        newest_first=state != "waiting",
        after=place,
        limit=limit,
    )
    members = [case.member_id for case in found[:limit] if case.member_id is not None]
    shown.of(*members)
    names = await load_names(conn, community=community, member_ids=members)
    return Page.of(
        found,
        limit,
        item=lambda case: CaseItem.of(case, names),
        place=lambda case: CasePlace(case.due_at, case.case_id),
    )


@router.get(
    "/v1/guideline-cases/{case_id}",
    summary="A case, and the history of both sides",
    responses=problem_responses(UNKNOWN_CASE),
)
async def get_case(principal: Reader, shown: Shown, case_id: UUID, conn: Conn) -> CaseShown:
    """All that was said in it, of reports the first hundred; other cases about the member; who reported it.

    With whoever reported it is what came of their other reports.
    """
    community = principal.community
    case = await store.find_case(conn, community=community, case_id=str(case_id))
    if case is None:
        raise UnknownCaseError
    return await _shown(conn, case, shown=shown, principal=principal)


@router.post(
    "/v1/guideline-reports",
    summary="Report a content",
    responses=problem_responses(NO_GUIDELINES, UNKNOWN_CATEGORY, UNKNOWN_IDENTITY, UNKNOWN_MEMBER),
)
async def post_report(principal: Moderator, whose: Whose, tx: Tx, wanted: ReportRequest) -> CaseItem:
    """As a person here; platforms send `moderation.reported.v1`. Who reported it before has done so."""
    community = principal.community
    author_id = await whose.asked(tx.conn, community=community, member=wanted.author)
    content = Content(community, wanted.channel, wanted.host, wanted.object_id)
    case = await deciding.report(
        tx,
        content=content,
        author_id=author_id,
        category=wanted.category,
        by=By(by_of(principal).author, None),
        word_id=named("report", content.case_id, principal.person_id),
    )
    return await _item(tx.conn, case)


@router.post(
    "/v1/guideline-cases/{case_id}/decide",
    summary="Uphold or dismiss what was reported",
    responses=problem_responses(
        UNKNOWN_CASE, CASE_DECIDED, ABOUT_YOURSELF, OWN_CASE, NO_GUIDELINES, UNKNOWN_CATEGORY
    ),
)
async def decide_case(principal: Moderator, case_id: UUID, tx: Tx, wanted: DecisionRequest) -> CaseItem:
    """Upheld: its author's points for it are reversed, and what the category and their history say follows.

    Who reported it, or whose it is, decides nothing of it. The same again changes nothing.
    """
    case = await deciding.decide(
        tx,
        community=principal.community,
        case_id=str(case_id),
        decided=Decided(Outcome(wanted.outcome), wanted.reason, wanted.note),
        category=wanted.category,
        by=by_of(principal),
    )
    return await _item(tx.conn, case)


@router.post(
    "/v1/guideline-cases/{case_id}/rule",
    summary="Decide an appeal",
    responses=problem_responses(UNKNOWN_CASE, CASE_DECIDED, ABOUT_YOURSELF, OWN_CASE),
)
async def rule_on_appeal(principal: Moderator, case_id: UUID, tx: Tx, wanted: RulingRequest) -> CaseItem:
    """Another person than who decided or reported. `overturned` gives back what was reversed, lifts the rest."""
    case = await deciding.rule(
        tx,
        community=principal.community,
        case_id=str(case_id),
        decided=Decided(Outcome(wanted.outcome), wanted.reason, wanted.note),
        by=by_of(principal),
    )
    return await _item(tx.conn, case)


@router.get("/v1/suspensions", summary="Members who are suspended", responses=problem_responses())
async def get_suspensions(principal: Reader, shown: Shown, conn: Conn) -> Page[SuspensionShown]:
    """Those that last now, the newest first."""
    community = principal.community
    found = await void_store.load_suspensions(
        conn, community=community, member_ids=None, limit=SUSPENSIONS_MAX_COUNT
    )
    members = [one.member_id for one in found]
    shown.of(*members)
    names = await load_names(conn, community=community, member_ids=members)
    return Page[SuspensionShown](
        items=[SuspensionShown.of(one, names.get(one.member_id)) for one in found], next=None
    )


@router.post(
    "/v1/suspensions",
    summary="Suspend a member",
    status_code=201,
    response_model=SuspensionShown,
    responses=problem_responses(
        NO_GUIDELINES, UNKNOWN_CATEGORY, ABOUT_YOURSELF, UNKNOWN_IDENTITY, UNKNOWN_MEMBER, KEY_REUSED
    ),
)
async def post_suspension(
    principal: Moderator, whose: Whose, tx: Tx, wanted: SuspendRequest, idempotency_key: IdempotencyKey
) -> Response:
    """From now on they earn nothing and stand on no board. What they have stays theirs, and is paid."""

    async def work() -> SuspensionShown:
        community = principal.community
        member_id = await whose.of(tx.conn, community=community, named=wanted.member, field="/member")
        void = await deciding.suspend(
            tx,
            community=community,
            member_id=member_id,
            days=wanted.days,
            reason=wanted.reason,
            by=by_of(principal),
            word_id=named("by hand", community, idempotency_key),
        )
        return SuspensionShown.of(void)

    key = CommandKey(principal.community, "suspension", idempotency_key)
    return await answer_once(tx, Command(key, wanted.model_dump(mode="json")), work=work)


@router.post(
    "/v1/suspensions/{suspension_id}/lift",
    summary="End a suspension",
    responses=problem_responses(UNKNOWN_SUSPENSION, ABOUT_YOURSELF),
)
async def lift_suspension(principal: Moderator, suspension_id: UUID, tx: Tx) -> SuspensionShown:
    """From now on they earn again; what they did meanwhile earned nothing, and does not. Again changes nothing."""
    void = await deciding.lift(
        tx,
        community=principal.community,
        suspension_id=str(suspension_id),
        by=by_of(principal),
        word_id=named("lift", str(suspension_id)),
    )
    return SuspensionShown.of(void)


async def _item(conn: Connection, case: Case) -> CaseItem:
    names = await load_names(
        conn, community=case.content.community, member_ids=[case.member_id] if case.member_id else []
    )
    return CaseItem.of(case, names)


async def _shown(conn: Connection, case: Case, *, shown: Shown, principal: Principal) -> CaseShown:
    community = case.content.community
    words = await store.load_words(conn, community=community, case_id=case.case_id)
    told = _told(words)
    reporters = {word.by_member for word in told if word.kind is Kind.REPORT and word.by_member is not None}
    found = await store.load_reporters(conn, community=community, member_ids=reporters)
    others: list[Case] = []
    suspensions = []
    if case.member_id is not None:
        group = await person(conn, community=community, member_id=case.member_id)
        others = await store.page_of_cases(
            conn,
            community=community,
            states=list(CaseState),
            member_ids=group,
            newest_first=True,
            after=None,
            limit=HISTORY_COUNT,
        )
        suspensions = await void_store.load_suspensions(
            conn, community=community, member_ids=group, limit=HISTORY_COUNT
        )
    said_by = {word.by_member for word in told if word.by_member is not None}
    members = sorted(said_by | reporters | ({case.member_id} if case.member_id else set()))
    shown.of(*members)
    names = await load_names(conn, community=community, member_ids=members)
    awards, points = await void_store.sum_voided(conn, community=community, void_id=case.case_id)
    events = await void_store.load_first_events(conn, community=community, content_id=case.case_id, limit=3)
    return CaseShown.model_validate(
        CaseItem.of(case, names).model_dump()
        | {
            "said": [WordShown.of(word, names) for word in told],
            "reporters": [ReporterShown.of(one, found[one], names.get(one)) for one in sorted(found)],
            "others": [CaseItem.of(one, names) for one in others if one.case_id != case.case_id],
            "suspensions": [SuspensionShown.of(one) for one in suspensions],
            "reversed": Reversed(awards=awards, points=points),
            "event_uids": [uid for _, uid, _ in events],
            "why_not": await _why_not(conn, case, words=words, principal=principal),
        }
    )


def _told(words: list[Word]) -> list[Word]:
    """All that was said, of reports the first ones."""
    first = {word.word_id for word in [one for one in words if one.kind is Kind.REPORT][:REPORTS_SHOWN_COUNT]}
    return [word for word in words if word.kind is not Kind.REPORT or word.word_id in first]


async def _why_not(conn: Connection, case: Case, *, words: list[Word], principal: Principal) -> str | None:
    if case.state not in WAITING:
        return None
    own = await load_own(conn, community=principal.community, person_id=principal.person_id)
    if case.member_id in own:
        return "own_content"
    mine = {
        word.kind
        for word in words
        if not word.is_retracted
        and (word.by_member in own or (word.by is not None and word.by.person_id == principal.person_id))
    }
    if Kind.REPORT in mine:
        return "own_report"
    return "decided_first" if case.state is CaseState.APPEALED and Kind.DECISION in mine else None
