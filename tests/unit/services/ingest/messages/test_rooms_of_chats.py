"""A room is posted to at its platform alone, and an address that cannot be read holds up nobody's messages."""

import httpx
import pytest

from services.ingest.messages.domain.kinds import Channel
from services.ingest.messages.handlers.mail import Handed
from services.ingest.messages.handlers.rooms import NotARoomError, check_room, post

THEIRS = "https://hooks.slack.com/services/T000/B000/XXXX"


@pytest.mark.parametrize(
    ("channel", "url"),
    [
        (Channel.SLACK, THEIRS),
        (Channel.SLACK, THEIRS.replace(".com/", ".com:443/")),
        (Channel.SLACK, "https://hooks.slack-gov.com/services/T0/B0/X"),
        (Channel.DISCORD, "https://discord.com/api/webhooks/1/abc?thread_id=2"),
    ],
)
def test_what_the_platforms_make_is_taken(channel: Channel, url: str) -> None:
    check_room(channel, url, anywhere=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/services/T",
        "https://hooks.slack.com/api/webhooks/1",
        "https://hooks.slack.com/services/../api",
        "https://discord.com/api/webhooks/1/abc",
        *(f"https://{host}/services/T" for host in ("127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "[::1")),
        *(f"https://{host}/services/T" for host in ("hooks.slack.com.", "hooks.slack.com.evil.example")),
        *(f"https://{host}/services/T" for host in ("hooks.slack.com%2eevil.example", "höoks.slack.com")),
        *(f"https://hooks.slack.com{more}/services/T" for more in ("@evil.example", "\\@evil.example")),
        *(f"https://hooks.slack.com:{port}/services/T" for port in ("22", "99999", "-1", "x")),
        "https://evil.example#@hooks.slack.com/services/T",
        *(THEIRS + more for more in ("\n", "\t", "\x00", " ", "\x7f", "é")),
        f" {THEIRS}",
        "",
    ],
)
@pytest.mark.parametrize("anywhere", [False, True])
def test_what_is_another_address_or_none_is_refused(url: str, anywhere: bool) -> None:
    # A stack to try things on may post to its own machine by the names of it alone.
    if not (anywhere and url == "https://127.0.0.1/services/T"):
        with pytest.raises(NotARoomError):
            check_room(Channel.SLACK, url, anywhere=anywhere)


@pytest.mark.parametrize("url", [f"{THEIRS}\n", f"{THEIRS}\t", "https://hooks.slack.com/services/\x00"])
async def test_an_address_that_was_taken_before_and_is_none_is_an_outcome(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        answer = await post(client, Channel.SLACK, url, "Hello")
    assert answer.handed is Handed.REFUSED
