"""What the console says of programmes: what changed, problems where they stand, conditions in words."""

import html
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from console.components.languages import Writer
from console.frame.rendering import Templates
from console.frame.static import load_static
from console.pages.programme.conditions import FIELDS, OWN, Clause, Words, in_words
from console.pages.programme.drafts import BEGINNING, Mending, problems, read_mending, starts_at
from console.pages.programme.words import EVENT_TYPES, NOUNS, WORDS
from shared.contracts.activities import ACTIVITY_TYPES, TARGETING_TYPES
from shared.contracts.programme import Programme
from shared.programme_changes import Detail, changes

RULE: dict[str, Any] = {
    "id": "accepted",
    "title": "Answer accepted",
    "on": ["forum.answer_accepted.v1"],
    "points": 10,
    "to": "object_author",
    "own": False,
    "limits": [],
}
PAYOUT = {
    "currency": "EUR",
    "points": 100,
    "minor": 100,
    "minimum_points": 500,
    "paying_account": {"name": "Makers", "iban": "NL91ABNA0417164300", "bic": "ABNANL2A"},
}


def document(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    sections = {"limits": [], "attributes": [], "recognition": {"badges": [], "levels": []}, "rewards": {}}
    return {"programme": "makers", "title": "Makers", "description": "", "rules": list(rules), **sections, **more}


def said(before: dict[str, Any] | None, after: dict[str, Any], language: str = "en") -> list[str]:
    """What a page says of the changes, one text each."""
    environment = Templates(load_static())._environments[language]
    template = environment.from_string(
        '{% from "pages/programme/words.html" import differences with context %}{{ differences(list) }}'
    )
    writer = Writer(language, ZoneInfo("UTC"))
    text = template.render(write=writer, list=changes(before, after), **WORDS)
    rows = re.findall(r"<li data-kind=.*?</li>", text, re.DOTALL)
    texts = [html.unescape(re.sub(r"<[^>]+>", " ", row)) for row in rows]
    return [re.sub(r"\s+", " ", text).strip().replace(" ,", ",") for text in texts]


def test_a_change_of_a_rule_is_said_in_a_sentence() -> None:
    before, after = document(RULE), document(RULE | {"points": 15})
    assert said(before, after) == ["Rule “Answer accepted” gives 15 points, was 10"]
    assert said(before, after, "it") == ["Regola “Answer accepted” dà 15 punti, prima 10"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"daily_cap": 30}, "now at most 30 points a day; there was no such limit"),
        ({"when": "data.length_chars >= 20"}, "asks now for data.length_chars >= 20"),
        ({"to": "actor"}, "goes to whoever did it, went to whose it is"),
        (
            {"on": ["forum.post.v1"]},
            "is for starting a topic on the forum, was for an answer that the asker accepted",
        ),
        (
            {"limits": [{"points": 9, "within": "week", "per": "pair"}]},
            "limits: at most 9 points a week for one other",
        ),
        ({"title": "Solved"}, "is called Solved, was Answer accepted"),
        ({"own": True}, "Also for what one did to one's own: yes, was no"),
    ],
)
def test_each_field_has_its_words(change: dict[str, Any], sentence: str) -> None:
    (only,) = said(document(RULE), document(RULE | change))
    assert sentence in only


def test_what_is_new_and_what_is_gone_is_said_with_what_it_means() -> None:
    other = RULE | {"id": "post", "title": "Started a topic", "on": ["forum.post.v1"], "to": "actor"}
    badge = {"id": "b", "title": "Helper", "rule": "post", "at_least": 5}
    recognition = {"badges": [badge], "levels": [{"id": "oak", "title": "Oak", "points": 1000}]}
    found = said(document(RULE), document(other, recognition=recognition, title="Menders"))
    assert found == [
        "The programme is called Menders, was Makers",
        "New: Rule “Started a topic”, 10 points To whoever did it, for starting a topic on the forum",
        "Gone: Rule “Answer accepted” What it gave stays. From then on it gives nothing.",
        "New: Badge “Helper” 5 times “Started a topic”",
        "New: Level “Oak”, 1,000 points",
    ]


RICH = RULE | {
    "points": 20,
    "points_by": {"cel": "data.length_chars / 50", "floor": 1},
    "multipliers": [{"id": "gold", "title": "Gold", "percent": 200, "when": 'member.tier == "gold"'}],
    "also": [{"to": "actor", "points": 2}],
    "cooldown": {"minutes": 10, "per": "pair"},
    "diminishing": {"within": "day", "percents": [100, 50]},
    "limits": [{"first": 3, "per": "everybody", "within": "quarter"}],
    "pending_days": 14,
    "expire_days": 1,
    "score": "help",
    "campaign": "spring",
    "goal": "answers",
    "reviewed": "2020-03-31",
}


def test_a_richer_rule_is_said_line_by_line() -> None:
    (text,) = said(document(), document(RICH))
    for line in (
        "only the first 3 a quarter for all members together",
        "Calculated, at least 1 and at most 20: data.length_chars / 50",
        'Multiplied by “Gold”: 200 % ( member.tier == "gold" )',
        "Also +2 to whoever did it",
        "Once it gave something, nothing for 10 minutes for one other person",
        "Less by the turn: worth, one after the other, 100 %, 50 %, a day",
        "Available 14 days later",
        "What is unused expires after a day",
        "Counts for the score “help”, and cannot be spent",
        "Of the campaign “spring”",
        "Serves the goal “answers”, reviewed 31 March 2020",
    ):
        assert line in text
    (italian,) = said(document(), document(RICH), "it")
    assert "solo i primi 3 al trimestre per tutti i membri insieme" in italian
    changed = {"cooldown": {"minutes": 5}, "diminishing": {"within": "week", "factor": 50}, "points_by": None}
    (other,) = said(document(RICH), document(RICH | changed))
    for line in (
        "Rests: nothing for 5 minutes, was nothing for 10 minutes for one other person",
        "Worth less by the turn: each further one 50 % of the one before, a week, was worth",
        "Calculated by: –, was data.length_chars / 50",
    ):
        assert line in other
    (taken,) = said(document(), document(RULE | {"points": -5}))
    assert "Nobody falls below 0 by it" in taken


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({}, "“Answered” each day"),
        ({"every": "week"}, "“Answered” on a day of each week"),
        ({"every": "week", "goal": 2}, "“Answered” on 2 days of each week"),
        ({"freezes": {"every": 4, "hold": 2}}, "“Answered” each day; a freeze for each 4 in a row"),
    ],
)
def test_a_streak_is_said_with_nothing_but_what_it_has(more: dict[str, Any], sentence: str) -> None:
    environment = Templates(load_static())._environments["en"]
    template = environment.from_string(
        '{% from "streaks.html" import about_streak with context %}{{ about_streak(one, {"answer": "Answered"}) }}'
    )
    streak = {"id": "daily", "title": "Here every day", "rules": ["answer"], **more}
    assert template.render(one=streak, write=Writer("en", ZoneInfo("UTC"))) == sentence


def test_money_is_marked_as_taking_a_second_person() -> None:
    dear = PAYOUT | {"minor": 120}
    before = document(RULE, rewards={"payout": PAYOUT, "catalogue": []})
    (payout,) = changes(before, document(RULE, rewards={"payout": dear, "catalogue": []}))
    assert (payout.takes_two, payout.details) == (True, [Detail("minor", 100, 120)])
    assert said(before, document(RULE, rewards={"payout": dear})) == [
        "Payouts What points are worth, in the smallest unit (cents): 120, was 100 money: takes a second person"
    ]
    assert said(before, document(RULE)) == ["Gone: Payouts money: takes a second person"]
    mug = {"id": "mug", "title": "Mug", "points": 300}
    (reward,) = changes(document(RULE), document(RULE, rewards={"catalogue": [mug]}))
    assert (reward.noun, reward.takes_two) == ("reward", False)


def test_two_that_say_the_same_have_no_change_and_a_first_one_has_all() -> None:
    assert changes(document(RULE), document(RULE | {"limits": None})) == []
    assert [(one.kind, one.noun) for one in changes(None, document(RULE))] == [("add", "rule")]


def test_every_type_that_earns_and_every_piece_has_its_words() -> None:
    assert set(EVENT_TYPES) == set(ACTIVITY_TYPES) - set(TARGETING_TYPES)
    sections = {
        "attribute",
        "rule",
        "limit",
        "badge",
        "level",
        "streak",
        "milestone",
        "reward",
        "payout",
        "score",
        "goal",
        "programme",
    }
    sections |= {"reason", "manual", "audience", "campaign", "counter", "category", "guidelines", "quality"}
    sections |= {"survey", "surveys"}
    assert set(NOUNS) == sections
    assert {field for _, field in OWN} <= set(FIELDS)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("data.length_chars >= 20", Words("and", [Clause(">=", "length_chars", 20)])),
        (
            'data.action == "closed" && has(data.merged) && data.merged',
            Words("and", [Clause("==", "action", "closed"), Clause("true", "merged")]),
        ),
        (
            "!has(data.actor.bot) || !data.actor.bot",
            Words("or", [Clause("has not", "actor.bot"), Clause("false", "actor.bot")]),
        ),
        ('data.repository in ["core", "docs"]', Words("and", [Clause("in", "repository", ["core", "docs"])])),
        ("data.repository == null", Words("and", [Clause("has not", "repository")])),
        ("data.merged != true", Words("and", [Clause("false", "merged")])),
        ('data.repository.startsWith("x-")', Words("and", [Clause("startsWith", "repository", "x-")])),
        ("quality >= 0.7", Words("and", [Clause(">=", "quality", 0.7)])),
        ("judge_trust > 0.5", Words("and", [Clause(">", "judge_trust", 0.5)])),
        ("event.time.getDayOfWeek() in [0, 6]", None),
        ("(data.parents > 1 || data.squash) && data.forced", None),
        ("data.length_chars >", None),
        ("data", None),
        ("size(data.tags) > 2", None),
    ],
)
def test_a_usual_condition_is_said_in_words_and_no_other(condition: str, words: Words | None) -> None:
    assert in_words(condition) == words


def test_a_problem_stands_where_it_is_with_what_mends_it() -> None:
    text = "a: b\n    when: data.lenght_chars >= 40\n"
    detail = "forum.reply.v1 has no field `data.lenght_chars`; did you mean `length_chars`?"
    (one,) = problems([{"line": 2, "column": 11, "detail": detail}], text)
    assert (one.before, one.wrong, one.after) == ("when: ", "data.lenght_chars", " >= 40")
    assert one.length == 17
    assert one.mending == Mending(2, "data.lenght_chars", "data.length_chars")
    assert read_mending(one.mending.said()) == one.mending
    assert one.mending.of(text) == text.replace("lenght", "length")


@pytest.mark.parametrize("place", [{"line": 9, "column": 1}, {"line": 1, "column": 99}, {"line": None}, {}])
def test_a_place_that_is_not_in_the_text_breaks_nothing(place: dict[str, Any]) -> None:
    (one,) = problems([{**place, "detail": "`x` is not one of them; did you mean `y`?"}], "a: b\n")
    assert one.mending is None


@pytest.mark.parametrize("button", ["", "x", "1:", "1::", "x:a:b", "1:a", "9999999:a:b", ":::"])
def test_a_button_that_mends_nothing_is_none(button: str) -> None:
    assert read_mending(button) is None


def test_a_line_that_has_changed_meanwhile_is_left_as_it_is() -> None:
    for mending in (Mending(2, "x", "y"), Mending(9, "a", "b"), Mending(0, "a", "b"), Mending(1, "", "b")):
        assert mending.of("a: b\nc: d") == "a: b\nc: d"


def test_a_start_is_of_the_communitys_time() -> None:
    rome = ZoneInfo("Europe/Rome")
    assert starts_at("2026-12-01T09:00", rome) == datetime(2026, 12, 1, 8, tzinfo=UTC)
    for said_so in ("", "soon", "2026-13-01T00:00", "2026-12-01T09:00+00:00", "0001-01-01T00:00"):
        assert starts_at(said_so, rome) is None


def test_what_one_begins_with_is_a_programme() -> None:
    from services.scoring.programmes.domain.reading import read_programme  # noqa: PLC0415 -- of scoring alone

    read = read_programme(BEGINNING.format(programme="makers", title='"Makers: \\"we\\""'))
    assert isinstance(read, Programme)


def test_reasons_for_points_by_hand_and_their_limit_are_said_in_words() -> None:
    manual = {
        "reasons": [{"id": "booth", "title": "Helped at the booth"}],
        "limit": {"points": 200, "within": "month"},
        "second_person_from": 100,
    }
    before = document(RULE, manual=manual)
    more = {"id": "mistake", "title": "By mistake", "takes": True}
    after = document(RULE, manual=manual | {"reasons": [*manual["reasons"], more], "second_person_from": 50})
    assert [(one.kind, one.noun, one.id) for one in changes(before, after)] == [
        ("add", "reason", "mistake"),
        ("mod", "manual", "manual"),
    ]
    (_, limits) = changes(before, after)
    assert limits.details == [Detail("second_person_from", 100, 50)]
    assert changes(before, before) == []


def test_what_changes_about_quality_is_said_field_by_field() -> None:
    quality = {"trusted": {"staff": True, "after_days": 365}, "weights": {"voted": 100}}
    before, after = document(RULE, quality=quality), document(RULE, quality=quality | {"weights": {"voted": 50}})
    (change,) = changes(before, after)
    assert (change.kind, change.noun, change.details) == ("mod", "quality", [Detail("weights.voted", 100, 50)])
