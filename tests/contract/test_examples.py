"""Examples are valid, JSON Schema and pydantic agree on what is not, and derived ids are the services' own."""

import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from textwrap import dedent
from typing import Any
from uuid import UUID

import orjson
import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from services.ingest.events.domain.judgement import event_uid
from services.rewards.payouts import domain as payouts
from services.rewards.redemptions import domain as redemptions
from services.scoring.awards.domain.awards import amendment_id, award_id
from shared.contracts import activities, story
from shared.contracts.activities import ACTIVITIES, ACTIVITY_ADAPTER, in_person
from shared.contracts.programme import Programme
from shared.located_yaml import read_yaml
from shared.published.checks import assert_valid_fact
from shared.published.export import (
    EVENT_EXAMPLES,
    EVENTS_BY_TYPE,
    FACT_EXAMPLES,
    FACTS_BY_TYPE,
    event_schema,
    fact_schema,
    programme_schema,
)

ROOT = Path(__file__).parents[2]
EVENTS = [(kind, one) for kind, found in EVENT_EXAMPLES.items() for one in found]
FACTS = [(kind, one) for kind, found in FACT_EXAMPLES.items() for one in found]


def test_every_type_has_an_example() -> None:
    assert [kind for kind, found in EVENT_EXAMPLES.items() if found] == list(EVENTS_BY_TYPE)
    assert [kind for kind, found in FACT_EXAMPLES.items() if found] == list(FACTS_BY_TYPE)


def test_every_class_of_an_event_is_among_the_types() -> None:
    families = [
        import_module(f"{activities.__name__}.{family.name}") for family in iter_modules(activities.__path__)
    ]
    classes = {
        (found.__module__, name)
        for family in families
        for name, found in vars(family).items()
        if isinstance(found, type) and {"specversion", "type"} <= getattr(found, "__annotations__", {}).keys()
    }

    assert classes == {(envelope.__module__, envelope.__name__) for envelope in ACTIVITIES}


def test_the_type_that_contributing_adds_is_one() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    envelope, kind = (dedent(code) for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    names = vars(in_person).copy()
    exec(envelope + kind, names)  # noqa: S102 -- as if it stood in the family's file

    (example,) = names["TALK_GIVEN"].examples
    read = TypeAdapter(names["TalkGiven"]).validate_json(orjson.dumps(example))
    assert read["type"] == names["TALK_GIVEN"].name


@pytest.mark.parametrize(("kind", "example"), EVENTS)
def test_an_event_example_is_valid(kind: str, example: Any) -> None:
    Draft202012Validator(event_schema(kind)).validate(example)

    assert ACTIVITY_ADAPTER.validate_json(orjson.dumps(example))["type"] == kind


@pytest.mark.parametrize(("kind", "example"), FACTS)
def test_a_fact_example_is_valid(kind: str, example: Any) -> None:
    Draft202012Validator(fact_schema(kind)).validate(example)
    assert_valid_fact(example)

    assert TypeAdapter(FACTS_BY_TYPE[kind]).validate_python(example)["id"] == example["id"]


# The JSON Schema that a platform checks with must not promise what the service refuses, nor the reverse.

WRONG: tuple[Any, ...] = (None, 7, -1, 2**40, 1.5, True, "", "a\x00b", "x" * 20_000, [], {}, ["a"], {"A b": 1})


def variations(example: Any) -> Iterator[Any]:
    """The example with each field in turn taken out, of another value, or with one more beside it."""
    for place in places(example):
        *parents, last = place
        changed = deepcopy(example)
        del within(changed, parents)[last]
        yield changed
        for value in WRONG:
            changed = deepcopy(example)
            within(changed, parents)[last] = value
            yield changed
        changed = deepcopy(example)
        within(changed, parents)["unknown"] = "x"
        yield changed


def places(value: Any, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where each field is, in objects at any depth; of a list, in its first item."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield (*before, name)
            yield from places(one, (*before, name))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*before, 0))


def within(value: Any, place: list[str | int]) -> Any:
    for name in place:
        value = value[name]
    return value


def is_accepted(adapter: TypeAdapter[Any], message: Any) -> bool:
    try:
        adapter.validate_json(orjson.dumps(message))
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("kind", "example"), EVENTS)
def test_schema_and_service_agree_on_every_variation_of_an_event(kind: str, example: Any) -> None:
    validator = Draft202012Validator(event_schema(kind))
    adapter: TypeAdapter[Any] = TypeAdapter(EVENTS_BY_TYPE[kind])
    verdicts = []
    for message in variations(example):
        if isinstance(message.get("time"), str) and message["time"] != example["time"]:
            continue  # a format is an annotation in JSON Schema, and not checked
        verdicts.append(is_accepted(adapter, message))
        assert validator.is_valid(message) == verdicts[-1], message
    assert True in verdicts
    assert False in verdicts


#: What one field allows another to be, of which JSON Schema can say a part.
BETWEEN_FIELDS = {
    *("event_types", "twice_the_same", "gives_and_takes", "second_person_above_limit", "count_without_rule"),
    *("badge_by_hand", "badge_when", "badge_measure", "badge_nothing", "badge_tiers"),
    *("tier_twice", "tiers_fall", "limited_tiers", "points_of_no_score"),
    *("milestone_since", "milestone_since_rule", "milestone_nothing", "milestone_at", "milestone_together"),
    *("milestone_falls", "milestone_years", "milestone_title"),
    *("board_without_end", "prize_twice", "prizes_beyond", "board_public"),
    *("level_asks", "level_bounds", "level_number", "level_sum", "level_share", "level_reached", "level_kept"),
    *("level_grace", "level_opens", "levels_count", "gives_of_tiers", "gives_nothing", "quest_days"),
    *("step_twice", "step_rule_twice"),
    *("goal_metric", "goal_window"),
}


@pytest.mark.parametrize("path", sorted((ROOT / "programmes").glob("*.yaml")), ids=lambda path: path.stem)
def test_schema_and_service_agree_on_every_variation_of_a_programme(path: Path) -> None:
    validator = Draft202012Validator(programme_schema())
    document = read_yaml(path.read_text()).value
    validator.validate(document)
    for message in variations(document):
        try:
            Programme.model_validate(message)
        except ValidationError as error:
            kinds = {one["type"] for one in error.errors()}
            if kinds <= BETWEEN_FIELDS or "a limit has either" in str(error):
                continue
            # That ids are unique and known is beyond JSON Schema.
            expected = kinds == {"value_error"}
        else:
            expected = True
        assert validator.is_valid(message) == expected, message


def test_derived_ids_are_those_of_the_services() -> None:
    event = story.ACCEPTED_ANSWER

    assert event_uid("acme", event["source"], event["id"]) == story.ACCEPTANCE
    at = datetime.fromisoformat(event["time"])
    award = award_id(
        community="acme",
        rule_id="answer-accepted",
        beneficiary="object_author",
        event_uid=story.ACCEPTANCE,
        member_id=story.GRACE,
        event_time=at,
    )
    assert award == story.AWARD
    assert amendment_id(award, 1) == story.AMENDMENT
    (reserved,) = FACT_EXAMPLES["redemption.changed.v1"]
    assert str(redemptions.fact_id(UUID(story.REDEMPTION), "reserved")) == reserved["id"]
    settled, *_, returned = FACT_EXAMPLES["payout.changed.v1"]
    payout = payouts.payout_id(UUID(story.PAYOUT_RUN), UUID(story.GRACE))
    assert str(payout) == story.PAYOUT
    assert payouts.end_to_end_id(payout) == settled["data"]["end_to_end_id"]
    assert [str(payouts.fact_id(payout, state)) for state in ("settled", "returned")] == [
        settled["id"],
        returned["id"],
    ]
