from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.importers.mapping import DATA_FIELDS, Occurrences, RowMapper, build_mapping, parse_time, read_mapping
from plaudit.importers.records import Bad, Mapped, SourceError

BASE = {"type": {"value": "chat.message.v1"}, "channel": {"value": "chat"}, "actor": "who", "time": "at"}


def mapper(columns, time_format="iso", **entries):
    named = {name.replace("__", "."): entry for name, entry in entries.items()}
    return RowMapper(build_mapping(BASE | named, time_format), columns, "csv:test")


def one(mapped, *row):
    [record] = mapped.records("line 2", row)
    return record


def test_fields_of_event_types_come_from_the_contracts():
    assert DATA_FIELDS["lines_added"] is int
    assert DATA_FIELDS["merged"] is bool
    assert DATA_FIELDS["reaction"] is str
    assert DATA_FIELDS["amount_minor"] is int
    assert "actor" not in DATA_FIELDS


@pytest.mark.parametrize(
    ("text", "time_format"),
    [
        ("2026-01-31T12:00:00Z", "iso"),
        ("2026-01-31T13:00:00+01:00", "iso"),
        ("2026-01-31 12:00:00", "iso"),
        ("1769860800", "unix"),
        ("1769860800000", "unix_ms"),
        ("31.01.2026 12:00", "%d.%m.%Y %H:%M"),
    ],
)
def test_times(text, time_format):
    assert parse_time(text, time_format) == datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["1769860800", "1769860800000", "20260131", "2026", "1769860800.5", "-1"])
def test_a_bare_number_needs_its_unit(text):
    with pytest.raises(ValueError, match="a bare number needs its unit, unix or unix_ms"):
        parse_time(text, "iso")


@pytest.mark.parametrize("text", ["1_769_860_800", "1e9", "nan", "inf", "\u0661\u0662", "2026-01-31", ""])
def test_a_unit_needs_a_plain_number(text):
    for unit in ("unix", "unix_ms"):
        with pytest.raises(ValueError, match="is not a time of the format"):
            parse_time(text, unit)


@given(st.text(), st.sampled_from(["iso", "unix", "unix_ms", "%Y-%m-%d"]))
def test_any_text_is_a_time_or_an_error(text, time_format):
    try:
        assert parse_time(text, time_format).utcoffset().total_seconds() == 0
    except ValueError as error:
        assert "is not a time" in str(error)  # noqa: PT017


def test_a_row_fills_people_things_fields_and_attributes():
    columns = ("who", "name", "at", "to", "post", "chars", "pages", "vip")
    mapped = mapper(
        columns,
        actor_name="name",
        in_reply_to="post",
        in_reply_to_author="to",
        length_chars="chars",
        attributes__pages={"column": "pages", "as": "int"},
        attributes__vip={"column": "vip", "as": "bool"},
        attributes__from={"value": "archive"},
    )
    record = one(mapped, "u1", "Ada\tL.", "2026-01-31T12:00:00Z", "u2", "p9", "12", "3", "yes")
    assert record.event["data"] == {
        "channel": "chat",
        "actor": {"id": "u1", "name": "Ada L."},
        "in_reply_to": {"id": "p9", "author": {"id": "u2"}},
        "length_chars": 12,
        "attributes": {"pages": 3, "vip": True, "from": "archive"},
    }


def test_an_addressee_without_an_object_is_a_member():
    record = one(mapper(("who", "at", "to"), object_author="to"), "u1", "2026-01-31", "u2")
    assert record.event["data"]["object"] == {"id": "member:u2", "author": {"id": "u2"}}
    empty = one(mapper(("who", "at", "to"), object_author="to"), "u1", "2026-01-31", "")
    assert "object" not in empty.event["data"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("", "2026-01-31", "1"), "nothing for actor: the column is empty"),
        (("u1", "yesterday", "1"), "time is not a time of the format 'iso'"),
        (("u1", "2026-01-31", "many"), "length_chars is not a whole number"),
        (("u1", "2026-01-31", "-1"), "/data/length_chars: Input should be greater than or equal to 0"),
        (("u" * 300, "2026-01-31", "1"), "/data/actor/id: String should have at most 255 characters"),
    ],
)
def test_bad_rows_say_what_is_wrong(row, reason):
    assert one(mapper(("who", "at", "chars"), length_chars="chars"), *row) == Bad("line 2", reason)


def test_identical_rows_are_separate_events_with_stable_ids():
    rows = [("u1", "2026-01-31"), ("u2", "2026-01-31"), ("u1", "2026-01-31")]

    def ids():
        mapped = mapper(("who", "at"))
        return [record.event["id"] for row in rows for record in mapped.records("x", row)]

    first = ids()
    assert len(set(first)) == 3
    assert first[0].removesuffix(":1") == first[2].removesuffix(":2")
    assert ids() == first


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["2026-01-01", "2026-01-02"]))), st.data())
def test_rows_added_at_the_end_change_no_id(rows, data):
    cut = data.draw(st.integers(0, len(rows)))

    def ids(part):
        mapped = mapper(("who", "at"))
        return [record.event["id"] for row in part for record in mapped.records("x", row)]

    assert ids(rows)[:cut] == ids(rows[:cut])
    assert len(set(ids(rows))) == len(rows)


@given(st.lists(st.binary(min_size=1, max_size=2)))
def test_occurrences_count(digests):
    occurrences = Occurrences()
    for index, digest in enumerate(digests):
        assert occurrences.count(digest) == digests[: index + 1].count(digest)
    occurrences.close()


def test_co_actors_earn_too():
    mapped = mapper(("sha", "who", "at", "others"), id="sha", co_actors="others")
    records = list(mapped.records("line 2", ("c1", "u1", "2026-01-31", "u2 u3;u1 u2")))
    assert [(r.event["id"], r.event["data"]["actor"]["id"]) for r in records] == [
        ("c1", "u1"),
        ("c1#co:u2", "u2"),
        ("c1#co:u3", "u3"),
    ]
    assert records[1].event["data"]["attributes"] == {"co_author": True}


def test_a_retraction_names_its_target():
    mapped = mapper(
        ("who", "at", "gone"),
        type={"value": "activity.retracted.v1"},
        target_source={"value": "csv:old"},
        target_id="gone",
    )
    record = one(mapped, "u1", "2026-01-31", "c1")
    assert isinstance(record, Mapped)
    assert record.event["data"]["target"] == {"source": "csv:old", "id": "c1"}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"type": {"value": "x"}}, "nothing fills time, channel, actor; name a column"),
        (BASE | {"acter": "who"}, "there is no field 'acter'; the fields are id, type"),
        (BASE | {"object": {"colunm": "x"}}, "object: write a column's name"),
        (BASE | {"object": 3}, "object: write a column's name"),
        (BASE | {"attributes.x": {"column": "x", "as": "date"}}, "`as` is int, float, bool or str"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(entries, message):
    with pytest.raises(SourceError, match=message):
        build_mapping(entries)


def test_a_missing_column_and_a_wrong_constant_are_found_before_the_first_row():
    with pytest.raises(SourceError, match="there is no column 'who'; the columns are a, at"):
        mapper(("a", "at"))
    with pytest.raises(SourceError, match="'many' is not a whole number"):
        mapper(("who", "at"), length_chars={"value": "many"})


def test_yaml_errors_have_a_line():
    with pytest.raises(SourceError, match="line 2"):
        read_mapping("type: x\n\tactor: y")
    with pytest.raises(SourceError, match="must hold fields"):
        read_mapping("- a list")
