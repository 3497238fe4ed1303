"""The editor shows beside each rule of a draft what it would have given for one event, or why not."""

import html
import re
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from console.components.languages import Writer
from console.frame.rendering import Templates
from console.frame.static import load_static
from console.pages.members.words import DECLINED
from console.pages.programme.trying import Tried, lines_of_rules, uid_of

UID = "0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b"


def rule(rule_id: str, **more: Any) -> dict[str, Any]:
    return {
        "rule_id": rule_id,
        "title": f"The rule {rule_id}",
        "condition": None,
        "points_by": None,
        "listens": True,
        "gives": [],
        "declined": [],
        "attributes": [],
        "calculated": [],
        "met": {},
        "limits": [],
        "points_in_force": 0,
        **more,
    }


FOUND: dict[str, Any] = {
    "event_uid": UID,
    "points": 4,
    "points_in_force": 1205,
    "rules": [
        rule(
            "write",
            gives=[
                {
                    "member_id": UID,
                    "member_name": "Ada <b>",
                    "beneficiary": "actor",
                    "points": 4,
                    "score": "points",
                }
            ],
            condition="data.length_chars > 5",
            met={"data.length_chars": 20},
            points_in_force=1,
        ),
        rule("gold", declined=[{"beneficiary": "object_author", "reason": "condition_false", "detail": ""}]),
        rule("post", listens=False),
    ],
    "in_force": {
        "awards": [{"rule_id": "old", "points": 1204}, {"rule_id": "write", "points": 1}],
        "rules": [{"rule_id": "old", "title": "The old one"}],
    },
}


@pytest.mark.parametrize(
    ("language", "heading", "why"),
    [
        ("en", "Points for the event by the draft: 4; in force: 1,205", "its condition was not met"),
        ("it", "Punti per l’evento con la bozza: 4; in vigore: 1.205", "la sua condizione non era soddisfatta"),
    ],
)
def test_each_rule_has_what_it_would_give_or_why_not(language: str, heading: str, why: str) -> None:
    tried = Tried(UID, FOUND, lines=lines_of_rules("rules:\n  - id: write\n  - {id: gold, points: 1}\n"))
    template = (
        Templates(load_static())
        ._environments[language]
        .from_string(
            '{% from "pages/programme/tried.html" import one_event, answers with context %}'
            "{{ answers() }}{{ one_event() }}"
        )
    )
    text = template.render(
        {
            "write": Writer(language, ZoneInfo("UTC")),
            "session": SimpleNamespace(may=lambda _: True),
            "tried": tried,
            "declined": DECLINED,
            "service_words": str,
        }
    )
    found = re.search(r'<h2 id="tried-h">(.*?)</h2>', text, re.DOTALL)
    assert found is not None
    assert html.unescape(found[1]) == heading
    assert "Ada &lt;b&gt;" in text
    assert (why in html.unescape(text), "The old one" in text, "The rule post" in text) == (True, True, False)
    assert re.findall(r'data-line="(\d)"', text) == ["2", "3"]
    assert f'value="{UID}"' in text


def test_rules_are_found_where_their_ids_stand() -> None:
    rules = "rules:\n  - id: 'write'\n    points: 1\n  - {points: 2, id: gold}\n"
    text = f"audiences:\n  - id: a\n{rules}limits:\n  - id: b\n"
    assert lines_of_rules(text) == {"write": 4, "gold": 6}


def test_an_event_is_named_by_its_id_or_by_the_address_of_its_page() -> None:
    assert uid_of(UID.upper()) == UID
    assert uid_of(f"https://plaudit.example/explorer/{UID}") == UID
    assert (uid_of(""), uid_of("x"), uid_of("/")) == (None, None, None)


def test_rules_of_other_types_and_those_that_are_gone_stand_apart() -> None:
    tried = Tried(UID, FOUND)
    assert [one["rule_id"] for one in tried.rules] == ["write", "gold"]
    assert [one["rule_id"] for one in tried.silent] == ["post"]
    assert tried.gone == [("The old one", 1204)]
    assert (Tried().rules, Tried().gone, Tried("x", is_wrong=True).status) == ([], [], 422)
