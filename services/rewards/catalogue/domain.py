"""Rewards of the catalogue, their prices over time, and what is on offer at a moment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple
from unicodedata import normalize

from services.rewards.programmes.domain import InForce
from shared.contracts.fields import Slug
from shared.contracts.programme import CatalogueReward

TAGS_MAX_COUNT: Final = 10
TAG_MAX_CHARS: Final = 40


class RewardKind(StrEnum):
    """What a reward is; only vouchers come from a stock of codes, and gift cards from providers."""

    VOUCHER = "voucher"
    GIFT_CARD = "gift_card"
    MERCHANDISE = "merchandise"
    DONATION = "donation"
    EXPERIENCE = "experience"
    CASH = "cash"
    OTHER = "other"


class RewardSource(StrEnum):
    """Where a reward on offer is declared."""

    CATALOGUE = "catalogue"
    PROGRAMME = "programme"


class Price(NamedTuple):
    """What a reward costs from a moment on, until the next price begins."""

    effective_from: datetime
    points: int


class Translation(NamedTuple):
    """How a reward is called in another language."""

    title: str
    description: str = ""


class PictureOf(NamedTuple):
    """That a reward has a picture: what names its bytes, and what it shows, by language ('' for all others)."""

    etag: str
    alts: Mapping[str, str]


class UnknownPictureError(Exception):
    """The reward has no picture."""

    def __init__(self, reward_id: str) -> None:
        super().__init__(f"{reward_id!r} has no picture")
        self.reward_id = reward_id


class MemberLimit(NamedTuple):
    """How many of a reward one person may have within some days; in all where `days` is None."""

    max_count: int
    days: int | None = None


class RewardPlace(NamedTuple):
    """Where a page of rewards ended."""

    reward_id: Slug


@dataclass(frozen=True, slots=True)
class RewardTerms:
    """What a community says of a reward: whatever may be changed but its prices."""

    kind: RewardKind
    title: str
    description: str = ""
    translations: Mapping[str, Translation] = field(default_factory=dict)
    category: str | None = None
    #: As `tags_of` writes them.
    tags: Sequence[str] = ()
    audience: str | None = None
    level: str | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    stock: int | None = None
    low_count: int | None = None
    shows_left: bool = False
    limit: MemberLimit | None = None
    is_withdrawn: bool = False

    def said_in(self, language: str | None) -> Translation:
        """How the reward is called in a language; as it is called in none of them where it says nothing in it."""
        said = self.translations.get(language or "")
        if said is None:
            return Translation(self.title, self.description)
        return Translation(said.title, said.description or self.description)


@dataclass(frozen=True, slots=True)
class Reward:
    """A reward of the catalogue; `prices` are in the order in which they begin."""

    community: str
    reward_id: str
    terms: RewardTerms
    prices: Sequence[Price]
    revision: int
    changed_at: datetime

    def price_at(self, now: datetime) -> int | None:
        """What it costs; None before its first price begins."""
        begun = [price.points for price in self.prices if price.effective_from <= now]
        return begun[-1] if begun else None

    def is_offered_at(self, now: datetime) -> bool:
        """Whether somebody may choose it: it is not withdrawn, and its time has come and is not over."""
        terms = self.terms
        return (
            not terms.is_withdrawn
            and (terms.opens_at is None or terms.opens_at <= now)
            and (terms.closes_at is None or now < terms.closes_at)
            and self.price_at(now) is not None
        )

    def withdrawn(self, now: datetime) -> "Reward":
        """The reward in its next revision, in which nobody can choose it."""
        terms = replace(self.terms, is_withdrawn=True)
        return replace(self, terms=terms, revision=self.revision + 1, changed_at=now)

    def changed(self, terms: RewardTerms, *, points: int, later: Iterable[Price], now: datetime) -> "Reward":
        """The reward in its next revision.

        Prices that have begun stay; `points` is the price from now on, where it is another, and `later` are those
        to come instead of those that were. Raises UnusableRewardError when it would be another kind of thing.
        """
        if (terms.kind is RewardKind.VOUCHER) != (self.terms.kind is RewardKind.VOUCHER):
            raise UnusableRewardError("kind", "what has codes stays a voucher, and nothing becomes one")
        if (terms.kind is RewardKind.GIFT_CARD) != (self.terms.kind is RewardKind.GIFT_CARD):
            raise UnusableRewardError("kind", "a gift card stays one, and nothing becomes one")
        begun = [price for price in self.prices if price.effective_from <= now]
        if self.price_at(now) != points:
            begun.append(Price(now, points))
        return replace(
            self,
            terms=terms,
            prices=[*begun, *prices_to_come(later, now=now)],
            revision=self.revision + 1,
            changed_at=now,
        )


def prices_to_come(later: Iterable[Price], *, now: datetime) -> list[Price]:
    """Prices in their order. Raises UnusableRewardError for one that would have begun, or begins with another."""
    prices = sorted(later)
    if prices and prices[0].effective_from <= now:
        raise UnusableRewardError("later_prices", "each begins in the future: the price of now is `points`")
    moments = [price.effective_from for price in prices]
    if len(set(moments)) < len(moments):
        raise UnusableRewardError("later_prices", "two of them begin at one moment")
    return prices


def tag_of(text: str) -> str:
    """A tag as it is kept: what differs in case, width of letters or blanks alone is the same."""
    return " ".join(normalize("NFKC", text).casefold().split())


def tags_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Tags in their order, each once. Raises UnusableRewardError for one that can be none."""
    tags = sorted({tag_of(text) for text in texts})
    if len(tags) > TAGS_MAX_COUNT:
        raise UnusableRewardError("tags", f"a reward has {TAGS_MAX_COUNT} tags at most")
    for tag in tags:
        if not tag or len(tag) > TAG_MAX_CHARS or "," in tag:
            raise UnusableRewardError("tags", f"a tag has 1 to {TAG_MAX_CHARS} characters, and no comma")
    return tuple(tags)


class UnusableRewardError(Exception):
    """What is said of a reward does not fit together: `field` says where, the message why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class UnknownCatalogueRewardError(Exception):
    """The community's own catalogue has no such reward."""

    def __init__(self, reward_id: str) -> None:
        super().__init__(f"the catalogue has no {reward_id!r} of its own")
        self.reward_id = reward_id


class RewardExistsError(Exception):
    """The catalogue has a reward of that id already."""

    def __init__(self, reward_id: str) -> None:
        super().__init__(f"there is a reward {reward_id!r}")
        self.reward_id = reward_id


class CatalogueFullError(Exception):
    """The community has as many rewards as it may have."""

    def __init__(self, max_count: int) -> None:
        super().__init__(f"the catalogue has {max_count} rewards")
        self.max_count = max_count


class StaleRewardError(Exception):
    """Somebody changed the reward meanwhile: `asked` was the revision to change, `now` is what there is."""

    def __init__(self, asked: int, now: int) -> None:
        super().__init__(f"it has revision {now}, not {asked}")
        self.asked = asked
        self.now = now


@dataclass(frozen=True, slots=True)
class Offer:
    """A reward that can be had at a moment, whoever declares it."""

    reward_id: str
    source: RewardSource
    terms: RewardTerms
    points: int

    @property
    def has_codes(self) -> bool:
        """Whether whoever has it gets a code."""
        return self.source is RewardSource.CATALOGUE and self.terms.kind is RewardKind.VOUCHER

    @classmethod
    def of_programme(cls, reward: CatalogueReward) -> "Offer":
        """What a programme declares."""
        terms = RewardTerms(
            RewardKind.OTHER, reward.title, reward.description, audience=reward.audience, stock=reward.stock
        )
        return cls(reward.id, RewardSource.PROGRAMME, terms, reward.points)

    @classmethod
    def of(cls, reward: Reward, *, now: datetime) -> "Offer | None":
        """A reward of the catalogue; None where it is not on offer."""
        points = reward.price_at(now)
        if points is None or not reward.is_offered_at(now):
            return None
        return cls(reward.reward_id, RewardSource.CATALOGUE, reward.terms, points)


def offers(own: Iterable[Reward], in_force: InForce | None, *, now: datetime) -> list[Offer]:
    """All that is on offer: the catalogue's own, then what the programme has beside it.

    One id is one reward: one of the catalogue stands instead of the programme's, also while it is not offered.
    """
    known = list(own)
    found = [offer for reward in known if (offer := Offer.of(reward, now=now)) is not None]
    ids = {reward.reward_id for reward in known}
    declared = in_force.rewards.catalogue if in_force is not None else ()
    return found + [Offer.of_programme(one) for one in declared if one.id not in ids]


class Left(NamedTuple):
    """How many there are left of rewards that are limited, by their ids; codes that ended are none."""

    counts: Mapping[str, int]

    def of(self, offer: Offer) -> int | None:
        """How many are left; None for any number."""
        if offer.terms.stock is None and not offer.has_codes:
            return None
        return max(0, self.counts.get(offer.reward_id, 0))

    def is_low(self, offer: Offer) -> bool:
        """Whether so few are left that somebody should see to it."""
        left = self.of(offer)
        return left is not None and offer.terms.low_count is not None and left <= offer.terms.low_count


class KeptFrom(NamedTuple):
    """Ids of rewards on offer that a member would be refused, by why; and levels of which it takes one for any."""

    not_for_them: Sequence[str] = ()
    needs_level: Sequence[str] = ()
    level_lacking: Sequence[str] = ()
    had_enough: Sequence[str] = ()


class RewardFilter(NamedTuple):
    """Which rewards of the catalogue: None for all."""

    kind: RewardKind | None = None
    category: str | None = None
    tag: str | None = None
    #: Part of the title, or of an id, in any case.
    text: str | None = None


def limited(offered: Iterable[Offer]) -> list[Offer]:
    """Those that there are only so many of."""
    return [offer for offer in offered if offer.terms.stock is not None or offer.has_codes]
