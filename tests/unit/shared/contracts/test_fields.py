"""Values at the edge of what JSON writers and readers hold."""

import orjson
import pytest

from shared.contracts.activities import ACTIVITY_ADAPTER
from shared.published.export import EVENT_EXAMPLES


@pytest.mark.parametrize("number", ["0", "-9223372036854775808", "9223372036854775807", "1.5", "-0.0"])
def test_a_number_is_kept_as_it_was_sent(number: str) -> None:
    read = ACTIVITY_ADAPTER.validate_json(event_with(number))

    assert orjson.dumps(read["data"]["attributes"]["n"]).decode() == number


@pytest.mark.parametrize("number", ["9223372036854775808", "-9223372036854775809", str(2**70)])
def test_an_integer_beyond_64_bits_is_a_float_and_can_be_written(number: str) -> None:
    read = ACTIVITY_ADAPTER.validate_json(event_with(number))

    assert orjson.loads(orjson.dumps(read))["data"]["attributes"]["n"] == float(number)


def event_with(number: str) -> bytes:
    event = EVENT_EXAMPLES["member.joined.v1"][0]
    data = {**event["data"], "attributes": {"n": "NUMBER"}}
    return orjson.dumps({**event, "data": data}).replace(b'"NUMBER"', number.encode())
