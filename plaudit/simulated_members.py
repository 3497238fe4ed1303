"""Who lives in a simulated community: names, channels, when somebody came and left, and how much each does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

#: Shares of members and their activities a day: 60 % hardly ever speak, 10 % do most of it.
ACTIVITY_PER_DAY = ((0.60, 0.004, 0.03), (0.30, 0.05, 0.40), (0.10, 0.80, 3.50))
PRESENT_AT_START_SHARE = 0.6
LEAVING_SHARE = 0.15

#: Where somebody is at home, and how likely; two or three of these each, one of the first three always.
TALKING = ("forum", "chat", "code")
CHANNEL_WEIGHTS = dict(forum=8, chat=8, code=5, social=3, in_person=4, survey=4, support=3)  # noqa: C408
GIVEN_NAMES = (
    "Ada", "Amara", "Anton", "Bela", "Chiara", "Daichi", "Elif", "Emeka", "Farid", "Freya", "Goran", "Hana",
    "Ines", "Jonas", "Kofi", "Linh", "Mateo", "Nadia", "Olga", "Priya", "Samir", "Tove", "Wei", "Zeno",
)  # fmt: skip
FAMILY_NAMES = (
    "Adler", "Bakker", "Costa", "Diallo", "Eriksen", "Garcia", "Haddad", "Ito", "Kaya", "Lindqvist", "Mbeki",
    "Novak", "Okafor", "Petrov", "Quinn", "Rossi", "Sato", "Tanaka", "Varga", "Weber", "Yilmaz", "Zhou",
)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """One simulated person. `identities` are channel → id; `per_day` the mean number of activities."""

    number: int
    name: str
    identities: dict[str, str]
    joined_at: datetime
    left_at: datetime | None
    per_day: float

    def is_here(self, at: datetime) -> bool:
        """Whether the member has joined by then and not left yet."""
        return self.joined_at <= at and (self.left_at is None or at < self.left_at)


def make_members(rng: Random, count: int, start: datetime, days: int) -> Sequence[Member]:
    """`count` people over `days` days from `start`: some were there before, the others join meanwhile."""
    return tuple(_make_member(rng, number, start, days) for number in range(count))


def _make_member(rng: Random, number: int, start: datetime, days: int) -> Member:
    pick = rng.random()
    _, low, high = next(
        (share for index, share in enumerate(ACTIVITY_PER_DAY) if pick < _cumulated(index)),
        ACTIVITY_PER_DAY[-1],
    )
    joined_at = start - timedelta(days=rng.randrange(1, 400))
    if rng.random() >= PRESENT_AT_START_SHARE:
        joined_at = start + timedelta(seconds=rng.randrange(days * 86_400))
    left_at = None
    stays = timedelta(days=rng.randrange(7, days))
    if rng.random() < LEAVING_SHARE:
        left_at = max(joined_at, start) + stays
    channels = [rng.choice(TALKING)]
    wanted = rng.choice((2, 3))
    while len(channels) < wanted:
        [channel] = rng.choices(list(CHANNEL_WEIGHTS), list(CHANNEL_WEIGHTS.values()))
        if channel not in channels:
            channels.append(channel)
    given = rng.choice(GIVEN_NAMES)
    name = f"{given} {rng.choice(FAMILY_NAMES)}"
    handle = f"{given.lower()}{number}"
    ids = {
        "forum": handle,
        "chat": f"U{number:05d}",
        "code": f"forge:{70_000 + number}",
        "social": f"@{handle}",
        "support": f"agent-{number}",
        "in_person": f"badge-{number}",
        "survey": f"respondent-{number}",
    }
    # The busiest are busier than busy: squaring a uniform number leans towards the lower end.
    per_day = low + (high - low) * rng.random() ** 2
    return Member(number, name, {channel: ids[channel] for channel in channels}, joined_at, left_at, per_day)


def _cumulated(index: int) -> float:
    return sum(share for share, _, _ in ACTIVITY_PER_DAY[: index + 1])
