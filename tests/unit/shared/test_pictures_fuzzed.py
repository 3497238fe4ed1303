"""Whatever is uploaded as a picture or as a badge is refused in words, or comes out harmless, in bounded time.

PLAUDIT_FUZZ_EXAMPLES says how many examples each test takes: 150 where it is not said.
"""

import asyncio
import io
import json
import os
import re
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from shared.open_badges.baking import PNG_BEGINS, bake_png, bake_svg
from shared.open_badges.verifying import Known, verify
from shared.open_badges.words import UndecidedError, UnreadableError
from shared.pictures import (
    PHOTO_MAX_BYTES,
    PHOTO_SIDE_PIXELS,
    PICTURE_MAX_BYTES,
    SVG,
    PictureError,
    cleaned_photo,
    cleaned_picture,
)

#: The library warns of what it passes over in a picture.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
EXAMPLES_COUNT = int(os.environ.get("PLAUDIT_FUZZ_EXAMPLES", "150"))
BOUNDED = settings(
    max_examples=EXAMPLES_COUNT, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
#: Of the processor, for one picture of the most bytes.
SECONDS_MAX = 3.0
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
REAL = Path(os.environ.get("PLAUDIT_SHARED_DATA", "../shared/data")) / "platforms" / "openbadges"
DRAWN = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>Ten</title><defs><linearGradient id="a">'
    '<stop offset="1" stop-color="#f00"/></linearGradient></defs><g fill="none"><path d="M1 1h7" fill="url(#a)"/>'
    '<circle r="3" cx="4" cy="4"/></g></svg>'
)
#: What somebody puts into a picture who wants it to do something.
PLANTED = (
    "<script>alert(1)</script>",
    "<SCRIPT/>",
    "<svg:script xmlns:svg='http://www.w3.org/2000/svg'>alert(1)</svg:script>",
    "<h:script xmlns:h='http://www.w3.org/1999/xhtml'>alert(1)</h:script>",
    "<foreignObject><b xmlns='http://www.w3.org/1999/xhtml'><img src='x' onerror='alert(1)'/></b></foreignObject>",
    "<style>@import url(https://elsewhere.example/x.css)</style>",
    "<image href='https://elsewhere.example/x.png'/>",
    "<use href='data:image/svg+xml;base64,AAAA#a'/>",
    "<a href='javascript:alert(1)'><rect/></a>",
    "<animate attributeName='href' values='javascript:alert(1)'/>",
    "<set attributeName='onload' to='alert(1)'/>",
    "<handler xmlns='http://www.w3.org/2001/xml-events'/>",
    "<rect fill='url(https://elsewhere.example/#a)'/>",
    "<rect fill='URL(//elsewhere.example/#a)'/>",
    "<rect fill='u\\72l(https://elsewhere.example)'/>",
    "<rect onload='alert(1)'/>",
    "<rect style='fill:url(https://elsewhere.example)'/>",
    "<rect xml:base='https://elsewhere.example/'/>",
    "<rect xmlns:xlink='http://www.w3.org/1999/xlink' xlink:href='#a'/>",
    "<rect fill='image(https:\\2f\\2f elsewhere.example)'/>",
    "<title>]]&gt;&lt;script&gt;</title>",
    "<desc><script/>beside</desc>",
    "<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>",
    "<!ENTITY a 'b'>",
    "<![CDATA[<script>]]>",
    "<?xml-stylesheet href='https://elsewhere.example/x.css'?>",
    "&a;",
    "&#60;script&#62;",
    "<!-- --><g/>",
    "\ufeff",
    "<g>" * 40,
)
RUNS = {
    "script",
    "style",
    "image",
    "use",
    "a",
    "foreignObject",
    "animate",
    "animateMotion",
    "animateTransform",
    "set",
}
ASKS_ELSEWHERE = re.compile(r"script|https?:|data:|//|@import|expression|\\|url\((?!#)", re.IGNORECASE)


def png(mode: str = "RGB", width: int = 30, height: int = 20) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "red").convert(mode).save(out, "PNG")
    return out.getvalue()


def jpeg() -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 20), "red").save(out, "JPEG", exif=exif)
    return out.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


PNGS = [png(mode) for mode in ("RGB", "RGBA", "L", "LA", "P", "1", "I;16")]
KINDS = [
    *(b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf"),
    *(b"acTL", b"fcTL", b"fdAT", b"IDAT", b"IEND", b"bKGD", b"sBIT"),
]
CHUNKS = st.tuples(
    st.sampled_from(KINDS),
    st.one_of(
        st.binary(max_size=40),
        st.binary(max_size=40).map(lambda some: b"k\0\0" + zlib.compress(some)),
        st.just(b"openbadgecredential\0\1\0\0\0" + zlib.compress(b"{" * 2_000_000)),
    ),
    st.integers(0, 6),
)
#: Bytes at places, and where the file ends.
EDITS = st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=3)), max_size=6)


def edited(content: bytes, edits: list[tuple[int, bytes]], ends: int | None) -> bytes:
    made = bytearray(content)
    for place, some in edits:
        at = place % (len(made) + 1)
        made[at : at + len(some)] = some
    return bytes(made if ends is None else made[: ends % (len(made) + 1)])


def with_chunks(content: bytes, added: list[tuple[bytes, bytes, int]]) -> bytes:
    parts, place = [], len(PNG_BEGINS)
    while place < len(content):
        (size,) = struct.unpack(">I", content[place : place + 4])
        parts.append(content[place : place + size + 12])
        place += size + 12
    for kind, inside, at in added:
        parts.insert(at % (len(parts) + 1), chunk(kind, inside))
    return PNG_BEGINS + b"".join(parts)


def taken(content: bytes, clean: Callable[[bytes], Any]) -> Any:
    """What comes out, None where it is refused; nothing else happens, and soon."""
    began, found, why = process_time(), None, "harmless"
    try:
        found = clean(content)
    except PictureError as error:
        why = str(error)
    assert 0 < len(why) < 300
    assert process_time() - began < SECONDS_MAX
    return found


def check_harmless(content: bytes) -> None:
    """Looked at by another reader than the one that cleans."""
    assert b"<!" not in content
    assert b"<?" not in content
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    for element in root.iter():
        assert isinstance(element.tag, str), "neither comments nor instructions nor entities"
        name = etree.QName(element)
        assert name.namespace == "http://www.w3.org/2000/svg"
        assert name.localname not in RUNS
        for attribute, value in element.attrib.items():
            assert not str(attribute).lower().startswith("on")
            assert attribute not in ("href", "style", "src")
            assert "}" not in str(attribute)
            assert not ASKS_ELSEWHERE.search(str(value)), value
    # It is the same again: what is served could be uploaded.
    assert cleaned_picture(content).content == content


@given(
    planted=st.lists(st.tuples(st.sampled_from(PLANTED), st.integers(0, 5_000)), max_size=4),
    edits=EDITS,
    ends=st.none() | st.integers(0, 5_000),
)
@BOUNDED
def test_an_svg_comes_out_harmless_or_not_at_all(
    planted: list[tuple[str, int]], edits: list[tuple[int, bytes]], ends: int | None
) -> None:
    text = DRAWN
    for some, place in planted:
        # Between elements mostly, where it may be read as one.
        gaps = [found.end() for found in re.finditer(">", text)] or [0]
        at = gaps[place % len(gaps)]
        text = text[:at] + some + text[at:]
    found = taken(edited(text.encode(), edits, ends), cleaned_picture)
    if found is not None and found.media_type == SVG:
        check_harmless(found.content)


@given(
    seed=st.sampled_from(PNGS), added=st.lists(CHUNKS, max_size=4), edits=EDITS, ends=st.none() | st.integers(0)
)
@BOUNDED
def test_a_png_comes_out_as_pixels_or_not_at_all(
    seed: bytes, added: list[tuple[bytes, bytes, int]], edits: list[tuple[int, bytes]], ends: int | None
) -> None:
    found = taken(edited(with_chunks(seed, added), edits, ends), cleaned_picture)
    if found is None or found.media_type == SVG:
        return
    kinds = set(re.findall(rb"IHDR|IDAT|IEND|tEXt|zTXt|iTXt|iCCP|eXIf|tIME|acTL", found.content))
    assert kinds >= {b"IHDR", b"IDAT", b"IEND"}
    with Image.open(io.BytesIO(found.content)) as picture:
        assert picture.info == {}
        assert not getattr(picture, "is_animated", False)


@given(edits=EDITS, ends=st.none() | st.integers(0))
@BOUNDED
def test_a_photograph_comes_out_as_pixels_or_not_at_all(edits: list[tuple[int, bytes]], ends: int | None) -> None:
    found = taken(edited(jpeg(), [(3 + place, some) for place, some in edits], ends), cleaned_photo)
    if found is not None:
        with Image.open(io.BytesIO(found.content)) as picture:
            assert max(picture.size) <= PHOTO_SIDE_PIXELS
            assert not picture.getexif()


def test_the_most_bytes_take_bounded_time() -> None:
    head, tail = '<svg xmlns="http://www.w3.org/2000/svg">', "</svg>"
    room = PICTURE_MAX_BYTES - len(head) - len(tail)
    large = (
        head + "<g/>" * (room // 4) + tail,
        head + "<g>" * (room // 7) + "</g>" * (room // 7) + tail,
        head + "<!--" * 0 + "<!-- -->" * (room // 8) + tail,
        head + f"<path d='{'M1 1' * (room // 8)}'/>" + tail,
        head + "<rect " + " ".join(f"a{number}=''" for number in range(room // 12)) + "/>" + tail,
        " " * PICTURE_MAX_BYTES,
        "<?xml " + "?" * (PICTURE_MAX_BYTES - 10),
    )
    for text in large:
        taken(text.encode()[:PICTURE_MAX_BYTES], cleaned_picture)
    packed = zlib.compress(b"0" * 1_000_000, 9)
    texts = [(b"zTXt", b"k\0\0" + packed, 1)] * (PICTURE_MAX_BYTES // (len(packed) + 15) - 1)
    assert taken(with_chunks(png(), texts), cleaned_picture) is None
    assert taken(jpeg() + b"\0" * (PHOTO_MAX_BYTES - 2_000), cleaned_photo) is not None


def credentials() -> list[str]:
    """Real badges of others where they are at hand, and one like them."""
    own = {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["OpenBadgeCredential"], "name": "Hero"}
    found = [one.read_text() for one in sorted(REAL.glob("*.json"))] if REAL.is_dir() else []
    return [json.dumps(own), *found]


def baked() -> list[bytes]:
    clean = cleaned_picture(DRAWN.encode()).content
    made = []
    for text in credentials():
        made += [text.encode(), bake_png(png(), text), bake_svg(clean, text, is_token=False)]
    return made


BAKED = baked()


async def _nobody(url: str) -> bytes:
    raise UndecidedError(f"nobody is asked: {url}")


@given(
    seed=st.sampled_from(BAKED),
    added=st.lists(CHUNKS, max_size=2),
    edits=EDITS,
    ends=st.none() | st.integers(0),
)
@BOUNDED
def test_a_badge_that_somebody_tampered_with_is_judged_or_refused(
    seed: bytes, added: list[tuple[bytes, bytes, int]], edits: list[tuple[int, bytes]], ends: int | None
) -> None:
    content = with_chunks(seed, added) if seed.startswith(PNG_BEGINS) else seed
    content = edited(content, edits, ends)
    began = process_time()
    try:
        said = asyncio.run(verify(content, known=Known(_nobody), now=NOW)).title
    except UnreadableError as error:
        said = str(error)
    assert said
    assert process_time() - began < SECONDS_MAX
    # What is baked is no picture of ours: the cleaner takes the badge out, or refuses it.
    picture = taken(content, cleaned_picture)
    assert picture is None or b"openbadge" not in picture.content
