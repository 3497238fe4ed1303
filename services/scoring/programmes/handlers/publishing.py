"""Publishing a version of a programme, inside a transaction that somebody else opened."""

import logging
from dataclasses import dataclass

import orjson

from services.scoring.metrics import PROGRAMMES_PUBLISHED
from services.scoring.programmes import store
from services.scoring.programmes.domain.publication import (
    Document,
    OtherProgrammeError,
    ProgrammeVersion,
    Submission,
    VersionText,
    effective_from,
)
from services.scoring.programmes.domain.reading import document_of, document_sha256
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


@dataclass(frozen=True, slots=True)
class Published:
    """A version, and whether this publication made it or it was there with the same content."""

    version: ProgrammeVersion
    is_new: bool


async def publish_programme(tx: Transaction[Settings], *, community: str, submission: Submission) -> Published:
    """Publish a community's next version, unless its newest says the same.

    Raises OtherProgrammeError when the community's programme has another id, and EffectiveFromError when the
    time asked for lies where events were scored already.
    """
    programme = submission.programme
    # 1. From here on no batch of the community is being scored.
    head = await store.lock_head_for_update(tx.conn, community=community)
    if head.programme_id is not None and head.programme_id != programme.programme:
        raise OtherProgrammeError(head.programme_id)
    document = document_of(programme)
    digest = document_sha256(document)
    current = await store.find_newest_version(tx.conn, community=community)
    if current is not None and current.document_sha256 == digest:
        return Published(current, False)
    # 2. A version for what is received from then on.
    version = ProgrammeVersion(
        community=community,
        programme_id=programme.programme,
        number=head.newest + 1,
        title=programme.title,
        effective_from=effective_from(
            submission.effective_from, head=head, lead_seconds=tx.settings.programme_lead_seconds
        ),
        published_at=head.now,
        published_by=submission.submitted_by,
        document_sha256=digest,
    )
    text = VersionText(submission.source_text, document)
    await store.add_version(tx.conn, version=version, text=text, signed_with=_signed_with(tx))
    _tell(tx, version, document=document)
    PROGRAMMES_PUBLISHED.inc()
    return Published(version, True)


async def sign_anew(tx: Transaction[Settings]) -> None:
    """Tell the programmes of some communities again that the present signing key has not signed.

    That is all of them after the signing key was changed, or set for the first time. Locks heads in the order of
    their communities, as scoring does.
    """
    signed_with = _signed_with(tx)
    if signed_with is None:
        return
    communities = await store.find_communities_signed_otherwise(
        tx.conn, signed_with=signed_with, limit_count=SIGNED_ANEW_MAX_COUNT
    )
    for community in communities:
        # 1. No version is published meanwhile: the last one told must be the newest, which compaction keeps.
        await store.lock_head_for_update(tx.conn, community=community)
        # 2. All of them, oldest first, because a reader may be built anew.
        for version, document in await store.load_versions(tx.conn, community=community):
            _tell(tx, version, document=document)
        await store.set_signed_with(tx.conn, community=community, signed_with=signed_with)
    if communities:
        log.info("%d programmes are told anew, signed with the key %s", len(communities), signed_with)
    SIGNATURES_OUTDATED.set(await store.count_versions_signed_otherwise(tx.conn, signed_with=signed_with))


async def on_programmes_told(tx: Transaction[Settings], facts: list[ProgrammePublished]) -> None:
    """Take in versions that were published and that the database has forgotten.

    The text as it was sent is on no topic: what was read from it stands in its place. A version that a newer one
    has replaced on its topic is missing for good, and that is noted.
    """
    for fact in sorted(facts, key=lambda fact: (fact["community"], fact["data"]["version"])):
        community, data = fact["community"], fact["data"]
        head = await store.lock_head_for_update(tx.conn, community=community)
        for missing in range(head.newest + 1, data["version"]):
            await note_not_rebuilt(
                tx,
                community=community,
                subject=f"programme version {missing}",
                reason="programme.v1 does not hold it any more: a newer version has replaced it there",
            )
        version = ProgrammeVersion(
            community=community,
            programme_id=data["programme_id"],
            number=data["version"],
            title=str(data["document"].get("title", data["programme_id"])),
            effective_from=data["effective_from"],
            published_at=fact["time"],
            published_by=data["published_by"],
            document_sha256=data["document_sha256"],
        )
        text = VersionText(orjson.dumps(data["document"], option=orjson.OPT_INDENT_2).decode(), data["document"])
        signed_with = fact["signature"].partition(".")[0] if "signature" in fact else None
        if await store.add_version_as_told(tx.conn, version=version, text=text, signed_with=signed_with):
            await note_not_rebuilt(
                tx,
                community=community,
                subject=f"text of programme version {data['version']}",
                reason="comments and layout are on no topic: the text is what was read from it",
            )


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
        "published_by": version.published_by,
        "document": document,
        "document_sha256": version.document_sha256,
    }
    tx.tell(
        PROGRAMMES,
        PROGRAMME_PUBLISHED,
        fact_id=f"{version.community}/{version.programme_id}/{version.number}",
        community=version.community,
        subject=version.programme_id,
        data=data,
    )
