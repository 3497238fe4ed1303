"""HTTP routes of what a community says of its messages: settings, rooms and templates."""

from datetime import datetime, time
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.ingest.communities.api.models import KnownLanguage
from services.ingest.messages.api.problems import (
    MESSAGES_NOT_SET_UP,
    NOT_A_ROOM,
    STALE_SETTINGS,
    UNKNOWN_KIND,
    UNKNOWN_ROOM,
    UNKNOWN_WORDS,
    UNUSABLE_TEMPLATE,
)
from services.ingest.messages.domain import messages as domain
from services.ingest.messages.domain.kinds import ALWAYS, CHOSEN, KINDS, LANGUAGES, ROOMS, Channel, Words, words_of
from services.ingest.messages.domain.templates import BODY_MAX_CHARS, SUBJECT_MAX_CHARS, Filled
from services.ingest.messages.domain.timing import QuietHours
from services.ingest.messages.handlers import saying
from services.ingest.messages.handlers.reaching import NotAnAddressError, checked_address
from services.ingest.messages.handlers.rooms import URL_MAX_CHARS
from services.ingest.messages.handlers.saying import ChangeSettings
from services.ingest.messages.store import settings as store
from services.ingest.messages.store.settings import Template
from services.ingest.settings import Settings
from shared.contracts.fields import Language, Name, Slug
from shared.http import (
    Conn,
    Page,
    Principal,
    Problem,
    RequestBody,
    Scope,
    Tx,
    configured,
    problem_responses,
    requires,
)
from shared.near_names import suggestion

router = APIRouter(tags=["messages"])
Reader = Annotated[Principal, requires(Scope.MESSAGES_READ)]
Writer = Annotated[Principal, requires(Scope.MESSAGES_WRITE)]
OwnSettings = Annotated[Settings, configured(Settings)]


def _room(channel: str) -> Channel:
    """The room of a path. Raises Problem 404 for what is none."""
    if channel not in ROOMS:
        raise Problem(UNKNOWN_ROOM, f"There are {' and '.join(ROOMS)}")
    return Channel(channel)


def _kind(kind: str) -> str:
    """The kind of a path. Raises Problem 404 for what is none."""
    if kind not in KINDS:
        raise Problem(UNKNOWN_WORDS, f"There is no kind {kind!r}; {suggestion(kind, KINDS)}")
    return kind


def _minute(text: str) -> str:
    try:
        time.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("not_a_time", "It is a time of day, such as 08:00") from None
    return text


def _mail(text: str) -> str:
    try:
        return checked_address(text)
    except NotAnAddressError:
        raise PydanticCustomError("not_an_address", "It is no mail address") from None


TimeOfDay = Annotated[
    str, StringConstraints(pattern=r"^[0-2][0-9]:[0-5][0-9]$"), AfterValidator(_minute), Field(examples=["08:00"])
]
MailAddress = Annotated[str, Field(max_length=254, examples=["ada@example.org"]), AfterValidator(_mail)]


class Quiet(RequestBody):
    """From when to when nothing goes, in each member's zone; past midnight where it begins later than it ends."""

    begins: TimeOfDay = Field(examples=["21:00"])
    ends: TimeOfDay = Field(examples=["08:00"])

    @classmethod
    def of(cls, quiet: QuietHours | None) -> Self | None:
        """What is shown of quiet hours."""
        return None if quiet is None else cls(begins=f"{quiet.begins:%H:%M}", ends=f"{quiet.ends:%H:%M}")

    def taken(self) -> QuietHours:
        """The hours that were said."""
        return QuietHours(time.fromisoformat(self.begins), time.fromisoformat(self.ends))


class SettingsWanted(RequestBody):
    """What a community's messages are to be; all of it."""

    revision: int = Field(ge=0, description="The revision that the change is for, as it was read", examples=[0])
    kinds: dict[Slug, list[Channel]] = Field(
        max_length=50,
        json_schema_extra={"additionalProperties": False},
        description="By which ways each kind goes; a kind that is left out goes nowhere",
        examples=[{"badge": ["mail"]}],
    )
    sender_name: Name | None = Field(None, description="Who writes; null: the community's name")
    reply_to: MailAddress | None = Field(None, description="Where answers go; null: nowhere in particular")
    day_max_count: int = Field(
        5, ge=1, le=100, description="Messages that one member gets in a day; what is more goes with a digest"
    )
    quiet: Quiet | None = Field(None, description="For members who said nothing else")
    digest_at: TimeOfDay = Field("08:00", description="When digests go, in each member's zone")

    def taken(self) -> ChangeSettings:
        """What was said."""
        return ChangeSettings(
            self.revision,
            {name: frozenset(ways) for name, ways in self.kinds.items()},
            self.sender_name,
            self.reply_to,
            self.day_max_count,
            None if self.quiet is None else self.quiet.taken(),
            self.digest_at,
        )


class RoomShown(BaseModel):
    """A room that messages are posted to; where it is is not shown again."""

    channel: Channel
    set_at: datetime
    gone_at: datetime | None = Field(
        description="Since when its platform says that there is none: nothing is posted until it is set anew"
    )
    gone_why: str | None = Field(description="What the platform said", examples=["404 no_service"])


class KindShown(BaseModel):
    """A kind of message."""

    kind: str = Field(examples=["badge"])
    title: str = Field(examples=["A badge was given"])
    values: dict[str, str] = Field(description="What a template may name, with an example of each")
    may_go: list[Channel] = Field(description="By which ways it may go")
    goes: list[Channel] = Field(description="By which ways it goes")


class SettingsShown(BaseModel):
    """What a community's messages are, and what could be."""

    revision: int
    kinds: list[KindShown]
    sender_name: str | None
    reply_to: str | None
    day_max_count: int
    quiet: Quiet | None
    digest_at: str = Field(examples=["08:00"])
    rooms: list[RoomShown]
    mail_is_set_up: bool = Field(description="Whether whoever runs Plaudit said which server takes mail")


async def _shown(conn: Conn, *, settings: Settings, own: domain.Settings) -> SettingsShown:
    rooms = await store.load_rooms(conn, communities=[own.community])
    return SettingsShown(
        revision=own.revision,
        kinds=[
            KindShown(
                kind=name,
                title=KINDS[name].title,
                values={**ALWAYS, **KINDS[name].values},
                may_go=[Channel.MAIL, *(ROOMS if KINDS[name].room else ())],
                goes=sorted(own.kinds.get(name, ())),
            )
            for name in CHOSEN
        ],
        sender_name=own.sender_name,
        reply_to=own.reply_to,
        day_max_count=own.day_max_count,
        quiet=Quiet.of(own.quiet),
        digest_at=own.digest,
        rooms=[
            RoomShown(channel=channel, set_at=room.set_at, gone_at=room.gone_at, gone_why=room.gone_why)
            for (_, channel), room in sorted(rooms.items(), key=lambda one: one[0])
        ],
        mail_is_set_up=bool(settings.smtp_host),
    )


@router.get("/v1/messages/settings", summary="What a community's messages are", responses=problem_responses())
async def get_settings(principal: Reader, conn: Conn, settings: OwnSettings) -> SettingsShown:
    """Where nothing was said, no message goes to anybody."""
    own = await saying.find_settings(conn, community=principal.community)
    return await _shown(conn, settings=settings, own=own)


@router.put(
    "/v1/messages/settings",
    summary="Say what a community's messages are",
    responses=problem_responses(UNKNOWN_KIND, STALE_SETTINGS, MESSAGES_NOT_SET_UP),
)
async def put_settings(principal: Writer, tx: Tx, settings: OwnSettings, body: SettingsWanted) -> SettingsShown:
    """All of it, for the revision that was read."""
    own = await saying.set_settings(tx, community=principal.community, wanted=body.taken())
    return await _shown(tx.conn, settings=settings, own=own)


class RoomWanted(RequestBody):
    """Where a room of a chat is posted to."""

    url: str = Field(
        max_length=URL_MAX_CHARS,
        description="The incoming webhook that the platform made; whoever has it can post there",
        examples=["https://hooks.slack.com/services/T000/B000/XXXX"],
    )


@router.put(
    "/v1/messages/rooms/{channel}",
    status_code=204,
    summary="Say where a room is",
    responses=problem_responses(UNKNOWN_ROOM, NOT_A_ROOM, MESSAGES_NOT_SET_UP),
)
async def put_room(principal: Writer, tx: Tx, channel: Slug, body: RoomWanted) -> None:
    """In place of the one before. Its address is kept sealed, and shown to nobody."""
    await saying.set_room(tx, community=principal.community, channel=_room(channel), url=body.url)


@router.delete(
    "/v1/messages/rooms/{channel}",
    status_code=204,
    summary="Post to a room no more",
    responses=problem_responses(UNKNOWN_ROOM),
)
async def delete_room(principal: Writer, tx: Tx, channel: Slug) -> None:
    """Its address is forgotten, and kinds that went there go there no more."""
    await saying.forget_room(tx, community=principal.community, channel=_room(channel))


class TemplateShown(BaseModel):
    """The words of a kind in a language."""

    kind: str = Field(examples=["badge"])
    language: str = Field(examples=["en"])
    subject: str = Field(examples=["{{ name }}, you have a new badge: {{ title }}"])
    body: str = Field(description="Markdown without HTML")
    revision: int = Field(description="0: as it comes with Plaudit")
    changed_at: datetime | None

    @classmethod
    def of(cls, template: Template) -> Self:
        """What is shown of the community's own."""
        return cls(
            kind=template.kind,
            language=template.language,
            subject=template.words.subject,
            body=template.words.body,
            revision=template.revision,
            changed_at=template.changed_at,
        )

    @classmethod
    def shipped(cls, kind: str, language: str) -> Self:
        """What is shown of one that comes with Plaudit."""
        words = words_of(KINDS[kind], language)
        return cls(
            kind=kind, language=language, subject=words.subject, body=words.body, revision=0, changed_at=None
        )


@router.get("/v1/messages/templates", summary="The words of every kind of message", responses=problem_responses())
async def get_templates(principal: Reader, conn: Conn) -> Page[TemplateShown]:
    """In every language that there are words for: the community's own, or those that come with Plaudit."""
    own = await saying.load_words(conn, community=principal.community)
    shown = {(kind, language): TemplateShown.shipped(kind, language) for kind in KINDS for language in LANGUAGES}
    shown |= {key: TemplateShown.of(one) for key, one in own.items()}
    return Page(items=[shown[key] for key in sorted(shown)], next=None)


class WordsWanted(RequestBody):
    """A line and a text; both may name values in double braces and ask `if`, and do nothing else."""

    subject: str = Field(max_length=SUBJECT_MAX_CHARS, examples=["{{ name }}, {{ title }} is yours"])
    body: str = Field(max_length=BODY_MAX_CHARS, examples=["Hello {{ name }},\n\n**{{ title }}** is yours."])

    def taken(self) -> Words:
        """The words."""
        return Words(self.subject, self.body)


@router.put(
    "/v1/messages/templates/{kind}/{language}",
    summary="Say a kind of message otherwise",
    responses=problem_responses(UNKNOWN_WORDS, UNUSABLE_TEMPLATE),
)
async def put_template(
    principal: Writer, tx: Tx, kind: Slug, language: KnownLanguage, body: WordsWanted
) -> TemplateShown:
    """In one language, from the next message on."""
    return TemplateShown.of(
        await saying.set_words(
            tx, community=principal.community, kind=_kind(kind), language=language, words=body.taken()
        )
    )


@router.delete(
    "/v1/messages/templates/{kind}/{language}",
    status_code=204,
    summary="Say a kind of message as it comes with Plaudit",
    responses=problem_responses(UNKNOWN_WORDS),
)
async def delete_template(principal: Writer, tx: Tx, kind: Slug, language: Language) -> None:
    """The community's own words are forgotten."""
    await saying.forget_words(tx, community=principal.community, kind=_kind(kind), language=language)


class PreviewWanted(RequestBody):
    """What to look at: words that are not kept yet, or, without any, those that there are."""

    kind: Slug = Field(examples=["badge"])
    language: KnownLanguage = Field("en", examples=["en"])
    words: WordsWanted | None = None


class Previewed(BaseModel):
    """A message as it would read, with the examples of its values."""

    subject: str = Field(examples=["Ada, you have a new badge: Ten accepted answers"])
    text: str
    html: str = Field(description="Without the frame that every message of the community has")

    @classmethod
    def of(cls, filled: Filled) -> Self:
        """What is shown of it."""
        return cls(subject=filled.subject, text=filled.text, html=filled.html)


@router.post(
    "/v1/messages/previews",
    summary="See how a message reads",
    responses=problem_responses(UNKNOWN_KIND, UNUSABLE_TEMPLATE),
)
async def post_preview(principal: Reader, tx: Tx, settings: OwnSettings, body: PreviewWanted) -> Previewed:
    """Nothing is kept or sent."""
    tx.did_nothing()
    words = None if body.words is None else body.words.taken()
    return Previewed.of(
        await saying.preview(
            tx.conn,
            settings,
            community=principal.community,
            kind=body.kind,
            language=body.language,
            words=words,
        )
    )
