"""`plaudit connector`: what a platform engineer sees who has no stack."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from connectors.shipped import files
from plaudit.cli import main

POST = {
    "id": 13,
    "post_number": 2,
    "topic_id": 10,
    "user_id": 8,
    "username": "grace",
    "raw": "With oil.",
    "created_at": "2026-01-02T11:00:00.000Z",
}
HEADERS = {"X-Discourse-Event": "post_created", "X-Discourse-Instance": "https://forum.example.org"}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["connector", *map(str, arguments)])


def written(folder: Path, name: str, content: Any) -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return file


def test_those_that_come_with_it_are_listed_and_their_cases_hold() -> None:
    listed = json.loads(run("list", "--json").output)
    assert [one["connector"] for one in listed] == sorted(files())
    assert all(name in run("list").output for name in files())
    tested = run("test")
    assert tested.exit_code == 0, tested.output
    for one in listed:
        assert f"{one['connector']}: {one['cases']} of {one['cases']} cases hold" in tested.output


def test_what_a_connector_makes_of_each_type_is_shown() -> None:
    shown = json.loads(run("show", "discourse", "--json").output)
    [created] = [one for one in shown["types"] if one["event"] == "post_created"]
    assert created["activities"] == ["forum.post.v1", "forum.reply.v1"]
    assert "post_created" in run("show", "discourse").output
    unknown = run("show", "discorse")
    assert (unknown.exit_code, "did you mean `discourse`?" in unknown.output) == (1, True)


def test_what_is_delivered_again_has_the_same_ids_when_it_is_tried(tmp_path: Path) -> None:
    body = {"solved": POST | {"post_type": 1}}
    first, again = (
        written(
            tmp_path,
            f"{number}.json",
            {
                "headers": HEADERS | {"X-Discourse-Event": "accepted_solution", "X-Discourse-Event-Id": number},
                "body": body,
            },
        )
        for number in ("1", "2")
    )
    lines = [json.loads(run("try", "--json", file).output) for file in (first, again)]
    assert lines[0]["outcome"] == "mapped"
    assert [one["id"] for one in lines[0]["activities"]] == [one["id"] for one in lines[1]["activities"]]
    assert lines[0]["activities"][0]["data"]["actor"] == {"id": "system", "name": "system", "bot": True}


def test_a_line_a_file_says_what_would_become_of_it(tmp_path: Path) -> None:
    tried = [
        written(tmp_path, "with-headers.json", {"headers": HEADERS, "body": {"post": POST}, "topic": "caught"}),
        written(tmp_path, "bare.json", {"post": POST}),
        written(tmp_path, "private.json", {"post": POST | {"topic_archetype": "private_message"}}),
        written(
            tmp_path, "unknown.json", {"headers": HEADERS | {"X-Discourse-Event": "new"}, "body": {"post": POST}}
        ),
        written(tmp_path, "incomplete.json", {"post": {"post_number": 2, "topic_id": 10, "user_id": 8}}),
        written(tmp_path, "nobody-knows.json", {"a": 1}),
        written(tmp_path, "none.json", b"{"),
        tmp_path / "missing.json",
    ]
    done = run("try", *tried, "--json")
    lines = [json.loads(line) for line in done.output.splitlines()]
    assert [set(line) for line in lines] == [{"file", "connector", "outcome", "activities", "reason"}] * 8
    assert [line["file"] for line in lines] == [str(file) for file in tried]
    assert [line["outcome"] for line in lines] == [
        "mapped",
        "mapped",
        "no_engagement",
        "unmapped",
        "invalid",
        "unmapped",
        "invalid",
        "invalid",
    ]
    assert [line["connector"] for line in lines] == ["discourse"] * 5 + [None] * 3
    assert lines[0]["activities"][0]["id"] == "post:13"
    assert lines[0]["activities"][0]["source"] == "https://forum.example.org"
    assert "the post has no" in lines[4]["reason"]
    assert done.exit_code == 1
    assert run("try", *tried[:3], "--json").exit_code == 0


def test_a_person_reads_it_too_and_nothing_moves_their_terminal(tmp_path: Path) -> None:
    body = {"post": POST | {"id": "13\x1b[2J"}}
    done = run("try", written(tmp_path, "post.json", body))
    assert "\x1b" not in done.output
    assert "discourse  mapped" in done.output or "invalid" in done.output
    clean = run("try", written(tmp_path, "clean.json", {"post": POST})).output
    assert "forum.reply.v1  post:13  2026-01-02T11:00:00+00:00  actor=8" in clean


CONNECTOR = """
connector: mine
title: Mine
documentation: [https://forum.example.org/docs]
channel: forum
recognised_by: [{headers: [X-Mine]}]
signature: {scheme: token, header: X-Mine-Token}
retries: {id: none, said: None.}
event: '"any"'
source: '"https://forum.example.org"'
mappings:
  - on: [any]
    no_engagement: nothing yet
cases:
  - case: it counts
    delivery: {body: {a: 1}}
"""


def test_a_file_of_ones_own_is_tested_and_tried(tmp_path: Path) -> None:
    file = written(tmp_path, "mine.yaml", CONNECTOR.encode())
    failed = run("test", file)
    assert failed.exit_code == 1
    assert "mine: 0 of 1 cases hold" in failed.output
    assert "it counts: delivery 1: no_engagement (nothing yet), expected mapped" in failed.output
    good = written(tmp_path, "good.yaml", CONNECTOR.replace("it counts", "x\n    outcome: no_engagement").encode())
    assert run("test", good).exit_code == 0
    body = written(tmp_path, "body.json", {"a": 1})
    assert "mine  no_engagement: nothing yet" in run("try", body, "--connector", file).output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("event: '\"any\"'", "event: any("), "line 9, column 12: event: the expression ends too early"),
        (("channel: forum", "channel: form"), "line 5, column 10: channel:"),
        (("title: Mine", "title: [Mine"), "this is not YAML"),
    ],
    ids=["expression", "value", "yaml"],
)
def test_a_mistake_in_a_file_has_its_place(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    file = written(tmp_path, "mine.yaml", CONNECTOR.replace(*change).encode())
    refused = run("test", file)
    assert (refused.exit_code, said in refused.output) == (1, True), refused.output


PAID = {
    "id": 82,
    "created_at": "2026-01-02T12:00:00Z",
    "currency": "EUR",
    "total_price": "49.50",
    "financial_status": "paid",
    "customer": {"id": 115},
    "test": True,
}


def test_a_setting_is_said_and_a_word_beside_headers_and_body_is_no_body(tmp_path: Path) -> None:
    headers = {"X-Shopify-Topic": "orders/paid", "X-Shopify-Shop-Domain": "garden.myshopify.com"}
    file = written(tmp_path, "paid.json", {"headers": headers, "body": PAID, "topic": "orders/paid"})
    assert "only a test" in run("try", file).output
    tried = run("try", file, "--set", "test=yes", "--json")
    [activity] = json.loads(tried.output)["activities"]
    assert (activity["id"], activity["data"]["amount_minor"], tried.exit_code) == ("order:82", 4950, 0)
    refused = run("try", file, "--set", "tset=yes")
    assert (refused.exit_code, "did you mean `test`?" in refused.output) == (1, True)
