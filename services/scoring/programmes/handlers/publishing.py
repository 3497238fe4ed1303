"""Publishing a version of a programme, inside a transaction that somebody else opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from services.scoring.metrics import PROGRAMMES_PUBLISHED, PROGRAMMES_WAITING
from services.scoring.programmes.domain.declared_events import EventTypesChangedError, changes_refused
from services.scoring.programmes.domain.money import MoneyChange, changes_against, displaced, pays
from services.scoring.programmes.domain.proposals import (
    Proposal,
    ProposalDecidedError,
    ProposalState,
    UnknownVersionError,
)
from services.scoring.programmes.domain.publication import (
    Author,
    BacktestMissingError,
    Document,
    OtherProgrammeError,
    ProgrammeVersion,
    Submission,
    VersionText,
    effective_from,
    succession,
    text_sha256,
)
from services.scoring.programmes.domain.reading import document_of, document_sha256
from services.scoring.programmes.handlers.telling import signed_with, tell_version
from services.scoring.programmes.store import proposals, versions
from services.scoring.settings import Settings
from shared.access_keys import Scope, load_standings
from shared.audit import Did
from shared.contracts.programme import Events
from shared.followed_communities import backtest_is_asked, publishing_takes_two
from shared.transaction import Transaction

#: Why a version takes a second person.
Because = Literal["money", "payouts", "policy", "asked"]


class Waits(NamedTuple):
    """Why a version waits for another person (nothing: it does not), and what it changes of money."""

    because: Sequence[Because]
    changes: Sequence[MoneyChange]


@dataclass(frozen=True, slots=True)
class Published:
    """A version, or one that waits for another person, and whether this publication made it or it was there.

    `superseded` is the number of the version that waited until then, `because` why this one waits.
    """

    version: ProgrammeVersion | Proposal
    is_new: bool
    superseded: int | None = None
    because: Sequence[Because] = ()


async def publish_programme(tx: Transaction[Settings], *, community: str, submission: Submission) -> Published:
    """Publish a community's next version, unless its newest says the same; propose it when that takes two people.

    It takes two to change money; whatever is changed where points are paid, or where the community has two people
    publish; and where it is asked for.

    It supersedes one that is proposed: that was made without it. Raises OtherProgrammeError when the community's
    programme has another id, NoteMissingError when it is not the first and has no note, EffectiveFromError when
    the time asked for lies where events were scored already, EventTypesChangedError when it declares events
    otherwise than before, and BacktestMissingError when the community has it backtested and nobody did.
    """
    programme = submission.programme
    # 1. From here on no batch of the community is being scored.
    head = await versions.lock_head_for_update(tx.conn, community=community)
    if head.programme_id is not None and head.programme_id != programme.programme:
        raise OtherProgrammeError(head.programme_id)
    document = document_of(programme)
    digest = document_sha256(document)
    current = await versions.find_newest_version(tx.conn, community=community)
    if current is not None and current.document_sha256 == digest:
        tx.did(entry_of("publish", current, said_of(current)))
        return Published(current, False)
    waiting = await proposals.find_waiting(tx.conn, community=community)
    if waiting is not None and waiting.document_sha256 == digest:
        tx.did(entry_of("publish", waiting, said_of(waiting)))
        return Published(waiting, False)
    submission.check_note(is_first=current is None)
    if current is not None:
        await _check_backtested(tx, community=community, submission=submission)
    # 2. A version for what is received from then on.
    version = ProgrammeVersion(
        community=community,
        programme_id=programme.programme,
        number=await proposals.next_number(tx.conn, community=community),
        title=programme.title,
        effective_from=effective_from(
            submission.effective_from, head=head, lead_seconds=tx.settings.programme_lead_seconds
        ),
        published_at=head.now,
        published_by=submission.submitted_by,
        document_sha256=digest,
        note=submission.note,
        restores=submission.restores,
    )
    await _check_events(tx, community=community, effective_from=version.effective_from, document=document)
    if waiting is not None:
        superseded = waiting.decided(ProposalState.SUPERSEDED, by=submission.submitted_by, now=head.now)
        await proposals.set_proposal_decided(tx.conn, superseded)
    text = VersionText(submission.source_text, document)
    # 3. Money changes only by two: against every version in whose place this one comes, now or later.
    waits = await _waits(
        tx, community=community, effective_from=version.effective_from, document=document, submission=submission
    )
    superseded_number = waiting.number if waiting else None
    state, before = "proposed" if waits.because else "published", said_of(current) if current else None
    tx.did(entry_of("publish", version, before, state=state, superseded=superseded_number))
    if not waits.because:
        return Published(await _publish(tx, version, text=text), True, superseded_number)
    proposal = Proposal.of(version, requested_from=submission.effective_from, changes=waits.changes)
    await proposals.add_proposal(tx.conn, proposal, text=text)
    return Published(proposal, True, superseded_number, waits.because)


async def _check_backtested(tx: Transaction[Settings], *, community: str, submission: Submission) -> None:
    """Check that a text was backtested, where the community asks for that.

    What only goes back to an earlier version needs none: haste is what that is for. Raises BacktestMissingError.
    """
    if submission.restores is not None or submission.is_undoing:
        return
    if not await backtest_is_asked(tx.conn, community=community):
        return
    if not await _was_backtested(tx, community=community, source_text=submission.source_text):
        raise BacktestMissingError(tx.settings.backtest_valid_days)


async def _was_backtested(tx: Transaction[Settings], *, community: str, source_text: str) -> bool:
    since = tx.now - timedelta(days=tx.settings.backtest_valid_days)
    digest = text_sha256(source_text)
    return await versions.was_backtested(tx.conn, community=community, sha256=digest, since=since)


async def waits_if_published(tx: Transaction[Settings], *, community: str, submission: Submission) -> Waits:
    """Whether another person would have to approve this if it were published now, and what it changes of money."""
    starts_from = submission.effective_from or tx.now + timedelta(seconds=tx.settings.programme_lead_seconds)
    document = document_of(submission.programme)
    await _check_events(tx, community=community, effective_from=starts_from, document=document)
    return await _waits(
        tx, community=community, effective_from=starts_from, document=document, submission=submission
    )


async def _check_events(
    tx: Transaction[Settings], *, community: str, effective_from: datetime, document: Document
) -> None:
    """Compare what a version declares of events with the one whose events it follows.

    One that is scheduled and would never be in force then took none. Raises EventTypesChangedError where events
    that were accepted would not be what their type says any more.
    """
    starts = await versions.load_starts(tx.conn, community=community)
    before = succession(start for start in starts if start.effective_from < effective_from)
    if not before:
        return
    number = before[-1].number
    documents = await versions.load_documents(tx.conn, community=community, numbers=[number])
    declared = [Events.model_validate(one.get("events", {})) for one in (documents[number], document)]
    if refused := changes_refused(*declared):
        raise EventTypesChangedError(refused)


async def _waits(
    tx: Transaction[Settings],
    *,
    community: str,
    effective_from: datetime,
    document: Document,
    submission: Submission,
) -> Waits:
    """Why a document that takes effect then waits for another person; what it changes of money."""
    numbers = displaced(await versions.load_starts(tx.conn, community=community), effective_from=effective_from)
    found = await versions.load_documents(
        tx.conn, community=community, numbers=[number for number in numbers if number is not None]
    )
    documents = [None if number is None else found[number] for number in numbers]
    changes = changes_against(documents, document)
    because: dict[Because, bool] = {
        "money": bool(changes),
        "payouts": pays(documents),
        "policy": await publishing_takes_two(tx.conn, community=community),
        "asked": submission.asks_for_review,
    }
    return Waits([why for why, holds in because.items() if holds], changes)


async def _publish(tx: Transaction[Settings], version: ProgrammeVersion, *, text: VersionText) -> ProgrammeVersion:
    if version.restores is None:
        is_known = await _was_backtested(tx, community=version.community, source_text=text.source_text)
        version = replace(version, backtested=is_known)
    await versions.add_version(tx.conn, version=version, text=text, signed_with=signed_with(tx))
    tell_version(tx, version, document=text.document)
    PROGRAMMES_PUBLISHED.inc()
    return version


async def approve_programme(
    tx: Transaction[Settings], *, community: str, number: int, by: Author
) -> ProgrammeVersion:
    """Publish a version that another person proposed; approving again changes nothing.

    Raises UnknownVersionError, ProgrammeFourEyesError when `by` proposed it, and ProposalDecidedError when it does
    not wait any more, or who proposed it may not do so any more.
    """
    # 1. From here on no batch of the community is being scored, and nothing else published.
    head = await versions.lock_head_for_update(tx.conn, community=community)
    proposal = await _find_proposal(tx, community=community, number=number)
    proposal.check_another(by)
    if proposal.state is ProposalState.APPROVED:
        found = await versions.find_published(tx.conn, community=community, number=number)
        assert found is not None  # noqa: S101 -- published in the transaction that approved it
        tx.did(entry_of("approve", found, said_of(proposal)))
        return found
    approved = proposal.decided(ProposalState.APPROVED, by=by, now=head.now)
    proposer = (proposal.proposed_by.person_id, proposal.proposed_by.credential or "")
    (standing,) = await load_standings(tx.conn, [proposer], community=community)
    # In person: the key of a command is revoked as soon as that has proposed it.
    reason = standing.why_not_in_person(Scope.PROGRAMMES_WRITE)
    if reason is not None:
        raise ProposalDecidedError(f"who proposed version {number} may not do so any more: {reason}")
    # 2. It takes effect from now on, or later: what was scored while it waited stays.
    version = proposal.published(by=by, head=head, lead_seconds=tx.settings.programme_lead_seconds)
    text = await proposals.load_proposed_text(tx.conn, community=community, number=number)
    await _check_events(tx, community=community, effective_from=version.effective_from, document=text.document)
    await proposals.set_proposal_decided(tx.conn, approved)
    tx.did(entry_of("approve", version, said_of(proposal)))
    return await _publish(tx, version, text=text)


async def send_back(
    tx: Transaction[Settings], *, community: str, number: int, by: Author, reason: str
) -> Proposal:
    """Decide that a version which another person proposed is not to be published as it is; again changes nothing.

    Raises UnknownVersionError, ProgrammeFourEyesError when `by` proposed it (who may withdraw it), and
    ProposalDecidedError when it does not wait any more.
    """
    head = await versions.lock_head_for_update(tx.conn, community=community)
    proposal = await _find_proposal(tx, community=community, number=number)
    proposal.check_another(by)
    if proposal.state is ProposalState.SENT_BACK:
        tx.did(entry_of("send_back", proposal, said_of(proposal)))
        return proposal
    sent_back = proposal.decided(ProposalState.SENT_BACK, by=by, now=head.now, reason=reason)
    await proposals.set_proposal_decided(tx.conn, sent_back)
    tx.did(entry_of("send_back", sent_back, said_of(proposal)))
    return sent_back


async def _find_proposal(tx: Transaction[Settings], *, community: str, number: int) -> Proposal:
    proposal = await proposals.find_proposal(tx.conn, community=community, number=number)
    if proposal is not None:
        return proposal
    if await versions.find_published(tx.conn, community=community, number=number) is None:
        raise UnknownVersionError
    raise ProposalDecidedError(f"version {number} was published at once: it took nobody else")


async def count_waiting(tx: Transaction[Settings]) -> None:
    """Timer: show how many versions wait for another person."""
    PROGRAMMES_WAITING.set(await proposals.count_waiting(tx.conn))


def entry_of(
    verb: str, version: ProgrammeVersion | Proposal, before: Mapping[str, Any] | None, **more: str | int | None
) -> Did:
    """What the audit log has of a command about a version; `before` is what was in its place, or it itself."""
    after = said_of(version) | {name: value for name, value in more.items() if value is not None}
    return Did(f"programme.{verb}", "programme", version.programme_id, before=before, after=after)


def said_of(version: ProgrammeVersion | Proposal) -> dict[str, Any]:
    """What an entry says of a version."""
    starts = None if isinstance(version, Proposal) else version.effective_from
    state = version.state if isinstance(version, Proposal) else "published"
    return {
        "version": version.number,
        "state": state,
        "document_sha256": version.document_sha256,
        "effective_from": starts,
        "restores": version.restores,
    }
