import gzip

import pytest

from plaudit.importers import cloudevents
from plaudit.importers.cloudevents import open_lines
from plaudit.importers.records import Bad, Mapped, SourceError


def read(path):
    return list(open_lines(str(path)).records)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_lines_as_they_are(tmp_path, pack):
    path = tmp_path / "events"
    path.write_bytes(pack(b'{"id": "1", "unknown": {"kept": true}}\n\nnot json\n[1]\n{"id": "2"}'))
    assert read(path) == [
        Mapped("line 1", {"id": "1", "unknown": {"kept": True}}),
        Bad("line 3", "the line is not JSON"),
        Bad("line 4", "the line is not a JSON object"),
        Mapped("line 5", {"id": "2"}),
    ]


def test_a_line_that_never_ends_is_one_bad_line(tmp_path, monkeypatch):
    monkeypatch.setattr(cloudevents, "LINE_MAX_BYTES", 50)
    path = tmp_path / "events"
    path.write_bytes(b"x" * 500 + b'\n{"id": "2"}\n' + b"y" * 51 + b"\n")
    assert [type(record) for record in read(path)] == [Bad, Mapped, Bad]
    assert [record.place for record in read(path)] == ["line 1", "line 2", "line 3"]


def test_a_truncated_gzip_file(tmp_path):
    path = tmp_path / "events.gz"
    path.write_bytes(gzip.compress(b'{"id": "1"}\n' * 1_000)[:-12])
    with pytest.raises(SourceError, match="ends in the middle"):
        read(path)


def test_how_far_reading_has_come(tmp_path):
    path = tmp_path / "events"
    path.write_bytes(b'{"id": "1"}\n' * 10)
    source = open_lines(str(path))
    assert source.total == 120
    assert len(list(source.records)) == 10
    assert source.position() == 120


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_byte_order_mark_says_how_to_read(tmp_path, pack, encoding):
    path = tmp_path / "events"
    path.write_bytes(pack('{"id": "Zoë"}\r\n\r\n{"id": "2"}\n'.encode(encoding)))
    assert read(path) == [Mapped("line 1", {"id": "Zoë"}), Mapped("line 3", {"id": "2"})]


def test_a_mark_and_nothing_else_is_an_empty_file(tmp_path):
    path = tmp_path / "events"
    path.write_bytes("\ufeff".encode())
    assert read(path) == []


def test_bytes_that_are_not_what_the_mark_says_end_the_reading(tmp_path):
    path = tmp_path / "events"
    path.write_bytes('{"id": "1"}\n'.encode("utf-16") + b"\x00\xdc\x00\xdc")
    with pytest.raises(SourceError, match="after line"):
        read(path)
