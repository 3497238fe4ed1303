"""What an entry of the audit says: little, and no secret."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from shared.audit.domain import Actor, Commanded, Did, NobodyDidItError, command_entry, noted
from shared.contracts.facts.audit import Noted
from shared.telemetry import new_traceparent

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
GRACE = Actor("acme", "7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11", "5f0c9a7b2d1e")
COMMANDED = Commanded("POST /v1/things", GRACE, new_traceparent())
ADAPTER: TypeAdapter[Any] = TypeAdapter(Noted)


class State(StrEnum):
    OPEN = "open"


def test_values_are_of_plain_types() -> None:
    fields = {"state": State.OPEN, "at": NOON, "roles": (State.OPEN, "b"), "count": 3, "is": True, "no": None}

    assert noted(fields) == {
        "state": "open",
        "at": "2026-03-04T12:00:00+00:00",
        "roles": ["open", "b"],
        "count": 3,
        "is": True,
        "no": None,
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"iban": "DE89370400440532013000"}, {"iban": "DE…3000"}),
        ({"account": "DE89 3704 0044 0532 0130 00"}, {"account": "DE…3000"}),
        (
            {"said": "to NL91ABNA0417164300, then FR1420041010050500013M02606."},
            {"said": "to NL…4300, then FR…2606."},
        ),
        ({"note": "plk_5f0c9a7b2d1e_S3cret-x"}, {"note": "plk_…"}),
        (
            {"secret": "x", "password": "y", "key": "z", "email": "a@b"},
            dict.fromkeys(("secret", "password", "key", "email"), "…"),
        ),
        ({"list": ["GB29NWBK60161331926819"]}, {"list": ["GB…6819"]}),
        ({"id": "7bb4c6eb-bed7-5453-b2af-35060fd0acbc"}, {"id": "7bb4c6eb-bed7-5453-b2af-35060fd0acbc"}),
        ({"sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},) * 2,
    ],
)
def test_secrets_and_bank_details_are_masked(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    assert noted(fields) == expected


VALUES = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.lists(st.text(), max_size=80)
)


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True), VALUES, max_size=60))
def test_whatever_is_said_fits_its_contract(fields: dict[str, Any]) -> None:
    kept = noted(fields)

    assert ADAPTER.validate_python(kept) == kept
    assert kept.get("more_fields") in (None, len(fields) - len(kept) + 1)


def test_a_long_list_says_how_much_is_missing() -> None:
    (kept,) = noted({"ids": [str(number) for number in range(1_000)]}).values()

    assert len(kept) == 50
    assert kept[-1] == "… and 951 more"


def test_a_command_of_which_its_handler_says_nothing_has_an_entry_all_the_same() -> None:
    entry = command_entry(COMMANDED, None, audit_id="1", at=NOON)

    assert (entry.command, entry.kind, entry.id) == ("POST /v1/things", "operation", "POST /v1/things")
    assert (entry.actor, entry.community, entry.traceparent) == (GRACE, "acme", COMMANDED.traceparent)


def test_an_entry_is_of_the_community_that_it_concerns_and_of_whom_the_handler_names() -> None:
    ada = Actor("acme", "82b61666-b7e6-5f62-b31f-fa66f08cfb53", "token:1")

    entry = command_entry(COMMANDED, Did("a.b", "a", "1", community="other", actor=ada), audit_id="1", at=NOON)

    assert (entry.community, entry.actor) == ("other", ada)


def test_a_command_of_nobody_is_not_recorded_as_anybodys() -> None:
    with pytest.raises(NobodyDidItError):
        command_entry(Commanded("POST /v1/things", None, new_traceparent()), None, audit_id="1", at=NOON)
