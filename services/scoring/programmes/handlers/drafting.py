"""Drafts: saved by one after the other, never over one another, and submitted as versions."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from services.scoring.programmes.domain.drafts import (
    Draft,
    DraftTooLargeError,
    TooManyDraftsError,
    UnknownDraftError,
)
from services.scoring.programmes.domain.proposals import Proposal
from services.scoring.programmes.domain.publication import Author, Submission
from services.scoring.programmes.handlers.publishing import Published, publish_programme
from services.scoring.programmes.store import drafts
from services.scoring.settings import Settings
from shared.audit import Did
from shared.contracts.programme import Programme
from shared.located_yaml import DOCUMENT_MAX_BYTES
from shared.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Saving:
    """What somebody saves of a draft: its title, its text, and who they are."""

    title: str
    text: str
    by: Author

    def check_size(self) -> None:
        """Check that the text can become a programme by its size. Raises DraftTooLargeError."""
        if len(self.text.encode()) > DOCUMENT_MAX_BYTES:
            raise DraftTooLargeError(DOCUMENT_MAX_BYTES)


async def begin_draft(tx: Transaction[Settings], *, community: str, saving: Saving) -> Draft:
    """Keep a text as a new draft.

    Raises DraftTooLargeError, and TooManyDraftsError when the community has as many as it may.
    """
    saving.check_size()
    # Whoever else begins one waits here, so that both count. Not at the head: that says whether events came.
    await drafts.lock_drafts(tx.conn, community=community)
    max_count = tx.settings.drafts_max_count
    if await drafts.count_open_drafts(tx.conn, community=community) >= max_count:
        raise TooManyDraftsError(max_count)
    draft = Draft(
        community=community,
        draft_id=str(uuid4()),
        title=saving.title,
        source_text=saving.text,
        revision=1,
        created_at=tx.now,
        created_by=saving.by,
        saved_at=tx.now,
        saved_by=saving.by,
    )
    await drafts.add_draft(tx.conn, draft)
    tx.did(_entry("begin", draft, after=draft))
    return draft


async def save_draft(
    tx: Transaction[Settings], *, community: str, draft_id: str, seen: int, saving: Saving
) -> Draft:
    """Save a draft over the revision that was `seen`; what it says already is not saved again.

    Raises UnknownDraftError, DraftTooLargeError, DraftTakenError when it was submitted, and DraftChangedError
    when somebody else saved it meanwhile.
    """
    saving.check_size()
    draft = await _lock(tx, community=community, draft_id=draft_id)
    draft.check_open()
    if (draft.title, draft.source_text) == (saving.title, saving.text):
        # Also where others saved meanwhile, and the same.
        tx.did(_entry("save", draft, before=draft, after=draft))
        return draft
    draft.check_revision(seen, saving.text)
    saved = draft.saved(title=saving.title, text=saving.text, by=saving.by, now=tx.now)
    await drafts.set_draft_saved(tx.conn, saved)
    tx.did(_entry("save", saved, before=draft, after=saved))
    return saved


async def discard_draft(tx: Transaction[Settings], *, community: str, draft_id: str, seen: int) -> None:
    """Delete a draft as it was `seen`.

    Raises UnknownDraftError, DraftTakenError when it was submitted, and DraftChangedError when somebody else
    saved it.
    """
    draft = await _lock(tx, community=community, draft_id=draft_id)
    draft.check_open()
    draft.check_revision(seen)
    await drafts.delete_draft(tx.conn, draft)
    tx.did(_entry("discard", draft, before=draft))


@dataclass(frozen=True, slots=True)
class Submitted:
    """How a draft is submitted: what it was read as, by whom, its note, from when, and whether for review."""

    programme: Programme
    by: Author
    note: str | None
    effective_from: datetime | None
    asks_for_review: bool


async def submit_draft(
    tx: Transaction[Settings], *, community: str, draft_id: str, seen: int, submitted: Submitted
) -> Published:
    """Publish or propose a draft as it was `seen`, as `publish_programme` does.

    Raises UnknownDraftError, DraftTakenError, DraftChangedError, and what `publish_programme` raises.
    """
    # Drafts before heads.
    draft = await _lock(tx, community=community, draft_id=draft_id)
    draft.check_open()
    draft.check_revision(seen)
    published = await publish_programme(
        tx,
        community=community,
        submission=Submission(
            submitted.programme,
            draft.source_text,
            submitted.by,
            submitted.effective_from,
            note=submitted.note,
            asks_for_review=submitted.asks_for_review,
        ),
    )
    await drafts.set_draft_submitted(tx.conn, draft, version=published.version.number)
    state = "proposed" if isinstance(published.version, Proposal) else "published"
    before = {"title": draft.title, "revision": draft.revision}
    after = before | {
        "version": published.version.number,
        "state": state,
        "document_sha256": published.version.document_sha256,
        "superseded": published.superseded,
    }
    tx.did(Did("programme_draft.submit", "programme_draft", draft.draft_id, before=before, after=after))
    return published


async def _lock(tx: Transaction[Settings], *, community: str, draft_id: str) -> Draft:
    draft = await drafts.lock_draft(tx.conn, community=community, draft_id=draft_id)
    if draft is None:
        raise UnknownDraftError
    return draft


def _entry(verb: str, draft: Draft, *, before: Draft | None = None, after: Draft | None = None) -> Did:
    """What the audit log has of a command about a draft: never its text."""
    was, now = (None if one is None else {"title": one.title, "revision": one.revision} for one in (before, after))
    return Did(
        f"programme_draft.{verb}",
        "programme_draft",
        draft.draft_id,
        before=was,
        after=now or {"state": "discarded"},
    )
