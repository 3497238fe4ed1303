"""Imports into the running platform: nothing is lost and nothing counts twice, whoever is killed in between."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from itertools import count

import httpx
import pytest
from click.testing import CliRunner
from plaudit_client import AsyncPlaudit, send_and_wait

from plaudit.access import issue_key
from plaudit.importers.commands import import_
from plaudit.simulation import Simulation, play

SCOPES = ("events:write", "receipts:read", "members:write", "members:read")
MESSAGES = (
    *("--delimiter= ", "--set=type=chat.message.v1", "--set=channel=chat", "--map=actor=source"),
    *("--map=object_author=target", "--map=time=weight", "--time-format=unix"),
)
LIMIT_COUNT = 10_000
WAIT_SECONDS = 150

numbers = count()


class Community:
    """A community of its own on the platform, and its key."""

    def __init__(self, platform):
        self.name = f"imports-{next(numbers)}"
        self.url = platform.service_urls["ingest"]
        self.key = issue_key(platform, self.name, "importer", SCOPES)["key"]

    @property
    def target(self):
        return ["--url", self.url, "--key", self.key, "--json"]

    def run(self, *arguments):
        """The summary of an import in this process."""
        done = CliRunner().invoke(import_, [str(one) for one in arguments] + self.target)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def start(self, *arguments):
        """The same import as a process of its own."""
        command = [sys.executable, "-m", "plaudit", "import", *(str(one) for one in arguments), *self.target]
        return subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ)

    def members(self):
        """How many members there are, counted over every page."""
        found, after = 0, None
        while True:
            params = {"limit": 500} | ({"after": after} if after else {})
            headers = {"Authorization": f"Bearer {self.key}"}
            page = (
                httpx.get(f"{self.url}/v1/members", params=params, headers=headers, timeout=60)
                .raise_for_status()
                .json()
            )
            found += len(page["items"])
            after = page["next"]
            if after is None:
                return found


def until(condition):
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def community(platform):
    return Community(platform)


@pytest.fixture
def messages(shared_data):
    return ["csv", shared_data / "collegemsg.txt.gz", *MESSAGES, "--limit", LIMIT_COUNT]


def test_an_import_killed_in_the_middle_ends_the_same(community, platform, messages):
    process = community.start(*messages, "--rate", "3000")
    until(lambda: community.members() > 0)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL

    second = community.run(*messages)
    assert second["duplicate"] > 0, "the killed import had delivered something"
    assert second["accepted"] > 0, "the killed import had not delivered everything"
    assert second["accepted"] + second["duplicate"] == LIMIT_COUNT

    third = community.run(*messages)
    assert (third["accepted"], third["duplicate"]) == (0, LIMIT_COUNT)

    whole = Community(platform)
    assert whole.run(*messages)["accepted"] == LIMIT_COUNT
    assert community.members() == whole.members()


def test_an_ingest_service_killed_in_the_middle_loses_nothing(community, platform, messages):
    process = community.start(*messages, "--rate", "3000")
    until(lambda: community.members() > 0)
    os.kill(platform.pids["ingest"], signal.SIGKILL)
    output, _ = process.communicate(timeout=WAIT_SECONDS)
    summary = json.loads(output)
    assert summary["error"] is None
    # A batch whose answer was lost was sent again: its events come back as duplicates.
    assert summary["accepted"] + summary["duplicate"] == LIMIT_COUNT
    again = community.run(*messages)
    assert (again["accepted"], again["duplicate"]) == (0, LIMIT_COUNT)


def test_webhook_bodies(community, shared_data):
    first = community.run("github-webhooks", shared_data / "github-webhooks")
    again = community.run("github-webhooks", shared_data / "github-webhooks")
    assert (first["sent"], first["skipped"], first["conflict"], first["rejected"]) == (83, 5, 0, 0)
    assert (first["unsupported"], first["apart"]) == (0, 0)
    assert (first["accepted"] + first["duplicate"], again["duplicate"]) == (83, 83)


def test_commits_with_co_authors(community, shared_data):
    commits = [
        *("csv", shared_data / "git-commits-a.csv.gz", "--set=type=code.commit.v1", "--set=channel=code"),
        *("--map=id=sha", "--map=actor=author", "--map=time=authored_at", "--map=parents=parents"),
        *("--map=co_actors=co_authors", "--limit=2000"),
    ]
    assert community.run(*commits)["accepted"] == 2_000


def test_what_the_service_refuses_is_named_by_its_line(community, tmp_path):
    events = [
        {
            "specversion": "1.0",
            "id": str(number),
            "source": "test",
            "type": "kudos.given.v1",
            "time": "2026-01-31T12:00:00Z",
            "data": {"channel": "chat", "actor": {"id": "ada"}},
        }
        for number in range(4)
    ]
    events[1]["time"] = "2999-01-01T00:00:00Z"
    del events[2]["data"]["actor"]
    events[3] = events[0] | {"subject": "changed"}
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(json.dumps(event) for event in events))
    summary = community.run("cloudevents", path)
    assert {name: summary[name] for name in ("sent", "accepted", "rejected", "conflict")} == {
        "sent": 4,
        "accepted": 1,
        "rejected": 2,
        "conflict": 1,
    }
    assert summary["reasons"]["conflict"][0]["examples"] == ["line 4"]
    refused = {one["reason"].partition(":")[0]: one["examples"] for one in summary["reasons"]["rejected"]}
    assert refused == {"/time": ["line 2"], "/data/actor": ["line 3"]}


def test_a_batch_of_which_nothing_is_valid_is_an_outcome(community, tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text('{"id": "1"}\n{"id": "2"}\n')
    summary = community.run("cloudevents", path)
    assert (summary["sent"], summary["rejected"], summary["error"]) == (2, 2, None)


def test_git_into_the_local_stack_without_an_address(platform, tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgSign=false"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True)

    git("init", "-q")
    for number in range(3):
        git("commit", "-q", "--allow-empty", "-m", f"{number}\n\nCo-authored-by: Bob <bob@example.org>")
    arguments = ["git", str(tmp_path), "--stack", platform.name, "--community", "local", "--json", "--strict"]
    done = CliRunner().invoke(import_, arguments, env={"PLAUDIT_URL": None, "PLAUDIT_KEY": None})
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["accepted"] == 6


@pytest.fixture
def repository(tmp_path):
    """git in a new repository, as somebody of a name."""
    path = tmp_path / "project"
    path.mkdir()

    def git(*arguments, name="Ada", email="ada@example.org", message=None):
        who = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", name), ("EMAIL", email))
        }
        made = ("commit", "-q", "--allow-empty", "--no-gpg-sign", "-m", message) if message else ()
        subprocess.run(
            ["git", "-C", str(path), *arguments, *made], check=True, capture_output=True, env=os.environ | who
        )

    git("init", "-q", "-b", "main")
    git.path = path
    return git


def local(platform, community, *arguments, **options):
    command = [*arguments, "--stack", platform.name, "--community", community, "--json"]
    return CliRunner().invoke(
        import_, [str(one) for one in command], env={"PLAUDIT_URL": None, "PLAUDIT_KEY": None}, **options
    )


def said(done):
    """The summary; before it stands the answer to a question, which click repeats."""
    return json.loads(done.stdout[done.stdout.index("{") :])


def test_a_mailmap_that_comes_later_joins_and_nothing_is_in_conflict(community, repository):
    repository(name="countess", email="countess@example.org", message="one")
    repository(name="Bob", message="two", email="bob@example.org")
    assert community.run("git", repository.path)["accepted"] == 2
    (repository.path / ".mailmap").write_text("Ada Lovelace <ada@example.org> <countess@example.org>\n")
    repository(name="Ada", message="three")
    again = community.run("git", repository.path, "--strict")
    assert {name: again[name] for name in ("accepted", "duplicate", "conflict", "joined", "apart")} == {
        "accepted": 1,
        "duplicate": 2,
        "conflict": 0,
        "joined": 1,
        "apart": 0,
    }
    assert community.members() == 2


def test_who_are_two_members_already_is_said(community, repository):
    repository(name="countess", email="countess@example.org", message="one")
    repository(name="Ada", message="two")
    community.run("git", repository.path)
    (repository.path / ".mailmap").write_text("Ada Lovelace <ada@example.org> <countess@example.org>\n")
    again = community.run("git", repository.path)
    assert (again["duplicate"], again["conflict"], again["apart"]) == (2, 0, 1)
    assert again["reasons"]["apart"][0]["reason"] == "they are several members already"


def test_what_an_amended_history_left_behind_is_offered_for_taking_back(platform, repository):
    name = f"amended-{next(numbers)}-{os.getpid()}"
    repository(message="one")
    repository(message="two")
    assert json.loads(local(platform, name, "git", repository.path).stdout)["accepted"] == 2
    repository("commit", "-q", "--amend", "--no-gpg-sign", "--allow-empty", "-m", "two, better")

    def imported(*arguments, **options):
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            done = local(platform, name, "git", repository.path, "--retract-gone", *arguments, **options)
            # Analytics, which is asked, may not have heard of the first import yet.
            if "is gone from the repository" not in done.output or time.monotonic() > deadline:
                return done

    offered = imported(input="n\n")
    assert offered.exit_code == 0, offered.output
    summary = said(offered)
    assert (summary["accepted"] + summary["duplicate"], summary["gone"], summary["taken_back"]) == (2, 1, 0)
    assert "1  events are of commits that no branch or tag here has any more" in offered.stderr
    assert "Nothing was taken back." in offered.stderr
    unasked = imported(input="")
    assert unasked.exit_code == 1
    assert "nobody was there to say yes" in unasked.output
    taken = imported(input="y\n")
    assert taken.exit_code == 0, taken.output
    assert said(taken)["taken_back"] == 1
    until(
        lambda: (
            "is gone from the repository"
            in local(platform, name, "git", repository.path, "--retract-gone", "--yes").stderr
        )
    )


def test_an_unknown_key_stops_the_import(community, tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text('{"id": "1"}\n')
    done = CliRunner().invoke(import_, ["cloudevents", str(path), "--url", community.url, "--key", "wrong"])
    assert done.exit_code == 1
    assert "key" in done.stderr


def test_a_simulated_community_has_one_member_a_person(community):
    simulation = Simulation(5, datetime(2026, 6, 30, tzinfo=UTC), members=40, days=30)
    expected = len(list(simulation.events()))

    async def twice():
        async with AsyncPlaudit(community.url, community.key) as client:
            return await play(client, simulation), await play(client, simulation)

    first, second = asyncio.run(twice())
    assert (first.accepted, second.duplicate) == (expected, expected)
    assert community.members() == 40


def test_the_client_without_an_event_loop(community):
    events = Simulation(6, datetime(2026, 6, 30, tzinfo=UTC), members=10, days=14).events()
    outcomes = send_and_wait(community.url, community.key, events)
    assert outcomes.accepted > 0
    assert (outcomes.rejected, outcomes.conflict, outcomes.pending) == (0, 0, 0)
