"""HTTP routes of drafts: what several people write together before it is a version."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from services.scoring.programmes.api.models import EXAMPLE, Publication
from services.scoring.programmes.api.problems import (
    BACKTEST_MISSING,
    CHECK_TOO_SLOW,
    CHECKS_BUSY,
    DRAFT_CHANGED,
    DRAFT_TAKEN,
    DRAFT_TOO_LARGE,
    EFFECTIVE_FROM_REFUSED,
    EVENT_TYPES_CHANGED,
    INVALID_PROGRAMME,
    NOTE_MISSING,
    OTHER_PROGRAMME,
    TOO_MANY_DRAFTS,
    UNKNOWN_DRAFT,
)
from services.scoring.programmes.api.texts import author_of, costs_of, field_errors, valid
from services.scoring.programmes.domain import drafts as domain
from services.scoring.programmes.domain.drafts import DraftPlace, UnknownDraftError
from services.scoring.programmes.handlers.checking import CHECKER
from services.scoring.programmes.handlers.drafting import (
    Saving,
    Submitted,
    begin_draft,
    discard_draft,
    save_draft,
    submit_draft,
)
from services.scoring.programmes.store import drafts
from services.scoring.settings import Settings
from shared.contracts.facts.programmes import ProgrammeNote
from shared.contracts.fields import Name
from shared.http import (
    Begin,
    Conn,
    Limit,
    Page,
    Principal,
    RequestBody,
    Scope,
    Tx,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.located_yaml import DOCUMENT_MAX_BYTES

router = APIRouter()

Writer = Annotated[Principal, requires(Scope.PROGRAMMES_WRITE)]
Reader = Annotated[Principal, requires(Scope.PROGRAMMES_READ)]
Configured = Annotated[Settings, configured(Settings)]

Revision = Annotated[int, Field(ge=1, lt=2**31, description="The revision that was seen", examples=[3])]


class DraftBody(RequestBody):
    """A draft as it is saved. The text need not be right, nor complete."""

    title: Name = Field(description="What it is about", examples=["More for answers"])
    text: str = Field(max_length=DOCUMENT_MAX_BYTES, examples=[EXAMPLE])


class DraftSaved(DraftBody):
    """A draft as it is saved over a revision: another one is never overwritten unseen."""

    revision: Revision


class DraftSubmitted(RequestBody):
    """How a draft is submitted: with what it changes for members, in plain words; null for the first version."""

    revision: Revision
    note: ProgrammeNote | None = Field(None, examples=["Answers give more, since that is what we lack"])
    effective_from: AwareDatetime | None = Field(None, description="Null: soon")
    review: bool = Field(True, description="Have another person look at it, also where one is enough")


class DraftItem(BaseModel):
    """A draft without its text."""

    draft_id: UUID
    title: str = Field(examples=["More for answers"])
    state: Literal["open", "in_review", "published"] = Field(
        description="It may be saved while it is open: also after it was withdrawn, superseded or sent back"
    )
    revision: int = Field(description="Counts what was saved, from 1", examples=[3])
    created_at: datetime
    created_by: str = Field(examples=["Ada"])
    created_by_person: UUID
    saved_at: datetime
    saved_by: str = Field(examples=["Bob"])
    saved_by_person: UUID
    is_old: bool = Field(description="Nobody saved it for long (`PLAUDIT_DRAFT_OLD_DAYS`); nothing deletes it")
    version: int | None = Field(description="As which version it was submitted last", examples=[4])
    version_state: str | None = Field(description="What became of that version", examples=["sent_back"])
    reason: str | None = Field(description="Why that was sent back", examples=["The cap is too low"])

    @classmethod
    def of(cls, draft: domain.Draft, settings: Settings) -> Self:
        """The draft as the API shows it."""
        return cls.model_validate(_shown(draft, settings))


class DraftDocument(DraftItem):
    """A draft with its text."""

    text: str = Field(examples=[EXAMPLE])

    @classmethod
    def of(cls, draft: domain.Draft, settings: Settings) -> Self:
        """The draft and its text, as the API shows them."""
        return cls.model_validate(_shown(draft, settings) | {"text": draft.source_text})


def _shown(draft: domain.Draft, settings: Settings) -> dict[str, object]:
    age = datetime.now(UTC) - draft.saved_at
    return {
        "draft_id": draft.draft_id,
        "title": draft.title,
        "state": draft.state.value,
        "revision": draft.revision,
        "created_at": draft.created_at,
        "created_by": draft.created_by.name,
        "created_by_person": draft.created_by.person_id,
        "saved_at": draft.saved_at,
        "saved_by": draft.saved_by.name,
        "saved_by_person": draft.saved_by.person_id,
        "is_old": age > timedelta(days=settings.draft_old_days),
        "version": draft.version,
        "version_state": draft.version_state,
        "reason": draft.reason,
    }


@router.post(
    "/v1/programme-drafts",
    summary="Begin a draft of the programme",
    status_code=201,
    responses=problem_responses(TOO_MANY_DRAFTS, DRAFT_TOO_LARGE),
)
async def post_draft(
    principal: Writer, body: DraftBody, response: Response, settings: Configured, tx: Tx
) -> DraftDocument:
    """Keeps a text that whoever may publish can go on with. It changes nothing before it is submitted."""
    saving = Saving(body.title, body.text, author_of(principal))
    draft = await begin_draft(tx, community=principal.community, saving=saving)
    response.headers["Location"] = f"/v1/programme-drafts/{draft.draft_id}"
    return DraftDocument.of(draft, settings)


@router.get("/v1/programme-drafts", summary="Drafts of the programme", responses=problem_responses())
async def get_drafts(
    principal: Reader,
    conn: Conn,
    settings: Configured,
    place: Annotated[DraftPlace | None, after(DraftPlace)],
    state: Annotated[Literal["open", "published"], Query(description="Open: those in review, too")] = "open",
    limit: Limit = 100,
) -> Page[DraftItem]:
    """What was saved last comes first, with who saved it and when."""
    found = await drafts.page_of_drafts(
        conn, community=principal.community, is_open=state == "open", after=place, limit=limit
    )
    return Page.of(
        found,
        limit,
        item=lambda draft: DraftItem.of(draft, settings),
        place=lambda draft: DraftPlace(draft.saved_at, draft.draft_id),
    )


@router.get(
    "/v1/programme-drafts/{draft_id}", summary="A draft with its text", responses=problem_responses(UNKNOWN_DRAFT)
)
async def get_draft(principal: Reader, draft_id: UUID, conn: Conn, settings: Configured) -> DraftDocument:
    """As it was saved last."""
    draft = await drafts.find_draft(conn, community=principal.community, draft_id=str(draft_id))
    if draft is None:
        raise UnknownDraftError
    return DraftDocument.of(draft, settings)


@router.put(
    "/v1/programme-drafts/{draft_id}",
    summary="Save a draft",
    responses=problem_responses(UNKNOWN_DRAFT, DRAFT_CHANGED, DRAFT_TAKEN, DRAFT_TOO_LARGE),
)
async def put_draft(
    principal: Writer, draft_id: UUID, body: DraftSaved, settings: Configured, tx: Tx
) -> DraftDocument:
    """Over the `revision` that was seen: when somebody else saved it since, 409 says who, when and what."""
    saving = Saving(body.title, body.text, author_of(principal))
    draft = await save_draft(
        tx, community=principal.community, draft_id=str(draft_id), seen=body.revision, saving=saving
    )
    return DraftDocument.of(draft, settings)


@router.delete(
    "/v1/programme-drafts/{draft_id}",
    summary="Discard a draft",
    status_code=204,
    responses=problem_responses(UNKNOWN_DRAFT, DRAFT_CHANGED, DRAFT_TAKEN),
)
async def delete_draft(
    principal: Writer,
    draft_id: UUID,
    revision: Annotated[int, Query(ge=1, lt=2**31, description="The revision that was seen", examples=[3])],
    tx: Tx,
) -> None:
    """For good, as it was seen. What was submitted stays."""
    await discard_draft(tx, community=principal.community, draft_id=str(draft_id), seen=revision)


@router.post(
    "/v1/programme-drafts/{draft_id}/submit",
    summary="Submit a draft as a version",
    responses=problem_responses(
        UNKNOWN_DRAFT,
        DRAFT_CHANGED,
        DRAFT_TAKEN,
        OTHER_PROGRAMME,
        INVALID_PROGRAMME,
        NOTE_MISSING,
        BACKTEST_MISSING,
        EFFECTIVE_FROM_REFUSED,
        EVENT_TYPES_CHANGED,
        CHECK_TOO_SLOW,
        CHECKS_BUSY,
    ),
)
async def post_submission(
    principal: Writer, draft_id: UUID, body: DraftSubmitted, settings: Configured, begin: Begin
) -> Publication:
    """Proposes it for review, or publishes it where that takes one person and `review` is false.

    Withdrawn, superseded or sent back it is open again; published it stays as it is.
    """
    async with begin() as tx:
        tx.did_nothing()
        draft = await drafts.find_draft(tx.conn, community=principal.community, draft_id=str(draft_id))
    if draft is None:
        raise UnknownDraftError
    draft.check_open()
    draft.check_revision(body.revision)
    # No transaction is open while it is checked; that it is still the same is looked at afterwards.
    reading = await CHECKER.check(draft.source_text, community=principal.community, settings=settings)
    submitted = Submitted(
        valid(reading), author_of(principal), body.note, body.effective_from, asks_for_review=body.review
    )
    async with begin() as tx:
        published = await submit_draft(
            tx,
            community=principal.community,
            draft_id=str(draft_id),
            seen=body.revision,
            submitted=submitted,
        )
    return Publication.of(published, costs=costs_of(reading.steps), warnings=field_errors(reading.warnings))
