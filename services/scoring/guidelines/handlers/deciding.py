"""What people do here: report, decide, appeal, decide appeals, suspend, lift, accept."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from services.scoring.guidelines import store
from services.scoring.guidelines.domain.cases import Acceptance, Case, CaseState, Folded, fold
from services.scoring.guidelines.domain.errors import (
    AppealTooLateError,
    CaseDecidedError,
    NoGuidelinesError,
    OtherVersionError,
    OwnCaseError,
    UnknownCaseError,
    UnknownCategoryError,
    UnknownSuspensionError,
)
from services.scoring.guidelines.domain.said import Content, Kind, Outcome, Word, named
from services.scoring.guidelines.handlers.folding import (
    in_force,
    person,
    work_out,
    work_out_suspension,
)
from services.scoring.guidelines.handlers.telling import tell_acceptance, tell_word
from services.scoring.manual.domain import NobodyThereError
from services.scoring.manual.store import is_member
from services.scoring.programmes.domain.publication import Author
from services.scoring.settings import Settings
from services.scoring.voids.domain import Void
from services.scoring.voids.store import lock_void
from shared.access_keys import AboutYourselfError, check_not_about_oneself, load_own
from shared.audit import Did
from shared.contracts.programme import Guidelines
from shared.postgres import Connection
from shared.transaction import Transaction


@dataclass(frozen=True, slots=True)
class By:
    """Who does it: a person, who may be a member too."""

    author: Author
    member_id: str | None


@dataclass(frozen=True, slots=True)
class Decided:
    """What somebody decides, why, and what they note of it."""

    outcome: Outcome
    reason: str | None
    note: str | None


async def report(
    tx: Transaction[Settings],
    *,
    content: Content,
    author_id: str | None,
    category: str,
    by: By,
    word_id: str,
) -> Case:
    """Report a content; who reported it before has done so. Raises NoGuidelinesError and UnknownCategoryError."""
    section = await _section(tx, community=content.community)
    _check_category(section, category)
    words = await store.load_words(tx.conn, community=content.community, case_id=content.case_id)
    mine = {by.member_id} if by.member_id else set()
    known = next(
        (
            one
            for one in words
            if one.kind is Kind.REPORT
            and not one.is_retracted
            and (one.by_member in mine if mine else one.by is not None and one.by[0] == by.author.person_id)
        ),
        None,
    )
    if known is None:
        word = Word(
            community=content.community,
            word_id=word_id,
            kind=Kind.REPORT,
            ref=word_id,
            about=content.case_id,
            said_at=tx.now,
            said_id=word_id,
            by_member=by.member_id,
            by=by.author,
            member_id=author_id,
            content=content,
            category=category,
        )
        await store.add_words(tx.conn, words=[word])
        tell_word(tx, word, subject=author_id or content.case_id)
        await store.add_due(tx.conn, contents={content.case_id: (content, tx.now)}, due_at=tx.now)
    case, _ = await _worked_out(tx, community=content.community, case_id=content.case_id)
    verb = "report" if by.member_id is None else "report_own"
    tx.did(_entry(verb, case, before=case if known else None))
    return case


async def decide(
    tx: Transaction[Settings], *, community: str, case_id: str, decided: Decided, category: str | None, by: By
) -> Case:
    """Uphold or dismiss what was reported. The same said again by the same person changes nothing.

    Raises UnknownCaseError, CaseDecidedError, AboutYourselfError, OwnCaseError, NoGuidelinesError and
    UnknownCategoryError.
    """
    case, folded = await _locked(tx, community=community, case_id=case_id)
    if category is not None:
        _check_category(await _section(tx, community=community), category)
    if (
        folded.decision is not None
        and _is_same(folded.decision, decided, by)
        and case.state.value == decided.outcome
    ):
        tx.did(_entry("decide", case, before=case))
        return case
    if folded.state is not CaseState.OPEN:
        raise CaseDecidedError(_decided_so(folded))
    words = await store.load_words(tx.conn, community=community, case_id=case_id)
    own = await _check_no_part(tx.conn, case, by=by)
    if any(one.kind is Kind.REPORT and _is_by(one, by, own) for one in words):
        raise OwnCaseError("you reported it")
    return await _say(
        tx, case, folded=folded, kind=Kind.DECISION, about=case_id, decided=decided, by=by, category=category
    )


async def appeal(
    tx: Transaction[Settings], *, community: str, case_id: str, member_id: str, reason: str, by: By
) -> Case:
    """Have a decision looked at by another person: of whose the content is. Again changes nothing.

    Raises UnknownCaseError when the case is not theirs, CaseDecidedError and AppealTooLateError.
    """
    case, folded = await _locked(tx, community=community, case_id=case_id)
    group = await person(tx.conn, community=community, member_id=member_id)
    if folded.member_id is None or folded.member_id not in group:
        raise UnknownCaseError
    if folded.state is CaseState.APPEALED:
        tx.did(_entry("appeal", case, before=case))
        return case
    decision = folded.decision
    if folded.state is not CaseState.UPHELD or folded.ruling is not None or decision is None:
        raise CaseDecidedError(_decided_so(folded))
    if decision.appeal_until is not None and tx.now > decision.appeal_until:
        raise AppealTooLateError(decision.appeal_until)
    decided = Decided(Outcome.UPHELD, reason, None)
    return await _say(
        tx, case, folded=folded, kind=Kind.APPEAL, about=decision.ref, decided=decided, by=by, category=None
    )


async def rule(tx: Transaction[Settings], *, community: str, case_id: str, decided: Decided, by: By) -> Case:
    """Decide an appeal: another person than who decided. The same said again changes nothing.

    Raises UnknownCaseError, CaseDecidedError, AboutYourselfError and OwnCaseError.
    """
    case, folded = await _locked(tx, community=community, case_id=case_id)
    if folded.ruling is not None and _is_same(folded.ruling, decided, by):
        tx.did(_entry("rule", case, before=case))
        return case
    if folded.state is not CaseState.APPEALED or folded.appeal is None:
        raise CaseDecidedError(_decided_so(folded))
    own = await _check_no_part(tx.conn, case, by=by)
    if folded.decision is not None and _is_by(folded.decision, by, own):
        raise OwnCaseError("you decided it the first time")
    words = await store.load_words(tx.conn, community=community, case_id=case_id)
    if any(one.kind is Kind.REPORT and _is_by(one, by, own) for one in words):
        raise OwnCaseError("you reported it")
    about = folded.appeal.ref
    return await _say(
        tx, case, folded=folded, kind=Kind.APPEAL_DECISION, about=about, decided=decided, by=by, category=None
    )


async def suspend(
    tx: Transaction[Settings],
    *,
    community: str,
    member_id: str,
    days: int | None,
    reason: str,
    by: By,
    word_id: str,
) -> Void:
    """Suspend a member from now on, for days or until it is lifted, for a category of the guidelines.

    Raises NobodyThereError, NoGuidelinesError, UnknownCategoryError and AboutYourselfError.
    """
    if not await is_member(tx.conn, community=community, member_id=member_id):
        raise NobodyThereError
    _check_category(await _section(tx, community=community), reason)
    await check_not_about_oneself(tx.conn, community=community, person_id=by.author.person_id, members=[member_id])
    word = Word(
        community=community,
        word_id=word_id,
        kind=Kind.SUSPENSION,
        ref=word_id,
        about=member_id,
        said_at=tx.now,
        said_id=word_id,
        by=by.author,
        member_id=member_id,
        reason=reason,
        ends_at=None if days is None else tx.now + timedelta(days=days),
    )
    await store.add_words(tx.conn, words=[word])
    tell_word(tx, word, subject=member_id)
    await work_out_suspension(tx, word)
    void = await lock_void(tx.conn, community=community, void_id=word.suspension_id)
    assert void is not None  # noqa: S101 -- it was put just now
    tx.did(_suspension_entry("begin", void, before=None))
    return void


async def lift(tx: Transaction[Settings], *, community: str, suspension_id: str, by: By, word_id: str) -> Void:
    """End a suspension now: what was done during it earned nothing, and does not later. Again changes nothing.

    Raises UnknownSuspensionError and AboutYourselfError.
    """
    # The case first, as everywhere, then the void.
    seen = await lock_void(tx.conn, community=community, void_id=suspension_id)
    if seen is None or not seen.is_standing:
        raise UnknownSuspensionError
    await check_not_about_oneself(
        tx.conn, community=community, person_id=by.author.person_id, members=[seen.member_id]
    )
    if seen.ends_at is not None and seen.ends_at <= tx.now:
        tx.did(_suspension_entry("lift", seen, before=seen))
        return seen
    word = Word(
        community=community,
        word_id=word_id,
        kind=Kind.LIFT,
        ref=word_id,
        about=suspension_id,
        said_at=tx.now,
        said_id=word_id,
        by=by.author,
        member_id=seen.member_id,
    )
    await store.add_words(tx.conn, words=[word])
    tell_word(tx, word, subject=seen.member_id)
    begun = await store.load_words_by_id(tx.conn, community=community, word_ids=[suspension_id])
    if suspension_id in begun:
        await work_out_suspension(tx, begun[suspension_id])
    elif seen.case_id is not None:
        await work_out(tx, community=community, case_id=seen.case_id)
    void = await lock_void(tx.conn, community=community, void_id=suspension_id)
    assert void is not None  # noqa: S101 -- it is there
    tx.did(_suspension_entry("lift", void, before=seen))
    return void


async def accept(tx: Transaction[Settings], *, community: str, member_id: str, version: str) -> Acceptance:
    """Accept the guidelines that are in force. Again changes nothing.

    Raises NoGuidelinesError, and OtherVersionError when another version is in force.
    """
    section = await _section(tx, community=community)
    if version != section.version:
        raise OtherVersionError(section.version)
    accepted = Acceptance(community, member_id, version, tx.now)
    for one in await store.add_acceptances(tx.conn, acceptances=[accepted]):
        tell_acceptance(tx, one)
    known = await store.load_acceptances(tx.conn, community=community, member_ids=[member_id])
    accepted = next(one for one in known if one.version == version)
    said = {"version": version, "accepted_at": accepted.accepted_at.isoformat()}
    tx.did(Did("guidelines.accept", "guidelines", version, member_id=member_id, before=None, after=said))
    return accepted


async def _say(
    tx: Transaction[Settings],
    case: Case,
    *,
    folded: Folded,
    kind: Kind,
    about: str,
    decided: Decided,
    by: By,
    category: str | None,
) -> Case:
    word_id = _word_id(case, kind, folded)
    word = Word(
        community=case.content.community,
        word_id=word_id,
        kind=kind,
        ref=word_id,
        about=about,
        said_at=tx.now,
        said_id=word_id,
        by_member=by.member_id if kind is Kind.APPEAL else None,
        by=by.author,
        member_id=folded.member_id,
        outcome=None if kind is Kind.APPEAL else decided.outcome,
        category=category,
        reason=decided.reason,
        note=decided.note,
    )
    await store.add_words(tx.conn, words=[word])
    now, folded = await _worked_out(tx, community=case.content.community, case_id=case.case_id)
    settled = folded.decision if folded.decision and folded.decision.word_id == word_id else word
    tell_word(tx, settled, subject=folded.member_id or case.case_id)
    verb = {Kind.DECISION: "decide", Kind.APPEAL: "appeal", Kind.APPEAL_DECISION: "rule"}[kind]
    tx.did(_entry(verb, now, before=case))
    return now


def _word_id(case: Case, kind: Kind, folded: Folded) -> str:
    last = folded.ruling or folded.appeal or folded.decision
    return named(kind, case.case_id, str(case.revision), "" if last is None else last.word_id)


async def _worked_out(tx: Transaction[Settings], *, community: str, case_id: str) -> tuple[Case, Folded]:
    found = await work_out(tx, community=community, case_id=case_id)
    if found is None:
        raise UnknownCaseError
    return found


async def _locked(tx: Transaction[Settings], *, community: str, case_id: str) -> tuple[Case, Folded]:
    """A case as all that was said has it now, locked. Raises UnknownCaseError."""
    case = await store.lock_case(tx.conn, community=community, case_id=case_id)
    folded = None
    if case is not None:
        folded = fold(await store.load_words(tx.conn, community=community, case_id=case_id))
    if case is None or folded is None:
        raise UnknownCaseError
    return replace(case, state=folded.state, member_id=folded.member_id), folded


async def _check_no_part(conn: Connection, case: Case, *, by: By) -> Collection[str]:
    """Who the one is who decides, as members. Raises AboutYourselfError when the content is theirs."""
    own = await load_own(conn, community=case.content.community, person_id=by.author.person_id)
    if case.member_id in own:
        raise AboutYourselfError
    return own


async def _section(tx: Transaction[Settings], *, community: str) -> Guidelines:
    found = (await in_force(tx.conn, community=community, now=tx.now)).section
    if found is None:
        raise NoGuidelinesError
    return found


def _check_category(section: Guidelines, category: str) -> None:
    if section.category(category) is None:
        raise UnknownCategoryError(category, [one.id for one in section.categories])


def _is_by(word: Word, by: By, own: Collection[str] = ()) -> bool:
    """Whether somebody said it: as the person here, or as one of the members who they are."""
    if word.by is not None and word.by.person_id is not None and word.by.person_id == by.author.person_id:
        return True
    return word.by_member is not None and (word.by_member == by.member_id or word.by_member in own)


def _is_same(word: Word, decided: Decided, by: By) -> bool:
    return _is_by(word, by) and word.outcome == decided.outcome


def _decided_so(folded: Folded) -> str:
    at = folded.decided_at
    when = "" if at is None else f", at {at.isoformat(timespec='seconds')}"
    return f"it is {folded.state.value}{when}"


def _entry(verb: str, case: Case, *, before: Case | None) -> Did:
    """What the audit log has of a command about a case; notes are in none of it."""
    said = [
        None if one is None else {"state": one.state.value, "category": one.category, "reports": one.report_count}
        for one in (before, case)
    ]
    return Did(
        f"guideline_case.{verb}",
        "guideline_case",
        case.case_id,
        member_id=case.member_id,
        before=said[0],
        after=said[1],
    )


def _suspension_entry(verb: str, void: Void, *, before: Void | None) -> Did:
    said = [
        None
        if one is None
        else {
            "starts_at": None if one.starts_at is None else one.starts_at.isoformat(),
            "ends_at": None if one.ends_at is None else one.ends_at.isoformat(),
        }
        for one in (before, void)
    ]
    return Did(
        f"suspension.{verb}",
        "suspension",
        void.void_id,
        member_id=void.member_id,
        before=said[0],
        after=said[1],
    )
