"""Commands of chats: what somebody typed, and what the chat shows them as the answer.

Slack: https://docs.slack.dev/interactivity/implementing-slash-commands, with "Escape channels, users, and links
sent to your app" switched on. Discord: https://discord.com/developers/docs/interactions/application-commands
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import orjson

from services.ingest.kudos.domain.giving import (
    MESSAGE_MAX_CHARS,
    AllowanceSpentError,
    KudosClosedError,
    KudosRefusedError,
    NoGiverError,
    NoKudosError,
    NoReceiverError,
    OwnKudosError,
    UnknownValueError,
    UnsayableError,
    Way,
)
from shared.contracts.texts import label

COMMAND: Final = "kudos"
CHANNEL: Final = "chat"
BODY_MAX_BYTES: Final = 64 * 1024
FIELDS_MAX_COUNT: Final = 50
_ID: Final = re.compile(r"[A-Za-z0-9]{1,64}")
_SLACK: Final = re.compile(
    r"\s*<@(?P<to>[A-Z0-9]{1,64})(?:\|[^>]{0,200})?>\s*"
    r"(?:(?:#(?P<value>[a-z0-9][a-z0-9-]{0,62})|<#[A-Z0-9]{1,64}\|(?P<place>[^>]{1,200})>)(?:\s+|$))?(?P<message>.*)",
    re.DOTALL,
)
_DISCORD_COMMAND: Final = 2
_DISCORD_ANSWER: Final = 4
_EPHEMERAL: Final = 64


class Somebody(NamedTuple):
    """Somebody as the chat knows them."""

    id: str
    name: str | None = None
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class KudosCommand:
    """What somebody typed: `receiver` is None where it cannot be read, and then help is the answer.

    `id` is the chat's own for it, the same when it comes again.
    """

    way: Way
    id: str
    giver: Somebody
    receiver: Somebody | None
    value: str | None
    message: str
    language: str


def read_command(platform: str, raw: bytes) -> KudosCommand | None:
    """The command in what a chat delivered; None where it is another delivery."""
    if len(raw) > BODY_MAX_BYTES:
        return None
    if platform == Way.SLACK:
        return _slack(raw)
    return _discord(raw) if platform == Way.DISCORD else None


def _slack(raw: bytes) -> KudosCommand | None:
    try:
        form = dict(parse_qsl(raw.decode("ascii"), max_num_fields=FIELDS_MAX_COUNT))
    except ValueError:
        return None
    giver, trigger = form.get("user_id", ""), form.get("trigger_id", "")
    if form.get("command", "").lower() != f"/{COMMAND}" or not _ID.fullmatch(giver) or not trigger:
        return None
    found = _SLACK.fullmatch(form.get("text", ""))
    receiver = None if found is None else Somebody(found["to"])
    value = found and (found["value"] or found["place"])
    message = "" if found is None else html.unescape(found["message"]).strip()
    return KudosCommand(Way.SLACK, trigger[:200], Somebody(giver), receiver, value or None, message, "en")


def _discord(raw: bytes) -> KudosCommand | None:
    try:
        body = orjson.loads(raw)
        if body["type"] != _DISCORD_COMMAND or body["data"]["name"] != COMMAND:
            return None
        user = (body.get("member") or body)["user"]
        options = {one["name"]: one["value"] for one in body["data"].get("options", ())}
        receiver_id = options.get("member")
        told = ((body["data"].get("resolved") or {}).get("users") or {}).get(receiver_id) or {}
        named_id, language = str(body["id"]), str(body.get("locale", "en"))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    giver = _somebody(user)
    if giver is None:
        return None
    receiver = None if receiver_id is None else _somebody({**told, "id": receiver_id})
    value, message = options.get("value"), options.get("message", "")
    return KudosCommand(
        Way.DISCORD,
        named_id[:200],
        giver,
        receiver,
        None if value is None else str(value),
        str(message).strip(),
        language,
    )


def _somebody(user: Mapping[str, Any]) -> Somebody | None:
    named = str(user.get("id", ""))
    if not _ID.fullmatch(named):
        return None
    name = user.get("global_name") or user.get("username")
    return Somebody(named, name if isinstance(name, str) else None, user.get("bot") is True)


def answered(way: Way, text: str) -> dict[str, Any]:
    """The answer as the chat takes it: whoever typed it sees it alone, and nobody is called by it."""
    if way is Way.SLACK:
        return {"response_type": "ephemeral", "text": html.escape(text, quote=False)}
    return {
        "type": _DISCORD_ANSWER,
        "data": {"content": text, "flags": _EPHEMERAL, "allowed_mentions": {"parse": []}},
    }


class Words(NamedTuple):
    """What is answered, in a language."""

    given: str
    last: str
    help: str
    closed: str
    own: str
    nobody: str
    giver: str
    level: str
    spent: str
    value: str
    message: str


_WORDS: Final[Mapping[str, Words]] = {
    "en": Words(
        given="Your thanks are on the wall. You can give {left} more until {until}.",
        last="Your thanks are on the wall. They were your last until {until}.",
        help="Write whom you thank, and what for: /kudos @name {value}thank you for …",
        closed="There are no kudos in this community.",
        own="Thanks are for somebody else.",
        nobody="Whom you name is no member who can be thanked.",
        giver="You are not known here as somebody who can give kudos.",
        level="Giving kudos is open from another level on.",
        spent="You have given all that you may, to all or to this member; there are more after {until}.",
        value="Say which value it is for: {values}.",
        message="Say what for, in at most {max} characters.",
    ),
    "it": Words(
        given="Il tuo grazie è in bacheca. Ne puoi dare altri {left} fino al {until}.",
        last="Il tuo grazie è in bacheca. Era l’ultimo fino al {until}.",
        help="Scrivi chi ringrazi, e per che cosa: /kudos @nome {value}grazie per …",
        closed="In questa comunità non ci sono kudos.",
        own="Si ringrazia qualcun altro.",
        nobody="Chi hai indicato non è un membro che si possa ringraziare.",
        giver="Qui non risulti tra chi può dare kudos.",
        level="I kudos si danno da un altro livello in su.",
        spent="Hai dato tutti quelli che puoi, in tutto o a questo membro; se ne danno altri dopo il {until}.",
        value="Di’ per quale valore: {values}.",
        message="Di’ per che cosa, in non più di {max} caratteri.",
    ),
}


def words_of(language: str) -> Words:
    """What is answered in a language, in English where there is none in that."""
    return _WORDS.get(language[:2].lower(), _WORDS["en"])


def say_given(words: Words, *, left: int, until: date) -> str:
    """That it was given, and how many more one may give."""
    said = words.given if left else words.last
    return said.format(left=left, until=until.isoformat())


def say_refused(words: Words, error: KudosRefusedError, *, values: Sequence[str], until: date) -> str:
    """Why nothing was given."""
    said = {
        NoKudosError: words.closed,
        UnknownValueError: words.value,
        OwnKudosError: words.own,
        NoReceiverError: words.nobody,
        NoGiverError: words.giver,
        KudosClosedError: words.level,
        AllowanceSpentError: words.spent,
        UnsayableError: words.message,
    }[type(error)]
    named = ", ".join(f"#{one}" for one in values)
    return said.format(values=named, until=until.isoformat(), max=MESSAGE_MAX_CHARS)


def say_help(words: Words, *, values: Sequence[str]) -> str:
    """How a command is written."""
    return words.help.format(value=f"#{values[0]} " if values else "")


def check_command(command: KudosCommand) -> tuple[Somebody, Somebody]:
    """Who gives, and to whom. Raises UnsayableError, OwnKudosError and NoReceiverError."""
    receiver = command.receiver
    if receiver is None or receiver.is_bot:
        raise NoReceiverError
    if receiver.id == command.giver.id:
        raise OwnKudosError
    if len(command.message) > MESSAGE_MAX_CHARS or not label(command.message):
        raise UnsayableError
    return command.giver, receiver
