"""Bodies compressed with gzip, taken within the limit of what they are when whole (RFC 9110, 8.4.1)."""

import zlib

from starlette.types import Message, Receive

from shared.http.problem_types import BODY_NOT_COMPRESSED
from shared.http.problems import Problem

GZIP = (b"gzip", b"x-gzip")
#: What zlib adds to its window's size to read gzip's head and checksum.
_GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS


def inflated(receive: Receive, body_max_bytes: int, too_large: Problem) -> Receive:
    """`receive` of a compressed body, as what it holds: never more than `body_max_bytes` of it are made.

    Raises Problem: `too_large` once there would be more, BODY_NOT_COMPRESSED where it is not gzip, not whole, or
    something follows it.
    """
    inflater = zlib.decompressobj(_GZIP_WINDOW_BITS)
    made_bytes = 0

    async def inflated_receive() -> Message:
        nonlocal made_bytes
        message = await receive()
        if message["type"] != "http.request":
            return message
        try:
            # One byte more than may be: so a bomb is known before it has gone off.
            content = inflater.decompress(message.get("body", b""), body_max_bytes - made_bytes + 1)
        except zlib.error:
            raise Problem(BODY_NOT_COMPRESSED, "The body is not gzip") from None
        made_bytes += len(content)
        if made_bytes > body_max_bytes:
            raise too_large
        if inflater.unused_data:
            raise Problem(BODY_NOT_COMPRESSED, "Something follows the compressed body: send it as one gzip member")
        if not message.get("more_body", False) and not inflater.eof:
            raise Problem(BODY_NOT_COMPRESSED, "The compressed body ends before it is whole")
        return {**message, "body": content}

    return inflated_receive
