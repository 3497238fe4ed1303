"""Bitstring Status List 1.0: of many credentials, in one list, which are revoked."""

import gzip
import zlib
from collections.abc import Collection
from typing import Final

from shared import base64url
from shared.open_badges.words import UndecidedError

#: So many at least, that nobody learns by a list whose credential is looked at (section 6.1).
LIST_BITS: Final = 131_072
LIST_MAX_BYTES: Final = 4_000_000
_MULTIBASE: Final = "u"


def encoded(valid: Collection[int], *, size_bits: int = LIST_BITS) -> str:
    """A list in which these places are valid and all others revoked; the first bit is the leftmost.

    So what a restored database has forgotten is not valid. The same places are the same text.
    """
    content = bytearray(b"\xff" * (size_bits // 8))
    for place in valid:
        content[place // 8] &= 0xFF ^ (0x80 >> (place % 8))
    return _MULTIBASE + base64url.encode(gzip.compress(bytes(content), mtime=0))


def is_set(text: str, place: int) -> bool:
    """Whether a bit of a list is set. Raises UndecidedError for no list, or one that is too short or too large."""
    try:
        packed = base64url.decode(text.removeprefix(_MULTIBASE))
        unpack = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        content = unpack.decompress(packed, LIST_MAX_BYTES)
    except (ValueError, zlib.error):
        raise UndecidedError("the list of revocations cannot be read") from None
    if unpack.unconsumed_tail:
        raise UndecidedError(f"the list of revocations has more than {LIST_MAX_BYTES:,} bytes")
    if not 0 <= place < len(content) * 8:
        raise UndecidedError("the list of revocations is shorter than the place of this credential in it")
    return bool(content[place // 8] & 0x80 >> (place % 8))
