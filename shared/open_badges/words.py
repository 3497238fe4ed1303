"""What documents of Open Badges 3.0 and Verifiable Credentials 2.0 are made of."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

Document: TypeAlias = dict[str, Any]

VC_V1: Final = "https://www.w3.org/2018/credentials/v1"
VC_V2: Final = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
#: Where each context stands, by the address that a document names it by.
CONTEXTS: Final[Mapping[str, str]] = {
    VC_V1: "credentials-v1",
    VC_V2: "credentials-v2",
    "https://www.w3.org/ns/credentials/status/v1": "bitstring-status-list-v1",
    "https://w3id.org/security/data-integrity/v2": "data-integrity-v2",
    "https://w3id.org/security/suites/ed25519-2020/v1": "ed25519-2020-v1",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json": "open-badges-3.0.1",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json": "open-badges-3.0.2",
    OPEN_BADGES: "open-badges-3.0.3",
}
OPEN_BADGES_CONTEXTS: Final = frozenset(
    address for address, name in CONTEXTS.items() if name.startswith("open-badges")
)
CREDENTIAL: Final = "VerifiableCredential"
BADGE_TYPES: Final = frozenset({"OpenBadgeCredential", "AchievementCredential"})
STATUS_LIST_TYPE: Final = "BitstringStatusListCredential"
STATUS_ENTRY_TYPE: Final = "BitstringStatusListEntry"
#: The largest credential that is read, and the largest picture that one is taken from.
CREDENTIAL_MAX_BYTES: Final = 64_000
FILE_MAX_BYTES: Final = 2_000_000
DEPTH_MAX_COUNT: Final = 24


class UnreadableError(ValueError):
    """What was given is no Open Badge; the message says why."""


class ForgedError(ValueError):
    """A signature is not that of its document, or not by who is said to have signed; the message says which."""


class UndecidedError(Exception):
    """It cannot be said: a key or a list of revocations is not at hand, or it is signed in another way."""


def listed(value: Any) -> list[Any]:
    """A value that may stand alone or in a list, as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def types_of(document: Mapping[str, Any]) -> set[str]:
    """The types that a document says it has."""
    return {one for one in listed(document.get("type")) if isinstance(one, str)}


def id_of(value: Any) -> str | None:
    """The id of what is named by it alone, or is an object with one."""
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else None
