"""What docs/api.md says of names that are not there is what the APIs answer."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.rewards.redemptions.api.models import RedemptionRequest
from shared.http.bodies import known_fields
from shared.near_names import near_name, suggestion
from tests.contract.test_openapi import resolved
from tools.schemas import openapi_document

PAGE = (Path(__file__).parents[2] / "docs/api.md").read_text()
ROWS = re.findall(r"^\| `(\w+) (\w+) (\S+)` \| `(\S+)` \| (?:`(\S+)` )?\|$", PAGE, re.MULTILINE)


def names(service: str, operation: Any) -> Iterator[str]:
    """The query parameters of an operation, and the fields of its body."""
    yield from (one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None:
        yield from resolved(service, body["schema"])["properties"]


def test_the_table_has_what_is_meant_and_what_is_not_guessed() -> None:
    assert len(ROWS) >= 8
    assert {bool(meant) for *_, meant in ROWS} == {True, False}


@pytest.mark.parametrize(("service", "method", "path", "written", "meant"), ROWS)
def test_a_name_is_suggested_as_the_table_says(
    service: str, method: str, path: str, written: str, meant: str
) -> None:
    operation = openapi_document(service)["paths"][path][method.lower()]
    known = list(names(service, operation))

    assert written not in known
    assert near_name(written, known) == (meant or None)


def test_the_answer_shown_is_the_one_that_is_given() -> None:
    assert f"There is no field `member` here; {suggestion('member', known_fields(RedemptionRequest, ()))}" in PAGE
