"""What readers of today make of the facts of tomorrow."""

from copy import deepcopy
from typing import Any

import pytest
from pydantic import TypeAdapter

from shared.contracts.facts import FACT_EXAMPLES, MEMBER_IDENTIFIED
from shared.published.export import FACTS_BY_TYPE

EXAMPLES = [(kind, one) for kind, examples in FACT_EXAMPLES.items() for one in examples]


def with_unknown_fields(value: Any) -> Any:
    if isinstance(value, dict):
        return {**{name: with_unknown_fields(one) for name, one in value.items()}, "of_tomorrow": {"x": 1}}
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

    assert MEMBER_IDENTIFIED.validate_python(fact)["data"]["identities"][0]["channel"] == "video"
