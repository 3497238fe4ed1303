import os

import pytest

from plaudit.stack import prepared
from plaudit.stack.clusters import as_another, crc32c
from plaudit.stack.errors import StackError


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def made(tmp_path):
    source = tmp_path / "made"
    (source / "base" / "empty").mkdir(parents=True)
    (source / "base" / "1").write_bytes(b"\0\1" * 5000)
    (source / "log").write_bytes(b"")
    return source


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


def kept_file(name, key="k"):
    return prepared.cache() / "prepared" / f"x-{key}" / "content" / name


def test_what_was_kept_is_copied_as_it_was_and_for_its_owner_alone(made, tmp_path):
    assert not prepared.copy("x", "k", tmp_path / "a")
    assert not (tmp_path / "a").exists()
    prepared.keep("x", "k", made)
    assert prepared.copy("x", "k", tmp_path / "a")
    assert contents(tmp_path / "a") == contents(made)
    assert not prepared.copy("x", "other", tmp_path / "b")
    for path in (kept_file("base/1").parent, kept_file("base/1"), tmp_path / "a", tmp_path / "a" / "log"):
        assert path.stat().st_mode & 0o077 == 0


def test_only_what_is_wanted_is_kept(made, tmp_path):
    prepared.keep("x", "k", made, is_kept=lambda name: name != "base/1")
    assert prepared.copy("x", "k", tmp_path / "a")
    assert set(contents(tmp_path / "a")) == {"base", "base/empty", "log"}


@pytest.mark.parametrize("damage", ["a byte", "cut", "away", "no listing", "half a listing"])
def test_what_is_damaged_is_not_copied_and_goes(made, tmp_path, damage):
    prepared.keep("x", "k", made)
    file = kept_file("base/1")
    listing = file.parents[2] / "listing.json"
    match damage:
        case "a byte":
            file.write_bytes(b"\1" + file.read_bytes()[1:])
        case "cut":
            file.write_bytes(file.read_bytes()[:-1])
        case "away":
            file.unlink()
        case "no listing":
            listing.unlink()
        case _:
            listing.write_bytes(listing.read_bytes()[:20])
    assert not prepared.copy("x", "k", tmp_path / "a")
    assert not (tmp_path / "a").exists()
    assert list((prepared.cache() / "prepared").iterdir()) == []
    prepared.keep("x", "k", made)
    assert prepared.copy("x", "k", tmp_path / "a")


def test_whoever_is_later_leaves_the_first_one(made, tmp_path):
    prepared.keep("x", "k", made)
    (made / "log").write_bytes(b"another")
    prepared.keep("x", "k", made)
    assert prepared.copy("x", "k", tmp_path / "a")
    assert (tmp_path / "a" / "log").read_bytes() == b""
    assert [path.name for path in (prepared.cache() / "prepared").iterdir()] == ["x-k"]


def test_those_used_last_stay(made, tmp_path):
    for age, key in enumerate("abc"):
        prepared.keep("x", key, made)
        os.utime(prepared.cache() / "prepared" / f"x-{key}", (age, age))
    prepared.keep("y", "k", made)
    assert prepared.copy("x", "b", tmp_path / "b")  # used now
    prepared.keep("x", "d", made)
    assert {path.name for path in (prepared.cache() / "prepared").iterdir()} == {"x-b", "x-d", "y-k"}


def test_without_a_place_to_write_nothing_is_kept(made, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder would be")
    prepared.keep("x", "k", made)
    assert not prepared.copy("x", "k", tmp_path / "a")


def test_it_can_be_turned_off(monkeypatch):
    assert prepared.is_wanted()
    monkeypatch.setenv("PLAUDIT_PREPARED", "no")
    assert not prepared.is_wanted()
    monkeypatch.setenv("PLAUDIT_PREPARED", "perhaps")
    with pytest.raises(StackError, match="yes or no"):
        prepared.is_wanted()


def test_the_checksum_is_castagnolis():
    assert crc32c(b"123456789") == 0xE3069283


def test_what_is_no_pg_control_is_not_written():
    with pytest.raises(StackError, match="pg_control"):
        as_another(bytes(range(256)) * 32)
