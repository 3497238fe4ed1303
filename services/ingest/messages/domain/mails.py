"""Mail as it goes over the wire: headers, a plain text, the same as HTML, and a logo beside it.

Written here and not by `email`, which takes thirty times as long for what is always the same parts, and folds an
address that is longer than a line into encoded words, which no mail program takes for one (List-Unsubscribe).
"""

from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Sequence
from email.header import Header
from typing import Final, NamedTuple

#: A line of a header is no longer (RFC 5322, 2.1.1); what is longer has to be folded.
LINE_MAX_CHARS: Final = 998
#: From here on a text of a header is folded.
_FOLDED_FROM_CHARS: Final = 76
#: An encoded word is no longer (RFC 2047, 2).
WORD_MAX_CHARS: Final = 75
_SPECIAL: Final = frozenset('()<>[]:;@\\,."')


class UnsafeHeaderError(ValueError):
    """A header would be more than one, or no header that a server takes."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is no header of one line")
        self.name = name


class Mail(NamedTuple):
    """A mail. `headers` are as they are written, in ASCII, on one line each or folded by `words`."""

    headers: Sequence[tuple[str, str]]
    text: str
    html: str
    logo_png: bytes | None = None


def words(text: str, *, name: str) -> str:
    """A text as it stands in the header `name`: encoded (RFC 2047) where it is not ASCII, folded where long."""
    one_line = " ".join(text.split())
    # What looks like an encoded word and is none would be read as one.
    is_plain = one_line.isascii() and one_line.isprintable() and "=?" not in one_line
    if is_plain and len(name) + len(one_line) < _FOLDED_FROM_CHARS:
        return one_line
    clean = "".join(char for char in one_line if char.isprintable())
    return Header(clean, "utf-8", maxlinelen=WORD_MAX_CHARS, header_name=name).encode(linesep="\r\n")


def mailbox(name: str, address: str) -> str:
    """Somebody with their address, as From has it."""
    clean = "".join(char for char in " ".join(name.split()) if char.isprintable())
    if clean.isascii() and "=?" not in clean:
        if _SPECIAL.isdisjoint(clean):
            return f"{clean} <{address}>" if clean else address
        escaped = clean.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{address}>'
    return f"{words(clean, name='From')} <{address}>"


def wire(mail: Mail, *, boundary: str) -> bytes:
    """The mail's bytes, with lines that end as SMTP's; `boundary` begins with an equals sign.

    No part has it in it: quoted-printable writes that sign as =3D, and base64 has no hyphen. Raises
    UnsafeHeaderError.
    """
    lines = [f"{name}: {_one(name, value)}" for name, value in mail.headers]
    inner = f"{boundary}r"
    text = _text_part("plain", mail.text)
    html = _text_part("html", mail.html)
    if mail.logo_png is not None:
        logo = (
            b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: inline\r\n"
            b"Content-ID: <logo>\r\n\r\n"
        ) + encodebytes(mail.logo_png).rstrip().replace(b"\n", b"\r\n")
        html = _multipart("related", [html, logo], inner)
    head = "\r\n".join([*lines, "MIME-Version: 1.0", ""]).encode("ascii")
    return head + _multipart("alternative", [text, html], boundary)


def _one(name: str, value: str) -> str:
    rest = value.replace("\r\n ", " ")
    if not (rest.isascii() and rest.isprintable()) or max(map(len, value.split("\r\n"))) > LINE_MAX_CHARS:
        raise UnsafeHeaderError(name)
    return value


def _text_part(kind: str, text: str) -> bytes:
    head = f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    return head.encode() + b2a_qp(lines.encode(), istext=True)


def _multipart(kind: str, parts: Sequence[bytes], boundary: str) -> bytes:
    between = f"--{boundary}".encode()
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
    body = b"".join(between + b"\r\n" + part + b"\r\n" for part in parts)
    return head + body + between + b"--\r\n"
