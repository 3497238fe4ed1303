"""The bytes of a delivery → its body."""

import re
from codecs import BOM_UTF8
from typing import Any
from urllib.parse import parse_qs

import orjson

#: What the largest platforms send at most.
BODY_MAX_BYTES = 25 * 1024 * 1024
FIELDS_MAX_COUNT = 100
#: A larger body is not looked through for halves of characters: each escape in it takes its time.
MENDED_MAX_BYTES = 256 * 1024
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


class BodyError(ValueError):
    """Bytes that are no body of a webhook; the message says why."""


def read_body(raw: bytes, content_type: str = "") -> dict[str, Any]:
    """The body of a delivery: a JSON object, or one in the form field `payload`. Raises BodyError."""
    if len(raw) > BODY_MAX_BYTES:
        raise BodyError(f"the body is larger than {BODY_MAX_BYTES} bytes")
    if content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        try:
            [payload] = parse_qs(raw.decode("ascii"), max_num_fields=FIELDS_MAX_COUNT).get("payload", [])
        except ValueError:
            raise BodyError("the body is a form without one field `payload`") from None
        raw = payload.encode()
    raw = raw.removeprefix(BOM_UTF8)
    try:
        body = orjson.loads(raw)
    except ValueError:
        body = _read_mended(raw)
    if not isinstance(body, dict):
        raise BodyError("the body is not a JSON object")
    return body


def _read_mended(raw: bytes) -> Any:
    """What may be JSON but for halves of characters. Raises BodyError."""
    try:
        if len(raw) > MENDED_MAX_BYTES:
            raise ValueError
        return orjson.loads(_ESCAPE.sub(_whole, raw))
    except ValueError:
        raise BodyError("the body is not JSON") from None


def _whole(escape: re.Match[bytes]) -> bytes:
    """An escape of JSON; half of a character of two halves becomes the sign for one that is unknown.

    Platforms that cut a text after so many units of UTF-16 send halves of emoji.
    """
    return b"\\ufffd" if escape["half"] else escape[0]
