"""What cleaning a picture takes of memory at its peak, whatever is uploaded: measured in a process of its own."""

import io
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shared.pictures import (
    NAMESPACE,
    PHOTO_MAX_BYTES,
    PHOTO_MAX_PIXELS,
    PHOTO_MEMORY_MAX_BYTES,
    PICTURE_MAX_BYTES,
    PICTURE_MAX_PIXELS,
    PICTURE_MEMORY_MAX_BYTES,
)

#: Cleans what it is given, once a small picture has brought in all modules, and says how many bytes it grew by.
CHILD = """
import sys
from pathlib import Path
from shared.pictures import PictureError, cleaned_photo, cleaned_picture
clean = {"photo": cleaned_photo, "picture": cleaned_picture}[sys.argv[1]]

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

cleaned_picture(Path(sys.argv[2]).read_bytes())
before = peak()
said = "cleaned"
try:
    clean(Path(sys.argv[3]).read_bytes())
except PictureError as error:
    said = str(error)
print(peak() - before, said)
"""
SIDE = int(PICTURE_MAX_PIXELS**0.5)
WIDE, HIGH = 4_000, PHOTO_MAX_PIXELS // 4_000
SVG = f'<svg xmlns="{NAMESPACE}" viewBox="0 0 9 9">'


def drawn(kind: str, mode: str, width: int, height: int, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height)).save(out, kind, **options)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def with_chunks(chunks: bytes) -> bytes:
    """A PNG with these behind its header."""
    whole = drawn("PNG", "RGB", 9, 9)
    return whole[:33] + chunks + whole[33:]


def claiming(width: int, height: int) -> bytes:
    """A PNG whose header says that it is so large."""
    whole = drawn("PNG", "RGB", 9, 9)
    header = width.to_bytes(4) + height.to_bytes(4) + whole[24:29]
    return whole[:8] + chunk(b"IHDR", header) + whole[33:]


def words(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


NESTED = (PICTURE_MAX_BYTES - 200) // len("<g></g>")
PICTURES = {
    "as many pixels as may be": drawn("PNG", "RGBA", SIDE, SIDE),
    "of 16 bits": drawn("PNG", "I;16", SIDE, SIDE),
    "says that it is larger than any": claiming(2**31 - 1, 2**31 - 1),
    "a text that unpacks to 200 MB": with_chunks(chunk(b"zTXt", b"a\0\0" + words(200_000_000))),
    "200 texts that unpack to 1 MB": with_chunks(chunk(b"zTXt", b"a\0\0" + words(1_000_000)) * 200),
    "a profile that unpacks to 200 MB": with_chunks(chunk(b"iCCP", b"a\0\0" + words(200_000_000))),
    "as many elements as fit": (SVG + "<g/>" * ((PICTURE_MAX_BYTES - 200) // len("<g/>")) + "</svg>").encode(),
    "as deep as fits": (SVG + "<g>" * NESTED + "</g>" * NESTED + "</svg>").encode(),
    "as many attributes as fit": (
        SVG[:-1] + "".join(f' a{number}=""' for number in range(PICTURE_MAX_BYTES // 11)) + "/>"
    ).encode(),
}
PHOTOS = {
    "as many pixels as may be": drawn("JPEG", "RGB", WIDE, HIGH, quality=95, subsampling=0),
    "progressive": drawn("JPEG", "RGB", WIDE, HIGH, quality=95, subsampling=0, progressive=True),
    "of four inks": drawn("JPEG", "CMYK", WIDE, HIGH, progressive=True),
}


def grown(kind: str, content: bytes, directory: Path) -> tuple[int, str]:
    """By how many bytes a process grew to clean a picture, and what it said."""
    small, large = directory / "small.png", directory / "large"
    small.write_bytes(drawn("PNG", "RGB", 9, 9))
    large.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, kind, str(small), str(large)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    size, _, said = done.stdout.strip().partition(" ")
    return int(size), said


@pytest.mark.parametrize("what", list(PICTURES))
def test_a_picture_takes_so_much_memory_at_most(what: str, tmp_path: Path) -> None:
    assert len(PICTURES[what]) <= PICTURE_MAX_BYTES
    size, said = grown("picture", PICTURES[what], tmp_path)
    assert size < PICTURE_MEMORY_MAX_BYTES, f"{size:,} bytes: {said}"


@pytest.mark.parametrize("what", list(PHOTOS))
def test_a_photograph_takes_so_much_memory_at_most(what: str, tmp_path: Path) -> None:
    assert len(PHOTOS[what]) <= PHOTO_MAX_BYTES
    size, said = grown("photo", PHOTOS[what], tmp_path)
    assert said == "cleaned"
    assert size < PHOTO_MEMORY_MAX_BYTES, f"{size:,} bytes"
