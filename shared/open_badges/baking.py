"""Credentials in pictures (Open Badges 3.0, section 5.3): an iTXt chunk of a PNG, an element of an SVG."""

import struct
import zlib
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from shared.open_badges.words import CREDENTIAL_MAX_BYTES, FILE_MAX_BYTES, UnreadableError

PNG_BEGINS: Final = b"\x89PNG\r\n\x1a\n"
KEYWORD: Final = b"openbadgecredential"
NAMESPACE: Final = "https://purl.imsglobal.org/ob/v3p0"
_SVG: Final = "http://www.w3.org/2000/svg"
_NAMES: Final[Any] = {None: _SVG, "openbadges": NAMESPACE}
_CREDENTIAL: Final = f"{{{NAMESPACE}}}credential"
_CHUNKS_MAX_COUNT: Final = 10_000
_HEADER_BYTES: Final = 8
_CRC_BYTES: Final = 4
#: After the keyword: not compressed, in no language, and no keyword in it.
_PLAIN: Final = b"\0\0\0\0\0"


def bake_png(picture: bytes, credential: str) -> bytes:
    """A PNG with a credential in it: a token, or a document as JSON. What was baked into it before is gone."""
    made = [PNG_BEGINS]
    for kind, content in _chunks(picture):
        if _is_ours(kind, content):
            continue
        made.append(_chunk(kind, content))
        if kind == b"IHDR":
            made.append(_chunk(b"iTXt", KEYWORD + _PLAIN + credential.encode()))
    return b"".join(made)


def bake_svg(picture: bytes, credential: str, *, is_token: bool) -> bytes:
    """An SVG with a credential in it: a token as the attribute `verify`, or a document as JSON."""
    root = _svg(picture)
    for before in root.findall(_CREDENTIAL):
        root.remove(before)
    # The prefix is declared at the root, as the specification has it: a root is made anew to name one.
    anew = etree.Element(root.tag, {str(name): str(said) for name, said in root.attrib.items()}, nsmap=_NAMES)
    anew.text = root.text
    one = etree.SubElement(anew, _CREDENTIAL)
    if is_token:
        one.set("verify", credential)
    else:
        one.text = etree.CDATA(credential)
    anew.extend(list(root))
    return etree.tostring(anew, encoding="utf-8", xml_declaration=True)


def unbaked(content: bytes) -> str:
    """The credential in a picture, or the text that it is. Raises UnreadableError where there is none."""
    if len(content) > FILE_MAX_BYTES:
        raise UnreadableError(f"it has {len(content):,} bytes, and {FILE_MAX_BYTES:,} are the most that is read")
    if content.startswith(PNG_BEGINS):
        return _bounded(_of_png(content))
    if content.lstrip().startswith(b"<"):
        return _bounded(_of_svg(content))
    try:
        return _bounded(content.decode("utf-8-sig").strip())
    except UnicodeDecodeError:
        raise UnreadableError("it is no PNG, no SVG, and no text") from None


def _bounded(text: str) -> str:
    if not text:
        raise UnreadableError("it is empty")
    if len(text.encode()) > CREDENTIAL_MAX_BYTES:
        raise UnreadableError(f"its credential has more than {CREDENTIAL_MAX_BYTES:,} bytes")
    return text


def _of_png(content: bytes) -> str:
    found = [one for kind, one in _chunks(content) if _is_ours(kind, one)]
    if not found:
        raise UnreadableError("no badge is baked into the picture")
    if len(found) > 1:
        raise UnreadableError("more than one badge is baked into the picture: which is meant is not said")
    rest = found[0][len(KEYWORD) + 1 :]
    is_packed, rest = rest[:1] == b"\1", rest[2:]
    _, _, rest = rest.partition(b"\0")
    _, _, text = rest.partition(b"\0")
    try:
        if is_packed:
            text = zlib.decompressobj().decompress(text, CREDENTIAL_MAX_BYTES + 1)
        return text.decode().strip()
    except (zlib.error, UnicodeDecodeError):
        raise UnreadableError("what is baked into the picture is no text") from None


def _is_ours(kind: bytes, content: bytes) -> bool:
    return kind == b"iTXt" and content.startswith(KEYWORD + b"\0")


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG, of which no pixel is unpacked."""
    place = len(PNG_BEGINS)
    for _ in range(_CHUNKS_MAX_COUNT):
        if place + _HEADER_BYTES > len(content):
            raise UnreadableError("the PNG breaks off")
        size, kind = struct.unpack(">I4s", content[place : place + _HEADER_BYTES])
        end = place + _HEADER_BYTES + size
        if end + _CRC_BYTES > len(content):
            raise UnreadableError("the PNG breaks off")
        yield kind, content[place + _HEADER_BYTES : end]
        if kind == b"IEND":
            return
        place = end + _CRC_BYTES
    raise UnreadableError(f"the PNG has more than {_CHUNKS_MAX_COUNT:,} parts")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _svg(content: bytes) -> etree._Element:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise UnreadableError("the SVG declares a document type or entities, and may not")
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise UnreadableError("it begins like an SVG and is no XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableError("the SVG declares a document type or entities, and may not")
    if root.tag != f"{{{_SVG}}}svg":
        raise UnreadableError("it is XML, and no SVG")
    return root


def _of_svg(content: bytes) -> str:
    found = list(_svg(content).iter(_CREDENTIAL))
    if not found:
        raise UnreadableError("no badge is baked into the picture")
    if len(found) > 1:
        raise UnreadableError("more than one badge is baked into the picture: which is meant is not said")
    return (found[0].get("verify") or found[0].text or "").strip()
