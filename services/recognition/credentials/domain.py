"""Badges as credentials that their holders take away: who issues them, what they say, where they are revoked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from shared.open_badges.keys import FoundKey, did_web, multikey
from shared.open_badges.recipients import recipient_hash
from shared.open_badges.status_lists import LIST_BITS, encoded
from shared.open_badges.words import (
    CREDENTIAL,
    OPEN_BADGES,
    STATUS_ENTRY_TYPE,
    STATUS_LIST_TYPE,
    VC_V2,
    Document,
)

NAME_MAX_CHARS: Final = 200
DESCRIPTION_MAX_CHARS: Final = 1_000
#: Keys of an issuer, old ones too: a did document has them all.
KEYS_MAX_COUNT: Final = 50
#: Half of a list's places: a place that is drawn is free by every second draw at least.
OF_LIST_MAX_COUNT: Final = LIST_BITS // 2
#: For how long a list of revocations is believed without being asked for anew.
LIST_DAYS: Final = 1
_ACHIEVEMENTS: Final = UUID("6d8f5f1e-6a55-4a0c-9a43-0c9a4d8f1b62")
_SECOND: Final = "%Y-%m-%dT%H:%M:%SZ"


class NotSetUpError(Exception):
    """Nothing can be signed: a setting is empty, or who the community is was not said; the message says which."""


class KeysEnoughError(Exception):
    """The issuer has as many keys as one may have."""


class UnknownKeyError(Exception):
    """The issuer has no such key."""


class UnknownCredentialError(Exception):
    """There is no such credential, issuer or list."""


class RevokedError(Exception):
    """The badge stands no more, so nothing is signed that says it does."""


class Issuer(NamedTuple):
    """Who a community says that it is."""

    name: str
    url: str | None = None
    email: str | None = None
    description: str | None = None


class SealedKey(NamedTuple):
    """A key of an issuer: its public half, and the private one as it is kept."""

    public_key: bytes
    sealed_by: str
    sealed: bytes
    made_at: datetime
    #: From then on what it signed does not count: it is somebody else's, too.
    stolen_since: datetime | None = None

    @property
    def name(self) -> str:
        """What it is called in signatures, behind the issuer's did."""
        return multikey(self.public_key)

    @property
    def found(self) -> FoundKey:
        """As verifiers find it."""
        return FoundKey(self.public_key, self.stolen_since)


@dataclass(frozen=True, slots=True)
class Credential:
    """A badge that a member took away; `grant_id` is what it stands by, `revoked_at` None while it does."""

    community: str
    credential_id: str
    grant_id: str
    member_id: str
    badge: str
    tier: str | None
    title: str
    salt: str
    list_no: int
    list_index: int
    issued_at: datetime
    revoked_at: datetime | None = None


class Said(NamedTuple):
    """What a badge says of itself now: its words, and what it asks for."""

    description: str
    criteria: str


class Place(NamedTuple):
    """Where an issuer's documents are: below an address of the platform."""

    base_url: str
    community: str

    @property
    def did(self) -> str:
        """The issuer's id."""
        return did_web(f"{self._base}/did.json")

    def list_url(self, list_no: int) -> str:
        """Where a list of revocations is."""
        return f"{self._base}/status/{list_no}"

    @property
    def _base(self) -> str:
        return f"{self.base_url.rstrip('/')}/v1/credentials/{self.community}"


def badge_document(credential: Credential, *, issuer: Issuer, place: Place, said: Said) -> Document:
    """What a credential says, not signed yet: of its holder a salted hash, and nothing else."""
    achievement = uuid5(_ACHIEVEMENTS, f"{credential.community}|{credential.badge}|{credential.tier or ''}")
    profile = {"id": place.did, "type": ["Profile"], **_without_none(issuer._asdict())}
    list_url = place.list_url(credential.list_no)
    return {
        "@context": [VC_V2, OPEN_BADGES],
        "id": f"urn:uuid:{credential.credential_id}",
        "type": [CREDENTIAL, "OpenBadgeCredential"],
        "name": credential.title,
        "issuer": profile,
        "validFrom": credential.issued_at.strftime(_SECOND),
        "credentialSubject": {
            "id": f"urn:uuid:{uuid5(UUID(credential.credential_id), 'subject')}",
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": True,
                    "identityHash": recipient_hash(credential.member_id, credential.salt),
                    "identityType": "systemId",
                    "salt": credential.salt,
                }
            ],
            "achievement": {
                "id": f"urn:uuid:{achievement}",
                "type": ["Achievement"],
                "achievementType": "Badge",
                "name": credential.title,
                "description": said.description or credential.title,
                "criteria": {"narrative": said.criteria},
            },
        },
        "credentialStatus": {
            "id": f"{list_url}#{credential.list_index}",
            "type": STATUS_ENTRY_TYPE,
            "statusPurpose": "revocation",
            "statusListIndex": str(credential.list_index),
            "statusListCredential": list_url,
        },
    }


def list_document(valid: set[int], *, list_no: int, place: Place, at: datetime) -> Document:
    """A list of revocations, not signed yet: whatever is not known to be valid is revoked."""
    url = place.list_url(list_no)
    return {
        "@context": [VC_V2],
        "id": url,
        "type": [CREDENTIAL, STATUS_LIST_TYPE],
        "issuer": place.did,
        "validFrom": at.strftime(_SECOND),
        "validUntil": (at + timedelta(days=LIST_DAYS)).strftime(_SECOND),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encoded(valid),
        },
    }


def _without_none(said: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in said.items() if value is not None}
