"""Who may put in force what another proposed, and which entry applies on a day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.approvals.domain import (
    Approval,
    ApprovalState,
    Author,
    DecidedError,
    SamePersonError,
    Subject,
    in_force,
    in_order,
    proposed,
)

NOW = datetime(2026, 2, 1, tzinfo=UTC)
MIA, OMAR = Author("mia", "Mia", "k1"), Author("omar", "Omar", "k2")
WAITING = proposed(Subject.LIABILITY_POLICY, by=MIA, now=NOW)


@dataclass(frozen=True)
class Entry:
    """An entry as the room wants it."""

    entry_id: str
    effective_from: date
    approval: Approval


def test_two_people_put_it_in_force() -> None:
    with pytest.raises(SamePersonError) as same:
        WAITING.approved(by=Author("mia", "Mia", "another key"), now=NOW)
    assert (same.value.subject, str(same.value)) == (Subject.LIABILITY_POLICY, "Mia")
    approved = WAITING.approved(by=OMAR, now=NOW)
    assert (approved.state, approved.decided_by) == (ApprovalState.APPROVED, OMAR)
    assert approved.approved(by=OMAR, now=NOW + timedelta(days=1)) is approved
    with pytest.raises(DecidedError, match="it is approved"):
        approved.withdrawn(by=MIA, now=NOW)
    with pytest.raises(DecidedError, match="it is withdrawn"):
        WAITING.withdrawn(by=MIA, now=NOW).approved(by=OMAR, now=NOW)


def test_nobody_approves_what_nobody_known_proposed() -> None:
    with pytest.raises(SamePersonError):
        proposed(Subject.ACCOUNT_MAPPING, by=Author(None, "a key", "k0"), now=NOW).approved(by=OMAR, now=NOW)
    with pytest.raises(SamePersonError):
        proposed(Subject.ACCOUNT_MAPPING, by=Author(None, "a key", "k0"), now=NOW).approved(
            by=Author(None, "another key", "k3"), now=NOW
        )


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12, unique=True), st.integers(-1, 10))
def test_the_last_that_had_begun_applies_and_of_one_day_the_one_approved_later(
    begun: list[tuple[int, int]], day: int
) -> None:
    first = date(2026, 1, 1)
    entries = [
        Entry(
            str(place),
            first + timedelta(days=start),
            WAITING.approved(by=OMAR, now=NOW + timedelta(hours=approved)),
        )
        for place, (start, approved) in enumerate(begun)
    ]
    found = in_force(in_order(entries), first + timedelta(days=day))
    expected = max((one for one in begun if one[0] <= day), default=None)
    assert (found and begun[int(found.entry_id)]) == expected
