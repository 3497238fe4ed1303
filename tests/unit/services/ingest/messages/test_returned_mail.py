"""Reports of what could not be delivered, as servers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.messages.domain.bounces import Came, read_bounces

ID = "6b2a5f0c-0000-5000-8000-000000000001"


def report(status: str, *, returned: str = "message/rfc822", kind: str = "delivery-status") -> bytes:
    return "\r\n".join(
        [
            f'Content-Type: multipart/report; report-type={kind}; boundary="b"',
            "MIME-Version: 1.0",
            "",
            "--b",
            "Content-Type: text/plain",
            "",
            "This is the mail system.",
            "--b",
            f"Content-Type: message/{kind}",
            "",
            status,
            "--b",
            f"Content-Type: {returned}",
            "",
            f"Message-ID: <{ID}@plaudit.example>",
            "Subject: A badge",
            "",
            "Hello",
            "--b--",
        ]
    ).encode()


MTA = "Reporting-MTA: dns; mx.example.org\r\nArrival-Date: Sat, 31 Jan 2026 12:30:00 +0000\r\n\r\n"


@pytest.mark.parametrize(
    ("fields", "came", "recipient"),
    [
        (
            "Final-Recipient: rfc822; Ada@Example.org\r\nAction: failed\r\nStatus: 5.1.1",
            Came.NOT_DELIVERED,
            "ada@example.org",
        ),
        (
            "Final-Recipient: rfc822;ada@example.org\r\nAction: FAILED\r\nStatus: 5.2.2 (full)",
            Came.NOT_DELIVERED,
            "ada@example.org",
        ),
        (
            "Final-Recipient: rfc822; ada@example.org\r\nAction: failed\r\nStatus: 4.4.1",
            Came.DELAYED,
            "ada@example.org",
        ),
        (
            "Final-Recipient: rfc822; ada@example.org\r\nAction: delayed\r\nStatus: 4.4.1",
            Came.DELAYED,
            "ada@example.org",
        ),
        (
            "Original-Recipient: rfc822;ada@example.org\r\nFinal-Recipient: rfc822;x@b.example\r\nAction: failed",
            Came.NOT_DELIVERED,
            "ada@example.org",
        ),
    ],
)
@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers"])
def test_a_report_says_who_was_not_reached(fields: str, came: Came, recipient: str, returned: str) -> None:
    [bounce] = read_bounces(report(MTA + fields + "\r\n", returned=returned))
    assert (bounce.came, bounce.recipient) == (came, recipient)
    assert bounce.message_id == f"{ID}@plaudit.example"


def test_delivered_and_relayed_are_no_bounces() -> None:
    for action in ("delivered", "relayed", "expanded"):
        fields = f"Final-Recipient: rfc822; ada@example.org\r\nAction: {action}\r\nStatus: 2.0.0\r\n"
        assert read_bounces(report(MTA + fields)) == []


def test_a_complaint_stops_who_complains() -> None:
    fields = "Feedback-Type: abuse\r\nUser-Agent: x/1\r\nOriginal-Rcpt-To: <ada@example.org>\r\n"
    [bounce] = read_bounces(report(fields, kind="feedback-report"))
    assert (bounce.came, bounce.recipient) == (Came.COMPLAINT, "ada@example.org")


def test_of_many_recipients_no_more_than_a_hundred_are_read() -> None:
    fields = "".join(f"Final-Recipient: rfc822; a{n}@example.org\r\nAction: failed\r\n\r\n" for n in range(500))
    assert len(read_bounces(report(MTA + fields))) == 100


@given(st.binary(max_size=2_000))
def test_anything_else_says_nothing(content: bytes) -> None:
    assert read_bounces(content) == []


@given(st.text(max_size=500))
def test_a_report_of_anything_is_read_without_an_error(fields: str) -> None:
    for bounce in read_bounces(report(MTA + fields)):
        assert bounce.came in Came
