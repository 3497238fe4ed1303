"""The guide's examples of richer rules, run: what they give, to whom, and why not more."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from services.scoring.awards.domain.awards import make, of_claim
from services.scoring.awards.domain.reasons import why_less
from services.scoring.limits.domain.allotting import Window, give_room, settle
from services.scoring.limits.domain.claims import Claim
from services.scoring.limits.domain.windows import Kind, Limit, Within
from services.scoring.programmes.domain.reading import document_of, read_programme, read_with_warnings
from services.scoring.rules.domain.attributes import Known, MemberKey, Said
from services.scoring.rules.domain.compiling import compile_version
from services.scoring.rules.domain.matching import Matched, match
from services.scoring.rules.domain.worth import nearest
from shared.calendars import Calendar, Reckoning
from shared.contracts.programme import Programme

GUIDE = (Path(__file__).parents[5] / "docs" / "programmes.md").read_text(encoding="utf-8")
#: A Tuesday.
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
RULE = "  - {id: a, title: A, on: [forum.post.v1], points: 9, "
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def of_guide(name: str) -> Programme:
    (text,) = (one for one in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL) if f"programme: {name}\n" in one)
    programme = read_programme(text)
    assert isinstance(programme, Programme), programme
    return programme


def programme_of(rules: str, head: str = "") -> Programme:
    programme = read_programme(f"programme: demo\ntitle: Demo\n{head}rules:\n{rules}\n")
    assert isinstance(programme, Programme), programme
    return programme


def member(name: str) -> str:
    return str(uuid5(UUID(int=0), name))


def event(kind: str, at: datetime = NOON, by: str = "ann", of: str | None = None, **data: Any) -> Any:
    """Something that a member did, perhaps to somebody else's."""
    name = f"{kind} {at} {by} {of} {data}"
    said = {"type": kind, "id": name, "uid": str(uuid5(UUID(int=1), name)), "source": "s", "community": "acme",
            "time": at, "receivedat": at, "member": member(by), "data": {"channel": "forum"} | data}  # fmt: skip
    if of is None:
        return said
    return said | {("replymember" if kind == "forum.reply.v1" else "objectmember"): member(of)}


class Given:
    """What a programme gives for events, in the order of their times, and why not more."""

    def __init__(self, programme: Programme, *events: Any, known: Known | None = None) -> None:
        version = compile_version(programme, 1, LONG_AGO)
        self.matched = Matched()
        self.windows: dict[bytes, Window] = {}
        self.claims: list[Claim] = []
        self.awards: list[Any] = []
        for one in events:
            matched = match([one], {"acme": [version]}, known=known or {})
            self.matched.add(matched)
            made = make(matched.candidates, {})
            for name in (name for claim in made.claims for name in claim.windows):
                self.windows.setdefault(name, Window())
            late = give_room(made.claims, self.windows)
            if late:
                settle(late, self.claims, self.windows)
            self.claims += made.claims
            self.awards += made.awards
        self.document = document_of(programme)

    def points(self, rule: str) -> list[tuple[str, int]]:
        """Whom a rule gave points, by the time of events; taken below 0."""
        found = [(one.event_time, one.member_id, one.points) for one in self.awards if one.rule_id == rule]
        found += [
            (one.event_time, one.member_id, one.due) for one in self.claims if one.rule_id == rule and one.due
        ]
        names = {member(name): name for name in ("ann", "bob", "cy", "mod")}
        return [(names[who], points) for _, who, points in sorted(found, key=lambda one: one[0])]

    def why(self) -> list[tuple[str, str]]:
        """Why rules gave nothing, or less."""
        declined = [
            *self.matched.declined,
            *(one for claim in self.claims if (one := why_less(claim, self.document))),
        ]
        return [(one.rule_id, one.reason) for one in declined if one.reason != "no_beneficiary"]


def amounts(given: Given, rule: str) -> list[int]:
    return [points for _, points in given.points(rule)]


def replies(*minutes_and_chars: tuple[int, int], day: datetime = NOON, to: Sequence[str] = ("bob",)) -> list[Any]:
    return [
        event("forum.reply.v1", day + timedelta(minutes=minutes), "ann", to[place % len(to)], length_chars=chars)
        for place, (minutes, chars) in enumerate(minutes_and_chars)
    ]


def test_points_are_calculated_to_the_nearest_whole_between_floor_and_ceiling() -> None:
    # 10 / 50 = 0.2 is at least 1; 125 / 50 = 2.5 is 3; 124 / 50 is 2; 5,000 is cut to 20, the half of which is 10.
    given = Given(of_guide("richer"), *replies((0, 10), (20, 125), (40, 5_000)))
    assert amounts(given, "answer") == [1, 3, 10]
    assert [nearest(one) for one in (2.5, 2.4999, -0.5, -2.5, 0.49999999999999994, 3)] == [3, 2, 0, -2, 0, 3]


def test_multipliers_that_apply_multiply_one_another_and_are_rounded_once() -> None:
    saturday = datetime(2026, 4, 4, 12, tzinfo=UTC)
    gold: Known = {MemberKey("acme", member("ann")): {"tier": [Said(LONG_AGO, LONG_AGO, "gold")]}}
    richer = of_guide("richer")
    assert amounts(Given(richer, *replies((0, 250)), known=gold), "answer") == [10]
    assert amounts(Given(richer, *replies((0, 250), day=saturday)), "answer") == [8]  # 7.5
    assert amounts(Given(richer, *replies((0, 250), day=saturday), known=gold), "answer") == [15]
    read = Given(richer, *replies((0, 250)), known=gold).matched.read
    assert [(one.rule_id, one.name, one.value) for one in read] == [("answer", "tier", "gold")]


def test_a_rule_rests_for_a_pair_and_is_worth_less_by_the_turn() -> None:
    given = Given(of_guide("richer"), *replies((0, 500), (9, 500), (10, 500), (11, 500), (30, 500), (60, 500)))
    assert amounts(given, "answer") == [10, 10, 5, 3]
    assert [reason for _, reason in given.why()] == ["cooldown", "cooldown", "diminished", "diminished"]
    two = Given(of_guide("richer"), *replies((0, 500), (1, 500), (2, 500), to=("bob", "cy")))
    assert amounts(two, "answer") == [10, 10]


def test_one_rule_is_for_several_each_once() -> None:
    both = Given(of_guide("richer"), event("forum.answer_accepted.v1", by="bob", of="ann"))
    assert sorted(both.points("accepted")) == [("ann", 15), ("bob", 2)]
    assert len({claim.award_id for claim in both.claims}) == 2
    assert {claim.slot for claim in both.claims} == {"object_author", "actor"}
    awards = [award for claim in both.claims if (award := of_claim(claim, "limit"))]
    terms = {(award.available_at, award.expires_at, award.score) for award in awards}
    assert terms == {(NOON + timedelta(days=14), NOON + timedelta(days=365), None)}
    alone = Given(of_guide("richer"), event("forum.answer_accepted.v1", by="ann", of="ann"))
    assert alone.points("accepted") == []
    # Who is the author of the thing and of what it answers gets what the first says.
    text = (
        "  - {id: r, title: R, on: [code.review.v1], to: object_author, points: 5, also: [{to: reply_author}]}\n"
    )
    review = event("code.review.v1", of="bob") | {"replymember": member("bob")}
    twice = Given(programme_of(text), review)
    assert twice.points("r") == [("bob", 5)]
    assert twice.why() == [("r", "twice")]
    assert Given(programme_of(text), review | {"replymember": member("cy")}).points("r") == [("bob", 5), ("cy", 5)]


def test_points_are_of_the_score_that_the_rule_names() -> None:
    (award,) = Given(of_guide("richer"), event("kudos.given.v1", of="bob")).awards
    assert (award.score, award.points) == ("helpfulness", 1)


def test_points_are_taken_as_far_as_there_are_some_above_the_floor() -> None:
    upheld = {"decision": "upheld"}
    facts = [
        event("moderation.decided.v1", NOON, "mod", "bob", **upheld),
        event("forum.answer_accepted.v1", NOON + timedelta(hours=1), "ann", "bob"),
        event("moderation.decided.v1", NOON + timedelta(hours=2), "mod", "bob", **upheld),
        event("forum.answer_accepted.v1", NOON + timedelta(hours=3), "ann", "bob"),
    ]
    given = Given(of_guide("richer"), *facts)
    assert given.points("spam") == [("bob", -15)]
    assert given.why() == [("spam", "floor"), ("spam", "floor")]
    earlier = event("forum.answer_accepted.v1", NOON - timedelta(hours=1), "cy", "bob")
    late = Given(of_guide("richer"), *facts, earlier)
    assert late.points("spam") == [("bob", -15), ("bob", -15)]


@pytest.mark.parametrize(
    ("cel", "data", "reason"),
    [
        ("data.length_chars", {}, "points_failed"),
        ("data.length_chars * 1000000000000", {"length_chars": 10**9}, "points_failed"),
        ("0.4", {}, "no_points"),
        ("-3", {}, "no_points"),
        ("1.0 / 0.0", {}, "points_failed"),
    ],
)
def test_what_comes_to_no_points_gives_nothing(cel: str, data: Any, reason: str) -> None:
    programme = programme_of(
        f"  - {{id: a, title: A, on: [forum.post.v1], points: 9, points_by: {{cel: '{cel}'}}}}\n"
    )
    given = Given(programme, event("forum.post.v1", **data))
    assert given.why() == [("a", reason)]


def test_limits_are_over_groups_hours_quarters_and_campaigns() -> None:
    hours = [datetime(2026, 3, 31, 21, 5, tzinfo=UTC) + timedelta(minutes=25 * place) for place in range(6)]
    given = Given(of_guide("together"), *(event("forum.post.v1", at) for at in hours))
    assert amounts(given, "post") == [5, 5, 5]  # at 21:05, 22:20 and 23:10; not at 21:30, 21:55, 22:45 …
    days = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=place) for place in range(120)]
    both = Given(
        of_guide("together"),
        *(event(kind, at) for at in days for kind in ("forum.post.v1", "forum.reply.v1")),
    )
    by_quarter = {1: 0, 2: 0}
    for claim in both.claims:
        by_quarter[(claim.event_time.month + 2) // 3] += claim.due
    assert by_quarter == {1: 200, 2: 200}
    came = [event("in_person.check_in.v1", NOON + timedelta(days=n), object={"id": f"m{n}"}) for n in range(3)]
    assert amounts(Given(of_guide("together"), *came), "early") == [50, 50]
    crowd = [event("in_person.check_in.v1", NOON, f"m{n}", object={"id": "one"}) for n in range(25)]
    assert sum(claim.due > 0 for claim in Given(of_guide("together"), *crowd).claims) == 20


@pytest.mark.parametrize(
    ("zone", "moment", "other", "same"),
    [
        # The clocks go forward in Berlin: the day has 23 hours, and an hour of UTC is one hour all the same.
        ("Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", {"hour": False, "day": True}),
        # They go back in New York: the two hours that are called one are two.
        ("America/New_York", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", {"hour": False, "day": True}),
        # Midnight in Nepal is within an hour of UTC, which it cuts.
        ("Asia/Kathmandu", "2026-05-01T18:10:00Z", "2026-05-01T18:20:00Z", {"hour": False, "day": False}),
        ("Europe/Berlin", "2026-03-31T21:59:59Z", "2026-03-31T22:00:00Z", {"quarter": False, "month": False}),
        ("UTC", "2028-02-29T23:59:59Z", "2028-03-01T00:00:00Z", {"month": False, "quarter": True, "year": True}),
        ("Pacific/Kiritimati", "2025-12-31T09:59:59Z", "2025-12-31T10:00:00Z", {"year": False, "quarter": False}),
        ("UTC", "2026-12-31T12:00:00Z", "2027-01-01T12:00:00Z", {"week": True, "year": False, "quarter": False}),
    ],
)
def test_times_end_where_the_communitys_do(zone: str, moment: str, other: str, same: dict[str, bool]) -> None:
    calendar = Calendar([Reckoning(None, zone, "monday")])

    def window(within: str, at: datetime) -> bytes | None:
        limit = Limit("l", frozenset({"r"}), Kind.POINTS, 1, Within(within))
        day: date = calendar.said_day(at) or at.date()
        return limit.window(
            community="acme", member_id="m", other_id=None, object_id=None, day=day,
            week=calendar.said_week(at), event_time=at,
        )  # fmt: skip

    one, two = datetime.fromisoformat(moment), datetime.fromisoformat(other)
    assert {within: window(within, one) == window(within, two) for within in same} == same


@pytest.mark.parametrize("start", ["monday", "sunday", "saturday"])
def test_weeks_begin_on_the_communitys_day(start: Any) -> None:
    calendar = Calendar([Reckoning(None, "UTC", start)])
    limit = Limit("l", frozenset({"r"}), Kind.FIRST, 1, Within.WEEK)
    days = [NOON + timedelta(days=place) for place in range(7)]
    windows = [
        limit.window(
            community="acme", member_id="m", other_id=None, object_id=None, day=at.date(),
            week=calendar.said_week(at), event_time=at,
        )
        for at in days
    ]  # fmt: skip
    moved = (at for at, one, before in zip(days[1:], windows[1:], windows, strict=False) if one != before)
    assert [at.strftime("%A").lower() for at in moved] == [start]


def test_an_old_review_is_warned_of_and_goals_are_known_where_they_are_declared() -> None:
    text = re.findall(r"```yaml\n(programme: richer.*?)```", GUIDE, re.DOTALL)[0]
    assert read_with_warnings(text, reviewed_since=date(2026, 3, 31)).warnings == []
    (warning,) = read_with_warnings(text, reviewed_since=date(2026, 4, 1)).warnings
    assert (warning.field, "last reviewed before 2026-04-01" in warning.detail) == ("/rules/0/reviewed", True)
    unknown = read_programme(text.replace("goal: answers", "goal: answer"))
    assert isinstance(unknown, list)
    assert [one.detail for one in unknown] == ["there is no goal `answer`; did you mean `answers`?"]
    free = "  - {id: a, title: A, on: [forum.post.v1], points: 9, goal: anything}\n"
    assert programme_of(free).rules[0].goal == "anything"


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (RULE + "also: [{to: actor}]}", "`to` and `also` name each person once"),
        (RULE + "also: [{to: object_author, points: -1}]}", "one rule gives to all, or takes from all; write two"),
        (
            RULE + "multipliers: [{id: m, title: M, percent: 200}, {id: m, title: N, percent: 50}]}",
            "each multiplier has an `id` of its own",
        ),
        (RULE + "floor: 0}", "`floor` says how far points are taken; this rule gives some"),
        (RULE + "score: help}", "there is no score `help`; known are points"),
        (RULE + "reviewed: 2026-02-30}", "day is out of range for month; got `2026-02-30`"),
        (RULE + "diminishing: {within: day}}", "diminishing returns have either `percents` or a `factor`"),
        (
            RULE + "diminishing: {within: campaign, factor: 50}}",
            "it is within a campaign, and the rule is of none",
        ),
        (RULE + "points_by: {cel: data.nothing}}", "has no field `data.nothing`"),
        (RULE + "multipliers: [{id: m, title: M, percent: 200, when: data.channel}]}", "must be true or false"),
        (
            RULE + "points_by: {cel: '[data].map(x, [x]).map(y, [y]).size()'}}",
            "at most 1 of all, exists, exists_one, map or filter",
        ),
        (
            RULE + "limits: [{first: 1, within: day}, {count: 2, within: week}]}",
            "the first are counted in order of time, and under the limit of awards",
        ),
        (RULE + "grace_minutes: 5, limits: [{first: 1, per: everybody, within: day}]}", "gives its room back"),
        (
            RULE + "limits: [{points: 90, per: everybody, within: day}]}\n"
            "  - {id: b, title: B, on: [forum.post.v1], points: -1}",
            "room that everybody shares cannot be over rules of a score that something is taken from",
        ),
        (
            RULE + "group: g}\n  - {id: b, title: B, on: [forum.post.v1], points: -1, group: g}\n"
            "limits: [{id: l, group: g, points: 9, within: day}]",
            "it is over rules that give and rules that take",
        ),
        (
            RULE + "daily_cap: 9}\nlimits: [{id: l, group: h, points: 9, within: day}]",
            "no rule is of the group `h`",
        ),
        (RULE + "daily_cap: 9}\nlimits: [{id: l, points: 9, within: day}]", "either its `rules` or a `group`"),
    ],
)
def test_what_cannot_be_is_refused_in_words(text: str, detail: str) -> None:
    found = read_programme(f"programme: demo\ntitle: Demo\nrules:\n{text}\n")
    assert isinstance(found, list)
    assert any(detail in one.detail for one in found), found


def test_expressions_on_a_type_have_a_bound_together() -> None:
    dear = 'data.channel.matches("(a|b){20}") ? 1 : 2'
    rules = [
        f"  - {{id: r{n}, title: R, on: [forum.post.v1], points: 9, points_by: {{cel: '{dear}'}}}}"
        for n in range(200)
    ]
    found = read_programme("programme: demo\ntitle: Demo\nrules:\n" + "\n".join(rules))
    assert isinstance(found, list)
    assert any("and may take 5,000 together" in one.detail for one in found), found
