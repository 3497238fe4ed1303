import gzip
import os
from collections import Counter
from pathlib import Path

import pytest

from plaudit.importers.mapping import build_mapping
from plaudit.importers.records import Bad, Mapped, SourceError
from plaudit.importers.tabular import CsvOptions, open_table

SHARED_DATA = Path(os.environ.get("PLAUDIT_SHARED_DATA", "../shared/data"))
MESSAGE = {
    "type": {"value": "chat.message.v1"},
    "channel": {"value": "chat"},
    "actor": "source",
    "object_author": "target",
    "time": {"column": "weight", "format": "unix"},
}


def read(path, entries=None, **options):
    entries = entries or MESSAGE
    return list(open_table(str(path), build_mapping(entries), CsvOptions(**options)).records)


def shared(name):
    path = SHARED_DATA / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return path


@pytest.fixture
def table(tmp_path):
    def write(content, name="m.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_zipped_and_plain_give_the_same_events(table):
    text = "source,target,weight\n1,2,1000\n3,4,2000\n"
    plain = read(table(text))
    zipped = read(table(gzip.compress(text.encode()), "m.csv.gz"))
    assert [record.event for record in plain] == [record.event for record in zipped]
    assert [record.place for record in plain] == ["line 2", "line 3"]
    assert plain[0].event["source"] == "csv:m.csv"


def test_a_byte_order_mark_quotes_and_empty_lines(table):
    content = '\ufeffsource,target,weight\r\n"1","two ""b""\nc",1000\r\n\r\n3,4,2000\r\n'
    records = read(table(content))
    assert [record.place for record in records] == ["line 3", "line 5"]
    assert isinstance(records[0], Bad), "a line break has no place in an id"
    assert isinstance(records[1], Mapped)


@pytest.mark.parametrize("encoding", [None, "utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_part_of_the_first_columns_name(table, encoding):
    records = read(table("\ufeffsource,target,weight\n1,2,1000\n"), encoding=encoding)
    assert isinstance(records[0], Mapped)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
@pytest.mark.parametrize("named", [False, True])
def test_a_table_in_wide_characters_says_so_itself(table, encoding, named):
    path = table("source,target,weight\nZoë,2,1000\n".encode(encoding))
    [record] = read(path, encoding=encoding if named else None)
    assert record.event["data"]["actor"]["id"] == "Zoë"


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("m.csv", "csv:m.csv"),
        ("my messages 50%.csv", "csv:my%20messages%2050%25.csv"),
        ("gr\u00fc\u00dfe.csv", "csv:gr\u00fc\u00dfe.csv"),
        ("a<b>?#[1].csv", "csv:a%3Cb%3E%3F%23%5B1%5D.csv"),
        ("\udcff.csv", "csv:%FF.csv"),
    ],
)
def test_whatever_a_file_is_called_its_source_is_a_uri(table, name, source):
    [record] = read(table("source,target,weight\n1,2,1000\n", name))
    assert isinstance(record, Mapped), record
    assert record.event["source"] == source


def test_without_a_header_columns_have_numbers_or_names(table):
    path = table("1;2;1000\n3;4;2000\n")
    numbered = MESSAGE | {"actor": "1", "object_author": "2", "time": {"column": "3", "format": "unix"}}
    by_number = read(path, numbered, delimiter=";", header=False)
    by_name = read(path, delimiter=";", header=False, columns=("source", "target", "weight"))
    assert [record.event for record in by_number] == [record.event for record in by_name]
    assert len(by_name) == 2


def test_bad_rows_do_not_stop_the_rest(table):
    content = b"source,target,weight\n1,2\n1,\xff\xfe,1000\n1,2,soon\n,2,1000\n1,2,1000\n"
    records = read(table(content))
    assert records[:4] == [
        Bad("line 2", "the row does not have 3 cells"),
        Bad("line 3", "a cell holds bytes that are not of the file's encoding"),
        Bad("line 4", "time is not a time of the format 'unix'"),
        Bad("line 5", "nothing for actor: the column is empty"),
    ]
    assert isinstance(records[4], Mapped)


def test_a_quote_never_closed_is_one_bad_row(table):
    content = 'source,target,weight\n1,"2,1000\n' + "3,4,2000\n" * 30_000
    records = read(table(content))
    assert isinstance(records[0], Bad)
    assert "not a readable row" in records[0].reason
    assert isinstance(records[-1], Mapped)


def test_a_truncated_gzip_file_gives_what_it_has_and_says_so(table):
    rows = "".join(f"{number},2,{number * 7919}\n" for number in range(50_000))
    whole = gzip.compress(("source,target,weight\n" + rows).encode())
    source = open_table(str(table(whole[: len(whole) // 2], "m.csv.gz")), build_mapping(MESSAGE), CsvOptions())
    taken = []
    with pytest.raises(SourceError, match="the gzip file ends in the middle"):
        taken.extend(iter(source.records))
    # extend keeps what came before the error
    assert len(taken) > 1_000


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("a,b,c\n1,2,3\n", {}, "there is no column 'source'; the columns are a, b, c"),
        ("a,a\n1,2\n", {}, "there are two columns 'a'"),
        ("a\n", {"encoding": "klingon"}, "there is no encoding 'klingon'"),
    ],
)
def test_what_makes_the_whole_table_unreadable(table, content, options, message):
    with pytest.raises(SourceError, match=message):
        read(table(content), **options)


def test_a_file_that_is_not_there():
    with pytest.raises(SourceError, match="No such file"):
        read("/nowhere/at/all.csv")


def test_an_empty_file_has_no_events(table):
    assert read(table("")) == []


def test_messages_of_a_real_community_map_wholly():
    records = read(shared("collegemsg.txt.gz"), delimiter=" ")
    assert len(records) == 59_835
    assert all(isinstance(record, Mapped) for record in records)
    assert len({record.event["id"] for record in records}) == 59_835
    repeated = Counter(record.event["id"].rsplit(":", 1)[1] for record in records)
    assert repeated["2"] > 0, "identical rows are there, and count"
    people = {record.event["data"]["actor"]["id"] for record in records}
    people |= {record.event["data"]["object"]["author"]["id"] for record in records}
    assert len(people) == 1_899


def test_commits_of_a_real_project_map_wholly():
    entries = {
        "type": {"value": "code.commit.v1"},
        "channel": {"value": "code"},
        "id": "sha",
        "actor": "author",
        "time": "authored_at",
        "parents": "parents",
        "co_actors": "co_authors",
        "attributes.pull_request": {"column": "pull_request", "as": "int"},
    }
    records = read(shared("git-commits-a.csv.gz"), entries)
    assert all(isinstance(record, Mapped) for record in records)
    own = [record for record in records if "#co:" not in record.event["id"]]
    assert len(own) == 17_016
    assert len(records) > len(own)
    assert len({record.event["id"] for record in records}) == len(records)
