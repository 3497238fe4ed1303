"""What requests about programmes have in common: texts, and what is wrong with them."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Query, Request
from pydantic import AfterValidator

from services.scoring.programmes.api.models import MEDIA_TYPES, ConditionCost
from services.scoring.programmes.api.problems import INVALID_PROGRAMME
from services.scoring.programmes.domain.mistakes import Mistake
from services.scoring.programmes.domain.publication import Author
from services.scoring.programmes.domain.reading import Reading
from services.scoring.rules.domain.costs import EVENT_STEPS_MAX_COUNT
from shared.contracts.facts.programmes import NOTE_MAX_CHARS, ProgrammeNote
from shared.contracts.programme import Programme
from shared.http import FieldError, Principal, Problem
from shared.http.problem_types import UNSUPPORTED_CONTENT_TYPE

#: A note as a parameter; what is only blank says nothing.
NoteAsked = Annotated[
    ProgrammeNote | None,
    AfterValidator(lambda note: note if note is None or note.strip() else None),
    Query(
        description=f"What it changes for members, in plain words, of {NOTE_MAX_CHARS} characters at most: "
        "everybody may read it. Every version but the first takes one",
        examples=["Answers give more, since that is what we lack"],
    ),
]


def author_of(principal: Principal) -> Author:
    """Who asks, as versions and drafts keep it."""
    return Author(principal.person_id, principal.person_name, principal.credential)


async def text_of(request: Request) -> str:
    """The text of a request's body. Raises Problem for another content type, and for what is not UTF-8."""
    media_type = request.headers.get("content-type", MEDIA_TYPES[0]).partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise Problem(UNSUPPORTED_CONTENT_TYPE, f"Send one of {', '.join(MEDIA_TYPES)}, in UTF-8")
    try:
        return (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        detail = f"The text is not UTF-8: {error.reason} at byte {error.start}"
        raise Problem(INVALID_PROGRAMME, detail) from error


def field_errors(mistakes: Sequence[Mistake]) -> list[FieldError]:
    """Mistakes as problems have them."""
    return [
        FieldError(field=mistake.field, detail=mistake.detail, line=mistake.line, column=mistake.column)
        for mistake in mistakes
    ]


def valid(reading: Reading) -> Programme:
    """The programme that was read. Raises Problem with every mistake when it is none."""
    if reading.programme is not None:
        return reading.programme
    read = reading.mistakes
    errors = field_errors(read)
    first = read[0]
    count = "1 error" if len(read) == 1 else f"{len(read)} errors"
    detail = f"{count}; the first on line {first.line}, column {first.column}: {first.detail}"
    raise Problem(INVALID_PROGRAMME, detail, errors)


def costs_of(steps: Mapping[str, int]) -> list[ConditionCost]:
    """What conditions can take, by type of event."""
    return [
        ConditionCost(event_type=event_type, steps=count, max_steps=EVENT_STEPS_MAX_COUNT)
        for event_type, count in steps.items()
    ]
