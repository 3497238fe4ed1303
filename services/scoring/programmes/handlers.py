"""Publishing a version of a programme, inside a transaction that somebody else opened."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.scoring.metrics import PROGRAMMES_PUBLISHED
from services.scoring.programmes import store
from services.scoring.programmes.domain.publication import effective_from
from services.scoring.programmes.domain.reading import document_of, document_sha256
from shared.contracts.programme import Programme
from shared.topics import PROGRAMMES, record_key
from shared.transaction import Transaction

SOURCE = "/plaudit/scoring"


class OtherProgramme(Exception):
    """The community has a programme of another id, `programme_id`."""

    def __init__(self, programme_id: str) -> None:
        super().__init__(f"the programme of this community is `{programme_id}`")
        self.programme_id = programme_id


@dataclass(frozen=True, slots=True)
class Published:
    """A version, and whether this publication made it or it was there with the same content."""

    version: dict[str, Any]
    is_new: bool


async def publish_programme(
    tx: Transaction,
    community: str,
    programme: Programme,
    source_text: str,
    published_by: str,
    requested: datetime | None,
    lead_seconds: float,
) -> Published:
    """Publish a community's next version, unless its newest says the same.

    Raises:
        OtherProgramme: the community's programme has another id.
        EffectiveFromRefused: `requested` lies in a time that was scored already.
    """
    # 1. From here on no batch of the community is being scored.
    programme_id, newest, is_unknown, now = await store.lock_head(tx.conn, community)
    if programme_id is not None and programme_id != programme.programme:
        raise OtherProgramme(programme_id)
    document = document_of(programme)
    digest = document_sha256(document)
    current = await store.newest_version(tx.conn, community)
    if current is not None and current["document_sha256"] == digest:
        return Published(dict(current), False)
    # 2. A version for what is received from then on.
    version = {
        "community": community,
        "version": newest + 1,
        "programme_id": programme.programme,
        "title": programme.title,
        "effective_from": effective_from(
            requested, is_first=newest == 0, nothing_received=is_unknown, now=now, lead_seconds=lead_seconds
        ),
        "published_at": now,
        "published_by": published_by,
        "source_text": source_text,
        "document": document,
        "document_sha256": digest,
    }
    await store.add_version(tx.conn, version)
    fact = {
        "specversion": "1.0",
        "id": f"{community}/{programme.programme}/{newest + 1}",
        "source": SOURCE,
        "type": "programme.published.v1",
        "time": now,
        "community": community,
        "data": {
            "programme_id": programme.programme,
            "version": newest + 1,
            "effective_from": version["effective_from"],
            "published_by": published_by,
            "document": document,
            "document_sha256": digest,
        },
    }
    tx.publish(PROGRAMMES, record_key(community, programme.programme), fact)
    PROGRAMMES_PUBLISHED.inc()
    return Published(version, True)
