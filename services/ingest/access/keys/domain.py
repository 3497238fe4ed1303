"""What is known of an access key, and what one may be issued for."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.access_keys.principal import Principal
from shared.access_keys.roles import scopes_of
from shared.access_keys.scopes import ONLY_IF_ASKED, Scope, go_together
from shared.contracts.fields import Id

#: A key that has an end ends within so many days. What lasts until the calendar's last year has no time in another
#: zone, and nothing could take its place that lasts as long again.
LASTS_MAX_DAYS = 3_653


class UnknownKeyError(Exception):
    """There is no such access key in the community."""

    def __init__(self, community: str, key_id: str) -> None:
        super().__init__(f"{community} has no access key {key_id}")
        self.community = community


class UnknownScopesError(Exception):
    """There are no such scopes."""

    def __init__(self, scopes: Iterable[str]) -> None:
        self.scopes = sorted(scopes)
        super().__init__(", ".join(self.scopes))


class NotTheirScopesError(Exception):
    """The person's roles do not let them do what the key was asked for."""

    def __init__(self, asked: Iterable[str], theirs: Collection[str]) -> None:
        self.asked = sorted(asked)
        self.theirs = sorted(theirs)
        super().__init__(", ".join(self.asked))


class PublishableAloneError(Exception):
    """A key that anybody may see was asked for something else too."""


class NotTheFirstKeyError(Exception):
    """The bootstrap key issues a person's first key alone."""


class NotUsableKeyError(Exception):
    """A key was revoked or has expired: there is nothing to rotate."""


class EndsBeforeItBeginsError(Exception):
    """A key was asked for that would have expired already."""


class EndsTooLateError(Exception):
    """A key was asked for that would last for longer than LASTS_MAX_DAYS."""


@dataclass(frozen=True)
class AccessKey:
    """An access key of a person in a community; of its secret only the SHA-256, in hexadecimal digits.

    `name` is its owner's note of what uses it. `issued_by` and `created_at` are None for keys of before, and
    `replaced_by` is set once it was rotated. `last_used_at` is when this service saw it last, to the minute.
    """

    community: str
    key_id: str
    person_id: str | None
    name: str
    secret_sha256: str
    scopes: tuple[str, ...]
    created_at: datetime | None = None
    issued_by: str | None = None
    expires_at: datetime | None = None
    replaced_by: str | None = None
    last_used_at: datetime | None = None
    revoked: bool = False

    def is_usable(self, now: datetime) -> bool:
        """Whether it still lets its person in."""
        return not self.revoked and (self.expires_at is None or self.expires_at > now)


def never_issued(community: str, key_id: str) -> AccessKey:
    """A revoked key of that id, for one that came to a service without having been issued here.

    No secret has its hash: nobody's begins like this.
    """
    digest = hashlib.sha256(f"never issued: {community} {key_id}".encode()).hexdigest()
    return AccessKey(community, key_id, None, "never issued here", digest, (), revoked=True)


def granted_scopes(asked: Collection[str] | None, *, roles: Iterable[str], community: str) -> tuple[str, ...]:
    """The scopes of a new key: those asked for, or else all that the roles give but for what must be asked for.

    Raises UnknownScopesError, NotTheirScopesError for what the roles do not give, and PublishableAloneError.
    """
    theirs = scopes_of(roles, community)
    if asked is None:
        return tuple(sorted(theirs - ONLY_IF_ASKED))
    unknown = set(asked) - set(map(str, Scope))
    if unknown:
        raise UnknownScopesError(unknown)
    beyond = set(asked) - theirs
    if beyond:
        raise NotTheirScopesError(beyond, theirs)
    if not go_together(asked):
        raise PublishableAloneError
    return tuple(sorted(set(asked)))


def check_issue(caller: Principal, *, had_key: bool, expires_at: datetime | None, now: datetime) -> None:
    """Return when the caller may issue this key.

    Raises NotTheFirstKeyError for the bootstrap key where the person has had a key, whatever became of that;
    EndsBeforeItBeginsError and EndsTooLateError.
    """
    if caller.is_bootstrap and had_key:
        raise NotTheFirstKeyError
    if expires_at is not None and expires_at <= now:
        raise EndsBeforeItBeginsError
    if expires_at is not None and expires_at - now > timedelta(days=LASTS_MAX_DAYS):
        raise EndsTooLateError


def rotated(
    key: AccessKey, *, new_id: str, new_sha256: str, by: str, now: datetime, overlap: timedelta
) -> tuple[AccessKey, AccessKey]:
    """The key with its end, and the one that takes its place: with its scopes, and as long a life.

    Of a key that came back from the log nobody knows when it began: the one in its place ends when it would have.
    Both work until the overlap is over. Raises NotUsableKeyError for a key that works no more.
    """
    if not key.is_usable(now):
        raise NotUsableKeyError
    ends_at = key.expires_at
    if key.expires_at is not None and key.created_at is not None:
        ends_at = now + min(key.expires_at - key.created_at, timedelta(days=LASTS_MAX_DAYS))
    end = now + overlap
    old = replace(key, expires_at=end if key.expires_at is None else min(end, key.expires_at), replaced_by=new_id)
    new = replace(
        key,
        key_id=new_id,
        secret_sha256=new_sha256,
        created_at=now,
        issued_by=by,
        expires_at=ends_at,
        last_used_at=None,
    )
    return old, new


class KeyPlace(NamedTuple):
    """Where a page of access keys ended."""

    key_id: Id

    @classmethod
    def of(cls, key: AccessKey) -> "KeyPlace":
        """The place of a key."""
        return cls(key.key_id)
