"""Publishing a version of a programme, inside a transaction that somebody else opened."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from services.scoring.metrics import PROGRAMMES_PUBLISHED, PROGRAMMES_WAITING
from services.scoring.programmes.domain.declared_events import EventTypesChangedError, changes_refused
from services.scoring.programmes.domain.money import MoneyChange, changes_against, displaced
from services.scoring.programmes.domain.proposals import (
    Proposal,
    ProposalDecidedError,
    ProposalState,
    UnknownVersionError,
)
from services.scoring.programmes.domain.publication import (
    Author,
    Document,
    OtherProgrammeError,
    ProgrammeVersion,
    Submission,
    VersionText,
    effective_from,
    succession,
)
from services.scoring.programmes.domain.reading import document_of, document_sha256
from services.scoring.programmes.store import proposals, versions
from services.scoring.settings import Settings
from shared.access_keys import Scope, load_standings
from shared.audit import Did
from shared.contracts.facts import PROGRAMME_PUBLISHED, ProgrammeData, ProgrammePublished
from shared.contracts.programme import Events
from shared.followed_communities import publishing_takes_two
from shared.own_facts import ReadBack, note_not_rebuilt
from shared.telemetry import SIGNATURES_OUTDATED
from shared.topics import PROGRAMMES
from shared.transaction import Transaction

#: How many communities' programmes one turn of the timer signs anew.
SIGNED_ANEW_MAX_COUNT = 20
SIGN_ANEW_EVERY_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Published:
    """A version, or one that waits for another person, and whether this publication made it or it was there.

    `superseded` is the number of the version that waited until then.
    """

    version: ProgrammeVersion | Proposal
    is_new: bool
    superseded: int | None = None


async def publish_programme(tx: Transaction[Settings], *, community: str, submission: Submission) -> Published:
    """Publish a community's next version, unless its newest says the same; propose it when that takes two people.

    It takes two to change money, and whatever is changed where the community has two people publish.

    It supersedes one that is proposed: that was made without it. Raises OtherProgrammeError when the community's
    programme has another id, EffectiveFromError when the time asked for lies where events were scored already, and
    EventTypesChangedError when it declares events otherwise than before.
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
    )
    await _check_events(tx, community=community, effective_from=version.effective_from, document=document)
    if waiting is not None:
        superseded = waiting.decided(ProposalState.SUPERSEDED, by=submission.submitted_by, now=head.now)
        await proposals.set_proposal_decided(tx.conn, superseded)
    text = VersionText(submission.source_text, document)
    # 3. Money changes only by two: against every version in whose place this one comes, now or later.
    waits, changes = await _waits(
        tx, community=community, effective_from=version.effective_from, document=document
    )
    superseded_number = waiting.number if waiting else None
    state, before = "proposed" if waits else "published", said_of(current) if current else None
    tx.did(entry_of("publish", version, before, state=state, superseded=superseded_number))
    if not waits:
        return Published(await _publish(tx, version, text=text), True, superseded_number)
    proposal = Proposal.of(version, requested_from=submission.effective_from, changes=changes)
    await proposals.add_proposal(tx.conn, proposal, text=text)
    return Published(proposal, True, superseded_number)


async def waits_if_published(
    tx: Transaction[Settings], *, community: str, submission: Submission
) -> tuple[bool, list[MoneyChange]]:
    """Whether another person would have to approve this if it were published now, and what it changes of money."""
    starts_from = submission.effective_from or tx.now + timedelta(seconds=tx.settings.programme_lead_seconds)
    document = document_of(submission.programme)
    await _check_events(tx, community=community, effective_from=starts_from, document=document)
    return await _waits(tx, community=community, effective_from=starts_from, document=document)


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
    tx: Transaction[Settings], *, community: str, effective_from: datetime, document: Document
) -> tuple[bool, list[MoneyChange]]:
    """Whether a document that takes effect then waits for another person; what it changes of money."""
    numbers = displaced(await versions.load_starts(tx.conn, community=community), effective_from=effective_from)
    found = await versions.load_documents(
        tx.conn, community=community, numbers=[number for number in numbers if number is not None]
    )
    changes = changes_against([None if number is None else found[number] for number in numbers], document)
    return bool(changes) or await publishing_takes_two(tx.conn, community=community), changes


async def _publish(tx: Transaction[Settings], version: ProgrammeVersion, *, text: VersionText) -> ProgrammeVersion:
    await versions.add_version(tx.conn, version=version, text=text, signed_with=_signed_with(tx))
    _tell(tx, version, document=text.document)
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
    }


async def sign_anew(tx: Transaction[Settings]) -> None:
    """Tell the programmes of some communities again that the present signing key has not signed.

    That is all of them after the signing key was changed, or set for the first time. Locks heads in the order of
    their communities, as scoring does.
    """
    signed_with = _signed_with(tx)
    if signed_with is None:
        return
    communities = await versions.find_communities_signed_otherwise(
        tx.conn, signed_with=signed_with, limit_count=SIGNED_ANEW_MAX_COUNT
    )
    for community in communities:
        # 1. No version is published meanwhile: the last one told must be the newest, which compaction keeps.
        await versions.lock_head_for_update(tx.conn, community=community)
        # 2. All of them, oldest first, because a reader may be built anew.
        for version, document in await versions.load_versions(tx.conn, community=community):
            _tell(tx, version, document=document)
        await versions.set_signed_with(tx.conn, community=community, signed_with=signed_with)
    if communities:
        log.info("%d programmes are told anew, signed with the key %s", len(communities), signed_with)
    SIGNATURES_OUTDATED.set(await versions.count_versions_signed_otherwise(tx.conn, signed_with=signed_with))


async def on_programmes_told(tx: Transaction[Settings], facts: list[ProgrammePublished]) -> None:
    """Take in versions that were published and that the database has forgotten.

    The text as it was sent is on no topic: what was read from it stands in its place. A version that a newer one
    has replaced on its topic is missing for good, and that is noted.
    """
    for fact in sorted(facts, key=lambda fact: (fact["community"], fact["data"]["version"])):
        community, data = fact["community"], fact["data"]
        head = await versions.lock_head_for_update(tx.conn, community=community)
        for missing in range(head.newest + 1, data["version"]):
            await note_not_rebuilt(
                tx,
                community=community,
                subject=f"programme version {missing}",
                reason="programme.v1 does not hold it: a newer one replaced it there, or it was never approved",
            )
        version = ProgrammeVersion(
            community=community,
            programme_id=data["programme_id"],
            number=data["version"],
            title=str(data["document"].get("title", data["programme_id"])),
            effective_from=data["effective_from"],
            published_at=fact["time"],
            published_by=Author(data.get("published_by_person"), data["published_by"], None),
            document_sha256=data["document_sha256"],
            approved_by=Author(data.get("approved_by_person"), data["approved_by"], None)
            if "approved_by" in data
            else None,
        )
        await _decide_as_told(tx, version)
        text = VersionText(orjson.dumps(data["document"], option=orjson.OPT_INDENT_2).decode(), data["document"])
        signed_with = fact["signature"].partition(".")[0] if "signature" in fact else None
        if await versions.add_version_as_told(tx.conn, version=version, text=text, signed_with=signed_with):
            await note_not_rebuilt(
                tx,
                community=community,
                subject=f"text of programme version {data['version']}",
                reason="comments and layout are on no topic: the text is what was read from it",
            )


async def _decide_as_told(tx: Transaction[Settings], version: ProgrammeVersion) -> None:
    """Let what waits for another person be what became of it: approved as this version, or superseded by it."""
    waiting = await proposals.find_waiting(tx.conn, community=version.community)
    if waiting is None or waiting.number > version.number:
        return
    state = ProposalState.APPROVED if waiting.number == version.number else ProposalState.SUPERSEDED
    by = version.approved_by or version.published_by
    await proposals.set_proposal_decided(tx.conn, waiting.decided(state, by=by, now=version.published_at))


#: Versions first: awards are held against them.
READ_BACK = (ReadBack((PROGRAMMES,), PROGRAMME_PUBLISHED.adapter, on_programmes_told),)


def _signed_with(tx: Transaction[Settings]) -> str | None:
    signer = tx.settings.signer
    return signer.key_id if signer else None


def _tell(tx: Transaction[Settings], version: ProgrammeVersion, *, document: Document) -> None:
    data: ProgrammeData = {
        "programme_id": version.programme_id,
        "version": version.number,
        "effective_from": version.effective_from,
        "published_by": version.published_by.name,
        "document": document,
        "document_sha256": version.document_sha256,
    }
    if version.published_by.person_id is not None:
        data["published_by_person"] = version.published_by.person_id
    if version.approved_by is not None:
        data["approved_by"] = version.approved_by.name
        if version.approved_by.person_id is not None:
            data["approved_by_person"] = version.approved_by.person_id
    tx.tell(
        PROGRAMMES,
        PROGRAMME_PUBLISHED,
        fact_id=f"{version.community}/{version.programme_id}/{version.number}",
        community=version.community,
        subject=version.programme_id,
        data=data,
    )
