"""What boards of a programme take, and what is wrong with some, with line and column."""

from typing import Any

import pytest
import yaml

from plaudit.board import board_lines, result_lines
from plaudit.programme.asking import boards_lines
from services.scoring.programmes.api.models import BoardsTake
from services.scoring.programmes.domain.boards import BoardsKept, boards_kept
from services.scoring.programmes.domain.reading import read_programme
from shared.contracts.programme import Programme

RULE = {"id": "post", "title": "Posted", "on": ["forum.post.v1"], "points": 1}


def text(*boards: dict[str, Any]) -> str:
    document = {"programme": "p", "title": "P", "rules": [RULE], "recognition": {"boards": list(boards)}}
    return yaml.safe_dump(document, sort_keys=False)


def programme(*boards: dict[str, Any]) -> Programme:
    found = read_programme(text(*boards))
    assert isinstance(found, Programme)
    return found


def test_what_boards_take_is_said_before_they_are_published() -> None:
    assert boards_kept(programme({"id": "a", "title": "A"})) == BoardsKept(1, 1, 200)
    kept = boards_kept(
        programme(
            {"id": "a", "title": "A", "size": 10},
            {"id": "b", "title": "B", "period": "week", "freeze_after_days": 8, "size": 10},
            {"id": "c", "title": "C", "period": "day", "size": 1},
        )
    )
    # The week under way and two before it that are not final.
    assert kept == BoardsKept(3, 1 + 3 + 1, 20 + 600 + 60)
    take = BoardsTake.of(kept)
    assert take is not None
    assert boards_lines(take.model_dump()) == [
        "its boards (3) take up to 5 rows a member, 1,350 MB for each million members and 450 for each million"
        " events that give points on all of them, and 0.1 MB for results"
    ]
    assert boards_lines(None) == []
    assert BoardsTake.of(BoardsKept(0, 0, 0)) is None


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"score": "none"}, "there is no score `none`"),
        ({"audience": "none"}, "there is no audience `none`"),
        ({"channel": "pigeon"}, "`pigeon` is not one of them"),
        ({"period": "decade"}, "`decade` is not one of them"),
        ({"freeze_after_days": 3}, "has no end"),
        ({"size": 5000}, "1000"),
        ({"kind": "tall"}, "there is no field `kind` here"),
    ],
)
def test_what_is_wrong_with_a_board_is_said_where_it_stands(said: dict[str, Any], wrong: str) -> None:
    found = read_programme(text({"id": "a", "title": "A", **said}))
    assert not isinstance(found, Programme)
    (one,) = found
    assert wrong in one.detail
    assert one.line >= 10


def test_the_points_that_can_be_spent_may_be_named() -> None:
    (board,) = programme({"id": "a", "title": "A", "score": "points"}).recognition.boards or []
    assert board.of_score is None


def test_boards_in_words() -> None:
    board = {
        "id": "month",
        "title": "This month",
        "description": "",
        "period": "month",
        "score": None,
        "audience": {"id": "helpers", "title": "Helpers"},
        "channel": "forum",
        "is_whole": False,
        "starts_on": "2026-01-01",
        "ends_on": "2026-01-31",
        "freeze_after_days": 3,
        "since": "2026-01-05",
    }
    entry = {"rank": 1, "name": "Ada", "member_id": "1", "points": 1200, "prizes": ["Dinner"]}
    items = [
        entry | {"moved": {"is_new": False, "by": 2}},
        entry | {"rank": 2, "name": None, "points": 7, "moved": {"is_new": True, "by": None}, "prizes": []},
        entry | {"rank": 3, "points": 6, "moved": None},
    ]
    assert board_lines({"board": board, "members": 3, "items": items}) == [
        "This month (month): month, points, on forum, of helpers",
        "2026-01-01 to 2026-01-31, final 3 days after",
        "3 on it",
        "what was before 2026-01-05 is not on it",
        "     1  Ada  1,200  +2",
        "     2  1  7  new",
        "     3  Ada  6",
    ]
    result = {
        "title": "This month",
        "starts_on": "2026-01-01",
        "ends_on": "2026-01-31",
        "is_final": True,
        "members": 3,
        "late_awards": 1,
        "late_points": 5,
    }
    assert result_lines({"board": board, "result": result, "items": items[:2]}) == [
        "This month, 2026-01-01 to 2026-01-31",
        "final; 3 were on it",
        "1 awards came later, of 5 points",
        "     1  Ada  1,200  Dinner",
        "     2  1  7",
    ]
