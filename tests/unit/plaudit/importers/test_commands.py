import functools
import json
import os
import subprocess

import orjson
import pytest
from click.testing import CliRunner
from plaudit_client import AsyncPlaudit

from plaudit.importers.commands import import_

MAPS = ["--map", "actor=who", "--map", "time=at", "--set", "type=chat.message.v1", "--set", "channel=chat"]


def run(*arguments):
    return CliRunner().invoke(import_, [str(argument) for argument in arguments])


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("who,at,pages\nu1,2026-01-31,3\nu2,soon,4\nu3,2026-01-31,5\n")
    return path


def test_events_into_a_file(table, tmp_path):
    output = tmp_path / "events.jsonl"
    done = run("csv", table, *MAPS, "--map", "attributes.pages:int=pages", "--output", output)
    assert done.exit_code == 0, done.output
    events = [orjson.loads(line) for line in output.read_bytes().splitlines()]
    assert [event["data"]["attributes"] for event in events] == [{"pages": 3}, {"pages": 5}]
    assert "2  written" in done.output
    assert "1 × time is not a time of the format 'iso' (line 3)" in done.output


def test_what_was_written_can_be_imported(table, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    run("csv", table, *MAPS, "--output", first)
    run("cloudevents", first, "--output", second)
    assert [orjson.loads(line) for line in first.read_bytes().splitlines()] == [
        orjson.loads(line) for line in second.read_bytes().splitlines()
    ]


def test_a_mapping_file_and_options_that_win(table, tmp_path):
    mapping = tmp_path / "map.yaml"
    mapping.write_text(
        "type: {value: forum.post.v1}\nchannel: {value: forum}\n"
        "actor: who\ntime: {column: at, format: '%Y-%m-%d'}\n"
    )
    done = run("csv", table, "--map", mapping, "--set", "channel=social", "--output", "-")
    event = orjson.loads(done.stdout.splitlines()[0])
    assert (event["type"], event["data"]["channel"]) == ("forum.post.v1", "social")


def test_rows_that_are_bad_are_told_beside_the_events_of_a_pipe(table):
    done = run("csv", table, *MAPS, "--output", "-")
    assert [orjson.loads(line)["data"]["actor"]["id"] for line in done.stdout.splitlines()] == ["u1", "u3"]
    assert "1 × time is not a time of the format 'iso' (line 3)" in done.stderr
    assert done.exit_code == 1
    as_json = run("csv", table, *MAPS, "--output", "-", "--json")
    assert json.loads(as_json.stderr)["invalid"] == 1
    assert len(as_json.stdout.splitlines()) == 2


def test_what_is_not_supported_is_told_apart_from_nothing_to_count(tmp_path):
    for name in ("moonrise.json", "tide.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "ping.json").write_text("{}")
    done = run("github-webhooks", tmp_path, "--output", tmp_path / "out", "--strict")
    assert done.exit_code == 1
    assert "2  unsupported are of a kind that is not known" in done.output
    assert "no activity is known for the webhook event 'moonrise' (moonrise.json)" in done.output
    assert "1  skipped" in done.output
    for name in ("moonrise.json", "tide.json"):
        (tmp_path / name).unlink()
    assert run("github-webhooks", tmp_path, "--output", tmp_path / "out", "--strict").exit_code == 0


CO_AUTHORS = (*MAPS, "--map", "co_actors=with")


@pytest.mark.parametrize(
    ("cell", "options", "people"),
    [
        ("Grace Hopper; Linus T", (), ["Grace Hopper", "Linus T"]),
        ("Grace Hopper", (), ["Grace Hopper"]),
        ("a1b2 c3d4", (), ["a1b2", "c3d4"]),
        ("ada@example.org bob@example.org", (), ["ada@example.org", "bob@example.org"]),
        ("ada bob", ("--list-separator", " "), ["ada", "bob"]),
        ("Ada and Bob, Jr.", ("--list-separator", " and "), ["Ada", "Bob, Jr."]),
    ],
)
def test_people_of_a_cell(tmp_path, cell, options, people):
    path = tmp_path / "c.csv"
    path.write_text(f'who,at,with\nu1,2026-01-31,"{cell}"\n')
    done = run("csv", path, *CO_AUTHORS, *options, "--output", "-")
    events = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert [one["data"]["actor"]["id"] for one in events] == ["u1", *people]


def test_the_separator_is_hinted_at(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("who;at\nu1;2026-01-31\n")
    refused = run("csv", path, *MAPS, "--output", "-")
    assert "is another character between the cells (--separator)?" in refused.stderr
    assert run("csv", path, *MAPS, "--separator", ";", "--output", "-").exit_code == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_mark_before_a_named_encoding_is_no_part_of_the_first_column(tmp_path, encoding):
    path = tmp_path / "c.csv"
    path.write_bytes('\ufeff"who",at\nu1,2026-01-31\n'.encode(encoding))
    assert run("csv", path, *MAPS, "--encoding", encoding, "--output", "-").exit_code == 0


@pytest.fixture
def moments(tmp_path):
    """A table of one moment, 2026-01-31, in seconds."""
    path = tmp_path / "moments.csv"
    path.write_text("who,at\nu1,1769860800\n")
    return path


def test_seconds_taken_for_milliseconds_are_refused_unless_asked_for(moments, tmp_path):
    arguments = ("csv", moments, *MAPS, "--time-format", "unix_ms", "--output", tmp_path / "out")
    refused = run(*arguments)
    assert (tmp_path / "out").read_text() == ""
    assert "1  invalid" in refused.output
    assert "the time is before 1990, which is implausible: is its unit right (--time-format)?" in refused.output
    assert run(*arguments, "--strict").exit_code == 1
    assert run(*arguments, "--earliest-year", "1970").exit_code == 0
    assert orjson.loads((tmp_path / "out").read_text())["time"] == "1970-01-21T11:37:40.800000+00:00"


def test_what_lies_in_the_future_was_read_wrongly(moments, tmp_path):
    moments.write_text("who,at\nu1,17698608000\n")
    done = run("csv", moments, *MAPS, "--time-format", "unix", "--output", tmp_path / "out")
    assert (tmp_path / "out").read_text() == ""
    assert "the time is in the future: is its unit right (--time-format)?" in done.output


def test_old_history_is_imported_when_asked_for(tmp_path):
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    who = {
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "a@x",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@x",
    }
    when = {"GIT_AUTHOR_DATE": "1985-01-31T12:00:00Z", "GIT_COMMITTER_DATE": "1985-01-31T12:00:00Z"}
    commit = [*git, "commit", "-q", "--allow-empty", "-m", "first"]
    subprocess.run(commit, check=True, env=os.environ | who | when)
    assert "1  invalid" in run("git", tmp_path, "--output", tmp_path / "out").output
    assert "1  written" in run("git", tmp_path, "--output", tmp_path / "out", "--earliest-year", "1985").output


def test_a_mapping_file_may_begin_with_a_byte_order_mark(table, tmp_path):
    mapping = tmp_path / "map.yaml"
    mapping.write_text("\ufefftype: {value: forum.post.v1}\nchannel: {value: forum}\nactor: who\ntime: at\n")
    done = run("csv", table, "--map", mapping, "--output", "-")
    assert orjson.loads(done.stdout.splitlines()[0])["type"] == "forum.post.v1"


def test_strict_fails_when_a_row_is_bad(table):
    assert run("csv", table, *MAPS, "--output", "-", "--strict").exit_code == 1
    assert run("csv", table, *MAPS, "--output", table.with_name("out"), "--strict").exit_code == 1
    assert run("csv", table, *MAPS, "--output", table.with_name("out")).exit_code == 0
    assert run("csv", table, *MAPS, "--output", "-", "--strict", "--limit", "1").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("csv", "nowhere.csv", *MAPS), "Error: nowhere.csv: No such file"),
        (("csv", "TABLE", "--map", "actor=who"), "Error: mapping: nothing fills type, time, channel"),
        (("csv", "TABLE", "--map", "who"), "neither FIELD=COLUMN nor a readable file"),
        (("csv", "TABLE", *MAPS, "--set", "x"), "--set x: write FIELD=VALUE"),
        (("csv", "TABLE", *MAPS, "--delimiter", "::"), "must be one character"),
        (("git", "nowhere"), "Error: nowhere: there is no such directory"),
        (("github-webhooks", "nowhere"), "Error: nowhere: there is no such directory"),
        (("cloudevents", "nowhere"), "Error: nowhere: No such file"),
    ],
)
def test_errors_say_what_is_wrong(table, arguments, message):
    done = run(*(str(table) if argument == "TABLE" else argument for argument in arguments), "--output", "-")
    assert done.exit_code != 0
    assert message in done.output


def test_a_service_that_is_not_there(table, monkeypatch):
    monkeypatch.setattr("plaudit_client.retrying.BACKOFF_FIRST_SECONDS", 0.0001)
    done = run("csv", table, *MAPS, "--url", "http://127.0.0.1:9", "--key", "k", "--json")
    assert done.exit_code == 1
    assert "did not take the request after 6 attempts" in json.loads(done.stdout)["error"]
    assert "Check that the address is right" in done.stderr


@pytest.mark.parametrize("command", ["git", "csv", "github-webhooks", "cloudevents"])
def test_help_has_an_example(command):
    done = run(command, "--help")
    assert f"plaudit import {command}" in done.output
    assert "--url" in done.output


@pytest.mark.parametrize(("more", "query"), [([], "backfill=true"), (["--live"], "")])
def test_what_is_imported_is_of_the_past_unless_somebody_says_that_it_is_live(
    table, ingest, monkeypatch, more, query
):
    client = functools.partial(AsyncPlaudit, transport=ingest)
    monkeypatch.setattr("plaudit.importers.commands.AsyncPlaudit", client)
    done = run("csv", table, *MAPS, *more, "--url", "http://ingest", "--key", "secret")
    assert done.exit_code == 0, done.output
    assert len(ingest.events) == 2
    posted = zip(ingest.requests, ingest.queries, strict=True)
    assert [asked for (method, _), asked in posted if method == "POST"] == [query]
