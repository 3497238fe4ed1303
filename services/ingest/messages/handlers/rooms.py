"""Rooms of a community's chat: Slack's and Discord's incoming webhooks."""

from typing import Final
from urllib.parse import urlsplit

import httpx

from services.ingest.messages.domain.kinds import Channel
from services.ingest.messages.handlers.mail import SAID_MAX_CHARS, Answer, Handed
from services.ingest.settings import LOOPBACK

#: Where rooms are: the hosts and paths that the platforms document. Nothing is posted anywhere else.
_HOSTS: Final = {
    Channel.SLACK: (("hooks.slack.com", "hooks.slack-gov.com"), "/services/"),
    Channel.DISCORD: (
        ("discord.com", "discordapp.com", "canary.discord.com", "ptb.discord.com"),
        "/api/webhooks/",
    ),
}
#: What each takes at most in one message.
_TEXT_MAX_CHARS: Final = {Channel.SLACK: 3_000, Channel.DISCORD: 2_000}
_ANSWER_MAX_BYTES: Final = 4_096
URL_MAX_CHARS: Final = 500


class NotARoomError(Exception):
    """An address is none of the platform's incoming webhooks; the message says what one looks like."""


def check_room(channel: Channel, url: str, *, anywhere: bool) -> None:
    """Raises NotARoomError for an address that is not the platform's own, so that nothing else is ever called."""
    hosts, begins = _HOSTS[channel]
    parts = urlsplit(url)
    is_theirs = (
        parts.scheme == "https"
        and parts.hostname in hosts
        and parts.port in (None, 443)
        and parts.username is None
        and parts.path.startswith(begins)
        and ".." not in parts.path
    )
    if not is_theirs and not (anywhere and parts.hostname in LOOPBACK):
        raise NotARoomError(f"An incoming webhook of {channel.value} begins with https://{hosts[0]}{begins}")


def body_of(channel: Channel, text: str) -> dict[str, object]:
    """What is posted: nobody is called by name, whatever a title says."""
    cut = text[: _TEXT_MAX_CHARS[channel]]
    if channel is Channel.SLACK:
        for mark, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            cut = cut.replace(mark, written)
        return {"text": cut}
    return {"content": cut, "allowed_mentions": {"parse": []}}


async def post(client: httpx.AsyncClient, channel: Channel, url: str, text: str) -> Answer:
    """Post to a room; say what became of it. Redirects are not followed."""
    try:
        async with client.stream("POST", url, json=body_of(channel, text), follow_redirects=False) as answer:
            said = (await _begins(answer)).decode("utf-8", "replace")[:SAID_MAX_CHARS]
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        return Answer(Handed.LATER, str(error)[:SAID_MAX_CHARS])
    except httpx.HTTPError as error:
        return Answer(Handed.UNKNOWN, (str(error) or type(error).__name__)[:SAID_MAX_CHARS])
    if answer.is_success:
        return Answer(Handed.TAKEN, said or None)
    if answer.status_code == 429 or answer.status_code >= 500:
        return Answer(Handed.LATER, f"{answer.status_code} {said}")
    return Answer(Handed.REFUSED, f"{answer.status_code} {said}")


async def _begins(answer: httpx.Response) -> bytes:
    read = b""
    async for part in answer.aiter_bytes():
        read += part
        if len(read) >= _ANSWER_MAX_BYTES:
            break
    return read[:_ANSWER_MAX_BYTES]
