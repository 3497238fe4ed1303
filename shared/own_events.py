"""What shows one service that another knows an event to name a member: who asks for their own is shown that alone.

Scoring keeps why a rule gave nothing by event and says nothing of who did it; analytics knows whom an event names.
So analytics gives a member a word for each event of theirs, and scoring takes no event without it.
"""

import hashlib
import hmac
from collections.abc import Collection
from typing import Final, NamedTuple
from uuid import UUID

from shared.contracts.programme import Slot
from shared.contracts.programme.worth import CONTRIBUTORS

_LETTERS: Final[dict[Slot, str]] = {
    "actor": "a",
    "object_author": "o",
    "reply_author": "r",
    **{slot: str(number) for number, slot in enumerate(CONTRIBUTORS, start=1)},
}
_SLOTS: Final[dict[str, Slot]] = {letter: slot for slot, letter in _LETTERS.items()}
_MAC_CHARS = 32
WORD_MAX_CHARS = 36 + 1 + len(_LETTERS) + 1 + _MAC_CHARS


class OwnEvent(NamedTuple):
    """An event, and where in it a member is."""

    event_uid: str
    slots: frozenset[Slot]


def word_of(key: bytes, *, community: str, member_id: str, event_uid: str, slots: Collection[Slot]) -> str:
    """The word that shows that an event names a member in these slots."""
    letters = "".join(letter for slot, letter in _LETTERS.items() if slot in slots)
    return f"{event_uid}.{letters}.{_mac(key, community, member_id, event_uid, letters)}"


def read_word(key: bytes, word: str, *, community: str, member_id: str) -> OwnEvent | None:
    """What a word shows of that member; None where it is not one, or another's."""
    uid, _, rest = word.partition(".")
    letters, _, mac = rest.partition(".")
    try:
        known = str(UUID(uid)) == uid
    except ValueError:
        return None
    expected = _mac(key, community, member_id, uid, letters)
    if not known or not letters.isascii() or not hmac.compare_digest(expected.encode(), mac.encode()):
        return None
    return OwnEvent(uid, frozenset(_SLOTS[letter] for letter in letters))


def _mac(key: bytes, *said: str) -> str:
    # A key of its own, derived: what hashes identities shows nothing here.
    own = hmac.digest(key, b"plaudit own events", "sha256")
    return hmac.digest(own, "|".join(said).encode(), hashlib.sha256).hex()[:_MAC_CHARS]
