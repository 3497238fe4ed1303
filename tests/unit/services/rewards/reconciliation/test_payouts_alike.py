"""Which payouts a booking may be about that names none: by what it has of theirs."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.payouts.domain import Payout, PayoutState
from services.rewards.reconciliation.domain.likeness import Filed, candidates, likened, may_resemble
from services.rewards.reconciliation.domain.lines import Alike, Line, LineState, message_key, read
from services.rewards.reconciliation.domain.matching import matched
from tests.unit.shared.bank_messages.messages import RETURNED, entry, parties, payment, statement

KEY = message_key("harbour", "0" * 64)
ZOE = "DE89370400440532013001"
PAYOUT = "5c2f7d1e-9a40-4b8e-8c61-2f0a7be4d913"
NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
PAID = Payout(
    *("harbour", PAYOUT, str(uuid4()), str(uuid4()), PayoutState.SUBMITTED, 3_000, 3_000, "EUR", UUID(PAYOUT).hex),
    payee=None,
    reason=None,
    created_at=NOON,
    changed_at=NOON,
)
FILED = Filed(PAYOUT, "Zoë Müller", ZOE, 3_000, "EUR", is_open=True)


def _line(content: str, *filed: Filed) -> Line:
    [line] = matched(read(statement("camt.053", content), KEY).lines, {}, {})
    return likened([line], filed)[0] if may_resemble(line) else line


@pytest.mark.parametrize("cut", [12, 20, 27, 31])
@pytest.mark.parametrize("way", ["CRDT", "DBIT"])
def test_an_id_that_a_bank_cut_begins_as_the_payouts(cut: int, way: str) -> None:
    begun = UUID(PAYOUT).hex[:cut]
    said = f"<RmtInf><Ustrd>3000 points, payout {begun}</Ustrd></RmtInf>"

    for details in (payment(begun), payment("", more=said)):
        line = _line(entry("30.00", details, way=way), FILED)
        assert (line.state, line.alike) == (LineState.UNMATCHED, Alike(by_id=(PAYOUT,)))


def test_a_name_is_the_same_however_banks_spell_it() -> None:
    for name in ("Zoë Müller", "ZOE MUELLER", "Mueller, Zoe", "ZOE  MULLER", "Müller Zoë"):
        for inside in ("", "Pty"):
            back = payment("", more=parties(name, inside=inside) + RETURNED)
            assert _line(entry("30.00", back), FILED).alike == Alike(by_name=(PAYOUT,)), name
            assert _line(entry("30.01", back), FILED).alike == Alike(), "many have the same name"
    assert _line(entry("30.00", payment("", more=parties("Zoë Möller") + RETURNED)), FILED).alike == Alike()


def test_other_business_waits_only_where_amount_and_payee_are_a_payouts() -> None:
    paid = payment("", more=parties("Z. M.", ZOE))

    out = _line(entry("30.00", paid, way="DBIT"), FILED)
    assert (out.state, out.alike, out.why) == (
        LineState.UNMATCHED,
        Alike(by_account=(PAYOUT,)),
        "no payout has its EndToEndId",
    )
    for other in (
        _line(entry("30.00", paid, way="DBIT"), FILED._replace(is_open=False)),
        _line(entry("31.00", paid, way="DBIT"), FILED),
        _line(entry("30.00", paid, way="DBIT", ccy="USD"), FILED),
        _line(entry("30.00", payment(""), way="DBIT"), FILED),
        _line(entry("30.00", payment("RENT-10", more=parties("Landlord")), way="DBIT"), FILED),
        _line(entry("30.00", payment("d41d8cd98f00b204"), way="DBIT"), FILED),
    ):
        assert (other.state, other.alike) == (LineState.UNRELATED, Alike())
    # The account's own number is on each of its bookings, and says nothing.
    own = payment("", more=parties("", "DE89370400440532013000") + RETURNED)
    assert _line(entry("30.00", own), FILED._replace(iban="DE89370400440532013000")).alike == Alike()


@given(text=st.text("0123456789abcdefgx- ", max_size=60))
def test_no_text_is_taken_for_an_id_that_it_does_not_begin(text: str) -> None:
    line = _line(entry("30.00", payment(text or "x", more=RETURNED)), FILED)

    assert bool(line.alike.by_id) == bool(line.begins and UUID(PAYOUT).hex.startswith(line.begins))


def test_reasons_say_what_speaks_for_a_payout() -> None:
    line = _line(entry("30.00", payment("", more=parties("Zoe Mueller", ZOE) + RETURNED)), FILED)
    (found,) = candidates(line, [PAID], {PAYOUT: date(2026, 10, 1)})

    assert found.reasons == [
        "it is of the same amount",
        "the booking names its payee's account",
        "the booking has its payee's name",
        "it was booked 4 days after its file",
        "the bank has said nothing of it yet",
    ]
    (late,) = candidates(line, [PAID], {PAYOUT: date(2026, 8, 1)})
    assert not [said for said in late.reasons if "days after" in said]
