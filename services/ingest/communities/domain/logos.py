"""Logos: PNG alone, written anew from its pixels, so that nothing travels but the picture.

SVG is not taken: it is a document that may hold scripts, links and fonts, and Python has no maintained library
that makes one harmless.
"""

import io
from typing import Final

LOGO_MAX_BYTES: Final = 128 * 1024
LOGO_MIN_PIXELS: Final = 16
LOGO_MAX_PIXELS: Final = 512

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Where the first chunk, IHDR, has the width and the height, four bytes each.
_WIDTH, _HEIGHT = slice(16, 20), slice(20, 24)


class UnusableLogoError(ValueError):
    """A file is no logo that is taken; the message says what is wrong with it."""


def cleaned_logo(png: bytes) -> bytes:
    """The picture of a PNG as a new PNG of its pixels alone.

    Raises UnusableLogoError for what is too large in bytes or pixels, is no PNG, is broken, or moves.
    """
    if len(png) > LOGO_MAX_BYTES:
        raise UnusableLogoError(f"it has {len(png)} bytes; a logo may have {LOGO_MAX_BYTES}")
    if not png.startswith(_SIGNATURE):
        raise UnusableLogoError("it is no PNG")
    # Looked at before any pixel is read: a few bytes can say that they are billions.
    sides = [int.from_bytes(png[place]) for place in (_WIDTH, _HEIGHT)]
    if not all(LOGO_MIN_PIXELS <= side <= LOGO_MAX_PIXELS for side in sides):
        raise UnusableLogoError(
            f"it has {sides[0]} × {sides[1]} pixels; each side may have {LOGO_MIN_PIXELS} to {LOGO_MAX_PIXELS}"
        )
    from PIL import Image, PngImagePlugin  # noqa: PLC0415 -- no process needs it to start

    # Comments are unpacked before they are left out: a few bytes of them can be gigabytes.
    PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = LOGO_MAX_BYTES
    cleaned = io.BytesIO()
    try:
        with PngImagePlugin.PngImageFile(io.BytesIO(png)) as picture:
            if picture.is_animated:
                raise UnusableLogoError("it moves; send one picture")
            Image.frombytes("RGBA", picture.size, picture.convert("RGBA").tobytes()).save(cleaned, "PNG")
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, UnusableLogoError):
            raise
        raise UnusableLogoError("it is a broken PNG") from error
    if len(cleaned.getvalue()) > LOGO_MAX_BYTES:
        raise UnusableLogoError(
            f"its pixels alone take {len(cleaned.getvalue())} bytes; a logo may have {LOGO_MAX_BYTES}: "
            "make it smaller or simpler"
        )
    return cleaned.getvalue()
