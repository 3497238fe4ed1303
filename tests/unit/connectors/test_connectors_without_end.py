"""Connectors and bodies that were written to keep a thread, or the memory, for themselves."""

import time

import pytest

from connectors.commits import co_authors_of, contact_of
from tests.unit.connectors.examples import connector_of, mapped

#: Ten times what takes all the steps of a delivery, on a machine that is slow.
MOST_SECONDS = 5.0
BODY = {
    "n": 2**62,
    "s": "x" * 1_000,
    "long": "a" * 1_000_000,
    "longer": "a" * 999_999 + "b",
    "many": list(range(120_000)),
    "blanks": "x\n\nCo-authored-by: " + " " * 500_000 + "<a",
    "folded": "x\n\nA: b\n" + " c\n" * 500_000 + "x",
    "placeholders": "_placeholder_" * 80_000 + "!",
}


def doubled(first: str, step: str, name: str = "v", count: int = 40) -> dict[str, str]:
    """Named values, each made of the one before."""
    return {f"{name}0": first} | {
        f"{name}{number}": step.replace("@", f"{name}{number - 1}") for number in range(1, count)
    }


STEPS, TEXT, BITS = "takes more than 2,000,000 steps", "is not put together", "more than 64 bits"


@pytest.mark.parametrize(
    ("let", "expression", "why"),
    [
        (doubled("body.n", "@ * @"), "string(v39)", BITS),
        (doubled("body.n", "@ + @"), "string(v39)", BITS),
        (doubled("-body.n", "@ - body.n"), "string(v39)", BITS),
        (doubled("body.s", "@ + @"), "v39", TEXT),
        (doubled("body.s", '[@, @].join("")'), "v39", TEXT),
        (doubled("body.s", "key(@, @)"), "v39", "an id of more than"),
        (doubled("body.s", "key_with(@, @)"), "v39", "an id of more than"),
        (doubled("[body.s]", "[@, @]"), "digest(v39)", STEPS),
        (doubled("[body.s]", "[@, @]"), "v39 in [v38, v39] ? 'a' : 'b'", STEPS),
        (doubled("[body.s]", "[@, @]") | doubled("[body.s]", "[@, @]", "w"), "v39 == w39 ? 'a' : 'b'", STEPS),
        ({}, "string(size(body.many.map(x, body.long == body.longer)))", STEPS),
        ({}, "string(size(body.many.map(x, body.long < body.longer)))", STEPS),
        ({}, "string(size(body.many.map(x, body.long.startsWith(body.longer))))", STEPS),
        ({}, "string(size(body.many.map(x, body.s + 'x')))", STEPS),
        ({}, "string(size(body.many.map(x, body.long.substring(1))))", STEPS),
    ],
)
def test_no_expression_goes_on_for_ever(let, expression, why):
    made = connector_of(let=let, mappings=[{"on": ["*"], "activities": [mapped() | {"id": expression}]}])
    began = time.thread_time()
    outcome = made(BODY)
    assert time.thread_time() - began < MOST_SECONDS
    assert outcome.state == "invalid"
    assert why in outcome.reason


@pytest.mark.parametrize(
    "expression",
    [
        'string(size(commit_people({"author": {"name": "a", "email": "b"}, "message": body.blanks}, "")))',
        'string(size(commit_people({"author": {"name": "a", "email": "b"}, "message": body.folded}, "")))',
        'account({"id": 1, "username": body.placeholders}, "gitlab.com", "gitlab").id',
    ],
)
def test_nor_does_what_a_platform_sends(expression):
    made = connector_of(mappings=[{"on": ["*"], "activities": [mapped() | {"id": expression}]}])
    began = time.thread_time()
    made(BODY)
    assert time.thread_time() - began < MOST_SECONDS


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (" Ada Byron  <ada@example.org> ", ("Ada Byron", "ada@example.org")),
        ("<ada@example.org>", ("", "ada@example.org")),
        ("Ada <a<b>", ("Ada", "a<b")),
        ("Ada <>", ("Ada", "")),
        ("Ada <a> <b>", None),
        ("Ada <a> b", None),
        ("Ada", None),
        ("", None),
    ],
)
def test_a_contact_has_a_name_and_an_address(text, found):
    assert contact_of(text) == found


def test_a_folded_trailer_is_one():
    message = "Subject\n\nCo-authored-by: Ada\n Byron\n\t<ada@example.org>"
    assert co_authors_of(message) == [("Ada Byron", "ada@example.org")]
