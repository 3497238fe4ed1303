"""One call of an API: what is asked, and what its answer holds, whoever sends it."""

import gzip
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import httpx

from plaudit_client.encoding import as_json, as_text

#: Smaller bodies are sent as they are: compressing would not make them one packet less.
COMPRESSED_FROM_BYTES = 1_400
#: The quickest level: most of the gain for a tenth of the time.
COMPRESSION_LEVEL = 1
IDEMPOTENCY_KEY = "Idempotency-Key"
_SAFE_TWICE = frozenset({"GET", "HEAD", "PUT", "DELETE"})


class NotGiven:
    """Stands for an argument that was not given, where None says something."""

    def __repr__(self) -> str:
        return "NOT_GIVEN"

    def __bool__(self) -> bool:
        return False


NOT_GIVEN: Final = NotGiven()


@dataclass(frozen=True)
class Call:
    """What is asked of a service: `path` is whole, `body` bytes, `repeatable` that asking twice does it once."""

    service: str
    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    repeatable: bool = False


def call(
    service: str,
    method: str,
    path: str,
    *,
    params: Mapping[str, object] | None = None,
    headers: Mapping[str, object] | None = None,
    fields: Mapping[str, object] | None = None,
    content: str | bytes | None = None,
    content_type: str = "application/json",
) -> Call:
    """A call with a JSON body of `fields`, or with `content` as it is. Arguments that are NOT_GIVEN are left out.

    A command that takes an Idempotency-Key gets one where none is given, so that it may be tried again.
    """
    said = {name: as_text(value) for name, value in (headers or {}).items() if not _is_absent(value)}
    if headers is not None and IDEMPOTENCY_KEY in headers:
        said.setdefault(IDEMPOTENCY_KEY, str(uuid.uuid4()))
    body = content.encode() if isinstance(content, str) else content
    if fields is not None:
        body = as_json({name: value for name, value in fields.items() if value is not NOT_GIVEN})
    if body is not None:
        said["Content-Type"] = content_type
    return Call(
        service,
        method,
        path,
        {name: as_text(value) for name, value in (params or {}).items() if not _is_absent(value)},
        said,
        body,
        method in _SAFE_TWICE or IDEMPOTENCY_KEY in said,
    )


def _is_absent(value: object) -> bool:
    # A query and a header have no null: None says no more there than nothing.
    return value is NOT_GIVEN or value is None


def compressed(asked: Call) -> Call:
    """The call with its body compressed, if it gains by that."""
    if asked.body is None or len(asked.body) < COMPRESSED_FROM_BYTES:
        return asked
    headers = {**asked.headers, "Content-Encoding": "gzip"}
    return replace(asked, headers=headers, body=gzip.compress(asked.body, COMPRESSION_LEVEL, mtime=0))


def content_of(response: httpx.Response) -> Any:
    """What an answer holds: JSON decoded, other text as text, anything else as bytes, None when it is empty."""
    if not response.content:
        return None
    media_type = response.headers.get("content-type", "").split(";")[0].strip()
    if media_type == "application/json" or media_type.endswith("+json"):
        return response.json()
    return response.text if media_type.startswith("text/") else response.content
