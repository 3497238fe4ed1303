"""Bodies of the HTTP API of programmes, and the schemas of a programme for its OpenAPI."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from services.scoring.programmes.domain import publication
from shared.contracts.programme import Programme

MEDIA_TYPES = ("application/yaml", "text/yaml", "application/x-yaml", "text/plain", "application/json")
EXAMPLE = """\
programme: starter
title: Starter
rules:
  - id: answer
    title: Answered somebody
    on: [forum.reply.v1]
    when: data.length_chars >= 20
    points: 3
    daily_cap: 30
"""
JSON_EXAMPLE: dict[str, Any] = {
    "programme": "starter",
    "title": "Starter",
    "rules": [{"id": "answer", "title": "Answered somebody", "on": ["forum.reply.v1"], "points": 3}],
}

_PROGRAMME = Programme.model_json_schema(ref_template="#/components/schemas/{model}")
SCHEMAS: dict[str, Any] = _PROGRAMME.pop("$defs") | {"Programme": _PROGRAMME}
_BODY = {"schema": {"$ref": "#/components/schemas/Programme"}, "example": JSON_EXAMPLE}
PROGRAMME_BODY: dict[str, Any] = {
    "required": True,
    "content": dict.fromkeys(MEDIA_TYPES, _BODY)
    | {"text/plain": {"schema": {"type": "string"}, "example": EXAMPLE}},
}


class ProgrammeVersion(BaseModel):
    """A published version, without its text."""

    programme_id: str = Field(examples=["starter"])
    version: int = Field(examples=[3])
    title: str = Field(examples=["Starter"])
    effective_from: datetime = Field(description="Applies to events received then or later")
    published_at: datetime
    published_by: str = Field(description="Name of the access key that published it", examples=["community team"])
    document_sha256: str = Field(description="Of the content: comments and layout do not count")

    @classmethod
    def of(cls, version: publication.ProgrammeVersion) -> Self:
        """The version as the API shows it."""
        return cls(
            programme_id=version.programme_id,
            version=version.number,
            title=version.title,
            effective_from=version.effective_from,
            published_at=version.published_at,
            published_by=version.published_by,
            document_sha256=version.document_sha256,
        )


class ProgrammeDocument(ProgrammeVersion):
    """A published version with its text as it was sent, and what was read from it."""

    text: str
    document: dict[str, Any]

    @classmethod
    def with_text(cls, version: publication.ProgrammeVersion, text: publication.VersionText) -> Self:
        """The version and what it says, as the API shows them."""
        return cls(**ProgrammeVersion.of(version).model_dump(), text=text.source_text, document=text.document)


class Publication(BaseModel):
    """What a publication did. A dry run and a text that says the same as the newest version change nothing."""

    programme_id: str = Field(examples=["starter"])
    version: int | None = Field(None, description="Null for a dry run", examples=[3])
    effective_from: datetime | None = Field(None, description="Null for a dry run")
    document_sha256: str
    is_new: bool = Field(description="Whether this request made the version")
    dry_run: bool
