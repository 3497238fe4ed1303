"""Rooms of a community's chat: Slack's and Discord's incoming webhooks."""

import re
from typing import Final
from urllib.parse import urlsplit

import httpx
import orjson

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
_TOO_MANY: Final = 429
#: By what each says that there is no such webhook any more: Slack's no_service, channel_not_found and
#: channel_is_archived; Discord's Unknown Webhook, and a token that is not its own.
_GONE: Final = {Channel.SLACK: (404, 410), Channel.DISCORD: (401, 404)}
AGAIN_MAX_SECONDS: Final = 14_400.0
#: Discord's SUPPRESS_EMBEDS.
_NO_EMBEDS: Final = 4
#: What Discord reads a meaning into: Markdown, addresses, mentions.
_PUNCTUATION: Final = re.compile(r"([!-/:-@\[-`{-~])")
URL_MAX_CHARS: Final = 500
#: What can stand in an address: other readers of one leave out or refuse what else there is.
_URL: Final = re.compile(r"[!-~]+")


class NotARoomError(Exception):
    """An address is none of the platform's incoming webhooks; the message says what one looks like."""


def check_room(channel: Channel, url: str, *, anywhere: bool) -> None:
    """Raises NotARoomError for an address that is not the platform's own, so that nothing else is ever called."""
    hosts, begins = _HOSTS[channel]
    wrong = NotARoomError(f"An incoming webhook of {channel.value} begins with https://{hosts[0]}{begins}")
    if _URL.fullmatch(url) is None:
        raise wrong
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise wrong from None
    is_theirs = (
        parts.scheme == "https"
        and parts.hostname in hosts
        and port in (None, 443)
        and parts.username is None
        and parts.path.startswith(begins)
        and ".." not in parts.path
    )
    if not is_theirs and not (anywhere and parts.hostname in LOOPBACK):
        raise wrong


def escaped(channel: Channel, value: str) -> str:
    """A name or title as it stands in a room's text: it calls nobody, and is no link and no mark."""
    if channel is Channel.DISCORD:
        return _PUNCTUATION.sub(r"\\\1", value)
    for mark, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        value = value.replace(mark, written)
    return value


def body_of(channel: Channel, text: str) -> dict[str, object]:
    """What is posted, of a text whose values are `escaped`: nobody is called, and no page is shown with it."""
    cut = text[: _TEXT_MAX_CHARS[channel]]
    if channel is Channel.SLACK:
        quiet = dict.fromkeys(("mrkdwn", "link_names", "unfurl_links", "unfurl_media"), False)
        return {"text": cut, "parse": "none", **quiet}
    return {"content": cut, "allowed_mentions": {"parse": []}, "flags": _NO_EMBEDS}


async def post(client: httpx.AsyncClient, channel: Channel, url: str, text: str) -> Answer:
    """Post to a room; say what became of it. Redirects are not followed."""
    try:
        async with client.stream("POST", url, json=body_of(channel, text), follow_redirects=False) as answer:
            begins = await _begins(answer)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        return Answer(Handed.LATER, str(error)[:SAID_MAX_CHARS])
    except httpx.InvalidURL as error:
        return Answer(Handed.REFUSED, str(error)[:SAID_MAX_CHARS])
    except httpx.HTTPError as error:
        return Answer(Handed.UNKNOWN, (str(error) or type(error).__name__)[:SAID_MAX_CHARS])
    said, status = begins.decode("utf-8", "replace")[:SAID_MAX_CHARS], answer.status_code
    if answer.is_success:
        return Answer(Handed.TAKEN, said or None)
    if status == _TOO_MANY or status >= 500:
        return Answer(Handed.LATER, f"{status} {said}", _again_seconds(answer, begins))
    gone = status in _GONE[channel]
    return Answer(Handed.GONE if gone else Handed.REFUSED, f"{status} {said}")


def _again_seconds(answer: httpx.Response, begins: bytes) -> float:
    """How long to leave a room alone, at most four hours: by its header, or as Discord says it, by its body."""
    said: object = answer.headers.get("retry-after")
    if said is None:
        try:
            body = orjson.loads(begins)
        except orjson.JSONDecodeError:
            body = None
        said = body.get("retry_after") if isinstance(body, dict) else None
    try:
        seconds = float(str(said))
    except ValueError:
        return 0.0
    return min(seconds, AGAIN_MAX_SECONDS) if seconds > 0 else 0.0


async def _begins(answer: httpx.Response) -> bytes:
    read = b""
    async for part in answer.aiter_bytes():
        read += part
        if len(read) >= _ANSWER_MAX_BYTES:
            break
    return read[:_ANSWER_MAX_BYTES]
