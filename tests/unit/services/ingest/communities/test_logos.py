"""Which logos are taken, and what is left of them."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from services.ingest.communities.domain.logos import LOGO_MAX_BYTES, UnusableLogoError, cleaned_logo

SECRET = "taken at home, 45.4642, 9.1900"


def png(size: tuple[int, int] = (32, 16), mode: str = "RGB", **options: Any) -> bytes:
    written = io.BytesIO()
    Image.new(mode, size, 1).save(written, "PNG", **options)
    return written.getvalue()


def moving() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (16, 16), 0).save(
        written, "PNG", save_all=True, append_images=[Image.new("RGB", (16, 16), 0xFFFFFF)]
    )
    return written.getvalue()


def noise(side: int) -> bytes:
    written = io.BytesIO()
    Image.effect_noise((side, side), 100).convert("RGB").save(written, "PNG", compress_level=9)
    return written.getvalue()


def with_comment() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", SECRET)
    info.add_itxt("XML:com.adobe.xmp", SECRET)
    return png(pnginfo=info) + b"<script>alert(1)</script>"


def with_chunk(kind: bytes, content: bytes) -> bytes:
    """A PNG with one more chunk before its pixels."""
    picture = png()
    place = picture.index(b"IDAT") - 4
    chunk = kind + content
    more = struct.pack(">I", len(content)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return picture[:place] + more + picture[place:]


def saying(width: int, height: int) -> bytes:
    """A PNG whose header says these sizes."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "I;16"])
def test_the_picture_comes_back_the_same(mode: str) -> None:
    given = png(mode=mode)
    cleaned = cleaned_logo(given)

    with Image.open(io.BytesIO(given)) as before, Image.open(io.BytesIO(cleaned)) as after:
        assert after.format == "PNG"
        assert after.size == (32, 16)
        assert after.tobytes() == before.convert("RGBA").tobytes()
    assert cleaned_logo(cleaned) == cleaned


def test_nothing_travels_but_the_picture() -> None:
    given = with_comment()
    cleaned = cleaned_logo(given)

    assert SECRET.encode() in given
    assert SECRET.encode() not in cleaned
    assert b"script" not in cleaned
    with Image.open(io.BytesIO(cleaned)) as after:
        assert not after.info.keys() - {"transparency"}


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: b"", "it is no PNG"),
        (lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "it is no PNG"),
        (lambda: b"\xff\xd8\xff\xe0", "it is no PNG"),
        (lambda: b"\x89PNG\r\n\x1a\n", "0 × 0 pixels"),
        (lambda: saying(100_000, 100_000), "100000 × 100000 pixels"),
        (lambda: png((513, 16)), "513 × 16 pixels"),
        (lambda: png((15, 16)), "15 × 16 pixels"),
        (lambda: saying(16, 16), "broken"),
        (lambda: png((64, 64))[:60], "broken"),
        (moving, "it moves"),
        (lambda: with_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(LOGO_MAX_BYTES + 1))), "broken"),
        (lambda: with_chunk(b"IDAT", b"rubbish"), "broken"),
        (lambda: noise(512), "a logo may have"),
    ],
)
def test_what_is_no_logo_is_refused_with_the_reason(make: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(UnusableLogoError, match=reason):
        cleaned_logo(make())


def test_pixels_that_take_more_than_they_came_in_are_refused() -> None:
    """A palette of a byte a pixel becomes four."""
    written = io.BytesIO()
    Image.effect_noise((350, 350), 100).quantize(256).save(written, "PNG", compress_level=9)
    given = written.getvalue()

    assert len(given) <= LOGO_MAX_BYTES
    with pytest.raises(UnusableLogoError, match="its pixels alone"):
        cleaned_logo(given)
