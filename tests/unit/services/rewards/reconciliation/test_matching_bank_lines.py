"""Which payout a bank's line is about, and what it says of it."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from services.rewards.payouts.domain import STEPS, Payout, PayoutState
from services.rewards.reconciliation.domain.lines import (
    AmountDiffersError,
    FiledRun,
    Line,
    LineRefusedError,
    LineState,
    Says,
    message_key,
    read,
)
from services.rewards.reconciliation.domain.matching import by_person, matched, once_each, outcome_of
from tests.unit.shared.bank_messages.messages import RETURNED, entry, of_payment, payment, report, statement, why

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
RUN = str(uuid4())
KEY = message_key("harbour", "0" * 64)
#: What a bank has said of a payout, or not yet.
BANKED = [
    state for state in PayoutState if state is PayoutState.SUBMITTED or STEPS.find(PayoutState.SUBMITTED, state)
]
BANKED += [PayoutState.REVERSED]


def _payout(
    amount_minor: int = 3_000, state: PayoutState = PayoutState.SUBMITTED, currency: str = "EUR"
) -> Payout:
    payout_id = uuid4()
    ids = ("harbour", str(payout_id), RUN, str(uuid4()), state, 3_000, amount_minor, currency, payout_id.hex)
    return Payout(*ids, payee=None, reason=None, created_at=NOON, changed_at=NOON)


def _lines(content: bytes, *payouts: Payout, run: FiledRun | None = None) -> list[Line]:
    known = {one.payout_id: one for one in payouts}
    return list(matched(read(content, KEY).lines, known, {run.run_id: run} if run else {}))


def _one(content: bytes, *payouts: Payout, run: FiledRun | None = None) -> Line:
    (line,) = _lines(content, *payouts, run=run)
    return line


@pytest.mark.parametrize("says", Says)
@pytest.mark.parametrize("state", BANKED)
def test_what_a_bank_says_is_a_step_or_no_news_or_cannot_be(says: Says, state: PayoutState) -> None:
    wanted = outcome_of(says, state)

    # Money that a bank refused to send left all the same, or it refuses what has arrived: somebody looks.
    odd = {
        *((Says.SETTLED, state) for state in (PayoutState.FAILED, PayoutState.SETTLED)),
        *((Says.FAILED, state) for state in (PayoutState.SETTLED, PayoutState.RETURNED, PayoutState.REVERSED)),
        (Says.CAME_BACK, PayoutState.FAILED),
    }
    assert wanted is None or STEPS.find(state, wanted) or (says, state) in odd


def test_an_id_may_be_written_with_dashes_or_stand_in_what_is_said_to_the_payee() -> None:
    one = _payout()
    said = f"<RmtInf><Ustrd>RETURN 3000 points, payout {one.end_to_end_id}</Ustrd></RmtInf>"
    ways = (
        payment(one.payout_id, more=RETURNED),
        payment(one.end_to_end_id.upper(), more=RETURNED),
        payment("", more=said + RETURNED),
    )

    for way in ways:
        line = _one(statement("camt.054", entry("30.00", way)), one)
        assert (line.state, line.says, line.payout_id) == (LineState.MATCHED, Says.CAME_BACK, one.payout_id)


@pytest.mark.parametrize(
    ("amount", "way", "ccy", "state"),
    [
        ("30.00", "DBIT", "EUR", LineState.MATCHED),
        ("29.99", "DBIT", "EUR", LineState.DIFFERS),
        ("30.00", "DBIT", "USD", LineState.DIFFERS),
        ("28.50", "CRDT", "EUR", LineState.MATCHED),
        ("30.01", "CRDT", "EUR", LineState.DIFFERS),
    ],
)
def test_less_may_come_back_and_nothing_else_may_differ(amount: str, way: str, ccy: str, state: LineState) -> None:
    one = _payout()

    line = _one(statement("camt.053", entry(amount, payment(one.end_to_end_id), way=way, ccy=ccy)), one)

    assert line.state is state
    assert (line.why is None) is (state is LineState.MATCHED)
    if state is LineState.DIFFERS:
        with pytest.raises(AmountDiffersError):
            by_person(line, one, is_confirmed=False)
        if ccy == "EUR":
            assert by_person(line, one, is_confirmed=True).state is LineState.MATCHED


def test_what_is_not_ours_waits_for_nobody_and_what_may_be_does() -> None:
    lines = _lines(
        statement(
            "camt.053",
            entry("900.00", payment("RENT"), way="DBIT"),
            entry("50.00", payment("INVOICE")),
            entry("1.00", payment(uuid4().hex), way="DBIT"),
            entry("1.00", payment("", more=RETURNED)),
            entry("1.00", payment(uuid4().hex)).replace("BOOK", "PDNG"),
        )
    )

    assert [line.state for line in lines] == [
        *(LineState.UNRELATED, LineState.UNRELATED, LineState.UNMATCHED, LineState.UNMATCHED, LineState.PENDING)
    ]


def test_a_status_of_the_whole_order_is_said_once() -> None:
    one, run = _payout(), FiledRun(RUN, 3_000, "EUR")
    named = UUID(RUN).hex.encode()
    both = report("<GrpSts>RJCT</GrpSts>" + why("AM05"), of_payment(one.end_to_end_id, "RJCT"))

    whole, single = _lines(both.replace(b"RUN-1", named), one, run=run)

    assert (whole.state, whole.says, whole.run_id, whole.payout_id) == (LineState.MATCHED, Says.FAILED, RUN, None)
    assert single.state is LineState.SAID
    unknown = _one(report("<GrpSts>RJCT</GrpSts>").replace(b"RUN-1", named))
    assert unknown.state is LineState.UNMATCHED
    with pytest.raises(LineRefusedError):
        by_person(unknown, one, is_confirmed=True)
    accepted = _one(report("<GrpSts>ACTC</GrpSts>").replace(b"RUN-1", named), run=run)
    assert accepted.state is LineState.SAID


def test_a_booking_that_another_said_before_is_looked_at() -> None:
    one = _payout()
    left = [entry("30.00", payment(one.end_to_end_id), way="DBIT", reference=name) for name in ("A", "B")]
    lines = _lines(statement("camt.053", *left), one)

    assert [line.state for line in once_each(lines, ())] == [LineState.MATCHED, LineState.DIFFERS]
    told = once_each(lines[:1], [(one.payout_id, Says.SETTLED)])
    assert told == [replace(lines[0], state=LineState.DIFFERS, why=told[0].why)]


def test_a_file_has_the_same_ids_for_ever() -> None:
    content = statement("camt.053", entry("1.00"), entry("2.00"))

    first, again = read(content, KEY), read(content, KEY)

    assert first == again
    assert len({line.line_id for line in first.lines}) == 2
    assert message_key("harbour", "0" * 64) != message_key("other", "0" * 64)
