"""The commands on dead letters, as far as they go without a broker."""

import base64

import orjson
from click.testing import CliRunner

from plaudit.cli import main
from plaudit.dlq import _letter


def test_a_dead_letter_gives_back_the_very_bytes() -> None:
    value = b'{"broken": \xff\x00'
    fact = {
        "specversion": "1.0",
        "id": "1",
        "source": "/plaudit/rewards",
        "type": "record.dead_lettered.v1",
        "time": "2026-05-01T10:00:00Z",
        "community": "unknown",
        "data": {
            "service": "rewards",
            "topic": "points.awarded.v1",
            "partition": 3,
            "offset": 17,
            "key_base64": base64.b64encode(b"acme|\xfe").decode(),
            "value_base64": base64.b64encode(value).decode(),
            "value_truncated": False,
            "reason": "not JSON",
        },
    }
    letter = _letter(5, orjson.dumps(fact))
    assert (letter.place, letter.topic, letter.partition, letter.offset) == (5, "points.awarded.v1", 3, 17)
    assert (letter.key, letter.value, letter.reason) == (b"acme|\xfe", value, "not JSON")


def test_replay_wants_to_know_which() -> None:
    for arguments in (["dlq", "replay", "rewards"], ["dlq", "replay", "rewards", "--all", "--place", "3"]):
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 2
        assert "--place NUMBER" in result.output


def test_an_unknown_service_is_named_with_those_there_are() -> None:
    result = CliRunner().invoke(main, ["dlq", "list", "billing"])
    assert result.exit_code == 2
    assert "'analytics'" in result.output
