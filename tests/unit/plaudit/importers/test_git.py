import hashlib
import os
import subprocess

import orjson
import pytest

from connectors.people import person_id
from plaudit.importers.git import GitOptions, open_repository
from plaudit.importers.records import Bad, Mapped, SamePerson, Skipped, SourceError
from plaudit.importers.repositories import is_shallow

ADA = "Ada <Ada@Example.org>"


def digest(address):
    return hashlib.sha256(address.encode()).hexdigest()[:16]


class Repository:
    """A repository made with git itself; `now` is the author's and committer's time of the next commit."""

    def __init__(self, path):
        self.path = path
        self.now = 1_767_225_600

    def git(self, *arguments):
        dates = {"GIT_AUTHOR_DATE": f"{self.now} +0200", "GIT_COMMITTER_DATE": f"{self.now + 60} +0200"}
        identity = {
            "GIT_COMMITTER_NAME": "C",
            "GIT_COMMITTER_EMAIL": "c@example.org",
            "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "HOME": str(self.path),
        }
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            check=True,
            capture_output=True,
            env=os.environ | dates | identity,
        )
        return done.stdout.decode().strip()

    def commit(self, message="work", author=ADA, text="line\n"):
        with (self.path / "file").open("a") as file:
            file.write(text)
        self.git("add", "file")
        self.git("commit", "-q", "--allow-empty", "--no-gpg-sign", "-m", message, "--author", author)
        self.now += 3_600
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path):
    path = tmp_path / "project"
    path.mkdir()
    made = Repository(path)
    made.git("init", "-q", "-b", "main")
    return made


def read(path, **options):
    return list(open_repository(path, GitOptions(**options)).records)


def test_commits_oldest_first_with_people_as_hashes(repository):
    first = repository.commit()
    second = repository.commit(author="Bob <bob@example.org>", text="a\nb\n")
    records = read(repository.path)
    assert [record.event["id"] for record in records] == [first, second]
    assert {record.event["source"] for record in records} == {f"git:{first}"}
    event = records[0].event
    assert event["data"]["actor"] == {"id": "git:" + digest("ada@example.org"), "name": "Ada"}
    assert event["time"].isoformat() == "2026-01-01T00:00:00+00:00"
    assert event["data"]["attributes"] == {"committed_at": "2026-01-01T00:01:00+00:00"}
    assert [record.event["data"]["parents"] for record in records] == [0, 1]
    assert "example.org" not in orjson.dumps([record.event for record in records]).decode().lower()


def test_numbers_of_lines(repository):
    repository.commit(text="one\ntwo\nthree\n")
    (repository.path / "file").write_text("one\n")
    repository.commit(text="")
    repository.commit(text="")
    numbers = [
        tuple(record.event["data"].get(name) for name in ("files_changed", "lines_added", "lines_deleted"))
        for record in read(repository.path, stat=True)
    ]
    assert numbers == [(1, 3, 0), (1, 0, 2), (None, None, None)]


@pytest.mark.parametrize("stat", [False, True])
def test_co_authors_earn_once_each(repository, stat):
    trailers = (
        "Pair\n\nCo-authored-by: Bob <bob@example.org>\nCo-authored-by: BOB <Bob@Example.org>\n"
        "Co-authored-by: Ada <ada@example.org>\nCo-authored-by: nobody\nCo-Authored-By: Cy <cy@example.org>"
    )
    sha = repository.commit(trailers)
    records = read(repository.path, stat=stat)
    assert [record.event["id"] for record in records] == [
        sha,
        f"{sha}#co{digest('bob@example.org')}",
        f"{sha}#co{digest('cy@example.org')}",
    ]
    assert records[1].event["data"]["actor"]["name"] == "Bob"
    assert records[1].event["data"]["attributes"]["co_author"] is True
    assert "co_author" not in records[0].event["data"]["attributes"]


def test_the_mailmap_says_who_somebody_is(repository):
    (repository.path / ".mailmap").write_text(
        "Ada Lovelace <ada@example.org> <countess@example.org>\nBob <bob@example.org> <b@old.example.org>\n"
    )
    repository.git("add", ".mailmap")
    repository.commit("x\n\nCo-authored-by: b <b@old.example.org>", author="A <countess@example.org>")
    source = open_repository(repository.path, GitOptions())
    # Events say who the commit names, so that a mailmap that comes later changes none of them.
    assert [record.event["data"]["actor"] for record in source.records] == [
        {"id": "git:" + digest("countess@example.org"), "name": "A"},
        {"id": "git:" + digest("b@old.example.org"), "name": "b"},
    ]
    assert {person.ids: person.name for person in source.people} == {
        ("git:" + digest("ada@example.org"), "git:" + digest("countess@example.org")): "Ada Lovelace",
        ("git:" + digest("bob@example.org"), "git:" + digest("b@old.example.org")): "Bob",
    }


def test_a_mailmap_that_is_added_later_changes_no_event_and_joins(repository):
    repository.commit(author="A <countess@example.org>")
    before = open_repository(repository.path, GitOptions())
    assert before.people == ()
    events = [record.event for record in before.records]
    (repository.path / ".mailmap").write_text(
        "Ada Lovelace <7+ada@users.noreply.github.com> <countess@example.org>\n"
    )
    after = open_repository(repository.path, GitOptions())
    assert [record.event for record in after.records] == events
    [person] = after.people
    assert person == SamePerson(("github:7", "git:" + digest("countess@example.org")), "Ada Lovelace")


def test_both_addresses_that_a_forge_gives_to_an_account_are_one_person(repository):
    repository.commit(author="Ada <ada@users.noreply.github.com>")
    repository.commit(author="Ada <7+Ada@users.noreply.github.com>")
    repository.commit(author="Bob <bob@users.noreply.github.com>")
    early = "git:" + digest("ada@users.noreply.github.com")
    assert open_repository(repository.path, GitOptions()).people == (SamePerson(("github:7", early), "Ada"),)


def test_an_address_of_several_people_is_theirs_whom_the_mailmap_names(repository):
    (repository.path / ".mailmap").write_text(
        "Ada <ada@example.org> Ada <pair@example.org>\nBob <bob@example.org> Bob <pair@example.org>\n"
    )
    repository.commit(author="Ada <pair@example.org>")
    repository.commit(author="Bob <pair@example.org>")
    source = open_repository(repository.path, GitOptions())
    assert [record.event["data"]["actor"]["id"] for record in source.records] == [
        "git:" + digest("ada@example.org"),
        "git:" + digest("bob@example.org"),
    ]
    assert source.people == ()


@pytest.mark.parametrize(
    "author",
    [
        "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>",
        "renovate[bot] <bot@renovateapp.com>",
        "Claude <noreply@anthropic.com>",
        "Copilot <198982749+Copilot@users.noreply.github.com>",
        "Cursor Agent <cursoragent@cursor.com>",
    ],
)
def test_bots_have_no_commits_and_their_co_authors_do(repository, author):
    sha = repository.commit("x\n\nCo-authored-by: Bob <bob@example.org>", author=author)
    repository.commit("y", author=author)
    repository.commit(f"z\n\nCo-authored-by: {author}")
    records = read(repository.path)
    assert [one.event["data"]["actor"].get("name") for one in records if isinstance(one, Mapped)] == ["Bob", "Ada"]
    assert records[0].event["id"] == f"{sha}#co{digest('bob@example.org')}"
    assert [one.reason for one in records if isinstance(one, Skipped)] == ["made by a bot"]


def test_a_person_who_is_called_like_an_assistant_is_a_person(repository):
    repository.commit(author="Claude <claude@example.org>")
    repository.commit(author="Devin Talbot <devin.talbot@example.org>")
    assert all(isinstance(record, Mapped) for record in read(repository.path))


def test_placeholders_are_nobody(repository):
    repository.commit(author="ghost <10137+ghost@users.noreply.github.com>")
    repository.commit(author="(no author) <(no author)@3bde-uuid>")
    assert [record.reason for record in read(repository.path)] == ["made by nobody who is known"] * 2


def test_a_squash_says_so(repository):
    repository.commit("Add a door (#12)")
    committer = {"GIT_COMMITTER_NAME": "GitHub", "GIT_COMMITTER_EMAIL": "noreply@github.com"}
    subprocess.run(
        ["git", "-C", str(repository.path), "commit", "-q", "--allow-empty", "-m", "Add a window (#13)"],
        check=True,
        env=os.environ | committer | {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org"},
    )
    assert [record.event["data"].get("squash") for record in read(repository.path)] == [None, True]


def test_a_salt_makes_other_hashes():
    assert person_id("Ada@Example.org", "Ada") == "git:" + digest("ada@example.org")
    assert person_id("Ada@Example.org", "Ada", "pepper") == "git:" + digest("pepperada@example.org")
    assert person_id("", "Ada") != person_id("", "Bob")


def test_strange_names_and_messages(repository):
    repository.commit(
        "subject\x1e\x1f with control characters\n\nbody\n\n1 file changed", author="Ünï <u@example.org>"
    )
    repository.commit("second", author=f"{'n' * 300} <long@example.org>")
    names = [record.event["data"]["actor"].get("name") for record in read(repository.path, stat=True)]
    assert names == ["Ünï", "n" * 200]
    assert all(isinstance(record, Mapped) for record in read(repository.path))


def test_a_name_that_is_not_utf8(repository):
    repository.git("config", "i18n.commitEncoding", "ISO-8859-1")
    tree = repository.git("mktree")
    content = (
        f"tree {tree}\n".encode()
        + b"author J\xf6rg <j@example.org> 1767225600 +0000\ncommitter C <c@example.org> 1767225600 +0000\n\nx\n"
    )
    made = subprocess.run(
        ["git", "-C", str(repository.path), "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        input=content,
        capture_output=True,
        check=True,
    )
    repository.git("update-ref", "refs/heads/main", made.stdout.decode().strip())
    [record] = read(repository.path)
    assert record.event["data"]["actor"]["name"].startswith("J")
    orjson.dumps(record.event)


def test_a_date_beyond_the_calendar_is_reported(repository):
    tree = repository.git("mktree")
    content = (
        f"tree {tree}\nauthor A <a@e.org> 99999999999999 +0000\ncommitter C <c@e.org> 1767225600 +0000\n\nx\n"
    )
    made = subprocess.run(
        ["git", "-C", str(repository.path), "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        input=content.encode(),
        capture_output=True,
        check=True,
    )
    sha = made.stdout.decode().strip()
    repository.git("update-ref", "refs/heads/main", sha)
    assert read(repository.path) == [Bad(f"commit {sha[:12]}", "the commit's date can't be represented")]


def test_a_repository_without_commits_has_no_records(repository):
    assert read(repository.path) == []


def test_the_current_branch_has_no_commits_but_another_has(repository):
    sha = repository.commit()
    repository.git("checkout", "-q", "--orphan", "empty")
    with pytest.raises(SourceError, match="name another with --revision"):
        read(repository.path)
    assert [record.event["id"] for record in read(repository.path, revision="main")] == [sha]


def test_a_bare_repository_gives_the_same(repository, tmp_path):
    (repository.path / ".mailmap").write_text("Ada L. <ada@example.org>\n")
    repository.git("add", ".mailmap")
    repository.commit("x\n\nCo-authored-by: Bob <bob@example.org>")
    bare = tmp_path / "bare.git"
    repository.git("clone", "-q", "--bare", str(repository.path), str(bare))
    assert read(bare, stat=True) == read(repository.path, stat=True)
    [person] = open_repository(bare, GitOptions()).people
    assert person.name == "Ada L."


def test_a_shallow_clone_counts_no_lines_for_its_edge(repository, tmp_path):
    for _ in range(4):
        repository.commit(text="more\n")
    shallow = tmp_path / "shallow"
    repository.git("clone", "-q", "--depth", "2", f"file://{repository.path}", str(shallow))
    records = read(shallow, stat=True)
    assert is_shallow(shallow)
    assert [record.event["data"].get("lines_added") for record in records] == [None, 1]
    assert not is_shallow(repository.path)


def test_a_merge_of_unrelated_history_keeps_the_source(repository):
    first = repository.commit()
    repository.now -= 10 * 86_400
    repository.git("checkout", "-q", "--orphan", "other")
    repository.commit("older, unrelated")
    repository.git("checkout", "-q", "main")
    repository.git(
        "merge",
        "-q",
        "--no-edit",
        "--allow-unrelated-histories",
        "-s",
        "ours",
        "--no-gpg-sign",
        "-m",
        "merge",
        "other",
    )
    records = read(repository.path)
    assert {record.event["source"] for record in records} == {f"git:{first}"}
    assert sorted(record.event["data"]["parents"] for record in records) == [0, 0, 2]


def test_what_is_not_a_repository(tmp_path):
    with pytest.raises(SourceError, match="not a git repository"):
        read(tmp_path)
    with pytest.raises(SourceError, match="no such directory"):
        read(tmp_path / "nowhere")


def test_a_revision_that_is_not_there(repository):
    repository.commit()
    with pytest.raises(SourceError, match="nowhere"):
        read(repository.path, revision="nowhere")
    with pytest.raises(SourceError, match="output"):
        read(repository.path, revision="--output=stolen")
    assert not (repository.path / "stolen").exists()


def test_reading_may_stop_in_the_middle(repository):
    for _ in range(3):
        repository.commit()
    source = open_repository(repository.path, GitOptions())
    first = next(source.records)
    source.records.close()
    assert isinstance(first, Mapped)
    assert source.total == 3
