"""A delivery as somebody pastes it: its body, or headers and body."""

from typing import Any

import orjson

#: What is read to find headers is a form; what is longer is the body alone.
HEADERS_MAX_COUNT = 100


def delivery_of(text: str) -> tuple[list[dict[str, str]], str]:
    """Headers and body of `{"headers": {…}, "body": {…}}`, of header lines before a body, or of a body alone."""
    text = text.strip()
    try:
        read = orjson.loads(text)
    except ValueError:
        return _with_lines(text)
    if isinstance(read, dict) and isinstance(read.get("headers"), dict) and "body" in read:
        said = [
            {"name": str(name), "value": str(value)}
            for name, value in read["headers"].items()
            if value is not None
        ]
        return said[:HEADERS_MAX_COUNT], orjson.dumps(read["body"]).decode()
    return [], text


def _with_lines(text: str) -> tuple[list[dict[str, str]], str]:
    """`X-Event: ping` and so on, an empty line, and the body, as tools print a request."""
    head, gap, body = text.replace("\r\n", "\n").partition("\n\n")
    if not gap:
        return [], text
    headers = []
    for line in head.split("\n")[:HEADERS_MAX_COUNT]:
        name, colon, value = line.partition(":")
        if not colon or not name.replace("-", "").isalnum() or not name.isascii():
            return [], text
        headers.append({"name": name, "value": value.strip()})
    return headers, body


def pretty(value: Any) -> str:
    """A document as people read it."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
