"""Facts of scoring: published versions of programmes."""

from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import StringConstraints
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import NO_CONTROL, Count, Sha256, Signature, Slug, Timestamp, Uuid

NOTE_MAX_CHARS = 500
#: What a version changes, in plain words, in one line.
ProgrammeNote = Annotated[str, StringConstraints(min_length=1, max_length=NOTE_MAX_CHARS, pattern=NO_CONTROL)]


class ProgrammeData(TypedDict):
    """A version. `note` says what it changes, in the words of who published it; `restores` is the number of the
    earlier version that it says again. `backtested`: whether a backtest of this exact text was done before; of
    what says an earlier version again that is not said.
    """

    programme_id: Slug
    version: Count
    effective_from: Timestamp
    published_by: str
    published_by_person: NotRequired[Uuid]
    approved_by: NotRequired[str]
    approved_by_person: NotRequired[Uuid]
    document: dict[str, Any]
    document_sha256: Sha256
    note: NotRequired[ProgrammeNote]
    restores: NotRequired[Count]
    backtested: NotRequired[bool]


_DOCUMENT = {
    "programme": "starter",
    "title": "Starter",
    "rules": [
        {
            "id": "answer-accepted",
            "title": "Had an answer accepted",
            "on": ["forum.answer_accepted.v1"],
            "to": "object_author",
            "points": 15,
        }
    ],
}


class ProgrammePublished(FactEnvelope):
    """A version of a community's programme, whole; each service reads its own section of `document`.

    One that changes who pays, what points are worth, or budgets was approved by another person than who published
    it; until then nothing is told of it.
    """

    type: Literal["programme.published.v1"]
    data: ProgrammeData
    signature: NotRequired[Signature]


PROGRAMME_PUBLISHED: Final = FactType(
    "programme.published.v1",
    envelope=ProgrammePublished,
    data=ProgrammeData,
    examples=[
        fact_example(
            "programme.published.v1",
            "scoring",
            "acme/starter/3",
            "2026-01-30T08:00:00Z",
            {
                "programme_id": "starter",
                "version": 3,
                "effective_from": "2026-01-30T08:00:05Z",
                "published_by": "community team",
                "published_by_person": "7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11",
                "note": "An accepted answer gives 15 points, since that is what we lack",
                "backtested": True,
                "document": _DOCUMENT,
                "document_sha256": "6f6d3f4f0c1f5d1fd7a3c1f6c7a3e0d7a3b9c2d1e0f9a8b7c6d5e4f3a2b1c0d9",
            },
        )
    ],
)
