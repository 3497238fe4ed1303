"""Cooldowns, diminishing returns, the first of something and points that are taken: one answer in any order."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.awards.domain.awards import make
from services.scoring.limits.domain.allotting import Window
from services.scoring.limits.domain.claims import Claim
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.rules.domain.compiling import CompiledVersion, compile_version
from services.scoring.rules.domain.matching import match
from shared.contracts.programme import Programme
from tests.unit.services.scoring.limits.limits_oracle import RESTORED, RETRACTED, OLimit, ORule, amounts
from tests.unit.services.scoring.limits.test_allotting import Tables

#: Of each programme; thousands were run when this was written.
EXAMPLES_COUNT = 40
NOON = datetime(2026, 3, 30, 12, tzinfo=UTC)
LIKED, THANKED, POSTED = "chat.reaction.v1", "kudos.given.v1", "forum.post.v1"
HEAD = "programme: demo\ntitle: Demo\nrules:\n"
LIKE = "  - {id: liked, title: L, on: [chat.reaction.v1], to: object_author, "
THANK = "  - {id: thanked, title: T, on: [kudos.given.v1], to: object_author, "
POST = "  - {id: post, title: P, on: [forum.post.v1], "


def liked(points: int = 2, **more: Any) -> ORule:
    return ORule("liked", LIKED, points, to="object_author", **more)


def thanked(points: int = 5, **more: Any) -> ORule:
    return ORule("thanked", THANKED, points, to="object_author", **more)


def post(points: int = 5, **more: Any) -> ORule:
    return ORule("post", POSTED, points, **more)


PROGRAMMES: dict[str, tuple[str, Sequence[ORule], Sequence[OLimit]]] = {
    "cooldowns": (
        LIKE + "points: 2, cooldown: {minutes: 120, per: pair}}\n"
        + THANK + "points: 5, cooldown: {minutes: 2880}, limits: [{points: 9, within: week}]}\n"
        + POST + "points: 5, cooldown: {minutes: 300}, daily_cap: 12, grace_minutes: 600, grace_count: 1}\n",
        [
            liked(cooldown_minutes=120, cooldown_per="pair"),
            thanked(cooldown_minutes=2880),
            post(cooldown_minutes=300, grace_minutes=600, grace_count=1),
        ],
        [OLimit(("thanked",), points=9, within="week"), OLimit(("post",), points=12)],
    ),
    "turns": (
        LIKE + "points: 2, diminishing: {within: day, percents: [100, 50, 25]},"
        " limits: [{points: 6, within: week}]}\n"
        + THANK + "points: 5, cooldown: {minutes: 90}, diminishing: {within: quarter, per: pair, factor: 60}}\n"
        + POST + "points: 7, diminishing: {within: day, per: object, percents: [100, 0]}}\n",
        [
            liked(percents=(100, 50, 25)),
            # 60 % of the one before: 5, 3, 1.8, 1.08, 0.648, 0.3888 …
            thanked(
                cooldown_minutes=90,
                percents=tuple(Fraction(100 * 60**turn, 100**turn) for turn in range(30)),  # type: ignore[arg-type]
                percents_per="pair",
                percents_within="quarter",
            ),
            post(7, percents=(100, 0), percents_per="object"),
        ],
        [OLimit(("liked",), points=6, within="week")],
    ),
    "first": (
        LIKE + "points: 2, limits: [{first: 2, within: hour}, {points: 12, within: quarter}]}\n"
        + THANK + "points: 5, limits: [{first: 3, per: everybody, within: week}]}\n"
        + POST + "points: 5, limits: [{first: 1, per: everybody_and_object, within: ever}]}\n",
        [liked(), thanked(), post()],
        [
            OLimit(("liked",), first=2, within="hour"),
            OLimit(("liked",), points=12, within="quarter"),
            OLimit(("thanked",), first=3, per="everybody", within="week"),
            OLimit(("post",), first=1, per="everybody_and_object", within="ever"),
        ],
    ),
    "taken": (
        LIKE + "points: -4, daily_cap: 8}\n"
        + THANK + "points: 5}\n"
        + POST + "points: 3, daily_cap: 10, grace_minutes: 600, grace_count: 1}\n",
        [liked(4, takes=True), thanked(), post(3, grace_minutes=600, grace_count=1)],
        [OLimit(("liked",), points=8), OLimit(("post",), points=10)],
    ),
    "all of it": (
        LIKE + "points: -6, floor: -3, cooldown: {minutes: 60}}\n"
        + THANK + "points: 5, cooldown: {minutes: 200}, diminishing: {within: week, percents: [100, 40]}}\n"
        + POST + "points: 3, limits: [{first: 2, within: day}]}\n"
        "limits:\n  - {id: both, rules: [thanked, post], points: 20, within: month, crossing: allowed}\n",
        [
            liked(6, takes=True, floor=-3, cooldown_minutes=60),
            thanked(cooldown_minutes=200, percents=(100, 40), percents_within="week"),
            post(3),
        ],
        [
            OLimit(("post",), first=2),
            OLimit(("thanked", "post"), points=20, within="month"),
        ],
    ),
}  # fmt: skip


def version_of(text: str) -> CompiledVersion:
    programme = read_programme(HEAD + text)
    assert isinstance(programme, Programme), programme
    return compile_version(programme, 1, datetime(1970, 1, 1, tzinfo=UTC))


VERSIONS = {name: version_of(text) for name, (text, _, _) in PROGRAMMES.items()}


def uid(number: int) -> str:
    return str(UUID(int=number))


def event(
    number: int,
    kind: str,
    hours: float = 0,
    member: str = "a",
    author: str | None = None,
    thing: str | None = None,
) -> Any:
    fact = {
        "type": kind, "uid": uid(number), "id": f"e{number:03}", "source": "s", "community": "acme",
        "time": NOON + timedelta(hours=hours), "receivedat": NOON, "member": member,
        "data": {"channel": "chat"} | ({} if thing is None else {"object": {"id": thing}}),
    }  # fmt: skip
    return fact if author is None else fact | {"objectmember": author}


def said(number: int, kind: str, by: str | None, hours: float, of: int) -> Any:
    fact = event(1000 + number, kind, hours, by or "") | {"targetuid": uid(of)}
    if by is None:
        del fact["member"]
    return fact


class Scored(Tables):
    """Claims that the rules of a programme make, as matching makes them."""

    def __init__(self, version: CompiledVersion) -> None:
        super().__init__((), ())
        self.version = version

    def _claims(self, fact: Any) -> list[Claim]:
        if any(claim.event_uid == fact["uid"] for claim in self.claims.values()):
            return []
        made = make(match([fact], {"acme": [self.version]}).candidates, {})
        assert not made.awards
        for claim in made.claims:
            claim.hear(self.words.get(fact["uid"]))
            for name in claim.windows:
                self.windows.setdefault(name, Window())
        return made.claims


@st.composite
def histories(draw: st.DrawFn) -> list[Any]:
    facts = []
    count = draw(st.integers(1, 16))
    for number in range(count):
        kind = draw(st.sampled_from([LIKED, THANKED, POSTED]))
        minutes = draw(st.one_of(st.integers(0, 5_000), st.integers(0, 400)))
        member, author = draw(st.sampled_from("abc")), draw(st.sampled_from("ab"))
        author_of = None if kind == POSTED or member == author else author
        thing = draw(st.sampled_from("xy"))
        facts.append(event(number, kind, minutes / 60, member, author_of, thing))
    for number in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from([RETRACTED, RETRACTED, RESTORED]))
        by = draw(st.sampled_from(["a", "b", "mod", None]))
        facts.append(said(number, kind, by, draw(st.integers(0, 120)), of=draw(st.integers(0, count))))
    return facts


@pytest.mark.parametrize("name", sorted(VERSIONS))
@settings(max_examples=EXAMPLES_COUNT)
@given(histories(), st.randoms(), st.lists(st.integers(0, 40), max_size=6))
def test_any_order_and_batching_gives_what_the_oracle_says_of_paces(
    name: str, facts: list[Any], random: Any, cuts: list[int]
) -> None:
    _, rules, limits = PROGRAMMES[name]
    log = facts + random.sample(facts, len(facts) // 4)
    random.shuffle(log)
    scored = Scored(VERSIONS[name])
    places = sorted({0, len(log), *(cut % (len(log) + 1) for cut in cuts)})
    for start, end in pairwise(places):
        scored.score(log[start:end])
    assert scored.amounts() == amounts(facts, rules, limits)
