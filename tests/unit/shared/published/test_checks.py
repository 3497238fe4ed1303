"""assert_valid_fact: what a service publishes, held against the contract."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from shared.published.checks import assert_valid_fact, contract_of
from shared.published.export import FACT_EXAMPLES

AWARD = FACT_EXAMPLES["points.awarded.v1"][0]
AMENDMENT = FACT_EXAMPLES["points.awarded.v1"][1]
OF_AMENDMENTS = ("amends", "revision", "cause", "total")
ACCEPTED = FACT_EXAMPLES["engagement.accepted.v1"][0]


def with_data(fact: dict[str, Any], **data: Any) -> dict[str, Any]:
    changed = deepcopy(fact)
    changed["data"] |= data
    return changed


def without(fact: dict[str, Any], name: str) -> dict[str, Any]:
    changed = deepcopy(fact)
    del changed["data"][name]
    return changed


def test_a_fact_as_a_service_publishes_it_has_datetimes() -> None:
    fact = {**AWARD, "time": datetime(2026, 1, 31, 12, tzinfo=UTC)}

    assert_valid_fact(fact)

    assert contract_of(fact) == "points.awarded.v1"


def test_an_accepted_event_is_known_by_its_platforms_type() -> None:
    assert_valid_fact(ACCEPTED)

    assert contract_of(ACCEPTED) == "engagement.accepted.v1"


@pytest.mark.parametrize(
    ("fact", "field"),
    [
        ({**AWARD, "tracparent": "x"}, "/tracparent"),
        (with_data(AWARD, note="x"), "/data/note"),
        (
            with_data(FACT_EXAMPLES["payout.lots.v1"][0], lots=[{"award_id": AWARD["id"], "points": 1, "of": 2}]),
            "/data/lots/0/of",
        ),
    ],
)
def test_a_field_that_no_reader_knows_is_found(fact: dict[str, Any], field: str) -> None:
    with pytest.raises(AssertionError, match=field):
        assert_valid_fact(fact)


@pytest.mark.parametrize(
    "fact",
    [
        with_data(AWARD, points="15"),
        with_data(AWARD, points=True),
        with_data(AWARD, beneficiary="mentor"),
        with_data(AWARD, amends=None),
        with_data(AWARD, points=0),
        with_data(AWARD, points=-(10**12)),
        with_data(AWARD, total=15),
        with_data(AMENDMENT, points=0),
        with_data(AMENDMENT, points=10**12),
        with_data(AMENDMENT, total=-(10**12)),
        with_data(AMENDMENT, amends=AMENDMENT["id"]),
        with_data(AMENDMENT, revision=0),
        with_data(AMENDMENT, cause="mood"),
        *(without(AMENDMENT, name) for name in OF_AMENDMENTS),
        {name: value for name, value in AWARD.items() if name != "community"},
        {**AWARD, "time": datetime(2026, 1, 31, 12)},  # noqa: DTZ001 -- that it has no time zone is the point
    ],
)
def test_what_a_reader_would_refuse_or_convert_is_found(fact: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        assert_valid_fact(fact)


def test_what_an_accepted_event_carries_is_what_a_platform_may_send() -> None:
    with pytest.raises(ValidationError):
        assert_valid_fact(with_data(ACCEPTED, mood="good"))


def test_no_fact_has_an_unknown_type() -> None:
    with pytest.raises(AssertionError, match=r"points\.awarded\.v9"):
        assert_valid_fact({**AWARD, "type": "points.awarded.v9"})
    with pytest.raises(AssertionError, match="None"):
        assert_valid_fact({})
