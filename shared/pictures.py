"""Pictures that were uploaded, as they are served: PNG drawn anew, SVG written anew from what is allowed.

Nothing of what was sent is served: a picture is read, judged, and made again from what is known to be harmless.
"""

import io
import re
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from typing import Final, NamedTuple
from xml.etree import ElementTree as Xml

PICTURE_MAX_BYTES: Final = 256_000
PICTURE_MAX_PIXELS: Final = 1_024 * 1_024
PICTURE_SIDE_PIXELS: Final = 256
ELEMENTS_MAX_COUNT: Final = 500
DEPTH_MAX_COUNT: Final = 16
PHOTO_MAX_BYTES: Final = 2_000_000
PHOTO_MAX_PIXELS: Final = 12_000_000
PHOTO_SIDE_PIXELS: Final = 640
#: What cleaning takes of memory at most beside what the process has, whatever is uploaded.
PICTURE_MEMORY_MAX_BYTES: Final = 32_000_000
PHOTO_MEMORY_MAX_BYTES: Final = 130_000_000
PNG: Final = "image/png"
JPEG: Final = "image/jpeg"
SVG: Final = "image/svg+xml"
NAMESPACE: Final = "http://www.w3.org/2000/svg"
#: What may be drawn, and nothing that runs, moves, links, or brings something from elsewhere.
ELEMENTS: Final = frozenset(
    {
        *("svg", "g", "path", "circle", "ellipse", "rect", "line", "polyline", "polygon", "defs"),
        *("linearGradient", "radialGradient", "stop", "clipPath", "title", "desc"),
    }
)
ATTRIBUTES: Final = frozenset(
    {
        *("viewBox", "width", "height", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy"),
        *(
            "d",
            "points",
            "transform",
            "fill",
            "fill-opacity",
            "fill-rule",
            "stroke",
            "stroke-width",
            "color",
            "id",
        ),
        *("stroke-opacity", "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "stroke-miterlimit"),
        *("opacity", "offset", "stop-color", "stop-opacity", "gradientUnits", "gradientTransform", "version"),
        *("spreadMethod", "clip-path", "clip-rule", "preserveAspectRatio"),
    }
)
#: A reference within the picture itself, which is all that one may refer to.
_LOCAL = re.compile(r"url\(#[\w-]{1,64}\)")
_VALUE = re.compile(r"[\w\s.,:#%()+\-/]*")
_DECLARATION = re.compile(r"<\?xml[^>]*\?>\s*")
VALUE_MAX_CHARS: Final = 20_000
_JPEG_BEGINS = b"\xff\xd8\xff"
_PNG_BEGINS = b"\x89PNG\r\n\x1a\n"


class Picture(NamedTuple):
    """A picture as it is served; `etag` is the same for the same bytes."""

    media_type: str
    content: bytes

    @property
    def etag(self) -> str:
        """What names these bytes."""
        return sha256(self.content).hexdigest()[:32]


class PictureError(ValueError):
    """What was uploaded is no picture that is served; the message says why, and where in it."""


def decoded(text: str) -> bytes:
    """The bytes that a text in base64 says. Raises PictureError for what is none."""
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise PictureError("it is no base64: signs are missing at its end") from None


def cleaned_photo(content: bytes) -> Picture:
    """A photograph made again from one that was uploaded, or any picture that is cleaned.

    A JPEG is turned as its camera says, and drawn anew in PHOTO_SIDE_PIXELS at most, without what the camera
    noted, such as where it was taken. Raises PictureError for what is none that is served.
    """
    if len(content) > PHOTO_MAX_BYTES:
        raise PictureError(f"it has {len(content):,} bytes, and may have {PHOTO_MAX_BYTES:,}")
    if content.startswith(_JPEG_BEGINS):
        return Picture(JPEG, _taken_anew(content))
    return cleaned_picture(content)


def _taken_anew(content: bytes) -> bytes:
    from PIL import Image, ImageOps, JpegImagePlugin, UnidentifiedImageError  # noqa: PLC0415 -- as below

    try:
        with JpegImagePlugin.JpegImageFile(io.BytesIO(content)) as found:
            width, height = found.size
            if width * height > PHOTO_MAX_PIXELS:
                raise PictureError(
                    f"it has {width:,} × {height:,} pixels, and may have {PHOTO_MAX_PIXELS:,} in all"
                )
            # Most of the pixels of a large one are never made.
            found.draft("RGB", (PHOTO_SIDE_PIXELS, PHOTO_SIDE_PIXELS))
            picture = ImageOps.exif_transpose(found).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError("it begins like a JPEG and cannot be read as one") from None
    picture.thumbnail((PHOTO_SIDE_PIXELS, PHOTO_SIDE_PIXELS))
    alone = Image.new("RGB", picture.size)
    alone.paste(picture)
    out = io.BytesIO()
    alone.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()


def cleaned_picture(content: bytes) -> Picture:
    """A picture made again from one that was uploaded. Raises PictureError for what is none that is served."""
    if len(content) > PICTURE_MAX_BYTES:
        raise PictureError(f"it has {len(content):,} bytes, and may have {PICTURE_MAX_BYTES:,}")
    if content.startswith(_PNG_BEGINS):
        return Picture(PNG, _drawn_anew(content))
    return Picture(SVG, _written_anew(content))


def _drawn_anew(content: bytes) -> bytes:
    from PIL import Image, PngImagePlugin, UnidentifiedImageError  # noqa: PLC0415 -- no process needs it to start

    try:
        with PngImagePlugin.PngImageFile(io.BytesIO(content)) as found:
            width, height = found.size
            if width * height > PICTURE_MAX_PIXELS:
                raise PictureError(
                    f"it has {width:,} × {height:,} pixels, and may have {PICTURE_MAX_PIXELS:,} in all"
                )
            picture = found.convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError("it begins like a PNG and cannot be read as one") from None
    picture.thumbnail((PICTURE_SIDE_PIXELS, PICTURE_SIDE_PIXELS))
    # Pixels alone are taken over: no text, no time, no profile.
    alone = Image.new("RGBA", picture.size)
    alone.paste(picture)
    out = io.BytesIO()
    alone.save(out, "PNG", optimize=True)
    return out.getvalue()


def _written_anew(content: bytes) -> bytes:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PictureError("it is neither a PNG nor an SVG in UTF-8") from None
    text = _DECLARATION.sub("", text.lstrip(), count=1)
    if re.search(r"<!(?!--)", text) or "<?" in text:
        raise PictureError("it declares a document type, entities or instructions, and may not")
    try:
        root = Xml.fromstring(text)  # noqa: S314 -- nothing is declared in it, and it is bounded
    except Xml.ParseError as error:
        line, column = error.position
        raise PictureError(f"it is neither a PNG nor an SVG: line {line}, column {column + 1} is no XML") from None
    if root.tag != f"{{{NAMESPACE}}}svg":
        raise PictureError(f"its outermost element is {_named(root.tag)}, and has to be svg in SVG's namespace")
    if sum(1 for _ in root.iter()) > ELEMENTS_MAX_COUNT:
        raise PictureError(f"it has more than {ELEMENTS_MAX_COUNT} elements")
    Xml.register_namespace("", NAMESPACE)
    written = Xml.tostring(_allowed(root, 1), encoding="unicode")
    return written.encode()


def _allowed(element: Xml.Element, depth: int) -> Xml.Element:
    name = _named(element.tag)
    if depth > DEPTH_MAX_COUNT:
        raise PictureError(f"its elements are nested more than {DEPTH_MAX_COUNT} deep")
    if element.tag != f"{{{NAMESPACE}}}{name}" or name not in ELEMENTS:
        raise PictureError(f"it has an element {name}, which none may have")
    made = Xml.Element(element.tag, dict(_attributes(element, name)))
    if name in ("title", "desc"):
        made.text = (element.text or "")[:200]
        return made
    for child in element:
        made.append(_allowed(child, depth + 1))
    return made


def _attributes(element: Xml.Element, name: str) -> Iterator[tuple[str, str]]:
    for attribute, value in element.attrib.items():
        if attribute not in ATTRIBUTES:
            raise PictureError(f"its element {name} has an attribute {_named(attribute)}, which none may have")
        if len(value) > VALUE_MAX_CHARS or not _VALUE.fullmatch(value):
            raise PictureError(f"the attribute {attribute} of its element {name} has signs that none may have")
        if "url" in value.lower() and not _LOCAL.fullmatch(value.strip()):
            raise PictureError(
                f"the attribute {attribute} of its element {name} refers to something elsewhere: url(#…) alone may"
            )
        if "script" in value.lower() or "//" in value:
            raise PictureError(f"the attribute {attribute} of its element {name} names a script or an address")
        yield attribute, value


def _named(tag: str) -> str:
    """A name without its namespace, as far as it can be shown."""
    return tag.rpartition("}")[2][:40]
