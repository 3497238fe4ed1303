"""Attendance lists that are taken without a network, and what their signature is over."""

from typing import Final

from typing_extensions import TypedDict

#: Before the list in what is signed: a signature of it is one of nothing else.
_SIGNED_AS: Final = b"plaudit attendance list v1\n"
ENTRIES_MAX_COUNT: Final = 500
LIST_MAX_CHARS: Final = 200_000


class ListEntry(TypedDict):
    """Who was there: an id or an identity such as `forum:ada`, and when they came, with its zone."""

    member: str
    at: str


class AttendanceList(TypedDict):
    """The list itself, as the JSON text that is signed says it."""

    occasion_id: str
    entries: list[ListEntry]


def signed_bytes(text: str) -> bytes:
    """What the signature of a list is over, by the list's text to the byte."""
    return _SIGNED_AS + text.encode()
