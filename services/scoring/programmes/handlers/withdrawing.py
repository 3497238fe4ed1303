"""Withdrawing a version before it is in force: one that waits for another person, or one that is scheduled."""

from dataclasses import dataclass

from services.scoring.programmes.domain.proposals import Proposal, ProposalState, UnknownVersionError
from services.scoring.programmes.domain.publication import (
    Author,
    NotWithdrawableError,
    ProgrammeVersion,
    Standing,
    Submission,
    before_scheduled,
    standings,
)
from services.scoring.programmes.handlers.publishing import Published, entry_of, publish_programme, said_of
from services.scoring.programmes.store import proposals, versions
from services.scoring.settings import Settings
from shared.contracts.programme import Programme
from shared.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What was withdrawn; `replacement` is what takes its place where it was scheduled."""

    version: ProgrammeVersion | Proposal
    replacement: Published | None = None


async def withdraw_programme(tx: Transaction[Settings], *, community: str, number: int, by: Author) -> Withdrawn:
    """Withdraw a version: proposed, it is never in force; scheduled, the one before it goes on.

    Withdrawing a proposed one again changes nothing. Raises UnknownVersionError, ProposalDecidedError when it was
    superseded, and NotWithdrawableError when it is published and not the last of those to come.
    """
    head = await versions.lock_head_for_update(tx.conn, community=community)
    proposal = await proposals.find_proposal(tx.conn, community=community, number=number)
    if proposal is None or proposal.state is ProposalState.APPROVED:
        return await _withdraw_scheduled(tx, community=community, number=number, by=by)
    if proposal.state is ProposalState.WITHDRAWN:
        tx.did(entry_of("withdraw", proposal, said_of(proposal)))
        return Withdrawn(proposal)
    withdrawn = proposal.decided(ProposalState.WITHDRAWN, by=by, now=head.now)
    await proposals.set_proposal_decided(tx.conn, withdrawn)
    tx.did(entry_of("withdraw", withdrawn, said_of(proposal)))
    return Withdrawn(withdrawn)


async def _withdraw_scheduled(tx: Transaction[Settings], *, community: str, number: int, by: Author) -> Withdrawn:
    """Publish what is before a scheduled version anew, in its place: by the rules of any, those of money too."""
    scheduled = await versions.find_published(tx.conn, community=community, number=number)
    if scheduled is None:
        raise UnknownVersionError
    starts = await versions.load_starts(tx.conn, community=community)
    before = before_scheduled(starts, number, now=tx.now, lead_seconds=tx.settings.programme_lead_seconds)
    found = await proposals.find_version(tx.conn, community=community, number=before.number)
    assert found is not None  # noqa: S101 -- a version that was published is there for good
    _, text = found
    if found[0].document_sha256 == scheduled.document_sha256:
        raise NotWithdrawableError(
            f"version {number} says what version {before.number} says, so nothing would change"
        )
    has_begun = standings(starts, now=tx.now)[before.number] is Standing.NOW
    published = await publish_programme(
        tx,
        community=community,
        submission=Submission(
            Programme.model_validate(text.document),
            text.source_text,
            by,
            None if has_begun else scheduled.effective_from,
            restores=before.number,
            is_undoing=True,
        ),
    )
    state = "proposed" if isinstance(published.version, Proposal) else "published"
    tx.did(
        entry_of("withdraw", published.version, said_of(scheduled), state=state, superseded=published.superseded)
    )
    return Withdrawn(scheduled, published)
