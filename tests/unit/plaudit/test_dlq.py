"""The commands on dead letters, as far as they go without a broker."""

import base64

import orjson
import pytest
from click.testing import CliRunner

from plaudit.cli import main
from plaudit.dlq import DeadLetter, _letter


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


@pytest.mark.parametrize("columns", ["80", "60"])
def test_the_list_cuts_nothing_off(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    reason = "data.attributes.pages: Input should be a valid integer [got 'x'], " * 5 + "and this is the end"
    letter = DeadLetter(
        1234567, "engagement.rejected.v1", 11, 9876543210, "2026-05-01T10:00:00+00:00", reason, b"", b"x", False
    )

    async def read(*_: object) -> list[DeadLetter]:
        return [letter]

    monkeypatch.setattr("plaudit.dlq.read", read)
    monkeypatch.setenv("COLUMNS", columns)

    result = CliRunner().invoke(main, ["dlq", "list", "rewards", "--kafka", "127.0.0.1:9"])

    assert result.exit_code == 0, result.output
    assert "…" not in result.output
    assert max(map(len, result.output.splitlines())) <= int(columns)
    cells = [line.split("│")[1:4] for line in result.output.splitlines() if line.startswith("│")]
    place, record, shown = ("".join(cell.strip() for cell in column) for column in zip(*cells, strict=True))
    assert place == "1234567"
    assert record == "engagement.rejected.v1/11@98765432102026-05-01T10:00:00+00:001 bytes"
    assert shown.replace(" ", "") == reason.replace(" ", "")
