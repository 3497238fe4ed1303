"""A version applied to the past: what stands is what it gives, whatever was posted before, and no more is told."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.awards.domain.awards import Award, Earned, amended, as_claim, make, of_claim
from services.scoring.backtests.domain.known import Told
from services.scoring.backtests.domain.replaying import Side
from services.scoring.limits.domain.allotting import Window, settle
from services.scoring.limits.domain.claims import Claim, Withheld, Word
from services.scoring.limits.domain.corrections import graced
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.restatements.domain.packing import pack, unpack
from services.scoring.restatements.domain.rescoring import rescore, side_of
from services.scoring.restatements.domain.restating import (
    Outcome,
    Part,
    Standing,
    heard,
    parts_of,
    replacements,
    reversal_of,
    settle_anew,
)
from services.scoring.rules.domain.matching import match
from shared.contracts.programme import Programme
from tests.unit.services.scoring.limits.limits_oracle import RETRACTED
from tests.unit.services.scoring.limits.test_pacing import HEAD, NOON, POSTED, PROGRAMMES, event, histories

BEGINNING, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
#: No limit is over these: what they give is an award at once.
PLAIN = (
    "  - {id: liked, title: L, on: [chat.reaction.v1], to: object_author, points: 3}\n"
    "  - {id: post, title: P, on: [forum.post.v1], points: 4}\n"
)
#: The same ids, other points, other rules, and one that takes where others give.
OTHER = (
    "  - {id: liked, title: L, on: [chat.reaction.v1], to: object_author, points: 3, daily_cap: 7}\n"
    "  - {id: thanked, title: T, on: [kudos.given.v1], points: 2}\n"
    "  - {id: post, title: P, on: [forum.post.v1], points: 9, limits: [{first: 2, within: week}]}\n"
)
#: Whose wallet pays is another's, or nobody's.
SPRING = (
    "  - {id: post, title: P, on: [forum.post.v1], points: 4, campaign: CAMPAIGN}\n"
    "  - {id: liked, title: L, on: [chat.reaction.v1], to: object_author, points: 2, daily_cap: 7}\n"
    "campaigns:\n"
    "  - {id: CAMPAIGN, title: C, starts: 2026-03-20, ends: 2026-04-20, budget: {points: 1000}}\n"
)
SCORES = (
    "  - {id: post, title: P, on: [forum.post.v1], score: skill, points: 6}\n"
    "  - {id: liked, title: L, on: [chat.reaction.v1], to: object_author, points: 1}\n"
    "scores: [{id: skill, title: Skill}]\n"
)


def side(text: str, number: int) -> Side:
    programme = read_programme(HEAD + text)
    assert isinstance(programme, Programme), programme
    return side_of(programme, number)


TEXTS = {name: text for name, (text, _, _) in PROGRAMMES.items()} | {
    "plain": PLAIN,
    "other": OTHER,
    "scores": SCORES,
    "spring": SPRING.replace("CAMPAIGN", "spring"),
    "easter": SPRING.replace("CAMPAIGN", "easter"),
}
SIDES = {name: side(text, number) for number, (name, text) in enumerate(sorted(TEXTS.items()), start=1)}
NAMES = sorted(SIDES)


@dataclass
class House:
    """What the database holds, as live scoring and restating write it."""

    live: str
    claims: dict[str, Claim] = field(default_factory=dict)
    earned: dict[str, Earned] = field(default_factory=dict)
    events: dict[str, Any] = field(default_factory=dict)
    words: dict[str, Word] = field(default_factory=dict)
    told: list[Award] = field(default_factory=list)

    def score(self, facts: Sequence[Any]) -> None:
        """Score facts as the live line does; that any order gives the same is shown elsewhere."""
        for fact in facts:
            if "targetuid" in fact:
                word = Word(fact["time"], fact["id"], fact["uid"], fact["type"] == RETRACTED, fact.get("member"))
                known = self.words.get(fact["targetuid"], word)
                self.words[fact["targetuid"]] = max(known, word, key=lambda one: one[:3])
                continue
            if fact["uid"] in self.events:
                continue
            self.events[fact["uid"]] = fact
            made = make(match([fact], {"acme": SIDES[self.live].versions}).candidates, {})
            for claim in made.claims:
                self.claims[claim.award_id] = claim
            self.tell(made.awards)
        self.tell([of_claim(claim, "limit") for claim in self.settled()])
        self.tell(
            [
                amended(one, self.words.get(one.award.event_uid), None)
                for award_id, one in sorted(self.earned.items())
                if award_id not in self.claims
            ]
        )

    def settled(self) -> list[Claim]:
        for claim in self.claims.values():
            claim.hear(self.words.get(claim.event_uid))
            claim.is_counted, claim.room, claim.summed, claim.cut = False, 0, 0, None
        claims = [self.claims[award_id] for award_id in sorted(self.claims)]
        graced(claim for claim in claims if claim.corrected_on is not None)
        settle(claims, (), {name: Window() for claim in claims for name in claim.windows})
        return claims

    def tell(self, awards: Sequence[Award | None]) -> None:
        """Note what is told, as consumers do: revisions follow one another, and nothing turns its sign."""
        for award in awards:
            if award is None:
                continue
            self.told.append(award)
            if award.amends is None:
                assert award.award_id not in self.earned
                self.earned[award.award_id] = Earned(award, award.points, 0)
                continue
            before = self.earned[award.amends]
            assert award.revision == before.revision + 1
            assert award.total == before.total + award.points
            assert award.total * before.award.points >= 0
            assert (award.score, award.member_id) == (before.award.score, before.award.member_id)
            self.earned[award.amends] = Earned(before.award, award.total, award.revision)

    def amounts(self) -> dict[tuple[str, str, str, str], int]:
        """What stands, by event, rule, member and score."""
        found: dict[tuple[str, str, str, str], int] = {}
        for one in self.earned.values():
            key = (one.award.event_uid, one.award.rule_id, one.award.member_id, one.award.score or "")
            found[key] = found.get(key, 0) + one.total
        return {key: points for key, points in found.items() if points}

    def parts(self, name: str, since: datetime, until: datetime) -> list[Part]:
        events = [one for one in self.events.values() if since <= one["time"] < until]
        uids = {one["uid"] for one in events}
        standing = [claim for claim in self.claims.values() if claim.event_uid in uids]
        standing += [
            as_claim(one, None, None)
            for award_id, one in self.earned.items()
            if award_id not in self.claims and one.award.event_uid in uids
        ]
        fresh = rescore(events, SIDES[name], Told("acme"), {})
        return [unpack(pack(part)) for part in parts_of(fresh, standing, most=3)]

    def post(self, part: Part) -> Outcome:
        """What one transaction does to a part, against what stands then."""
        standing = Standing(self.claims, self.earned)
        replaced = replacements(part, standing)
        words = {
            one.after.award_id: self.words[one.after.event_uid]
            for one in replaced
            if one.after.event_uid in self.words
        }
        heard(replaced, words, {})
        before = deepcopy(replaced)
        mine = {one.after.award_id for one in replaced}
        outcome = settle_anew(replaced, [one for key, one in sorted(self.claims.items()) if key not in mine])
        self.tell(outcome.awards("of this test"))
        self.claims |= {one.after.award_id: one.after for one in outcome.replaced}
        return Outcome(before, outcome.beside, outcome.windows)

    def restate(
        self,
        name: str,
        since: datetime = BEGINNING,
        until: datetime = END,
        between: Callable[[], None] = lambda: None,
    ) -> list[Part]:
        """Have a version applied to a time; returns what reverses that, last first."""
        back = []
        for part in self.parts(name, since, until):
            back.append(unpack(pack(reversal_of(self.post(part).replaced))))
            between()
        return back[::-1]


def scored(name: str, facts: Sequence[Any]) -> House:
    house = House(name)
    house.score(facts)
    return house


VERSION = st.sampled_from(NAMES)
HOURS = st.integers(-10, 90)
MANY = settings(max_examples=150)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40)
@given(histories(), HOURS, HOURS)
def test_restating_with_the_version_that_stands_posts_nothing(
    name: str, facts: list[Any], first: int, second: int
) -> None:
    house = scored(name, facts)
    count = len(house.told)
    since, until = (NOON + timedelta(hours=one) for one in sorted((first, second)))
    house.restate(name, since, until)
    house.restate(name)
    assert house.told[count:] == []


@MANY
@given(VERSION, VERSION, histories(), HOURS, HOURS)
def test_restating_twice_is_restating_once(
    live: str, name: str, facts: list[Any], first: int, second: int
) -> None:
    house = scored(live, facts)
    since, until = (NOON + timedelta(hours=one) for one in sorted((first, second)))
    house.restate(name, since, until)
    count = len(house.told)
    house.restate(name, since, until)
    assert house.told[count:] == []


@MANY
@given(VERSION, VERSION, VERSION, histories(), HOURS, HOURS)
def test_restating_with_one_and_then_another_is_restating_with_the_other(
    live: str, one: str, other: str, facts: list[Any], first: int, second: int
) -> None:
    since, until = (NOON + timedelta(hours=hours) for hours in sorted((first, second)))
    both, alone = scored(live, facts), scored(live, facts)
    both.restate(one, since, until)
    both.restate(other, since, until)
    alone.restate(other, since, until)
    assert both.amounts() == alone.amounts()


@MANY
@given(VERSION, VERSION, histories())
def test_all_of_the_past_restated_is_as_if_the_version_had_scored_it(
    live: str, name: str, facts: list[Any]
) -> None:
    house = scored(live, facts)
    house.restate(name)
    assert house.amounts() == scored(name, facts).amounts()


@MANY
@given(VERSION, VERSION, histories(), HOURS, HOURS)
def test_each_award_that_changes_is_told_once(
    live: str, name: str, facts: list[Any], first: int, second: int
) -> None:
    house = scored(live, facts)
    count = len(house.told)
    since, until = (NOON + timedelta(hours=one) for one in sorted((first, second)))
    house.restate(name, since, until)
    told = [award.amends or award.award_id for award in house.told[count:]]
    assert len(told) == len(set(told))
    assert all(award.restatement_id and award.is_backfill for award in house.told[count:])


@MANY
@given(VERSION, VERSION, histories(), histories(), st.integers(0, 2**32))
def test_what_is_taken_back_and_restored_while_it_is_posted_ends_as_if_it_had_been_before(
    live: str, name: str, facts: list[Any], later: list[Any], seed: int
) -> None:
    words = [fact for fact in later if "targetuid" in fact]
    waiting = Random(seed).sample(words, len(words))
    house = scored(live, facts)

    def between() -> None:
        if waiting:
            house.score([waiting.pop()])

    house.restate(name, between=between)
    house.score(waiting)
    before = scored(live, [*facts, *words])
    before.restate(name)
    assert house.amounts() == before.amounts()


@MANY
@given(VERSION, VERSION, histories(), histories(), HOURS, HOURS)
def test_reversed_each_award_is_what_it_would_be_without_it(
    live: str, name: str, facts: list[Any], later: list[Any], first: int, second: int
) -> None:
    words = [fact for fact in later if "targetuid" in fact]
    since, until = (NOON + timedelta(hours=one) for one in sorted((first, second)))
    house = scored(live, facts)
    back = house.restate(name, since, until)
    house.score(words)
    for part in back:
        house.post(part)
    assert house.amounts() == scored(live, [*facts, *words]).amounts()


@pytest.mark.parametrize("name", ["scores", "other"])
def test_what_somebody_denied_stays_so_also_as_an_award_of_another_score(name: str) -> None:
    house = scored("plain", [event(1, POSTED)])
    (earned,) = house.earned.values()
    denied = as_claim(earned, None, None)
    denied.withheld = Withheld.DENIED
    house.claims[denied.award_id] = denied
    house.tell([of_claim(denied, "held")])
    assert house.amounts() == {}
    back = house.restate(name)
    assert house.amounts() == {}
    for part in back:
        house.post(part)
    assert house.amounts() == {}


@MANY
@given(VERSION, st.sampled_from(["spring", "easter"]), VERSION, histories(), HOURS, HOURS)
def test_what_was_told_of_campaigns_is_what_their_awards_come_to(
    live: str, one: str, other: str, facts: list[Any], first: int, second: int
) -> None:
    """Wallets pay campaigns by what is told: what goes over to another's is given back by the one of before."""
    house = scored(live, facts)
    since, until = (NOON + timedelta(hours=one) for one in sorted((first, second)))
    house.restate(one)
    back = house.restate(other, since, until)
    for part in [Part(), *back]:
        house.post(part)
        told: dict[str | None, int] = {}
        for award in house.told:
            told[award.campaign] = told.get(award.campaign, 0) + award.points
        for campaign in ("spring", "easter"):
            stands = sum(claim.due for claim in house.claims.values() if claim.campaign == campaign)
            assert told.get(campaign, 0) == stands
