"""Links to sign in by, and what is wrong with one that lets nobody in."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.access_keys.scopes import Scope


class UnknownLinkError(Exception):
    """There is no such link."""


class UsedLinkError(Exception):
    """The link was used: each lets in once."""


class ExpiredLinkError(Exception):
    """The link's time is over."""


class UnknownRenewalError(Exception):
    """There is no such renewal, or no more: the one who signed in does so again."""


class WithdrawnLinkError(Exception):
    """Whoever made the link may not do so any more."""


class UnknownIdentityError(Exception):
    """No member of the community has that identity."""


class UnknownSubjectError(Exception):
    """Nobody of the community is who the provider says, or several are."""


class DisabledPersonError(Exception):
    """The person was disabled."""


class TooManyLinksError(Exception):
    """The community, or the one who is to sign in, has got as many links as there may be for the moment."""


class TooManyTriesError(Exception):
    """From that address came too many that let nobody in."""


@dataclass(frozen=True)
class Link:
    """A link for a person or a member of a community, of whose secret only the SHA-256 is kept."""

    secret_sha256: str
    community: str
    person_id: str | None
    member_id: str | None
    issued_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None

    @property
    def scopes_to_make(self) -> tuple[Scope, ...]:
        """What it takes to make it: for a person's more, because whoever has it acts as that person."""
        return (Scope.SIGN_IN_WRITE,) if self.person_id is None else (Scope.SIGN_IN_WRITE, Scope.KEYS_WRITE)


@dataclass(frozen=True)
class Renewal:
    """What gives further tokens to whoever signed in, until a time; of its secret only the SHA-256 is kept."""

    secret_sha256: str
    community: str
    person_id: str | None
    member_id: str | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class LinkLimits:
    """How many links a community may have made in a minute, and how many one may have that still work."""

    per_minute: int
    open_per_subject: int

    def check(self, *, lately: int, still_open: int) -> None:
        """Return when one more may be made. Raises TooManyLinksError."""
        if lately >= self.per_minute or still_open >= self.open_per_subject:
            raise TooManyLinksError


def check_usable(link: Link | None, now: datetime) -> Link:
    """The link, when it lets in. Raises UnknownLinkError, UsedLinkError and ExpiredLinkError."""
    if link is None:
        raise UnknownLinkError
    if link.used_at is not None:
        raise UsedLinkError
    if link.expires_at <= now:
        raise ExpiredLinkError
    return link


def check_renewable(renewal: Renewal | None, now: datetime) -> Renewal:
    """The renewal, while it lasts. Raises UnknownRenewalError."""
    if renewal is None or renewal.expires_at <= now:
        raise UnknownRenewalError
    return renewal


class Tries:
    """How many that let nobody in came lately from each address; in bounded memory."""

    def __init__(self, *, addresses_max_count: int = 10_000) -> None:
        self._failed: OrderedDict[str, list[datetime]] = OrderedDict()
        self._addresses_max_count = addresses_max_count

    def check(self, address: str, *, now: datetime, per_minute: int) -> None:
        """Return when the address may try again. Raises TooManyTriesError."""
        # None from the future: a clock that was ahead for a while shuts nobody out for as long.
        lately = [at for at in self._failed.get(address, ()) if now - timedelta(minutes=1) < at <= now]
        if len(lately) >= per_minute:
            raise TooManyTriesError

    def failed(self, address: str, *, now: datetime, per_minute: int) -> None:
        """Count one that let nobody in."""
        self._failed[address] = [*self._failed.get(address, ()), now][-per_minute:]
        self._failed.move_to_end(address)
        while len(self._failed) > self._addresses_max_count:
            self._failed.popitem(last=False)
