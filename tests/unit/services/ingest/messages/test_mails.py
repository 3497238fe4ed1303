"""Mail on the wire: what every mail program reads, and no header more than was meant."""

import io
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from PIL import Image

from services.ingest.messages.domain.mails import Mail, UnsafeHeaderError, mailbox, wire, words

BOUNDARY = "=0190a0b0-8a6f-7c3e-9d41-2b7f5e1c6a90"


def read(mail: Mail) -> EmailMessage:
    found = message_from_bytes(wire(mail, boundary=BOUNDARY), policy=policy.default)
    assert isinstance(found, EmailMessage)
    assert not found.defects
    return found


def content(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize(
    "text",
    [
        "Ada, you have a new badge",
        "Ada, hai un nuovo badge: perché sì",
        "達人 " * 40,
        "x" * 190,
        "=?utf-8?q?hidden?=",
        "a" * 70 + " " + "b" * 70,
    ],
)
def test_a_subject_is_read_as_it_was_written(text: str) -> None:
    raw = wire(Mail([("Subject", words(text, name="Subject"))], "t", "h"), boundary=BOUNDARY)
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert read(Mail([("Subject", words(text, name="Subject"))], "t", "h"))["Subject"] == text.strip()


@pytest.mark.parametrize(
    "name",
    ["Acme's users", "Acme, Inc. <team>", 'The "Pier"', "Il molo è qui", "=?utf-8?q?x?=", "達人", "a\\b", ""],
)
def test_who_writes_is_read_as_it_was_written(name: str) -> None:
    (found,) = read(Mail([("From", mailbox(name, "hello@example.org"))], "t", "h"))["From"].addresses
    assert (found.display_name, found.addr_spec) == (name, "hello@example.org")


def test_a_long_name_is_several_encoded_words_of_which_none_is_too_long() -> None:
    """RFC 2047, 2 and 6.2: 75 characters at most, and read together without the space between them."""
    raw = mailbox("達" * 100, "a@example.org")
    encoded = raw.removesuffix(" <a@example.org>")
    assert all(len(word) <= 75 for word in encoded.split("\r\n "))
    assert str(make_header(decode_header(encoded.replace("\r\n", "")))) == "達" * 100


@pytest.mark.parametrize(
    "text",
    [
        "Solver\r\nBcc: all@example.org",
        "Solver\nBcc: all@example.org",
        "Solver\rBcc: all@example.org",
        "Solver\x0bBcc: all@example.org",
        "Solver\x85Bcc: all@example.org",
        "Solver\u2028Bcc: all@example.org",
        "Solver\x00\x1bBcc: all@example.org",
    ],
)
def test_no_title_or_name_is_another_header(text: str) -> None:
    mail = read(
        Mail([("Subject", words(text, name="Subject")), ("From", mailbox(text, "a@example.org"))], "t", "h")
    )
    assert mail["Bcc"] is None
    assert sorted(mail.keys()) == ["Content-Type", "From", "MIME-Version", "Subject"]


@pytest.mark.parametrize("value", ["a\r\nBcc: x@example.org", "a\nb", "a\r\n b\r\nc", "é", "x" * 999])
def test_what_is_no_header_is_refused(value: str) -> None:
    with pytest.raises(UnsafeHeaderError, match="Reply-To"):
        wire(Mail([("Reply-To", value)], "t", "h"), boundary=BOUNDARY)


def test_an_address_that_is_longer_than_a_line_stays_one() -> None:
    """RFC 2369 has it between angle brackets; in encoded words it is an address for nobody."""
    link = f"<https://plaudit.example/v1/unsubscribe/{'a' * 200}>"
    raw = wire(Mail([("List-Unsubscribe", link)], "t", "h"), boundary=BOUNDARY)
    assert f"List-Unsubscribe: {link}\r\n".encode() in raw


@pytest.mark.parametrize(
    "text",
    [
        "Hello\n\n.\nA dot alone\n",
        "perché no \n-- \nlines with ends ",
        f"--{BOUNDARY}--\n--{BOUNDARY}\nContent-Type: text/html\n\n<b>mine</b>",
        "From here\n" + "x" * 2_000,
        "= equals =3D =\n",
    ],
)
def test_a_text_arrives_as_it_was_written_and_ends_no_part(text: str) -> None:
    written = io.BytesIO()
    Image.new("RGB", (16, 16), 7).save(written, "PNG")
    mail = read(Mail([("Subject", "s")], text, f"<p>{text}</p>", written.getvalue()))
    assert content(mail, "plain") == text
    assert content(mail, "html") == f"<p>{text}</p>"
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    *_, logo = mail.walk()
    assert logo.get_content() == written.getvalue()
    raw = wire(Mail([], text, text), boundary=BOUNDARY)
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert all(len(line) <= 90 for line in raw.split(b"\r\n"))
