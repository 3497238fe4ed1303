"""Quests and what grants give in a programme: what is wrong is said at its place."""

import pytest

from services.scoring.programmes.domain.reading import read_programme
from shared.contracts.programme import Board, Programme

BEGUN = """\
programme: demo
title: Demo
attributes:
  - {id: tier, title: Tier, for_rules: true}
rules:
  - {id: reply, title: Answered, on: [forum.reply.v1], points: 1}
  - {id: ask, title: Asked, on: [forum.post.v1], points: 1}
  - {id: paid, title: Paid, on: [forum.reply.v1], points: 1, when: has(member.tier)}
rewards:
  catalogue:
    - {id: mug, title: Mug, points: 100, stock: 5}
  draws:
    - {id: spring, title: Spring, reward: mug, ends: "2026-05-31", winners: 2}
recognition:
  prize_points: {budget: 10000, limit: {points: 100, within: month}}
"""
ASK = "{id: ask, title: Ask, rule: ask}"


def said(recognition: str) -> list[tuple[str, str]]:
    read = read_programme(f"{BEGUN}  {recognition}\n")
    return [] if isinstance(read, Programme) else [(one.field, one.detail) for one in read]


@pytest.mark.parametrize(
    "quest",
    [
        f"steps: [{ASK}, {{id: r, title: R, rule: reply, times: 3}}], gives: {{points: 50, ticket: spring}}",
        f"steps: [{ASK}, {{id: again, title: Again, rule: ask}}], in_order: true, within_days: 14",
        f"""steps: [{ASK}], starts: "2026-01-01", ends: "2026-01-31", team: {{max_members: 5}}""",
        f"steps: [{ASK}], gives: {{reward: mug}}",
    ],
)
def test_all_kinds_of_quests(quest: str) -> None:
    assert said(f"quests: [{{id: q, title: Q, {quest}}}]") == []


def test_a_board_leaves_out_what_came_with_grants_where_its_prizes_give_such_points() -> None:
    prizes = "[{id: x, title: X, gives: {points: 5}}, {id: y, title: Y, gives: {reward: mug}}]"
    assert said(f"boards: [{{id: b, title: B, period: week, prizes: {prizes}}}]") == []
    of = {"id": "b", "title": "B", "period": "week"}
    gives = {"prizes": [{"id": "x", "title": "X", "gives": {"points": 5}}]}
    assert Board.model_validate(of | gives).leaves_out_granted
    assert not Board.model_validate(of | gives | {"score": "help"}).leaves_out_granted
    given = {"prizes": [{"id": "x", "title": "X", "gives": {"reward": "mug"}}]}
    assert not Board.model_validate(of | given).leaves_out_granted
    assert not Board.model_validate(of).leaves_out_granted


@pytest.mark.parametrize(
    ("section", "field", "words"),
    [
        (
            "quests: [{id: q, title: Q, steps: [{id: a, title: A, rule: aks}]}]",
            "/steps/0/rule",
            "did you mean `ask`?",
        ),
        ("quests: [{id: q, title: Q, steps: [{id: a, title: A, rule: paid}]}]", "/steps/0/rule", "a quest counts"),
        (
            f"quests: [{{id: q, title: Q, steps: [{ASK}, {{id: b, title: B, rule: ask}}]}}]",
            "/quests/0",
            "go by one rule",
        ),
        (f"quests: [{{id: q, title: Q, steps: [{ASK}, {ASK}], in_order: true}}]", "/quests/0", "have one id"),
        (
            f"""quests: [{{id: q, title: Q, steps: [{ASK}], starts: "2026-02-01", ends: "2026-01-01"}}]""",
            "/quests/0",
            "or later",
        ),
        (f"quests: [{{id: q, title: Q, steps: [{ASK}], gives: {{}}}}]", "/gives", "say what it gives"),
        ("badges: [{id: b, title: B, at_least: 5, gives: {reward: mgu}}]", "/gives/reward", "did you mean `mug`?"),
        (
            "boards: [{id: b, title: B, period: week, prizes: [{id: x, title: X, gives: {reward: mgu}}]}]",
            "/boards/0/prizes/0/gives/reward",
            "did you mean `mug`?",
        ),
        ("levels: [{id: b, title: B, points: 5, gives: {ticket: autumn}}]", "/gives/ticket", "there is no draw"),
        (
            "badges: [{id: b, title: B, rule: ask, gives: {points: 5}, tiers: "
            "[{id: x, title: X, at_least: 1}, {id: y, title: Y, at_least: 2}]}]",
            "/badges/0",
            "says of each",
        ),
        (
            "badges: [{id: b, title: B, when: 'points >= 5', gives: {points: 5}}]",
            "/badges/0/when",
            "write `earned_points`",
        ),
        (
            """badges: [{id: b, title: B, when: 'quest("q") > 0'}]""",
            "/badges/0/when",
            "there is no quest `q`",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_place(section: str, field: str, words: str) -> None:
    found = said(section)
    assert any(at.endswith(field) and words in detail for at, detail in found), found


def test_a_badge_may_ask_for_a_quest_and_for_points_that_were_earned() -> None:
    assert (
        said(
            """badges: [{id: b, title: B, when: 'quest("q") >= 1 && earned_points > 5', gives: {points: 5}}]\n"""
            f"  quests: [{{id: q, title: Q, steps: [{ASK}]}}]"
        )
        == []
    )
