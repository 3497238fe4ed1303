"""Portions of a campaign's budget, whatever is spent from them, given back, called back and handed out anew."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from services.scoring.campaigns.domain.books import ALL, Books, bounds_of, give, is_too_fast, parts_of_claim
from services.scoring.campaigns.domain.portions import (
    PARTS_OF_REST,
    Asked,
    Held,
    asked_of,
    hands_out,
    most_handed_out,
)
from services.scoring.limits.domain.claims import Ceiling
from shared.contracts.programme import Campaign

STARTS = date(2026, 3, 30)


def campaign(**more: Any) -> Campaign:
    said = {"id": "spring", "title": "Spring", "starts": str(STARTS), "ends": "2026-04-08"}
    return Campaign.model_validate(said | {"budget": {"points": 1_000}} | more)


@dataclass
class Asks:
    """As much of a claim as campaigns read."""

    rule_id: str
    local_day: date
    due: int
    told: int = 0
    number: int = 0
    week: date | None = None
    programme_version: int = 1
    ceiling: int | None = None
    ceiling_by: Ceiling | None = None

    @property
    def order(self) -> tuple[date, int]:
        return self.local_day, self.number

    @property
    def award_id(self) -> str:
        return str(self.number)


@dataclass
class Shared:
    """A campaign, its books and its portions, as transactions leave them one after the other."""

    campaign: Campaign
    books: Books = field(default_factory=Books)
    portions: list[dict[str, Held]] = field(default_factory=lambda: [{} for _ in range(4)])
    is_open: bool = False
    alone_count: int = 0

    def spent(self) -> dict[str, int]:
        return self._sum(lambda held: held.points)

    def handed_out(self) -> dict[str, int]:
        return self._sum(lambda held: held.points + held.room)

    def change(self, campaign: Campaign) -> None:
        self.campaign, self.is_open = campaign, False

    def spend(self, claims: Any, number: int) -> None:
        asked = asked_of(claims, self.campaign)
        if self.is_open and asked.fits(self.portions[number]):
            self._took(asked, number, self.portions[number])
        elif self.is_open and (topped_up := self._topped_up(asked, number)) is not None:
            self._took(asked, number, topped_up)
        else:
            self._decide(asked, claims)
        for claim in claims:
            claim.told = claim.due if claim.ceiling is None else min(claim.due, claim.ceiling)
            claim.due = claim.told

    def _topped_up(self, asked: Asked, number: int) -> Mapping[str, Held] | None:
        return asked.topped_up(self.portions[number], self.handed_out(), self._most(asked.bounds))

    def _took(self, asked: Asked, number: int, held: Mapping[str, Held]) -> None:
        before = self.spent()
        self.portions[number] = {**held, **asked.spent(held)}
        # It is what the books would have said, too.
        self.alone_count += 1
        for part, bound in asked.bounds.items():
            assert not asked.more[part] or before.get(part, 0) + asked.more[part] <= bound
        day = max([day for day in (self.books.last_day, asked.last_day) if day], default=STARTS)
        assert asked.last_day is None or not is_too_fast(self.campaign, before.get(ALL, 0), day)
        if asked.last_day is not None:
            self.books.last_day = day

    def _decide(self, asked: Asked, claims: Any) -> None:
        self.portions = [{part: Held(one.points, 0) for part, one in held.items()} for held in self.portions]
        before = self.spent()
        self.books.spent = dict(before)
        give(claims, {1: self.campaign}, self.books)
        self.is_open = hands_out(self.books)
        most = self._most(asked.bounds) if self.is_open else {}
        for part, spent in self.books.spent.items():
            points = self.portions[0].get(part, Held()).points + spent - before.get(part, 0)
            room = max(0, most[part] - spent) // PARTS_OF_REST if part in most else 0
            self.portions[0][part] = Held(points, room)

    def _most(self, bounds: Mapping[str, int]) -> dict[str, int]:
        return most_handed_out(self.campaign, bounds, is_let_go=self.books.is_let_go, last_day=self.books.last_day)

    def _sum(self, of: Any) -> dict[str, int]:
        found: dict[str, int] = {}
        for held in self.portions:
            for part, one in held.items():
                found[part] = found.get(part, 0) + of(one)
        return found


def bounds(claim: Any, one: Campaign) -> dict[str, int]:
    return bounds_of(one, parts_of_claim(claim))


def told(claims: Iterable[Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for claim in claims:
        for part in parts_of_claim(claim):
            found[part] = found.get(part, 0) + claim.told
    return {part: points for part, points in found.items() if points}


BUDGETS = [
    {"points": 2_400},
    {"points": 2_400, "per_rule": [{"rule": "post", "points": 1_500}], "per_day": 900, "per_week": 2_500},
    {"points": 2_000, "per_day": 500},
]
PACINGS = [None, {"then": "slow"}, {"then": "slow", "ratio_percent": 400, "from_percent": 40}]


@pytest.mark.parametrize("seed", range(9))
def test_no_budget_is_passed_and_what_is_declined_was_not_in_any_portion(seed: int) -> None:
    rng = Random(seed)
    shared = Shared(campaign(budget=BUDGETS[seed % 3], pacing=PACINGS[seed // 3 % 3]))
    claims: list[Any] = []
    for step in range(240):
        if rng.random() < 0.02:
            shared.change(campaign(budget=rng.choice(BUDGETS), pacing=rng.choice(PACINGS)))
        batch = [
            Asks(rng.choice(["post", "wrote"]), STARTS + timedelta(days=step // 24), rng.randrange(1, 9), number=n)
            for n in range(len(claims), len(claims) + rng.randrange(1, 6))
        ]
        back = [claim for claim in rng.sample(claims, min(len(claims), rng.randrange(3))) if claim.told]
        for claim in back:
            claim.due = 0
        claims += batch
        before, asked = shared.spent(), sum(claim.due for claim in batch)
        shared.spend([*batch, *back], rng.randrange(4))
        after = {part: points for part, points in shared.spent().items() if points}
        assert after == told(claims)
        for claim in batch:
            for part, bound in bounds(claim, shared.campaign).items():
                # A budget may have been lowered below what is spent; then it becomes no more.
                assert after.get(part, 0) <= max(bound, before.get(part, 0))
        if any(claim.ceiling_by is Ceiling.BUDGET for claim in batch):
            assert any(
                after.get(part, 0) >= bound
                for claim in batch
                for part, bound in bounds(claim, shared.campaign).items()
            )
        assert all(held.room >= 0 for portion in shared.portions for held in portion.values())
        assert shared.books.is_exhausted or after.get(ALL, 0) < shared.campaign.budget.points or not asked
    assert shared.alone_count > 30


def test_the_last_point_is_given_by_the_books() -> None:
    one = campaign()
    assert most_handed_out(one, {ALL: 1_000}, is_let_go=False, last_day=None) == {ALL: 999}
    paced = campaign(pacing={"then": "stop", "ratio_percent": 200, "from_percent": 10})
    # On the first of ten days more than 200 are too fast, on the second more than 400.
    for day, most in ((0, 200), (1, 400), (9, 999)):
        last_day = STARTS + timedelta(days=day)
        assert most_handed_out(paced, {ALL: 1_000}, is_let_go=False, last_day=last_day)[ALL] == most
    assert most_handed_out(paced, {ALL: 1_000}, is_let_go=True, last_day=STARTS) == {ALL: 999}
    slow = campaign(pacing={"then": "slow", "ratio_percent": 101, "from_percent": 30})
    assert most_handed_out(slow, {ALL: 1_000}, is_let_go=False, last_day=STARTS) == {ALL: 299}
