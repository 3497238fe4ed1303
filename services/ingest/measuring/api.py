"""HTTP routes of what was written in events, and of measuring it again."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.ingest.measuring import store
from services.ingest.measuring.domain.texts import TextsState, UnknownTextError
from services.ingest.measuring.handlers import texts
from services.ingest.settings import Settings
from shared.http import (
    IN_ANSWER,
    Conn,
    Principal,
    ProblemType,
    Scope,
    Shown,
    Tx,
    configured,
    problem_responses,
    requires,
)

UNKNOWN_TEXT = ProblemType("unknown-text", 404, "No text of that event is kept")

router = APIRouter()


class MeasuresShown(BaseModel):
    """What was measured of a text."""

    length_chars: int = Field(examples=[83])
    links_count: int = Field(examples=[1])
    language: str | None = Field(None, description="Said by the platform, or told by the words", examples=["en"])
    tone: str = Field(description="positive, negative, undecided or left_out", examples=["positive"])
    sentiment: float | None = Field(None, description="From -1 to 1; null where it is left out", examples=[0.27])
    model: str = Field(examples=["lexicons-1"])


class TextShown(BaseModel):
    """What was written in an event: what does not travel of it, and what was measured."""

    event_uid: UUID
    member_id: UUID | None
    event_type: str = Field(examples=["forum.reply.v1"])
    received_at: datetime
    fields: dict[str, str] = Field(description="As the platform sent them", examples=[{"text": "It works well."}])
    extensions: dict[str, str | int | float | bool] = Field(
        description="Attributes beside those of CloudEvents, as the platform sent them",
        examples=[{"partitionkey": "general"}],
    )
    measures: MeasuresShown | None = Field(
        description="Null where nothing was written, but for an address or extensions"
    )


class Measuring(BaseModel):
    """Whether texts are being measured again, and how many are still to be."""

    model: str = Field(description="The model that measures now", examples=["lexicons-1"])
    texts_count: int = Field(description="Texts that are kept", examples=[12000])
    outdated_count: int = Field(description="Those that another model measured", examples=[0])
    started_at: datetime | None = Field(description="Since when they are measured again; null: they are not")

    @classmethod
    def of(cls, state: TextsState, model: str) -> "Measuring":
        """The state as the API shows it."""
        return cls(
            model=model,
            texts_count=state.kept_count,
            outdated_count=state.outdated_count,
            started_at=state.started_at,
        )


@router.get(
    "/v1/texts/{event_uid}",
    summary="What was written in an event",
    responses=problem_responses(UNKNOWN_TEXT),
)
async def get_text(
    principal: Annotated[Principal, requires(Scope.MEMBERS_READ, or_member=True, reads=IN_ANSWER)],
    conn: Conn,
    settings: Annotated[Settings, configured(Settings)],
    shown: Shown,
    event_uid: UUID,
) -> TextShown:
    """The text of an event, its address, its extensions, and what was measured, while its community keeps it.

    Members read what they wrote themselves: what others did is not there for them.
    """
    written = await texts.find_text(conn, settings, community=principal.community, event_uid=str(event_uid))
    kept = written.text
    if principal.member_id is None:
        shown.of(kept.member_id)
    elif principal.member_id != kept.member_id:
        raise UnknownTextError(str(event_uid))
    measures: Any = kept.measures
    return TextShown(
        event_uid=event_uid,
        member_id=None if kept.member_id is None else UUID(kept.member_id),
        event_type=kept.event_type,
        received_at=kept.received_at,
        fields=dict(written.fields),
        extensions=dict(written.extensions),
        measures=None if measures is None else MeasuresShown(**measures),
    )


@router.get("/v1/measurings", summary="Whether texts are being measured again", responses=problem_responses())
async def get_measuring(
    principal: Annotated[Principal, requires(Scope.COMMUNITIES_WRITE)],
    conn: Conn,
    settings: Annotated[Settings, configured(Settings)],
) -> Measuring:
    """How many texts are kept, by which model, and whether they are being measured again."""
    name = texts.model(settings).name
    return Measuring.of(await store.count_texts(conn, community=principal.community, model=name), name)


@router.post("/v1/measurings", status_code=202, summary="Measure texts again", responses=problem_responses())
async def post_measuring(principal: Annotated[Principal, requires(Scope.COMMUNITIES_WRITE)], tx: Tx) -> Measuring:
    """Have the texts measured again that another model measured; each is told by `sentiment.measured.v1`.

    That goes on beside everything else, a portion a second, and delays nothing.
    """
    state = await texts.begin_again(tx, community=principal.community)
    return Measuring.of(state, texts.model(tx.settings).name)
