"""Sessions: what the console knows of somebody who signed in, and what only their browser's secret opens."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: A token is replaced so long before its end, so that no question of a page meets the end.
RENEW_BEFORE = timedelta(seconds=60)
NONCE_BYTES = 12
SECRET_BYTES = 32


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in: a person, or a member (then `member_id` says which)."""

    secret: str = field(repr=False)
    community: str
    person_id: str
    member_id: str | None
    name: str
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    token: str = field(repr=False)
    token_expires_at: datetime
    renewal: str = field(repr=False)
    ends_at: datetime
    #: The members who they are, as far as anybody said: they decide nothing about these.
    members: tuple[str, ...] = ()

    @property
    def is_member(self) -> bool:
        """Whether it is a member, who sees what is their own."""
        return self.member_id is not None

    def may(self, scope: str) -> bool:
        """Whether their roles let them do that."""
        return scope in self.scopes

    def is_about(self, member_id: str | None) -> bool:
        """Whether that member is they themselves, about whom they decide nothing."""
        return member_id in self.members

    def needs_token(self, now: datetime) -> bool:
        """Whether the token ends within moments, or has."""
        return self.token_expires_at - RENEW_BEFORE <= now

    def with_token(
        self,
        token: str,
        expires_at: datetime,
        *,
        roles: tuple[str, ...],
        scopes: tuple[str, ...],
        members: tuple[str, ...],
    ) -> Self:
        """The session, with another token, what it lets them do, and who they are."""
        return replace(self, token=token, token_expires_at=expires_at, roles=roles, scopes=scopes, members=members)

    def sealed(self) -> bytes:
        """All but the secret, as only the secret opens it."""
        said = {name: value for name, value in asdict(self).items() if name != "secret"}
        return seal(self.secret, said)

    @classmethod
    def opened(cls, secret: str, sealed: bytes) -> Self | None:
        """The session that was sealed with that secret; None when it was not."""
        said = unseal(secret, sealed)
        if said is None:
            return None
        moments = {name: datetime.fromisoformat(said[name]) for name in ("token_expires_at", "ends_at")}
        lists = {name: tuple(said.get(name, ())) for name in ("roles", "scopes", "members")}
        return cls(secret=secret, **{**said, **moments, **lists})


def new_secret() -> str:
    """A secret for a cookie."""
    return secrets.token_urlsafe(SECRET_BYTES)


def secret_sha256(secret: str) -> str:
    """What is stored of a secret. It is random, so no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def form_token(secret: str) -> str:
    """What forms carry that only a page of ours can know: it follows from the cookie, and does not show it."""
    return derived(secret, "form").hex()


def is_form_token(secret: str, said: str) -> bool:
    """Whether a form came from a page that was made for this secret."""
    return hmac.compare_digest(form_token(secret).encode(), said.encode())


def seal(secret: str, said: Mapping[str, Any]) -> bytes:
    """What is said, encrypted (AES-256-GCM) with a key that follows from the secret."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(derived(secret, "seal")).encrypt(nonce, orjson.dumps(said), None)


def unseal(secret: str, sealed: bytes) -> dict[str, Any] | None:
    """What was sealed with that secret; None when it was not, or was changed."""
    try:
        plain = AESGCM(derived(secret, "seal")).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
    except (InvalidTag, ValueError):
        return None
    said: dict[str, Any] = orjson.loads(plain)
    return said


def derived(secret: str, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose."""
    return hmac.digest(secret.encode(), f"plaudit console {purpose}".encode(), "sha256")


def moment(text: str) -> datetime:
    """A moment as services write it."""
    return datetime.fromisoformat(text).astimezone(UTC)
