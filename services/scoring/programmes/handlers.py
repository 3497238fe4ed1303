"""Publishing a version of a programme, inside a transaction that somebody else opened."""

from dataclasses import dataclass

from services.scoring.metrics import PROGRAMMES_PUBLISHED
from services.scoring.programmes import store
from services.scoring.programmes.domain.publication import (
    OtherProgrammeError,
    ProgrammeVersion,
    Submission,
    VersionText,
    effective_from,
)
from services.scoring.programmes.domain.reading import document_of, document_sha256
from services.scoring.settings import Settings
from shared.contracts.facts import PROGRAMME_PUBLISHED, ProgrammeData
from shared.topics import PROGRAMMES
from shared.transaction import Transaction


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
    await store.add_version(tx.conn, version=version, text=VersionText(submission.source_text, document))
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
        fact_id=f"{community}/{version.programme_id}/{version.number}",
        community=community,
        subject=version.programme_id,
        data=data,
    )
    PROGRAMMES_PUBLISHED.inc()
    return Published(version, True)
