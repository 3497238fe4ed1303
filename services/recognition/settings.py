"""Recognition's settings."""

from base64 import urlsafe_b64decode
from binascii import Error
from typing import Final

from pydantic import Field, field_validator

from shared.settings import ServiceSettings
from shared.signatures import split_keys

CREDENTIAL_KEY_BYTES: Final = 32


def credential_keys(text: str) -> list[bytes]:
    """The keys of the setting. Raises ValueError for what is none."""
    try:
        keys = [urlsafe_b64decode(key + "=" * (-len(key) % 4)) for key in split_keys(text)]
    except Error as error:
        raise ValueError(f"credential_keys are {CREDENTIAL_KEY_BYTES} bytes each in base64url") from error
    if any(len(key) != CREDENTIAL_KEY_BYTES for key in keys):
        raise ValueError(f"credential_keys have {CREDENTIAL_KEY_BYTES} bytes each: `plaudit secrets` makes one")
    return keys


class Settings(ServiceSettings):
    """The shared settings, with batches that come less often: nothing waits for this service."""

    batch_interval_seconds: float = Field(
        0.1,
        ge=0,
        le=5,
        description="From one batch's begin to the next one's, unless a whole batch waits: less often costs less",
    )
    credentials_url: str = Field(
        "",
        pattern=r"^(https?://[A-Za-z0-9.:-]{1,255}/?)?$",
        description="Where everybody reaches this API, by https: badges that are taken away are verified there; "
        "empty: none is taken away",
    )
    credential_keys: str = Field(
        "",
        repr=False,
        description="Keys that seal issuers' private keys, comma-separated, 32 bytes in base64url each: the first "
        "seals, all open; empty: no badge is taken away",
    )

    quests_deeds_max_count: int = Field(
        100_000,
        ge=1_000,
        le=10_000_000,
        description="Events held at once while members' quests are looked at: the more their steps ask for, the "
        "fewer members are looked at in one transaction",
    )
    nudges_settle_seconds: float = Field(
        60.0,
        ge=0,
        description="How long what may lead to a nudge is let settle: what is taken back meanwhile never was",
    )
    nudges_fresh_hours: int = Field(
        24, ge=1, description="What happened longer ago leads to no nudge, as when a database is built anew"
    )
    nudges_interest_days: int = Field(
        90, ge=1, description="Who answered in a topic within so many days may be asked to answer in it"
    )

    @field_validator("credential_keys")
    @classmethod
    def _are_credential_keys(cls, value: str) -> str:
        credential_keys(value)
        return value
