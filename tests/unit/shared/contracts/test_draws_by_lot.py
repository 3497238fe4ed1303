"""Who wins a draw follows from its seed and tickets, and any change of either is seen."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from plaudit.draw import draw
from shared.contracts.draws import Ticket, commitment_of, digest_of, mistakes_of, winners_of

TICKETS = st.lists(st.tuples(st.uuids(), st.integers(0, 4)), max_size=12, unique_by=lambda one: one[0]).map(
    lambda found: [Ticket(str(uid), str(UUID(int=member))) for uid, member in found]
)


def record(seed: bytes, tickets: list[Ticket], count: int) -> dict[str, Any]:
    return {
        "state": "drawn",
        "seed": seed.hex(),
        "commitment": commitment_of(seed),
        "winners_count": count,
        "tickets": [one._asdict() for one in tickets],
        "tickets_sha256": digest_of(tickets),
        "winners": [one.ticket for one in winners_of(seed, tickets, count)],
    }


@given(st.binary(min_size=32, max_size=32), TICKETS, st.integers(1, 5), st.randoms())
def test_winners_are_some_of_the_tickets_one_a_member_in_whatever_order_these_are(
    seed: bytes, tickets: list[Ticket], count: int, chance: Any
) -> None:
    won = winners_of(seed, tickets, count)
    assert len(won) == len({one.member for one in won}) == min(count, len({one.member for one in tickets}))
    assert set(won) <= set(tickets)
    mixed = list(tickets)
    chance.shuffle(mixed)
    assert winners_of(seed, mixed, count) == won
    assert mistakes_of(record(seed, mixed, count)) == []


def test_a_known_draw() -> None:
    # Worked out with sha256sum alone: a digest of the lines, then one of seed, digest and ticket.
    seed = bytes(range(32))
    tickets = [Ticket(str(UUID(int=number)), str(UUID(int=100 + number))) for number in range(1, 4)]
    digest = sha256("".join(f"{UUID(int=n)} {UUID(int=100 + n)}\n" for n in (1, 2, 3)).encode()).digest()
    numbers = {one.ticket: sha256(seed + digest + one.ticket.encode()).hexdigest() for one in tickets}
    assert [one.ticket for one in winners_of(seed, tickets, 3)] == sorted(numbers, key=lambda one: numbers[one])


SEED = bytes(range(32))
RIGHT = record(SEED, [Ticket(str(UUID(int=number)), str(UUID(int=100 + number))) for number in range(9)], 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": bytes(32).hex()}, "not the one that was committed to"),
        ({"winners": RIGHT["winners"][::-1]}, "do not follow"),
        ({"winners": RIGHT["winners"][:1]}, "do not follow"),
        ({"tickets": RIGHT["tickets"][1:]}, "not those that were frozen"),
        ({"tickets": [*RIGHT["tickets"], RIGHT["tickets"][0]]}, "there twice"),
        ({"seed": None, "state": "frozen"}, "not published yet"),
    ],
    ids=["seed", "order", "fewer", "ticket gone", "ticket twice", "too early"],
)
def test_what_was_changed_is_seen_by_the_command(change: Any, words: str, tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_text(json.dumps(RIGHT | change))
    answer = CliRunner().invoke(draw, ["verify", str(file)])
    assert (answer.exit_code, words in answer.output) == (1, True), answer.output


def test_the_command_says_that_a_record_is_right_and_holds_it_to_an_earlier_commitment(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_text(json.dumps(RIGHT))
    answer = CliRunner().invoke(draw, ["verify", str(file), "--commitment", commitment_of(SEED)])
    assert (answer.exit_code, answer.output) == (0, "right: 2 of 9 tickets won, as seed and tickets have it\n")
    other = CliRunner().invoke(draw, ["verify", str(file), "--commitment", "0" * 64])
    assert (other.exit_code, "published before" in other.output) == (1, True)
    file.write_text("[]")
    assert "is no record of a draw" in CliRunner().invoke(draw, ["verify", str(file)]).output
