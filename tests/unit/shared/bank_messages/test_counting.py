"""A booking counts once, whichever of a bank's messages tell it, and in whatever order they come."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from shared.bank_messages.counting import Counted, Told
from shared.bank_messages.documents import read_message
from shared.bank_messages.statements import Entry, entries
from tests.unit.shared.bank_messages.messages import RETURNED, entry, payment, statement


def _read(content: bytes) -> list[Entry]:
    return list(entries(read_message(content)))


REPORT = _read(
    statement(
        "camt.052",
        entry("30.00", payment("E-1", "30.00", RETURNED)),
        entry("5.00", payment("E-7")).replace("BOOK", "PDNG"),
    )
)
NOTICE = _read(
    statement(
        "camt.054",
        entry("30.00", payment("E-1", "30.00", RETURNED), reference="A-1"),
        entry("60.00", payment("E-2", "30"), payment("E-3", "30"), reference="A-2"),
    )
)
STATEMENT = _read(
    statement(
        "camt.053",
        entry("30.00", payment("E-1", "30.00", RETURNED), reference="A-1"),
        entry("60.00", reference="A-2"),
        entry("7.00", payment("E-9", "7.00")),
        entry("7.00", payment("E-9", "7.00")),
    )
)


def _counting(*messages: list[Entry]) -> list[Entry]:
    counted = Counted()
    numbered = [pair for one in messages for pair in zip(counted.add(map(Told.of, one)), one, strict=True)]
    return [one for number, one in numbered if counted.same_as(number) is None and one.status == "BOOK"]


def test_three_messages_of_one_day_in_any_order_and_again() -> None:
    for order in permutations([REPORT, NOTICE, STATEMENT, STATEMENT, NOTICE], 5):
        found = _counting(*order)

        ids = sorted(str(one.end_to_end_id) for kept in found for one in kept.bookings)
        assert ids == ["E-1", "E-2", "E-3", "E-9", "E-9"]
        assert sum(kept.amount.minor for kept in found) == 3000 + 6000 + 700 + 700


def test_what_differs_in_reference_day_or_account_is_not_the_same() -> None:
    one = entry("7.00", payment("E-1"), reference="A-1")
    others = [
        statement("camt.053", one.replace("A-1", "A-2")),
        statement("camt.053", one.replace("2026-10-05", "2026-10-06")),
        statement("camt.053", one).replace(b"DE89370400440532013000", b"FR1420041010050500013M02606"),
        statement("camt.053", one.replace("CRDT", "DBIT")),
    ]

    assert len(_counting(_read(statement("camt.053", one)), *map(_read, others))) == 1 + len(others)


@given(
    booked=st.lists(
        st.tuples(st.integers(1, 3), st.sampled_from(["", "E-1", "E-2"]), st.sampled_from(["", "A-1", "A-2"])),
        max_size=8,
    ),
    times=st.integers(1, 3),
)
def test_a_message_that_is_read_again_counts_nothing_more(booked: list[tuple[int, str, str]], times: int) -> None:
    given_ = [entry(f"{amount}.00", payment(name), reference=reference) for amount, name, reference in booked]
    read = _read(statement("camt.053", *given_))

    assert len(_counting(*[read] * times)) == len(booked)
