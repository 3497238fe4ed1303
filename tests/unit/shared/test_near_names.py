"""A name that is not there: which was meant, or none where it would be a guess."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from shared.near_names import fields_at, near_name, suggestion

OUTCOME = ["state", "reason", "payout_ids"]
PAYOUTS = ["after", "limit", "state", "run", "member"]
PUBLISHING = ["dry_run", "effective_from"]
RULE = ["id", "title", "on", "when", "points", "to", "daily_cap"]


@pytest.mark.parametrize(
    ("written", "known", "meant"),
    [
        ("payout_id", OUTCOME, "payout_ids"),
        ("payouts", OUTCOME, "payout_ids"),
        ("payoutIds", OUTCOME, "payout_ids"),
        ("payout-ids", OUTCOME, "payout_ids"),
        ("payuot_ids", OUTCOME, "payout_ids"),
        ("reasons", OUTCOME, "reason"),
        ("run_id", PAYOUTS, "run"),
        ("member_id", PAYOUTS, "member"),
        ("Limit", PAYOUTS, "limit"),
        ("liimt", PAYOUTS, "limit"),
        ("dryrun", PUBLISHING, "dry_run"),
        ("dryRun", PUBLISHING, "dry_run"),
        ("effective-from", PUBLISHING, "effective_from"),
        ("effective_form", PUBLISHING, "effective_from"),
        ("periode", ["period", "at", "after", "limit"], "period"),
        ("BIC", ["name", "iban", "bic"], "bic"),
        ("ibna", ["name", "iban", "bic"], "iban"),
        ("titel", RULE, "title"),
        ("dailycap", RULE, "daily_cap"),
        ("chat.mesage.v1", ["chat.message.v1", "forum.post.v1"], "chat.message.v1"),
    ],
)
def test_the_name_that_was_meant(written: str, known: list[str], meant: str) -> None:
    assert near_name(written, known) == meant
    assert suggestion(written, known) == f"did you mean `{meant}`?"


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("all", OUTCOME),
        ("date", OUTCOME),
        ("start", OUTCOME),
        ("quantity", ["member_id", "reward_id"]),
        ("id", ["member_id", "reward_id"]),
        ("members", ["identities", "name"]),
        ("at", ["after", "limit"]),
        ("from", ["form_id_of_the_survey", "to"]),
        ("mode", ["code"]),
        ("published_at", ["published_by"]),
        ("minimum_points", ["maximum_points"]),
        ("last_day", ["first_day"]),
        ("forum.like.v1", ["forum.post.v1", "forum.reply.v1"]),
        ("x", []),
        ("", OUTCOME),
        ("_", OUTCOME),
        pytest.param("s" * 1_000_000, OUTCOME, id="long"),
        *((name, RULE) for name in ("ends", "until", "multiplier", "limit", "max_points", "actor", "type")),
    ],
)
def test_no_suggestion_is_better_than_a_wrong_one(written: str, known: list[str]) -> None:
    assert near_name(written, known) is None
    assert "did you mean" not in suggestion(written, known)


def test_two_names_that_may_have_been_meant_are_none() -> None:
    assert near_name("payer", ["payers", "payer_id"]) is None
    assert suggestion("payer", ["payers", "payer_id"]) == "known are payers, payer_id"


@given(st.text(max_size=80), st.lists(st.text(max_size=80)))
def test_what_is_suggested_is_known(name: str, known: list[str]) -> None:
    assert near_name(name, known) in [*known, None]


class Inner(BaseModel):
    """An object within."""

    channel: str
    id: str


class Outer(BaseModel):
    """An object with objects in it."""

    one: Inner | None = None
    many: list[Inner] = []
    plain: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ((), ["one", "many", "plain"]),
        (("one",), ["channel", "id"]),
        (("many", 3), ["channel", "id"]),
        (("many",), []),
        (("plain", "x"), []),
        (("nowhere", 1, "x"), []),
    ],
)
def test_the_fields_at_a_place(place: tuple[str | int, ...], names: list[str]) -> None:
    assert fields_at(Outer.model_json_schema(), place) == names
