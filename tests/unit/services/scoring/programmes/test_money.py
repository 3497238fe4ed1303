"""What of a programme is money, and against which versions a change of it counts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.programmes.domain.money import (
    NO_MONEY,
    MoneyChange,
    changes_against,
    displaced,
    money_changes,
)
from services.scoring.programmes.domain.proposals import Proposal
from services.scoring.programmes.domain.publication import Author, Head, VersionStart
from services.scoring.rules.domain.compiling import version_at
from shared.contracts.programme import Rewards

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA, BOB = Author("a", "Ada", "k1"), Author("b", "Bob", "k2")


def rewards(**fields: object) -> dict[str, object]:
    return {"programme": "demo", "rewards": fields}


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (None, rewards(), []),
        (None, {"programme": "demo"}, []),
        (rewards(catalogue=[]), rewards(catalogue=[{"points": 1}]), []),
        (rewards(payout={"minor": 1}), rewards(payout={"minor": 1}), []),
        (rewards(payout={"minor": 1}), rewards(payout={"minor": 2}), [("rewards.payout.minor", 1, 2)]),
        (rewards(payout={"minor": 1}), rewards(), [("rewards.payout.minor", 1, None)]),
        (
            rewards(payout={"payer": {"iban": "A", "name": "N"}}),
            rewards(payout={"payer": {"iban": "B", "name": "N"}}),
            [("rewards.payout.payer.iban", "A", "B")],
        ),
        # A field that does not exist yet is money until somebody says that it is none.
        (rewards(), rewards(budgets=[{"month": 100}]), [("rewards.budgets", None, [{"month": 100}])]),
    ],
)
def test_what_of_two_documents_differs_in_money(before: object, after: object, changes: list[object]) -> None:
    assert money_changes(before, after) == [MoneyChange(*change) for change in changes]


def test_every_field_of_the_section_is_money_but_the_catalogue_and_draws() -> None:
    assert set(Rewards.model_fields) - NO_MONEY == {"payout", "expiry"}
    assert len(NO_MONEY) == len({"catalogue", "draws"} & NO_MONEY)


def test_what_grants_may_give_in_points_is_a_budget() -> None:
    before = {"recognition": {"prize_points": {"budget": 100}}}
    after = {"recognition": {"prize_points": {"budget": 200}}}
    assert money_changes(before, after) == [MoneyChange("recognition.prize_points.budget", 100, 200)]


starts = st.lists(st.integers(0, 6), max_size=6).map(
    lambda days: [VersionStart(n, NOW + timedelta(days=day)) for n, day in enumerate(days, 1)]
)


@given(starts, st.integers(0, 6))
def test_a_version_displaces_whatever_would_be_in_force_from_its_time_on(
    published: list[VersionStart], day: int
) -> None:
    at = NOW + timedelta(days=day)
    would_be = [version_at(published, NOW + timedelta(days=then)) for then in range(day, 8)]
    expected = {None if start is None else start.number for start in would_be}
    assert set(displaced(published, effective_from=at)) == expected


def test_changes_are_told_against_the_first_that_differs() -> None:
    cheap, dear = rewards(payout={"minor": 1}), rewards(payout={"minor": 9})
    assert changes_against([cheap, dear], cheap) == [("rewards.payout.minor", 9, 1)]
    assert changes_against([dear], dear) == changes_against([], dear) == []


@pytest.mark.parametrize(
    ("newest", "requested", "effective"),
    [
        (0, None, NOW),
        (0, NOW - timedelta(days=9), NOW),
        (3, None, NOW + timedelta(seconds=2)),
        (3, NOW - timedelta(days=1), NOW + timedelta(seconds=2)),
        (3, NOW + timedelta(days=1), NOW + timedelta(days=1)),
    ],
)
def test_a_version_takes_effect_when_asked_and_never_before_its_approval(
    newest: int, requested: datetime | None, effective: datetime
) -> None:
    proposal = Proposal("python", "demo", 4, "Demo", requested, NOW - timedelta(days=2), ADA, "0" * 64, [])
    head = Head("demo" if newest else None, newest, nothing_received=True, now=NOW)
    version = proposal.published(by=BOB, head=head, lead_seconds=2)
    assert (version.effective_from, version.published_by, version.approved_by) == (effective, ADA, BOB)
