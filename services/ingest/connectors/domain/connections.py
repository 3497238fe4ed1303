"""Connections: which platform delivers to a community, by what it is known, and where it delivers to."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from connectors.compiled import Connector
from connectors.document import Ed25519, Hmac, InPath, NotDelivered, Rsa, Signature, StandardWebhooks
from connectors.signatures import SECRETS_MAX_COUNT
from services.ingest.measuring.domain.texts import Sealed
from shared import base64url
from shared.contracts.fields import SLUG_PATTERN
from shared.near_names import suggestion

#: Bytes of a secret that is made here.
SECRET_BYTES = 32
#: A secret in an address is all that shows who calls: nobody guesses so many characters.
PATH_SECRET_MIN_CHARS = 20
_PATH_SECRET = re.compile(r"[A-Za-z0-9_-]+")
_NAME = SLUG_PATTERN.removeprefix("^").removesuffix("$")
_ADDRESS = re.compile(rf"(?P<community>{_NAME})\.(?P<name>{_NAME})(\.(?P<secret>[A-Za-z0-9_-]{{1,200}}))?")


class Secret(NamedTuple):
    """A secret, and until when it lets in; None for the one that is in force."""

    value: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Connection:
    """A platform that a community has connected; `document` is its own, None for one that comes with Plaudit.

    `refused_at` is about when a delivery was refused last, `refused_why` the reason, and `refused_count` how often
    that was noted.
    """

    community: str
    name: str
    connector: str
    document: str | None
    settings: Mapping[str, str]
    is_enabled: bool
    secrets: Sealed
    made_at: datetime
    changed_at: datetime
    refused_at: datetime | None = None
    refused_why: str | None = None
    refused_count: int = 0


class ConnectionPlace(NamedTuple):
    """Where a page of connections ended."""

    name: str


class Address(NamedTuple):
    """Where a platform delivers to: whose connection, and the secret where that is part of the address."""

    community: str
    name: str
    secret: str | None

    def __str__(self) -> str:
        return ".".join(filter(None, self))


class ConnectionExistsError(Exception):
    """The community has a connection of that name."""


class UnknownConnectionError(Exception):
    """The community has no connection of that name."""


class TooManyConnectionsError(Exception):
    """The community has as many connections as it may; the message says how many."""


class UnknownConnectorError(Exception):
    """No connector of that name comes with Plaudit; the message says which was meant."""


class UndeclaredSettingError(Exception):
    """The connector has no such setting; the message says which it has."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        super().__init__(
            f"the connector has no such setting; {suggestion(name, known)}" if known else "it has none"
        )


class UnusableSecretError(Exception):
    """What was given is no secret for this connector, or one must be given; the message says what to give."""


class NotSetUpError(Exception):
    """Secrets cannot be kept here: there is no key that seals them."""


class ForgedDeliveryError(Exception):
    """A delivery that is not shown to be its platform's. `why` is for its owner, never for who sent it."""

    def __init__(self, why: str) -> None:
        super().__init__("the delivery was refused")
        self.why = why


def read_address(text: str) -> Address:
    """The address in a path. Raises ForgedDeliveryError for what is none."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise ForgedDeliveryError("it is no address")
    return Address(found["community"], found["name"], found["secret"])


def address_of(connection: Connection, connector: Connector, secret: str | None) -> Address:
    """Where the platform delivers to; `secret` is part of it where the platform signs nothing."""
    is_in_path = isinstance(connector.document.signature, InPath)
    return Address(connection.community, connection.name, secret if is_in_path else None)


def check_settings(connector: Connector, settings: Mapping[str, str]) -> None:
    """Raise UndeclaredSettingError for a setting that a connector does not have."""
    for name in settings:
        if name not in connector.document.settings:
            raise UndeclaredSettingError(name, list(connector.document.settings))


def is_platforms(connector: Connector) -> bool:
    """Whether nobody but the platform makes the secret."""
    match connector.document.signature:
        case InPath():
            return False
        case Ed25519() | Rsa():
            return True
    return connector.document.connecting.made_by == "platform"


def delivers(connector: Connector) -> bool:
    """Whether the platform delivers at all; of some there are only exports."""
    return not isinstance(connector.document.signature, NotDelivered)


def check_delivers(connector: Connector) -> None:
    """Raise UnknownConnectorError for a connector of exports alone."""
    if not delivers(connector):
        document = connector.document
        raise UnknownConnectorError(
            f"{document.title} delivers nothing; import its export: plaudit import {connector.name} FILE"
        )


def written_secret(signature: Signature, random: bytes) -> str:
    """A new secret, as platforms take it."""
    if isinstance(signature, StandardWebhooks):
        return "whsec_" + base64.b64encode(random).decode()
    if isinstance(signature, Hmac) and signature.key == "base64":
        return signature.key_prefix + base64.b64encode(random).decode()
    return base64url.encode(random)


def check_path_secret(secret: str) -> None:
    """Raise UnusableSecretError for what is no secret in an address."""
    if len(secret) < PATH_SECRET_MIN_CHARS or not _PATH_SECRET.fullmatch(secret):
        raise UnusableSecretError(
            f"in an address it has {PATH_SECRET_MIN_CHARS} to 200 letters, digits, - and _; leave it out, and one "
            "is made"
        )


def in_force(secrets: Sequence[Secret], now: datetime) -> list[str]:
    """The secrets that let in, the newest first."""
    return [secret.value for secret in secrets if secret.until is None or secret.until > now]


def rotated(secrets: Sequence[Secret], new: str, *, now: datetime, overlap: timedelta) -> list[Secret]:
    """The secrets with a new one in force; those before let in until the overlap is over, the oldest end first."""
    until = now + overlap
    kept = [
        Secret(secret.value, until if secret.until is None else min(until, secret.until))
        for secret in secrets
        if secret.value != new and (secret.until is None or secret.until > now)
    ]
    return [Secret(new, None), *(secret for secret in kept if secret.until and secret.until > now)][
        :SECRETS_MAX_COUNT
    ]
