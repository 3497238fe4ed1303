"""Bodies of the HTTP API of programmes, and the schemas of a programme for its OpenAPI."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

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


class ProgrammeDocument(ProgrammeVersion):
    """A published version with its text as it was sent, and what was read from it."""

    text: str
    document: dict[str, Any]


class Publication(BaseModel):
    """What a publication did. A dry run and a text that says the same as the newest version change nothing."""

    programme_id: str = Field(examples=["starter"])
    version: int | None = Field(None, description="Null for a dry run", examples=[3])
    effective_from: datetime | None = Field(None, description="Null for a dry run")
    document_sha256: str
    is_new: bool = Field(description="Whether this request made the version")
    dry_run: bool
