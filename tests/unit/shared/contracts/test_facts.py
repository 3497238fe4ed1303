"""Each type of fact says of itself what its classes say, and readers of today take the facts of tomorrow."""

from copy import deepcopy
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import TypeAdapter

from shared.contracts.facts import FACTS, MEMBER_IDENTIFIED, FactType
from shared.published.export import FACT_EXAMPLES, FACTS_BY_TYPE

EXAMPLES = [(kind, one) for kind, examples in FACT_EXAMPLES.items() for one in examples]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_a_type_has_the_name_and_the_data_of_its_envelope(fact: FactType[Any]) -> None:
    hints = get_type_hints(fact.envelope)

    assert get_args(hints["type"]) == (fact.name,)
    assert hints["data"] == fact.data
    assert [example["type"] for example in fact.examples] == [fact.name] * len(fact.examples)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_a_type_reads_its_messages_with_one_adapter(fact: FactType[Any]) -> None:
    assert fact.adapter is fact.adapter
    assert fact.adapter.validate_python(fact.examples[0])["type"] == fact.name


def test_names_are_those_of_one_type_each() -> None:
    assert len({fact.name for fact in FACTS}) == len(FACTS)


def with_unknown_fields(value: Any) -> Any:
    if isinstance(value, dict):
        if value and all(type(one) is int for one in value.values()):
            return value  # numbers by names that a programme chose: it has no fields
        # What a text may name is no field either, nor is a currency.
        mapped = ("values", "units")
        inner = {name: one if name in mapped else with_unknown_fields(one) for name, one in value.items()}
        return {**inner, "of_tomorrow": {"x": 1}}
    return [with_unknown_fields(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_readers_ignore_fields_they_do_not_know_at_every_level(kind: str, example: Any) -> None:
    read = TypeAdapter(FACTS_BY_TYPE[kind]).validate_python(with_unknown_fields(example))

    assert read["id"] == example["id"]
    assert "of_tomorrow" not in read


def test_readers_take_a_channel_that_is_added_later() -> None:
    fact = deepcopy(FACT_EXAMPLES["member.identified.v1"][0])
    fact["data"]["channel"] = "video"
    fact["data"]["identities"][0]["channel"] = "video"

    assert MEMBER_IDENTIFIED.adapter.validate_python(fact)["data"]["identities"][0]["channel"] == "video"
