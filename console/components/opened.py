"""A file that a browser opened into a form: text, though a service takes its bytes."""

import re

#: What its bytes were encoded in is so no more.
_ENCODING = re.compile(r"^(\s*<\?xml[^>]*?)\s+encoding\s*=\s*(\"[^\"]*\"|'[^']*')")


def bytes_of(text: str) -> bytes:
    """A file as its service reads it: without a mark of byte order, and not declared in another encoding."""
    return _ENCODING.sub(r"\1", text.removeprefix("\ufeff")).encode()
