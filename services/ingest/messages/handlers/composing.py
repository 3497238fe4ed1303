"""A message is written: in the community's words and look, in the member's language, with a way out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Final

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency, format_decimal

from services.ingest.communities.domain.communities import Community
from services.ingest.messages.domain.kinds import KINDS, Kind, Words, words_of
from services.ingest.messages.domain.mails import Mail, mailbox, wire, words
from services.ingest.messages.domain.messages import Message
from services.ingest.messages.domain.messages import Settings as MessageSettings
from services.ingest.messages.domain.templates import VALUE_MAX_CHARS, Filled, Look, fill, filled_line, framed
from services.ingest.messages.handlers.rooms import escaped
from services.ingest.messages.handlers.sealing import Link, write_link
from services.ingest.messages.store.settings import Template
from services.ingest.settings import Settings
from shared.currencies import decimal_amount

SENDER_MAX_CHARS: Final = 100
#: Values that are numbers, written as the reader's language does.
_NUMBERS: Final = frozenset({"points", "active", "before", "newcomers", "off", "questions", "reports"})
#: What the frame of each message says, by language; English for any other.
_FRAME: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "why": "You get this from {community}.",
        "stop": "No more messages of this kind",
        "all": "What I want to hear of",
        "digest": "{count} things happened in {community}",
    },
    "it": {
        "why": "Ricevi questo messaggio da {community}.",
        "stop": "Niente più messaggi di questo tipo",
        "all": "Di che cosa voglio sapere",
        "digest": "{count} novità in {community}",
    },
}


@dataclass(frozen=True)
class Composed:
    """What is sent of one message: as it is filled in, and its frame."""

    filled: Filled
    language: str


def language_of(wanted: str | None, community: Community | None) -> str:
    """The language that somebody is written to in: theirs, or else the community's own."""
    return wanted or (community.languages[0] if community is not None else "en")


def look_of(community: str, declared: Community | None) -> Look:
    """How a community's messages look."""
    if declared is None:
        return Look(community)
    look = Look(declared.look.name, has_logo=declared.look.logo_png is not None)
    if declared.look.colours is None:
        return look
    return look._replace(
        background=declared.look.colours.background,
        text=declared.look.colours.text,
        accent=declared.look.colours.accent,
    )


def words_for(
    kind: Kind, language: str, *, community: str, templates: Mapping[tuple[str, str, str], Template]
) -> Words:
    """The words of a kind: the community's in the language, or in its main part, or what comes with Plaudit."""
    for tag in (language, language.partition("-")[0]):
        if (found := templates.get((community, kind.name, tag))) is not None:
            return found.words
    return words_of(kind, language)


def values_of(
    message_values: Mapping[str, str], kind: Kind, *, name: str | None, look: Look, link: str, language: str
) -> dict[str, str]:
    """What a template is filled with: every value that it may name, empty where there is none."""
    said = {one: message_values.get(one, "") for one in kind.values}
    if kind.called and (about := message_values.get("about")):
        said["title"] = kind.called.get(language.partition("-")[0], kind.called["en"]).get(about, about)
    if "amount" in said:
        said["amount"] = _money(said["amount"], message_values.get("currency", ""), language)
    for one in _NUMBERS & said.keys():
        if said[one].isdigit():
            said[one] = format_decimal(int(said[one]), locale=_locale(language))
    return {**said, "name": name or look.name, "community": look.name, "link": link}


def _money(minor: str, currency: str, language: str) -> str:
    if not minor.isdigit() or not currency:
        return minor
    amount = decimal_amount(int(minor), currency)
    return format_currency(amount, currency, locale=_locale(language), decimal_quantization=False)


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def compose(
    message: Message,
    *,
    settings: Settings,
    declared: Community | None,
    templates: Mapping[tuple[str, str, str], Template],
    name: str | None,
    language: str,
    link: str | None = None,
) -> Composed:
    """A message in words, by what is known now."""
    kind = KINDS[message.kind]
    look = look_of(message.community, declared)
    address = link or f"{settings.public_url.rstrip('/')}{kind.page}"
    values = values_of(message.values, kind, name=name, look=look, link=address, language=language)
    said = words_for(kind, language, community=message.community, templates=templates)
    return Composed(fill(said, values), language)


def room_text(
    message: Message, *, settings: Settings, declared: Community | None, name: str | None, language: str
) -> str:
    """The line that a room of a chat is told."""
    kind = KINDS[message.kind]
    look = look_of(message.community, declared)
    said = values_of(message.values, kind, name=name, look=look, link=settings.public_url, language=language)
    values = {one: escaped(message.channel, value[:VALUE_MAX_CHARS]) for one, value in said.items()}
    return filled_line(kind.room.get(language.partition("-")[0], kind.room["en"]), values)


def write_mail(
    composed: Sequence[Composed],
    *,
    message: Message,
    settings: Settings,
    own: MessageSettings,
    declared: Community | None,
    to: str,
    stop: Link | None,
    at: datetime,
) -> bytes:
    """One mail of one message, or of several together; `stop` is what its links out of it are for.

    It has what RFC 8058 asks of one that can be ended by one click, and Auto-Submitted (RFC 3834), so that no
    machine answers it.
    """
    language = composed[0].language
    says = _FRAME.get(language.partition("-")[0], _FRAME["en"])
    look = look_of(message.community, declared)
    subject = (
        composed[0].filled.subject
        if len(composed) == 1
        else says["digest"].format(count=len(composed), community=look.name)
    )
    headers = [
        ("Subject", words(subject, name="Subject")),
        ("From", mailbox((own.sender_name or look.name)[:SENDER_MAX_CHARS], settings.smtp_from)),
        ("To", to),
        *([("Reply-To", own.reply_to)] if own.reply_to else []),
        ("Date", format_datetime(at)),
        ("Message-ID", f"<{message.message_id}@{settings.smtp_from.rpartition('@')[2]}>"),
        ("Auto-Submitted", "auto-generated"),
        ("Content-Language", language),
    ]
    footer, tail = [escape(says["why"].format(community=look.name))], [says["why"].format(community=look.name)]
    if stop is not None:
        base, token = settings.public_url.rstrip("/"), write_link(settings, stop)
        headers.append(("List-Unsubscribe", f"<{base}/v1/unsubscribe/{token}>"))
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        for said, url in ((says["stop"], f"{base}/unsubscribe/{token}"), (says["all"], f"{base}/me/messages")):
            footer.append(f'<a href="{escape(url)}">{escape(said)}</a>')
            tail.append(f"{said}: {url}")
    text = "\n----\n\n".join(one.filled.text for one in composed)
    plain = f"{text}\n-- \n" + "\n".join(tail) + "\n"
    html = framed([one.filled.html for one in composed], look=look, footer=" · ".join(footer), language=language)
    logo = declared.look.logo_png if declared is not None else None
    return wire(Mail(headers, plain, html, logo), boundary=f"={message.message_id}")
