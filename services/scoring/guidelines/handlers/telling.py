"""What is told of guidelines, and taken in again once the database has forgotten it."""

from datetime import UTC

from services.scoring.guidelines import store
from services.scoring.guidelines.domain.cases import Acceptance, Case, CaseState, Folded
from services.scoring.guidelines.domain.said import Content, Kind, Word, named
from services.scoring.programmes.domain.publication import Author
from services.scoring.settings import Settings
from services.scoring.voids.domain import Void, Why
from services.scoring.voids.store import lock_void, put_void
from shared.contracts.facts import (
    CASE_CHANGED,
    GUIDELINE_FACT,
    GUIDELINES_ACCEPTED,
    SAID_IN_CASE,
    SUSPENSION_CHANGED,
    AcceptanceData,
    CaseChanged,
    CaseData,
    GuidelineFact,
    SaidData,
    SaidInCase,
    SuspensionChanged,
    SuspensionData,
)
from shared.own_facts import ReadBack
from shared.topics import GUIDELINES
from shared.transaction import Transaction

#: Where nobody knows whose a content is, what is told of it is in order by itself.
_OPTIONAL = ("by_member", "member_id", "outcome", "category", "reason", "ends_at", "programme_version",
             "penalty_points", "suspended_days", "appeal_until")  # fmt: skip


def tell_case(tx: Transaction[Settings], case: Case, *, folded: Folded) -> None:
    """Publish what became of a case."""
    content, decision = case.content, folded.ruling or folded.decision
    data: CaseData = {
        "case_id": case.case_id,
        "revision": case.revision,
        "state": case.state.value,
        "channel": content.channel,
        "host": content.host,
        "object_id": content.object_id,
        "reports": case.report_count,
        "opened_at": case.opened_at,
        "due_at": case.due_at,
    }
    if case.member_id is not None:
        data["member_id"] = case.member_id
    if case.category is not None:
        data["category"] = case.category
    if case.decided_at is not None:
        data["decided_at"] = case.decided_at
        if decision is not None and decision.by is not None and decision.by.person_id is not None:
            data["by_person"] = decision.by.person_id
        if folded.decision is not None and folded.decision.repeat_count:
            data["repeat"] = folded.decision.repeat_count
            data["penalty_points"] = folded.decision.penalty_points or 0
    tx.tell(
        GUIDELINES,
        CASE_CHANGED,
        fact_id=named("case", case.case_id, str(case.revision)),
        community=content.community,
        subject=case.member_id or case.case_id,
        data=data,
    )


def tell_suspension(tx: Transaction[Settings], void: Void) -> None:
    """Publish from when until when a member is suspended, or that they were not."""
    assert void.starts_at is not None  # noqa: S101 -- it is a suspension
    data: SuspensionData = {
        "suspension_id": void.void_id,
        "member_id": void.member_id,
        "revision": void.revision,
        "stands": void.is_standing,
        "starts_at": void.starts_at,
    }
    if void.ends_at is not None:
        data["ends_at"] = void.ends_at
    if void.case_id is not None:
        data["case_id"] = void.case_id
    tx.tell(
        GUIDELINES,
        SUSPENSION_CHANGED,
        fact_id=named("suspension", void.void_id, str(void.revision)),
        community=void.community,
        subject=void.member_id,
        data=data,
    )


def tell_acceptance(tx: Transaction[Settings], acceptance: Acceptance) -> None:
    """Publish that a member accepted a version of the guidelines."""
    data: AcceptanceData = {
        "member_id": acceptance.member_id,
        "version": acceptance.version,
        "accepted_at": acceptance.accepted_at,
    }
    tx.tell(
        GUIDELINES,
        GUIDELINES_ACCEPTED,
        fact_id=named("accepted", acceptance.community, acceptance.member_id, acceptance.version),
        community=acceptance.community,
        subject=acceptance.member_id,
        data=data,
    )


def tell_word(tx: Transaction[Settings], word: Word, *, subject: str) -> None:
    """Publish what somebody said here, without what they wrote."""
    data: SaidData = {
        "word_id": word.word_id,
        "kind": word.kind.value,
        "about": word.about,
        "said_at": word.said_at,
    }
    for name in _OPTIONAL:
        if (value := getattr(word, name)) is not None:
            data[name] = value  # type: ignore[literal-required]
    if word.repeat_count is not None:
        data["repeat"] = word.repeat_count
    if word.by is not None:
        data["by_name"] = word.by.name
        if word.by.person_id is not None:
            data["by_person"] = word.by.person_id
    if word.content is not None:
        data["channel"], data["host"] = word.content.channel, word.content.host
        data["object_id"] = word.content.object_id
    tx.tell(
        GUIDELINES,
        SAID_IN_CASE,
        fact_id=word.word_id,
        community=word.community,
        subject=subject,
        data=data,
    )


async def on_told(tx: Transaction[Settings], facts: list[GuidelineFact]) -> None:
    """Take in what was told of guidelines and the database has forgotten; cases are worked out anew."""
    for fact in facts:
        community = fact["community"]
        if fact["type"] == "guidelines.said.v1":
            await _take_word(tx, fact)
        elif fact["type"] == "guidelines.case_changed.v1":
            await store.put_case(tx.conn, _case(fact))
        elif fact["type"] == "guidelines.suspension_changed.v1":
            void = _void(fact)
            known = await lock_void(tx.conn, community=community, void_id=void.void_id)
            if known is None or known.revision < void.revision:
                await put_void(tx.conn, void, now=tx.now)
        else:
            data = fact["data"]
            accepted = Acceptance(
                community, data["member_id"], data["version"], data["accepted_at"].astimezone(UTC)
            )
            await store.add_acceptances(tx.conn, acceptances=[accepted])


async def _take_word(tx: Transaction[Settings], fact: SaidInCase) -> None:
    data, community = fact["data"], fact["community"]
    content = None
    if "object_id" in data:
        content = Content(community, data["channel"], data.get("host", ""), data["object_id"])
    by = Author(data.get("by_person"), data["by_name"], None) if "by_name" in data else None
    said_at = data["said_at"].astimezone(UTC)
    word = Word(
        community,
        data["word_id"],
        Kind(data["kind"]),
        data["word_id"],
        data["about"],
        said_at,
        data["word_id"],
        by=by,
        content=content,
        repeat_count=data.get("repeat"),
        **{name: data[name] for name in _OPTIONAL if name in data},  # type: ignore[literal-required]
    )
    await store.add_words(tx.conn, words=[word])
    if content is not None:
        await store.add_due(tx.conn, contents={content.case_id: (content, said_at)}, due_at=said_at)
    cases = await store.find_cases_above(tx.conn, community=community, abouts=[word.about])
    await store.set_due(tx.conn, community=community, case_ids=cases)


def _case(fact: CaseChanged) -> Case:
    data = fact["data"]
    decided_at = data.get("decided_at")
    return Case(
        Content(fact["community"], data["channel"], data["host"], data["object_id"]),
        data["case_id"],
        data.get("member_id"),
        CaseState(data["state"]),
        data["revision"],
        data.get("category"),
        data["reports"],
        data["opened_at"].astimezone(UTC),
        data["due_at"].astimezone(UTC),
        None if decided_at is None else decided_at.astimezone(UTC),
        is_due=True,
    )


def _void(fact: SuspensionChanged) -> Void:
    data = fact["data"]
    ends_at = data.get("ends_at")
    return Void(
        fact["community"],
        data["suspension_id"],
        Why.SUSPENDED,
        data["member_id"],
        case_id=data.get("case_id"),
        starts_at=data["starts_at"].astimezone(UTC),
        ends_at=None if ends_at is None else ends_at.astimezone(UTC),
        is_standing=data["stands"],
        revision=data["revision"],
    )


READ_BACK = (ReadBack((GUIDELINES,), GUIDELINE_FACT, on_told),)
