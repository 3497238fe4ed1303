"""Versions as facts: told, signed anew, and read back where the database has forgotten them."""

import logging

import orjson

from services.scoring.programmes.domain.proposals import ProposalState
from services.scoring.programmes.domain.publication import Author, Document, ProgrammeVersion, VersionText
from services.scoring.programmes.store import proposals, versions
from services.scoring.settings import Settings
from shared.contracts.facts import PROGRAMME_PUBLISHED, ProgrammeData, ProgrammePublished
from shared.own_facts import ReadBack, note_not_rebuilt
from shared.telemetry import SIGNATURES_OUTDATED
from shared.topics import PROGRAMMES
from shared.transaction import Transaction

#: How many communities' programmes one turn of the timer signs anew.
SIGNED_ANEW_MAX_COUNT = 20
SIGN_ANEW_EVERY_SECONDS = 5.0

log = logging.getLogger(__name__)


async def sign_anew(tx: Transaction[Settings]) -> None:
    """Tell the programmes of some communities again that the present signing key has not signed.

    That is all of them after the signing key was changed, or set for the first time. Locks heads in the order of
    their communities, as scoring does.
    """
    key_id = signed_with(tx)
    if key_id is None:
        return
    communities = await versions.find_communities_signed_otherwise(
        tx.conn, signed_with=key_id, limit_count=SIGNED_ANEW_MAX_COUNT
    )
    for community in communities:
        # 1. No version is published meanwhile: the last one told must be the newest, which compaction keeps.
        await versions.lock_head_for_update(tx.conn, community=community)
        # 2. All of them, oldest first, because a reader may be built anew.
        for version, document in await versions.load_versions(tx.conn, community=community):
            tell_version(tx, version, document=document)
        await versions.set_signed_with(tx.conn, community=community, signed_with=key_id)
    if communities:
        log.info("%d programmes are told anew, signed with the key %s", len(communities), key_id)
    SIGNATURES_OUTDATED.set(await versions.count_versions_signed_otherwise(tx.conn, signed_with=key_id))


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
            note=data.get("note"),
            restores=data.get("restores"),
            backtested=data.get("backtested"),
        )
        await _decide_as_told(tx, version)
        text = VersionText(orjson.dumps(data["document"], option=orjson.OPT_INDENT_2).decode(), data["document"])
        key_id = fact["signature"].partition(".")[0] if "signature" in fact else None
        if await versions.add_version_as_told(tx.conn, version=version, text=text, signed_with=key_id):
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


def signed_with(tx: Transaction[Settings]) -> str | None:
    """The id of the key that signs facts; None where none does."""
    signer = tx.settings.signer
    return signer.key_id if signer else None


def tell_version(tx: Transaction[Settings], version: ProgrammeVersion, *, document: Document) -> None:
    """Publish a version to everybody who follows programmes."""
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
    if version.note is not None:
        data["note"] = version.note
    if version.restores is not None:
        data["restores"] = version.restores
    if version.backtested is not None:
        data["backtested"] = version.backtested
    tx.tell(
        PROGRAMMES,
        PROGRAMME_PUBLISHED,
        fact_id=f"{version.community}/{version.programme_id}/{version.number}",
        community=version.community,
        subject=version.programme_id,
        data=data,
    )
