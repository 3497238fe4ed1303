import hashlib
import re

import pytest

from plaudit.stack import jars
from plaudit.stack.errors import StackError

CONTENTS = {"org/a/1/a-1.jar": b"first", "org/b/2/b-2.jar": b"second"}


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A cache that holds two jars and what is wanted of them."""
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path))
    wanted = {path: hashlib.sha256(data).hexdigest() for path, data in CONTENTS.items()}
    monkeypatch.setattr(jars, "read_checksums", lambda listing: wanted)
    for path, data in CONTENTS.items():
        target = tmp_path / "maven" / path
        target.parent.mkdir(parents=True)
        target.write_bytes(data)
    return tmp_path / "maven"


def put(repository, path, data):
    def fetch(paths, directory, title):
        assert [path] == paths
        (repository / path).write_bytes(data)

    return fetch


def test_jars_that_are_there_are_not_fetched(repository, monkeypatch):
    monkeypatch.setattr(jars, "_fetch", lambda paths, directory, title: pytest.fail("fetched"))
    assert jars.classpath() == [repository / path for path in CONTENTS]


@pytest.mark.parametrize("damage", [None, b"", b"firs"])
def test_a_missing_or_half_jar_is_fetched_again(repository, monkeypatch, damage):
    path = "org/a/1/a-1.jar"
    (repository / path).unlink() if damage is None else (repository / path).write_bytes(damage)
    monkeypatch.setattr(jars, "_fetch", put(repository, path, b"first"))
    assert jars.classpath()[0].read_bytes() == b"first"


def test_a_jar_with_another_checksum_is_never_used(repository, monkeypatch):
    path = "org/b/2/b-2.jar"
    (repository / path).write_bytes(b"evil")
    monkeypatch.setattr(jars, "_fetch", put(repository, path, b"evil"))
    with pytest.raises(StackError, match=re.escape(path)):
        jars.classpath()


def test_the_list_pins_every_jar_of_the_named_kafka():
    listed = jars.read_checksums()
    assert f"org/apache/kafka/kafka_2.13/{jars.KAFKA_VERSION}/kafka_2.13-{jars.KAFKA_VERSION}.jar" in listed
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in listed.values())
    assert all(path.endswith(".jar") for path in listed)


def test_a_mirror_in_mavens_settings_stands_in_for_maven_central(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("JGO_CONFIG_FILE", str(tmp_path / "none"))
    (tmp_path / ".m2").mkdir()
    (tmp_path / ".m2" / "settings.xml").write_text(
        '<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0"><mirrors><mirror>'
        "<mirrorOf>*</mirrorOf><url>https://mirror.example/maven/</url></mirror></mirrors></settings>"
    )
    assert jars._repositories() == {"mirror": "https://mirror.example/maven"}
