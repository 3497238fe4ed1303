"""A link that gives a reward, and what keeps it from giving one."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.rewards.ledger.domain.entries import derived_id
from shared.contracts.fields import Timestamp, Uuid


class LinkState(StrEnum):
    """What a link is at a moment."""

    OPEN = "open"
    USED_UP = "used_up"
    EXPIRED = "expired"
    REVOKED = "revoked"


class UnknownLinkError(Exception):
    """There is no such link, or whoever shows it did not get it from here."""


class LinkOverError(Exception):
    """The link gives nothing any more: `state` says why."""

    def __init__(self, state: LinkState) -> None:
        super().__init__(f"the link is {state}")
        self.state = state


class LinkEndsError(Exception):
    """A link would end in the past, or later than links may: `max_days` from now."""

    def __init__(self, max_days: int) -> None:
        super().__init__(f"a link ends within {max_days} days")
        self.max_days = max_days


class TooManyLinksError(Exception):
    """As many links of a community are open as may be: `max_count`."""

    def __init__(self, max_count: int) -> None:
        super().__init__(f"{max_count} links are open")
        self.max_count = max_count


class OtherLinkError(Exception):
    """The key of the request made another link before."""


class LinkPlace(NamedTuple):
    """Where a page of links ended."""

    created_at: Timestamp
    link_id: Uuid


@dataclass(frozen=True, slots=True)
class RewardLink:
    """A link that gives a reward to so many people; `claims_count` have it."""

    community: str
    link_id: str
    reward_id: str
    note: str
    uses_max_count: int
    expires_at: datetime
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None
    claims_count: int = 0

    @property
    def place(self) -> LinkPlace:
        """Where it stands among the links of its community."""
        return LinkPlace(self.created_at, self.link_id)

    @property
    def giver(self) -> str:
        """Who gives what it gives, as redemptions name it."""
        return f"link {self.link_id}"

    def state_at(self, now: datetime) -> LinkState:
        """What it is now."""
        if self.revoked_at is not None:
            return LinkState.REVOKED
        if self.expires_at <= now:
            return LinkState.EXPIRED
        return LinkState.USED_UP if self.claims_count >= self.uses_max_count else LinkState.OPEN

    def revoked(self, *, now: datetime) -> "RewardLink":
        """The link once it is revoked; it stays as it was revoked first."""
        return self if self.revoked_at is not None else replace(self, revoked_at=now)

    def is_same(self, other: "RewardLink") -> bool:
        """Whether the same was asked for."""
        return (self.reward_id, self.note, self.uses_max_count, self.expires_at) == (
            other.reward_id,
            other.note,
            other.uses_max_count,
            other.expires_at,
        )


def link_id(community: str, idempotency_key: str) -> str:
    """The id of the link that a request with this key makes: the same request, the same link."""
    return derived_id(f"reward_link|{community}|{idempotency_key}")
