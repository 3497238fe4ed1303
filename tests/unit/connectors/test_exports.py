"""Exports: recognised, cut, and the same as what was delivered; hostile ones stop by themselves."""

import csv
import gzip
import io
import json
import os
import re
import tracemalloc
import zipfile
from collections import Counter
from pathlib import Path

import orjson
import pytest

from connectors.engine import Delivery, checked, map_delivery, settings_of
from connectors.exports.compiled import pattern
from connectors.exports.contents import Reading, Text, UnreadableError
from connectors.exports.finding import find
from connectors.exports.trees import ELEMENT_MAX_BYTES, of_json_lines, of_xml
from connectors.failures import MappingError
from connectors.functions import FUNCTIONS
from connectors.shipped import connector, files, with_exports
from plaudit.importers.contents import contents
from plaudit.importers.exports import Options, open_either, open_export, outcomes
from plaudit.importers.records import Bad, Mapped, Skipped, SourceError

SHARED_DATA = Path(os.environ.get("PLAUDIT_SHARED_DATA", "../shared/data"))
EXPORTS = SHARED_DATA / "platforms" / "exports"
DUMP = SHARED_DATA / "platforms" / "stackexchange"
needs_exports = pytest.mark.skipif(not EXPORTS.is_dir(), reason=f"{EXPORTS} is not there")
HEADER = "Name (Original Name),User Email,Join Time,Leave Time\n"
ROW = "Ada,ada@example.org,11/19/2021 10:09:00 AM,11/19/2021 10:10:00 AM\n"


def records(name, *paths, **settings):
    """What an export comes to, read whole."""
    return list(open_export(connector(name), [Path(path) for path in paths], Options(settings)).records)


def events(found):
    return [one.event for one in found if isinstance(one, Mapped)]


def written(folder, name, content):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


@needs_exports
@pytest.mark.parametrize("name", ["full_with_header_block", "no_header_block"])
def test_who_joined_several_times_attended_once(name):
    file = EXPORTS / f"zoom_participants_sessions_{name}.csv"
    rows = [row for row in csv.reader(file.read_text().splitlines()) if len(row) > 5 and "@" in row[1]]
    people = Counter(row[1] for row in rows)
    assert (len(people), people["power-girl_kryptonian@example.org"]) == (27, 2)
    told = events(records("zoom", file))
    assert sorted(event["data"]["actor"]["id"] for event in told) == sorted(people)
    assert {event["data"]["actor"]["id"]: event["data"]["attributes"]["sessions"] for event in told} == people
    assert max(event["data"]["attributes"]["minutes"] for event in told) <= 128, "two devices at once are one"


@needs_exports
def test_no_address_is_in_an_id():
    told = events(records("zoom", EXPORTS / "zoom_participants_sessions_full_with_header_block.csv"))
    assert len({event["id"] for event in told}) == 27
    assert not any("@" in event["id"] or "example" in event["id"] for event in told)


@needs_exports
def test_with_and_without_its_first_lines_it_is_the_same_attendance():
    first, second = (
        events(records("zoom", EXPORTS / f"zoom_participants_sessions_{name}.csv", meeting="60245167821"))
        for name in ("full_with_header_block", "no_header_block")
    )
    assert first == second


@needs_exports
def test_the_messages_of_a_slack_export_are_those_that_people_wrote():
    folder = EXPORTS / "slack_export"
    wanted = set()
    channels = {one["name"]: one["id"] for one in orjson.loads((folder / "channels.json").read_bytes())}
    joined = {}
    for file in folder.glob("*__*.json"):
        for message in orjson.loads(file.read_bytes()):
            if message.get("subtype") == "channel_join":
                joined[message["user"]] = min(message["ts"], joined.get(message["user"], "9"))
            elif "bot_id" not in message:
                wanted.add(f"message:{channels[file.name.split('__')[0]]}:{message['ts']}")
    found = records("slack", folder)
    told = events(found)
    assert {one["id"] for one in told if one["type"] == "chat.message.v1"} == wanted
    joins = {one["id"]: one["time"].timestamp() for one in told if one["type"] == "member.joined.v1"}
    assert joins == {f"member:{user}": pytest.approx(float(ts)) for user, ts in joined.items()}
    assert {one["source"] for one in told} == {"urn:slack:T0BMHLSRH"}
    assert not [one for one in found if isinstance(one, Bad)]


@needs_exports
def test_a_zip_is_the_folder_that_it_was_made_of(tmp_path):
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in (EXPORTS / "slack_export").glob("*.json"):
            packed.write(file, f"workspace export/{file.name.replace('__', '/')}")
        packed.writestr("__MACOSX/._general", b"\x00\x05")
    whole, folder = records("slack", archive), records("slack", EXPORTS / "slack_export")
    assert sorted(map(repr, events(whole))) == sorted(map(repr, events(folder)))
    assert len(events(whole)) == 24


def test_what_was_delivered_live_has_the_ids_of_the_export():
    message = {"type": "message", "user": "U1", "text": "Hi", "ts": "1599616881.000800"}
    item = {"type": "message", "channel": "C1", "ts": message["ts"]}
    reaction = {"type": "reaction_added", "user": "U2", "item_user": "U1", "reaction": "tada", "item": item}
    live = [
        message | {"channel": "C1", "channel_type": "channel"},
        reaction | {"event_ts": "1599616900.000100"},
        {"type": "member_joined_channel", "user": "U1", "channel": "C1", "event_ts": "1599616880.000100"},
    ]
    slack = connector("slack")
    told = [
        event
        for one in live
        for event in map_delivery(
            slack,
            Delivery({}, {"team_id": "T1", "type": "event_callback", "event": one}, None),
            settings_of(slack),
        ).activities
    ]
    exported = [
        Text("channels.json", json.dumps([{"id": "C1", "name": "general"}])),
        Text("users.json", json.dumps([{"id": "U9", "team_id": "T1", "is_primary_owner": True}])),
        Text(
            "general/2020-09-09.json",
            json.dumps(
                [
                    {"type": "message", "subtype": "channel_join", "user": "U1", "ts": "1599616880.000100"},
                    message | {"reactions": [{"name": "tada", "users": ["U2"], "count": 1}]},
                ]
            ),
        ),
    ]
    [found] = find([slack], exported)
    again = [
        event for _, outcome in outcomes(found, settings_of(slack), Reading()) for event in outcome.activities
    ]
    known = {(event["source"], event["id"]): event for event in told if event["type"] != "activity.restored.v1"}
    same = {(event["source"], event["id"]): event for event in again if event["type"] != "activity.restored.v1"}
    assert known.keys() == same.keys()
    # A reaction's time is not compared, and an export does not say it.
    assert all(
        one == same[key] for key, one in known.items() if one["type"] in {"chat.message.v1", "member.joined.v1"}
    )


@needs_exports
def test_a_dump_is_what_its_rows_say():
    def rows(name):
        for text in re.findall(r"<row ([^>]*)/>", (DUMP / f"{name}.xml").read_text("utf-8-sig")):
            yield dict(re.findall(r'(\w+)="([^"]*)"', text))

    posts = {row["Id"]: row for row in rows("Posts")}
    written_by = {id_: row.get("OwnerUserId") for id_, row in posts.items()}
    people = {
        id_ for id_, row in posts.items() if row["PostTypeId"] in "12" and int(row.get("OwnerUserId", -1)) > 0
    }
    asked_by = {id_: written_by.get(row.get("ParentId")) for id_, row in posts.items()}
    votes = [row for row in rows("Votes") if int(written_by.get(row["PostId"]) or -1) > 0]
    accepted = {
        row["PostId"]
        for row in votes
        if row["VoteTypeId"] == "1" and asked_by[row["PostId"]] != written_by[row["PostId"]]
    }
    voted = {
        row["Id"]
        for row in votes
        if row["VoteTypeId"] in "23" and "CommunityOwnedDate" not in posts[row["PostId"]]
    }
    told = events(records("stackexchange", DUMP, site="https://conlang.stackexchange.com"))
    by_type = {kind: {one["id"] for one in told if one["type"] == kind} for kind in {one["type"] for one in told}}
    assert by_type["forum.post.v1"] | by_type["forum.reply.v1"] == {f"post:{id_}" for id_ in people} | {
        "post:8315"  # of the API's answer, which lies beside the dump
    }
    assert by_type["forum.answer_accepted.v1"] == {f"accepted:{id_}" for id_ in accepted}
    assert by_type["content.voted.v1"] == {f"vote:{id_}" for id_ in voted}
    assert by_type["member.joined.v1"] == {f"user:{row['Id']}" for row in rows("Users") if row["Id"] != "-1"}
    assert all(one["data"]["object"]["author"]["id"] != "-1" for one in told if "object" in one["data"])


@needs_exports
@pytest.mark.parametrize("name", ["Posts.xml", "Votes.xml"])
def test_what_rows_refer_to_is_found_beside_the_file(name):
    alone = events(records("stackexchange", DUMP / name, site="https://conlang.stackexchange.com"))
    whole = events(records("stackexchange", DUMP, site="https://conlang.stackexchange.com"))
    assert alone
    assert all(one in whole for one in alone)


@needs_exports
def test_whose_table_it_is_not_is_said_with_what_there_is():
    with pytest.raises(SourceError) as raised:
        records("zoom", EXPORTS / "eventbrite_attendees.csv")
    said = str(raised.value)
    assert "no line has all of its columns: name (Name (Original Name)" in said
    assert "Found: Order #, Order Date" in said
    assert "--column" in said
    assert find([connector(name) for name in files()], contents([EXPORTS / "bank_csv_french_headers.csv"])) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"], ids=lambda one: one)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
def test_a_table_in_any_encoding_between_any_separators(tmp_path, encoding, separator):
    text = (HEADER + ROW.replace("Ada", '"Jörg, der Ä|;"')).replace(",", separator)
    file = written(tmp_path, "participants_7.csv", text.encode(encoding))
    options = Options({}, Reading("cp1252" if encoding == "cp1252" else None))
    [one] = events(open_export(connector("zoom"), [file], options).records)
    assert one["data"]["actor"]["name"] == f"Jörg{separator} der Ä|;"
    assert one["data"]["object"]["id"] == "meeting:7"


def test_bytes_of_another_encoding_spoil_their_row_and_say_what_to_do(tmp_path):
    file = written(
        tmp_path, "a.csv", (HEADER + ROW + ROW.replace("Ada", "Jörg").replace("ada@", "j@")).encode("cp1252")
    )
    found = records("zoom", file)
    assert len(events(found)) == 1
    [bad] = [one for one in found if isinstance(one, Bad)]
    assert bad.place == "a.csv line 3"
    assert "--encoding cp1252" in bad.reason


def test_a_column_that_is_called_otherwise_is_said(tmp_path):
    file = written(tmp_path, "a.csv", HEADER.replace("Join Time", "Kam um") + ROW)
    with pytest.raises(SourceError, match="Say what it is called here, as --column joined=NAME"):
        records("zoom", file)
    options = Options({}, Reading(None, {"joined": "Kam um"}))
    assert len(events(open_export(connector("zoom"), [file], options).records)) == 1


def test_a_line_of_ten_megabytes_is_passed_over_and_told_of(tmp_path):
    file = written(tmp_path, "a.csv", HEADER + "x" * 10_000_000 + "\n" + ROW)
    found = records("zoom", file)
    assert len(events(found)) == 1
    assert [(one.place, one.reason) for one in found if isinstance(one, Bad)] == [
        ("a.csv line 2", "the line is longer than 1,048,576 characters")
    ]


def test_a_quotation_mark_that_is_open_ends_where_a_cell_may(tmp_path):
    file = written(tmp_path, "a.csv", HEADER + '"' + "x,\n" * 100_000 + ROW)
    first = next(one for one in records("zoom", file) if isinstance(one, Bad))
    assert first.reason.endswith("is a quotation mark open?")


def test_settings_that_there_are_not_and_that_are_needed(tmp_path):
    file = written(tmp_path, "users.csv", "id,username,created_at\n9,farida,2026-01-01 00:00:00 UTC\n")
    with pytest.raises(SourceError, match="say --set address=…"):
        records("discourse", file)
    with pytest.raises(SourceError, match="there is no setting `adress`; did you mean `address`"):
        records("discourse", file, adress="x")
    [one] = events(records("discourse", file, address="https://forum.example.org"))
    assert (one["source"], one["id"]) == ("https://forum.example.org", "user:9")


def bomb(folder):
    """A zip of 200 kB that becomes 200 MB."""
    file = folder / "bomb.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        packed.writestr("channels.json", b"[]")
        with packed.open("general/2020-01-01.json", "w") as member:
            for _ in range(200):
                member.write(b" " * 1024 * 1024)
    return file


def test_a_zip_that_bursts_is_stopped_before_it_is_read(tmp_path):
    with pytest.raises(SourceError, match="more than 200 times its size"):
        records("slack", bomb(tmp_path))


def test_a_gzip_that_bursts_is_stopped_while_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("plaudit.importers.contents.RATIO_FREE_BYTES", 1024 * 1024)
    file = tmp_path / "a.csv.gz"
    with gzip.open(file, "wb", compresslevel=9) as packed:
        packed.write(HEADER.encode())
        packed.write(b" " * 4 * 1024 * 1024)
    with pytest.raises(SourceError, match="more than 200 times as large as it was packed"):
        records("zoom", file)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"7z\xbc\xaf\x27\x1c\0\0", "7z x FILE"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "save it as CSV"),
        (b"PK\x03\x04 and no more", "it is no whole zip archive"),
        (b"\x1f\x8b\x08\x00 and no more", "cannot be read"),
        (b"", "no line has all of its columns"),
    ],
    ids=["7z", "xls", "zip", "gzip", "empty"],
)
def test_what_is_no_file_of_an_export_is_said_with_what_to_do(tmp_path, content, said):
    with pytest.raises(SourceError, match=re.escape(said)):
        records("zoom", written(tmp_path, "a.csv", content))


def test_an_element_that_never_ends_and_entities_are_stopped():
    endless = io.BufferedReader(io.BytesIO(b'<users><row Id="' + b"9" * (ELEMENT_MAX_BYTES + 200_000)))
    with pytest.raises(UnreadableError, match="line 1: an element is longer than 4,194,304 bytes"):
        list(of_xml(endless))
    laughs = '<?xml version="1.0"?>\n<!DOCTYPE u [<!ENTITY a "aaaa">]><users><row Id="&a;"/></users>'
    with pytest.raises(UnreadableError, match="line 2: it declares a document type"):
        list(of_xml(io.BufferedReader(io.BytesIO(laughs.encode()))))


def test_a_dump_is_read_as_it_comes(tmp_path):
    file = tmp_path / "Users.xml"
    with file.open("w") as stream:
        stream.write("<users>")
        for number in range(1, 1_001):
            stream.write(
                f'<row Id="{number}" CreationDate="2018-02-06T20:00:58.000" DisplayName="{"x" * 20_000}"/>\n'
            )
        stream.write("</users>")
    source = open_export(connector("stackexchange"), [file], Options({"site": "https://a.example.org"}))
    tracemalloc.start()
    count = sum(1 for one in source.records if isinstance(one, Mapped))
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 1_000
    assert most_bytes < 4 * 1024 * 1024 < file.stat().st_size
    assert source.position() == source.total == file.stat().st_size


def test_lines_of_json_fail_by_themselves():
    text = b'{"a": 1}\n[1]\n{"a": \n' + b'"' + b"x" * 2_000_000 + b'"\n\n{"a": 2}'
    found = list(of_json_lines(io.BufferedReader(io.BytesIO(text))))
    assert [one.place for one in found] == ["line 1", "line 2", "line 3", "line 4", "line 6"]
    assert found[2].reason.startswith("column ")
    assert "longer than 1,048,576 bytes" in found[3].reason


def test_json_that_is_none_has_its_line_and_column(tmp_path):
    written(tmp_path, "channels.json", "[]")
    written(tmp_path, "general/2020-01-01.json", '[\n  {"a": ]\n')
    with pytest.raises(SourceError, match=r"general/2020-01-01\.json: line 2, column 9: this is not JSON"):
        records("slack", tmp_path)


def test_a_folder_of_deliveries_is_reconciled_too(tmp_path):
    post = {"id": 13, "post_number": 2, "topic_id": 10, "user_id": 8, "created_at": "2026-01-02T11:00:00.000Z"}
    headers = {"X-Discourse-Event": "post_created", "X-Discourse-Instance": "https://forum.example.org"}
    liked = {"like": {"post": post, "user": {"id": 9}}}
    written(tmp_path, "1.json", json.dumps({"headers": headers, "body": {"post": post}}))
    written(tmp_path, "2.json", json.dumps({"body": liked, "headers": {}, "received": "2026-01-02T12:00:00Z"}))
    written(tmp_path, "3.json", json.dumps(liked))
    written(tmp_path, "4.json", "{")
    written(tmp_path, "5.json", json.dumps({"a": 1}))
    found = list(open_either(connector("discourse"), [tmp_path], Options()).records)
    assert [(type(one), one.place) for one in found] == [
        (Mapped, "1.json"),
        (Mapped, "2.json"),
        (Bad, "3.json"),
        (Bad, "4.json"),
        (Skipped, "5.json"),
    ]
    assert "received" in found[2].reason
    assert found[3].reason.startswith("line 1, column ")


@pytest.mark.parametrize(
    ("name", "path", "fits"),
    [
        ("{room}/{day:date}.json", "x/general/2020-01-01.json", {"room": "general", "day": "2020-01-01"}),
        ("{room}/{day:date}.json", "general/hook.json", None),
        ("Posts.xml", "dump/posts.XML", {}),
        ("Posts.xml", "myPosts.xml", None),
        ("*.csv", "a/b.csv", {}),
    ],
    ids=["room", "no-day", "case", "whole-name", "any"],
)
def test_names_of_files(name, path, fits):
    found = pattern(name).fullmatch(path)
    assert (found and found.groupdict()) == fits


@pytest.mark.parametrize(
    ("text", "order", "zone", "time"),
    [
        ("11/19/2021 9:54:15 AM", "mdy", "UTC", "2021-11-19T09:54:15+00:00"),
        ("11/29/24 22:28", "mdy", "UTC", "2024-11-29T22:28:00+00:00"),
        ("12/01/2026 12:00 a.m.", "dmy", "UTC", "2026-01-12T00:00:00+00:00"),
        ("Nov 19, 2021 09:54 PM", "mdy", "Europe/Rome", "2021-11-19T21:54:00+01:00"),
        ("2021-11-19 09:54:15", "dmy", "UTC", "2021-11-19T09:54:15+00:00"),
    ],
    ids=["zoom", "eventbrite", "midnight", "named", "iso"],
)
def test_times_as_people_write_them(text, order, zone, time):
    assert FUNCTIONS["written_time"].call(text, order, zone).isoformat() == time


@pytest.mark.parametrize(
    ("text", "order", "zone", "said"),
    [
        ("19/11/2021 9:54", "mdy", "UTC", "is it written day before month?"),
        ("11/19/2021 9:54", "dmy", "UTC", "is it written month before day?"),
        ("soon", "mdy", "UTC", "this is not a time such as"),
        ("11/19/2021 9:54", "mdy", "Rome", "no such time zone"),
    ],
    ids=["day-first", "month-first", "none", "zone"],
)
def test_times_that_are_none_say_what_to_do(text, order, zone, said):
    with pytest.raises(MappingError, match=re.escape(said)):
        FUNCTIONS["written_time"].call(text, order, zone)


def test_those_with_exports_are_known_without_being_read():
    assert sorted(with_exports()) == [name for name in sorted(files()) if connector(name).exports]


def test_strange_records_fail_alone():
    strange = [
        None,
        [],
        {},
        "",
        0,
        {"user": None},
        {"ts": "x"},
        {"ts": {}},
        {"reactions": "x", "ts": "1.2", "user": "U"},
    ]
    text = json.dumps([{"user": "U1", "type": "message", "ts": "1599616881.000800"}, *strange])
    slack = connector("slack")
    [found] = find([slack], [Text("channels.json", "[]"), Text("g/2020-01-01.json", text)])
    states = Counter(str(outcome.state) for _, outcome in outcomes(found, settings_of(slack), Reading()))
    assert states.total() == 10
    assert set(states) <= {"no_engagement", "invalid", "unmapped"}, "of a room that nobody knows nothing counts"


def test_checked_activities_are_valid():
    zoom = connector("zoom")
    [found] = find([zoom], [Text("a.csv", HEADER + ROW)])
    [(_, outcome)] = outcomes(found, settings_of(zoom), Reading())
    assert checked(outcome).state == "mapped"
