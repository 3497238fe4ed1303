"""What an earlier version says is published again, as a version of its own."""

from datetime import datetime

from services.scoring.programmes.domain.proposals import Proposal, UnknownVersionError
from services.scoring.programmes.domain.publication import Author, Submission
from services.scoring.programmes.handlers.publishing import Published, entry_of, publish_programme
from services.scoring.programmes.store import proposals
from services.scoring.settings import Settings
from shared.contracts.programme import Programme
from shared.transaction import Transaction


async def roll_back(
    tx: Transaction[Settings],
    *,
    community: str,
    number: int,
    by: Author,
    note: str,
    effective_from: datetime | None = None,
) -> Published:
    """Publish what the published version `number` says, by the rules of any version: money takes two people.

    Nothing that was awarded changes. Raises UnknownVersionError when no such version was ever published, and what
    `publish_programme` raises.
    """
    found = await proposals.find_version(tx.conn, community=community, number=number)
    if found is None or found[0].published_at is None:
        raise UnknownVersionError
    _, text = found
    published = await publish_programme(
        tx,
        community=community,
        submission=Submission(
            Programme.model_validate(text.document),
            text.source_text,
            by,
            effective_from,
            note=note,
            restores=number,
        ),
    )
    state = "proposed" if isinstance(published.version, Proposal) else "published"
    tx.did(entry_of("roll_back", published.version, None, state=state, superseded=published.superseded))
    return published
