"""Settings of the front door."""

from base64 import urlsafe_b64decode
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from shared.contracts.fields import EARLIEST_YEAR
from shared.settings import SigningSettings
from shared.signatures import split_keys

TEXT_KEY_BYTES = 32
WORTH_MAX = 4.0


def text_keys(text: str) -> list[bytes]:
    """The keys of the setting. Raises ValueError for what is none."""
    try:
        keys = [urlsafe_b64decode(key + "=" * (-len(key) % 4)) for key in split_keys(text)]
    except ValueError as error:
        raise ValueError(f"text_keys are {TEXT_KEY_BYTES} bytes each in base64url") from error
    if any(len(key) != TEXT_KEY_BYTES for key in keys):
        raise ValueError(f"text_keys have {TEXT_KEY_BYTES} bytes each: `plaudit secrets` makes one")
    return keys


def read_words(words: str) -> dict[str, float]:
    """Words and what they are worth, of `word=value` with commas between. Raises ValueError for what is none."""
    found: dict[str, float] = {}
    for one in filter(None, (part.strip() for part in words.split(","))):
        word, sign, value = one.rpartition("=")
        if not sign or not word.strip() or " " in word.strip():
            raise ValueError(f"{one!r} is no word with its worth, such as wobbly=-1.5")
        worth = float(value)
        if not -WORTH_MAX <= worth <= WORTH_MAX:
            raise ValueError(f"{one!r}: a word is worth from -4 to 4")
        found[word.strip().lower()] = worth
    return found


#: Where plain HTTP is as good.
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Settings(SigningSettings):
    """The shared settings, and the limits on what platforms may send."""

    events_max_count: int = Field(1_000, ge=1, description="Events in one request")
    event_max_bytes: int = Field(64 * 1024, ge=1, description="One event, as compact JSON")
    future_tolerance_seconds: int = Field(300, ge=0, description="How far ahead an event's time may be")
    calendar_notice_seconds: int = Field(
        3_600,
        ge=60,
        description="How long before it takes effect a change of a community's time zone is known, beside the "
        "future tolerance: longer than a transaction, and than clocks differ",
    )
    earliest_year: int = Field(
        EARLIEST_YEAR,
        ge=1,
        le=9999,
        description="Events of earlier years are refused, unless a request says otherwise",
    )
    requests_max_count: int = Field(64, ge=1, description="Requests waiting for the broker; more are answered 503")
    wait_max_seconds: int = Field(
        10, ge=1, le=30, description="How long a request may have its answer wait for the outcomes of its events"
    )
    awaited_max_count: int = Field(
        32, ge=0, description="Answers that wait for outcomes at once; further ones come without waiting"
    )
    outcome_hours_days: int = Field(
        32, ge=1, description="How long it is known how many events of a source had which outcome in which hour"
    )
    traces_kept_days: int = Field(
        30, ge=1, le=3_650, description="How long it is known by which trace a request's events came"
    )
    refused_max_count: int = Field(
        5_000,
        ge=1,
        description="Refused events that are kept of a community, about; beyond it the oldest go",
    )
    refused_max_bytes: int = Field(
        20_000_000, ge=1, description="Bytes of them that are kept of a community, about; then the oldest go"
    )
    refused_entry_max_bytes: int = Field(
        262_144, ge=1, description="Bytes that are kept of one refused event or body; of more, how it begins"
    )
    refused_keep_seconds: float = Field(
        2.0, gt=0, description="How long the answer to a refusal waits for the database to keep what was refused"
    )
    checkin_code_seconds: int = Field(
        30, ge=5, le=600, description="How often the code of an occasion changes; each holds for as long again"
    )
    checkin_late_days: int = Field(
        14, ge=0, le=366, description="How long after an occasion lists are taken of those who were there"
    )
    celebration_reactions_days: int = Field(
        90, ge=1, le=3650, description="How long after something was celebrated members react to it"
    )
    platforms_max_count: int = Field(50, ge=1, description="Platforms that a community may have connected")
    connection_overlap_hours: int = Field(
        24, ge=0, le=720, description="How long a rotated secret of a platform lets in beside the new one"
    )
    webhook_endpoints_max_count: int = Field(10, ge=1, le=100, description="Webhooks that a community may have")
    webhook_overlap_hours: int = Field(
        24, ge=0, le=720, description="How long a rotated secret of a webhook signs beside the new one"
    )
    connection_silent_hours: int = Field(
        24, ge=1, le=336, description="A platform that delivered before and has not for so long counts as silent"
    )
    deliveries_at_once_max_count: int = Field(
        32, ge=1, description="Deliveries of platforms that are worked on at once; more are answered 503"
    )
    delivery_events_max_bytes: int = Field(
        6 * 1024 * 1024, ge=1, description="What the events of one delivery may have together, as JSON"
    )
    delivery_event_seconds: float = Field(
        0.0002,
        gt=0,
        description="A delivery counts as one event more for each such part of a second that mapping it takes",
    )
    deliveries_kept_max_bytes: int = Field(
        64 * 1024 * 1024,
        ge=0,
        description="Bytes of deliveries without a mapping that a community keeps; the oldest go first",
    )
    replayed_max_count: int = Field(
        100, ge=1, le=1_000, description="Deliveries that are mapped again in a second, while some wait for it"
    )
    text_keys: str = Field(
        "",
        repr=False,
        description="Keys that seal what is written in events, secrets of platforms and deliveries that are kept, "
        "comma-separated, 32 bytes in base64url each: the first seals, all open; empty: texts are measured, not "
        "kept, and no platform is connected",
    )
    sentiment_words: str = Field(
        "",
        description="Words of the domain and what they are worth from -4 to 4, comma-separated, as in "
        "`wobbly=-1.5,killer=0`; they make another model",
    )
    measured_again_max_count: int = Field(
        100, ge=1, le=1_000, description="Texts that are measured again in a second, while somebody wants that"
    )
    token_seconds: int = Field(600, ge=1, le=600, description="How long a token lasts that one gets by signing in")
    token_key_seconds: int = Field(
        86_400, ge=1, description="How long one key signs tokens; the next is told to every service as long ahead"
    )
    link_seconds: int = Field(
        900, ge=1, le=900, description="How long a link to sign in by lasts, unless it is used"
    )
    renewal_seconds: int = Field(
        43_200,
        ge=1,
        le=604_800,
        description="How long after signing in a client that asked for it gets further tokens",
    )
    member_renewal_seconds: int = Field(
        14_400, ge=1, le=604_800, description="The same for a member, whom a link of their platform signs in again"
    )
    renewals_max_count: int = Field(
        10,
        ge=1,
        description="So many of one person's or member's sign-ins get further tokens; the oldest ends first",
    )
    links_max_per_minute: int = Field(
        60, ge=1, description="Links to sign in by that a community may make in a minute"
    )
    open_links_max_count: int = Field(5, ge=1, description="Links of one person or member that still work")
    sign_in_tries_max_per_minute: int = Field(
        30, ge=1, description="Tries to sign in, from one address, that may let nobody in; further ones get 429"
    )
    oidc_issuer: str = Field("", description="OpenID provider whose id tokens sign people in; empty: none")
    oidc_client_id: str = Field(
        "", description="What id tokens must be for: the client of Plaudit at the provider"
    )
    oidc_keys_url: str = Field("", description="Where the provider publishes its keys (jwks_uri), by https")
    oidc_algorithms: str = Field(
        "RS256,ES256",
        pattern=r"^(RS256|PS256|ES256|Ed25519)(,(RS256|PS256|ES256|Ed25519))*$",
        description="How id tokens may be signed, comma-separated",
    )
    key_overlap_hours: int = Field(24, ge=0, description="How long a rotated key works beside the new one")
    key_events_per_second: float = Field(
        1_000, gt=0, le=1e9, description="Events that one access key may send a second, at each process"
    )
    key_bytes_per_second: float = Field(
        2_000_000, gt=0, le=1e11, description="Bytes that one access key may send a second, at each process"
    )
    community_events_per_second: float = Field(
        1_200, gt=0, le=1e9, description="Events that one community may send a second, at each process"
    )
    community_bytes_per_second: float = Field(
        2_400_000, gt=0, le=1e11, description="Bytes that one community may send a second, at each process"
    )
    all_events_per_second: float = Field(
        1_500,
        gt=0,
        le=1e9,
        description="Beyond so many events a second in all, at each process, only who sends little is let in",
    )
    all_bytes_per_second: float = Field(3_000_000, gt=0, le=1e11, description="The same in bytes")
    rule_cost: float = Field(
        0.5,
        ge=0,
        le=100,
        description="What each rule for an event's type lets the event count as; it counts as one at least",
    )
    request_cost_max: int = Field(
        1_000,
        ge=1,
        description="What the events of a request, or a record of a lane, may count as; one alone always may",
    )
    costs_cache_seconds: float = Field(
        1.0, gt=0, description="How long a process believes what it knows of a community's rules"
    )
    event_types_cache_seconds: float = Field(
        1.0, gt=0, description="How long a process believes what it knows of a community's own event types"
    )
    line_age_max_seconds: float = Field(
        0.1,
        gt=0,
        description="While events wait longer than this to be judged, all together may send a quarter",
    )
    scored_age_max_seconds: float = Field(
        0.0,
        ge=0,
        description="While an event waits longer than this to be scored, those who send much are let in ever "
        "slower; 0: nobody looks",
    )
    late_share_min: float = Field(
        0.005, gt=0, le=1, description="The part of their shares that all are let in at however late events are"
    )
    lane_batch_cost_max: int = Field(
        1_000, ge=1, description="What all lanes together may bring in one transaction; one record always may"
    )
    backfill_events_per_second: float = Field(
        500, gt=0, le=1e6, description="Events of the past that a process judges in a second, on the average"
    )
    backfill_batch_max_count: int = Field(
        100, ge=1, description="Events of the past in one transaction: for no more does what comes live wait"
    )
    backfill_wait_max_seconds: float = Field(
        5.0,
        gt=0,
        description="While there is always something live that waits, so often a batch of the past is judged "
        "all the same",
    )
    share_burst_seconds: int = Field(
        1, ge=1, le=3600, description="After a rest, what comes in so many seconds may come at once"
    )
    shares_max_count: int = Field(
        10_000,
        ge=1,
        description="Access keys, and communities, whose use is remembered; the longest silent is not",
    )

    ideas_day_max_count: int = Field(
        5, ge=1, le=1_000, description="Suggestions that a member may make on a day of the community's"
    )
    idea_votes_day_max_count: int = Field(
        50, ge=1, le=10_000, description="Suggestions that a member may vote for on a day of the community's"
    )

    nomination_rounds_max_count: int = Field(
        20, ge=1, le=1_000, description="Rounds of nominations of a community that are not over"
    )
    nominations_max_count: int = Field(
        200, ge=1, le=1_000, description="Members who are nominated in a round at most"
    )
    nominations_of_member_max_count: int = Field(
        3, ge=1, le=100, description="Members whom one member nominates in a round at most"
    )

    decisions_day_max_count: int = Field(
        50, ge=1, le=1_000, description="Notes and decisions on figures that a community makes on a day of its own"
    )

    public_url: str = Field(
        "",
        description="Where people reach the console, such as https://plaudit.example.org: links in messages begin "
        "with it; empty: nobody is written to",
    )
    smtp_host: str = Field("", description="The server that mail is handed to; empty: no mail is sent")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port")
    smtp_tls: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How it is encrypted; `none` only to a server on the same machine"
    )
    smtp_user: str = Field("", description="Who logs in there; empty: nobody")
    smtp_password: str = Field("", repr=False, description="Password of that user")
    smtp_from: str = Field("", description="The address that messages come from, such as hello@example.org")
    smtp_bounces_to: str = Field(
        "",
        description="The address that what cannot be delivered returns to; `{id}` in it becomes the message's id; "
        "empty: `smtp_from`",
    )
    smtp_seconds: float = Field(
        20.0, gt=0, description="How long the server, or a room of a chat, may take to answer"
    )
    messages_batch_max_count: int = Field(
        25,
        ge=1,
        le=500,
        description="Messages that are taken to be sent at once: of so many nobody knows whether they went, "
        "where a process is killed",
    )
    messages_tries_max_count: int = Field(
        8, ge=1, le=20, description="Tries of a message that the server does not take for now; the pauses double"
    )
    messages_unknown_seconds: int = Field(
        600, ge=60, description="After so long without an outcome nobody knows whether a message went"
    )
    messages_days: int = Field(90, ge=1, le=3_650, description="How long it is known what became of a message")
    recipients_max_days: int = Field(
        90, ge=1, le=366, description="How long somebody who is no member is held at most, to be written to"
    )
    address_days: int = Field(
        7, ge=1, le=30, description="How long the link holds by which somebody says that an address is theirs"
    )
    messages_rooms_anywhere: bool = Field(
        False,
        description="Whether rooms may be at this machine, as for trials: otherwise at Slack and Discord alone",
    )

    backups_days: int = Field(
        30,
        ge=0,
        description="How long backups of databases are kept: an erasure says until when they hold somebody",
    )

    @field_validator("text_keys")
    @classmethod
    def _are_text_keys(cls, value: str) -> str:
        text_keys(value)
        return value

    @field_validator("sentiment_words")
    @classmethod
    def _are_words(cls, value: str) -> str:
        read_words(value)
        return value

    @model_validator(mode="after")
    def _mail_is_whole(self) -> Self:
        if self.smtp_host and not (self.smtp_from and self.public_url):
            raise ValueError("an smtp_host takes an smtp_from and a public_url")
        if self.smtp_host and self.smtp_tls == "none" and self.smtp_host not in LOOPBACK:
            raise ValueError("smtp_tls may be none only to a server on the same machine")
        return self

    @model_validator(mode="after")
    def _provider_is_whole(self) -> Self:
        if not self.oidc_issuer:
            return self
        url = urlsplit(self.oidc_keys_url)
        if not self.oidc_client_id or not url.hostname:
            raise ValueError("an oidc_issuer takes an oidc_client_id and an oidc_keys_url")
        if url.scheme != "https" and url.hostname not in LOOPBACK:
            raise ValueError("oidc_keys_url must be https: who answers there says who anybody is")
        return self
