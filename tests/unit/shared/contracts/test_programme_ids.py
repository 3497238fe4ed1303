"""Ids within a programme: each once in its list, and named only where they are."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from shared.contracts.programme import IdsError, Programme, RepeatedId, UnknownId
from shared.contracts.programme.document import IDS, REFERENCES
from shared.contracts.programme.ids import Path, Reference

RULE = {"id": "message", "title": "Wrote", "on": ["chat.message.v1"], "points": 1}
BADGE = {"id": "talker", "title": "Talks", "at_least": 10}
LEVEL = {"id": "one", "title": "One", "points": 0}
REWARD = {"id": "stickers", "title": "Stickers", "points": 50}


def programme(**sections: Any) -> dict[str, Any]:
    return {"programme": "small", "title": "Small", "rules": [RULE], **sections}


def refused(document: dict[str, Any]) -> IdsError:
    with pytest.raises(ValidationError) as invalid:
        Programme.model_validate(document)
    (details,) = invalid.value.errors()
    error = details["ctx"]["error"]
    assert isinstance(error, IdsError)
    assert details["msg"] == f"Value error, {error}"
    return error


@pytest.mark.parametrize(
    ("sections", "path", "message"),
    [
        ({"rules": [RULE, RULE]}, ("rules",), "rules: the id 'message' is used twice; ids must be unique"),
        (
            {"recognition": {"badges": [BADGE, BADGE]}},
            ("recognition", "badges"),
            "recognition.badges: the id 'talker' is used twice; ids must be unique",
        ),
        (
            {"recognition": {"levels": [LEVEL, LEVEL]}},
            ("recognition", "levels"),
            "recognition.levels: the id 'one' is used twice; ids must be unique",
        ),
        (
            {"rewards": {"catalogue": [REWARD, REWARD]}},
            ("rewards", "catalogue"),
            "rewards.catalogue: the id 'stickers' is used twice; ids must be unique",
        ),
    ],
)
def test_an_id_that_is_used_twice_in_its_list_is_refused(
    sections: dict[str, Any], path: Path, message: str
) -> None:
    error = refused(programme(**sections))

    assert str(error) == message
    (problem,) = error.problems
    assert isinstance(problem, RepeatedId)
    assert (problem.path, problem.earlier) == ((*path, 1, "id"), (*path, 0, "id"))


def test_a_badge_on_a_rule_that_is_not_there_is_refused() -> None:
    error = refused(programme(recognition={"badges": [{**BADGE, "rule": "mesage"}]}))

    assert str(error) == "recognition.badges: badge 'talker' counts rule 'mesage', which is not there"
    (problem,) = error.problems
    assert isinstance(problem, UnknownId)
    assert problem.path == ("recognition", "badges", 0, "rule")
    assert (problem.id, problem.reference.target.noun, problem.known) == ("mesage", "rule", ("message",))


def test_all_that_is_wrong_is_found_in_the_order_of_the_sections() -> None:
    badges = [BADGE, {**BADGE, "rule": "x"}, {**BADGE, "id": "third", "rule": "y"}, BADGE]
    error = refused(programme(rules=[RULE, RULE], recognition={"badges": badges}))

    assert [problem.path for problem in error.problems] == [
        ("rules", 1, "id"),
        ("recognition", "badges", 1, "id"),
        ("recognition", "badges", 3, "id"),
        ("recognition", "badges", 1, "rule"),
        ("recognition", "badges", 2, "rule"),
    ]
    assert str(error) == str(error.problems[0])


def test_one_id_may_be_used_in_several_lists() -> None:
    sections = {
        "recognition": {"badges": [{**BADGE, "id": "message", "rule": "message"}], "levels": [LEVEL]},
        "rewards": {"catalogue": [{**REWARD, "id": "message"}]},
    }

    assert Programme.model_validate(programme(**sections)).recognition.badges[0].rule == "message"


# What is declared is what there is.


def lists_with_ids(model: type[BaseModel], before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Where the lists of a model are whose items have an `id`, with the items' model; at any depth."""
    for name, field in model.model_fields.items():
        hint: Any = field.annotation
        parts = [hint, *get_args(hint)]
        # What may be left out is a list or None, perhaps with its bounds.
        parts += [inner for part in parts for one in (part, *get_args(part)) for inner in get_args(one)]
        for part in parts:
            if not isinstance(part, type) or not issubclass(part, BaseModel):
                continue
            if part is not hint and "id" in part.model_fields:
                yield (*before, name), part
            yield from lists_with_ids(part, (*before, name))


def test_every_list_of_items_with_ids_is_declared_once() -> None:
    found = dict(lists_with_ids(Programme))

    # Multipliers, measures, tiers, prizes, steps and choices are told apart within what they belong to.
    within = [
        *(("rules", "multipliers"), ("audiences", "measures")),
        *(("recognition", "badges", "tiers"), ("recognition", "boards", "prizes")),
        *(("recognition", "quests", "steps"), ("surveys", "ask", "choices")),
    ]
    assert sorted([*(ids.path for ids in IDS), *within]) == sorted(found)


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_reference_is_a_field_of_what_is_declared(reference: Reference) -> None:
    assert {reference.source, reference.target} <= set(IDS)
    assert reference.field in dict(lists_with_ids(Programme))[reference.source.path].model_fields
