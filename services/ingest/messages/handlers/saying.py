"""What a community says of its messages: which kinds go which way, in which words, to which rooms."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.ingest.communities import store as communities_store
from services.ingest.messages.domain.kinds import CHOSEN, KINDS, ROOMS, Channel, Kind, Words, words_of
from services.ingest.messages.domain.messages import (
    NotSetUpError,
    SettingsStaleError,
    UnknownKindError,
)
from services.ingest.messages.domain.messages import Settings as MessageSettings
from services.ingest.messages.domain.templates import Filled, check_words, fill
from services.ingest.messages.domain.timing import QuietHours
from services.ingest.messages.handlers.composing import look_of, values_of
from services.ingest.messages.handlers.rooms import check_room
from services.ingest.messages.handlers.sealing import seal_address
from services.ingest.messages.store import settings as store
from services.ingest.messages.store.settings import Template
from services.ingest.settings import Settings
from shared.audit import Did
from shared.near_names import suggestion
from shared.postgres import Connection
from shared.transaction import Transaction


@dataclass(frozen=True)
class ChangeSettings:
    """What a community's messages are to be, for the revision that there is."""

    revision: int
    kinds: Mapping[str, frozenset[Channel]]
    sender_name: str | None
    reply_to: str | None
    day_max_count: int
    quiet: QuietHours | None
    digest: str


def kind_named(name: str) -> Kind:
    """The kind of that name. Raises UnknownKindError."""
    kind = KINDS.get(name)
    if kind is None:
        raise UnknownKindError(f"There is no kind {name!r}; {suggestion(name, KINDS)}")
    return kind


async def find_settings(conn: Connection, *, community: str) -> MessageSettings:
    """What a community's messages are."""
    return (await store.load_settings(conn, communities=[community]))[community]


async def set_settings(tx: Transaction[Settings], *, community: str, wanted: ChangeSettings) -> MessageSettings:
    """Say what a community's messages are.

    Raises UnknownKindError, SettingsStaleError, and NotSetUpError for a way that is not open here.
    """
    before = await store.lock_settings(tx.conn, community=community)
    if before.revision != wanted.revision:
        raise SettingsStaleError(before.revision)
    rooms = await store.load_rooms(tx.conn, communities=[community])
    for name, ways in wanted.kinds.items():
        kind = kind_named(name)
        if name not in CHOSEN:
            raise UnknownKindError(f"{name!r} goes by itself, whatever is chosen; {suggestion('', CHOSEN)}")
        if Channel.MAIL in ways and not tx.settings.smtp_host:
            raise NotSetUpError("No mail is sent here: whoever runs Plaudit sets PLAUDIT_SMTP_HOST")
        for room in ways & set(ROOMS):
            if not kind.room:
                raise NotSetUpError(f"{name!r} concerns one person, and goes into no room")
            if (community, room) not in rooms:
                raise NotSetUpError(f"Say first where the room of {room.value} is")
    after = MessageSettings(
        community,
        {name: frozenset(ways) for name, ways in wanted.kinds.items() if ways},
        wanted.sender_name,
        wanted.reply_to,
        wanted.day_max_count,
        wanted.quiet,
        wanted.digest,
        before.revision,
    )
    if after != before:
        after = replace(after, revision=before.revision + 1)
        await store.put_settings(tx.conn, settings=after)
    tx.did(Did("message.set", "message", community, before=_noted(before), after=_noted(after)))
    return after


def _noted(settings: MessageSettings) -> dict[str, object]:
    return {
        "kinds": {name: sorted(ways) for name, ways in sorted(settings.kinds.items())},
        "day_max_count": settings.day_max_count,
        "digest": settings.digest,
        "quiet": settings.quiet and [f"{one:%H:%M}" for one in settings.quiet],
    }


async def set_room(tx: Transaction[Settings], *, community: str, channel: Channel, url: str) -> None:
    """Say where a room is. Raises NotARoomError and NotSetUpError."""
    check_room(channel, url, anywhere=tx.settings.messages_rooms_anywhere)
    content = seal_address(tx.settings, url, community=community, of_id=channel.value)
    await store.put_room(tx.conn, community=community, channel=channel, content=content, at=tx.now)
    tx.did(Did("message.set_room", "message", channel.value, after={"set": True}))


async def forget_room(tx: Transaction[Settings], *, community: str, channel: Channel) -> None:
    """Post to a room no more; kinds that go there alone go nowhere."""
    await store.delete_room(tx.conn, community=community, channel=channel)
    before = await store.lock_settings(tx.conn, community=community)
    kinds = {name: ways - {channel} for name, ways in before.kinds.items()}
    if kinds != before.kinds:
        left = {name: ways for name, ways in kinds.items() if ways}
        await store.put_settings(tx.conn, settings=replace(before, kinds=left, revision=before.revision + 1))
    tx.did(Did("message.forget_room", "message", channel.value, after={"set": False}))


async def load_words(conn: Connection, *, community: str) -> dict[tuple[str, str], Template]:
    """What a community says instead of what comes with Plaudit, by kind and language."""
    found = await store.load_templates(conn, communities=[community])
    return {(kind, language): one for (_, kind, language), one in found.items()}


async def set_words(
    tx: Transaction[Settings], *, community: str, kind: str, language: str, words: Words
) -> Template:
    """Say a kind in a language otherwise. Raises UnknownKindError and TemplateError."""
    check_words(kind_named(kind), words)
    revision = await store.put_template(
        tx.conn, community=community, kind=kind, language=language, words=words, at=tx.now
    )
    after = {"language": language, "subject": words.subject, "revision": revision}
    tx.did(Did("message.set_words", "message", kind, after=after))
    return Template(kind, language, words, revision, tx.now)


async def forget_words(tx: Transaction[Settings], *, community: str, kind: str, language: str) -> None:
    """Say a kind again as it comes with Plaudit. Raises UnknownKindError."""
    kind_named(kind)
    await store.delete_template(tx.conn, community=community, kind=kind, language=language)
    after = {"language": language, "revision": 0}
    tx.did(Did("message.forget_words", "message", kind, after=after))


async def preview(
    conn: Connection, settings: Settings, *, community: str, kind: str, language: str, words: Words | None
) -> Filled:
    """How a kind reads with the examples of its values. Raises UnknownKindError and TemplateError."""
    known = kind_named(kind)
    if words is None:
        own = await load_words(conn, community=community)
        found = own.get((kind, language)) or own.get((kind, language.partition("-")[0]))
        words = found.words if found is not None else words_of(known, language)
    check_words(known, words)
    declared = (await communities_store.load_communities(conn, communities=[community])).get(community)
    values = values_of(
        known.values,
        known,
        name="Ada",
        look=look_of(community, declared),
        link=f"{settings.public_url.rstrip('/')}{known.page}" or "https://example.org/me",
        language=language,
    )
    return fill(words, values)
