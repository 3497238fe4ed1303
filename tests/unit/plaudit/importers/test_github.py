import os
from codecs import BOM_UTF8
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.people import person_id
from plaudit.importers.deliveries import event_name_of, open_directory
from plaudit.importers.github import map_body
from plaudit.importers.records import Bad, Mapped, SamePerson, Skipped, SourceError, Unsupported

SHARED_DATA = Path(os.environ.get("PLAUDIT_SHARED_DATA", "../shared/data"))
WEBHOOKS = SHARED_DATA / "github-webhooks"
needs_webhooks = pytest.mark.skipif(not WEBHOOKS.is_dir(), reason=f"{WEBHOOKS} is not there")

OCTO = {"id": 7, "login": "octo", "type": "User"}
OTHER = {"id": 8, "login": "other", "type": "User"}
REPOSITORY = {"id": 99, "full_name": "octo/garden", "owner": OCTO, "updated_at": "2026-01-03T00:00:00Z"}
ISSUE = {
    "id": 5,
    "user": OTHER,
    "html_url": "https://forge/5",
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-02T00:00:00Z",
}


def body(**more):
    return {"sender": OCTO, "repository": REPOSITORY} | more


def event(name, **more):
    [record] = map_body(name, body(**more), "x")
    assert isinstance(record, Mapped), record
    return record.event


@needs_webhooks
def test_every_real_body_gives_events_or_a_named_skip():
    records = list(open_directory(WEBHOOKS).records)
    assert {record.place for record in records} == {path.name for path in WEBHOOKS.glob("*.json")}
    assert not [record for record in records if isinstance(record, Bad)]
    skipped = {record.place: record.reason for record in records if isinstance(record, Skipped)}
    assert skipped == {
        "issues.opened.with-transfer.payload.json": (
            "an issue moved here from another repository is not a new one"
        ),
    } | {
        f"push.{name}json": "push without commits (a tag, or a branch created or deleted)"
        for name in ("1.payload.", "payload.", "with-installation.payload.", "with-organization.payload.")
    }
    types = {record.event["type"] for record in records if isinstance(record, Mapped)}
    assert types == {f"code.{kind}.v1" for kind in ("comment", "issue", "pull_request", "review", "release")} | {
        "code.commit.v1",
        "code.star.v1",
        "activity.restored.v1",
        "activity.retracted.v1",
    }


@needs_webhooks
def test_retractions_of_real_bodies_name_events_of_real_bodies():
    events = [record.event for record in open_directory(WEBHOOKS).records if isinstance(record, Mapped)]
    known = {(one["source"], one["id"]) for one in events}
    targets = [one["data"]["target"] for one in events if one["type"] == "activity.retracted.v1"]
    assert len(targets) == 7
    assert all((target["source"], target["id"]) in known for target in targets)


def test_a_comment_and_its_deletion():
    comment = {"id": 3, "user": OTHER, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z"}
    created = event("issue_comment", action="created", comment=comment, issue=ISSUE)
    assert created["id"] == "issue_comment:3:created"
    assert created["data"]["actor"] == {"id": "github:7", "name": "octo"}
    assert created["data"]["in_reply_to"]["author"]["id"] == "github:8"
    deleted = event("issue_comment", action="deleted", comment=comment, issue=ISSUE)
    assert deleted["type"] == "activity.retracted.v1"
    assert deleted["data"]["target"] == {"source": created["source"], "id": created["id"]}


def star(**more):
    return [record.event for record in map_body("star", body(**more), "x")]


def test_a_star_its_end_and_the_star_again():
    given_star, counts = star(action="created", starred_at="2026-01-01T00:00:00Z")
    [taken] = star(action="deleted", starred_at=None)
    again, counts_again = star(action="created", starred_at="2026-03-01T00:00:00Z")
    assert given_star["data"]["object"]["author"]["id"] == "github:7"
    target = {"source": "github:99", "id": given_star["id"]}
    assert [one["data"]["target"] for one in (counts, taken, counts_again)] == [target] * 3
    assert [one["type"] for one in (counts, taken)] == ["activity.restored.v1", "activity.retracted.v1"]
    # The star that is given again is the same, but for its time; what is said of it has ids and times of its own.
    assert again | {"time": given_star["time"]} == given_star
    assert len({one["id"] for one in (counts, taken, counts_again)}) == 3
    assert counts["time"] < counts_again["time"] == again["time"]
    later = REPOSITORY | {"updated_at": "2026-04-01T00:00:00Z"}
    assert star(action="deleted", starred_at=None, repository=later)[0]["id"] != taken["id"]


def test_two_labels_of_one_second_are_two_events():
    one = event("issues", action="labeled", issue=ISSUE, label={"id": 1})
    other = event("issues", action="labeled", issue=ISSUE, label={"id": 2})
    assert one["id"] != other["id"]
    assert one == event("issues", action="labeled", issue=ISSUE, label={"id": 1})


def test_reopening_twice_is_two_events_and_opening_once():
    later = ISSUE | {"updated_at": "2026-02-02T00:00:00Z"}
    assert (
        event("issues", action="reopened", issue=ISSUE)["id"]
        != event("issues", action="reopened", issue=later)["id"]
    )
    assert (
        event("issues", action="opened", issue=ISSUE)["id"] == event("issues", action="opened", issue=later)["id"]
    )


def test_pushed_commits_belong_to_their_authors():
    def commit(sha, **author):
        return {
            "id": sha,
            "timestamp": "2026-01-01T00:00:00+02:00",
            "author": author,
            "added": ["a"],
            "modified": [],
        }

    commits = [
        commit("c1", username="octo", name="Octo", email="o@example.org"),
        commit("c2", username="else", name="Else", email="12+else@users.noreply.github.com"),
        commit("c3", name="Mail", email="Mail@Example.org"),
        {"id": "c4"},
    ]
    records = list(map_body("push", body(commits=commits), "x"))
    assert [record.event["id"] for record in records[:3]] == ["c1", "c2", "c3"]
    actors = [record.event["data"]["actor"] for record in records[:3]]
    assert actors[0] == {"id": person_id("o@example.org", ""), "name": "Octo"}, "whoever pushed"
    assert actors[1] == {"id": "github:12", "name": "Else"}
    assert actors[2]["id"].startswith("git:")
    assert "example.org" not in orjson.dumps([record.event for record in records[:3]]).decode().lower()
    assert isinstance(records[3], Bad), "a commit without an author doesn't spoil the others"


BOT = {"id": 1, "login": "ci[bot]", "type": "Bot"}


def test_what_bots_do_among_themselves_is_skipped_and_what_is_not_known_is_named():
    bot = body(action="opened", issue=ISSUE | {"user": BOT}) | {"sender": BOT}
    assert list(map_body("issues", bot, "x")) == [Skipped("x", "only bots take part")]
    assert list(map_body("ping", body(), "x")) == [Skipped("x", "the forge tried the webhook")]
    [record] = map_body("moonrise", body(), "x")
    assert record == Unsupported("x", "no activity is known for the webhook event 'moonrise'")


PULL = ISSUE | {"merged": True, "closed_at": "2026-01-02T00:00:00Z"}


def test_a_person_whose_pull_request_a_bot_merges_earns():
    merged = event("pull_request", action="closed", pull_request=PULL, sender=BOT)
    assert merged["data"]["object"]["author"] == {"id": "github:8", "name": "other"}
    assert merged["data"]["actor"] == {"id": "github:1", "name": "ci[bot]", "bot": True}


@pytest.mark.parametrize(
    "bot",
    [BOT, {"id": 2, "login": "renovate[bot]"}, {"id": 3, "login": "helper", "type": "Bot"}],
    ids=["both", "by-name", "by-type"],
)
def test_a_bot_is_one_as_author_too(bot):
    merged = event("pull_request", action="closed", pull_request=PULL | {"user": bot})
    assert merged["data"]["object"]["author"]["bot"] is True
    assert "bot" not in merged["data"]["actor"]


def commit(sha, message="work", **author):
    author = author or {"name": "Ada", "email": "ada@example.org", "username": "ada"}
    return {"id": sha, "timestamp": "2026-01-01T00:00:00Z", "author": author, "message": message}


def pushed(*commits, ref="refs/heads/main", **more):
    push = {"ref": ref, "repository": REPOSITORY | {"default_branch": "main"}, "commits": list(commits)}
    return list(map_body("push", body(**push | more), "x"))


def test_the_author_is_one_person_whoever_pushes():
    ada = {"id": 70, "login": "ada", "type": "User"}
    by_herself, by_another = pushed(commit("c1"), sender=ada)[0], pushed(commit("c2"))[0]
    assert by_herself.event["data"]["actor"] == by_another.event["data"]["actor"]
    by_bot = pushed(commit("c3"), sender=BOT)[0]
    assert by_bot.event["data"]["actor"] == by_another.event["data"]["actor"]


def test_commits_of_branches_do_not_stand_in_for_those_of_the_default_branch():
    branch = pushed(commit("c1") | {"distinct": True}, ref="refs/heads/door", forced=False)[0].event
    rebased = pushed(commit("c2") | {"distinct": True}, ref="refs/heads/door", forced=True)[0].event
    main = pushed(commit("c1") | {"distinct": False})[0].event
    assert [one["id"] for one in (branch, rebased, main)] == ["c1@refs/heads/door", "c2@refs/heads/door", "c1"]
    told = [
        [one["data"].get(name) for name in ("default_branch", "forced", "distinct")]
        for one in (branch, rebased, main)
    ]
    assert told == [[False, False, True], [False, True, True], [True, None, False]]


@pytest.mark.parametrize(
    ("message", "parents"),
    [
        ("Merge pull request #12 from ada/door\n\nA door", 2),
        ("Merge branch 'main' of github.com:octo/garden", 2),
        ("Merge remote-tracking branch 'origin/main' into door", 2),
        ("Merged in door (pull request #3)", 2),
        ("Merge sort is quicker", None),
        ("Merge the two tables", None),
    ],
)
def test_a_merge_is_told_by_its_message(message, parents):
    assert pushed(commit("c1", message))[0].event["data"].get("parents") == parents


def test_a_squash_is_told_by_who_made_it():
    forge = {"name": "GitHub", "email": "noreply@github.com", "username": "web-flow"}
    assert pushed(commit("c1", "A door (#12)") | {"committer": forge})[0].event["data"]["squash"] is True
    assert "squash" not in pushed(commit("c1", "A door (#12)"))[0].event["data"]


def test_co_authors_of_a_push_are_those_of_git():
    message = (
        "A door (#12)\n\n* hinges\n\n---------\n\nCo-authored-by: Bob <bob@example.org>\n"
        "Co-Authored-By: Cy <12+cy@users.noreply.github.com>\n"
        "Co-authored-by: ci[bot] <1+ci[bot]@users.noreply.github.com>\n"
        "Co-authored-by: Assistant <noreply@anthropic.com>"
    )
    records = pushed(commit("c1", message))
    bob = person_id("bob@example.org", "Bob")
    assert [record.event["data"]["actor"]["id"] for record in records[1:]] == [bob, "github:12"]
    assert [record.event["id"] for record in records[1:]] == [f"c1#co{bob.removeprefix('git:')}", "c1#cogithub:12"]
    assert records[1].event["data"]["attributes"] == {"co_author": True}
    assert len(pushed(commit("c2", "Co-authored-by: in the subject <x@example.org>"))) == 1


GHOST = {"id": 10137, "login": "ghost", "type": "User"}


@pytest.mark.parametrize(
    "gone", [GHOST, None, {"id": 9, "login": "Ghost"}, {"id": 5, "login": "x", "type": "Mannequin"}]
)
def test_accounts_that_are_gone_are_no_members(gone):
    closed = event("pull_request", action="closed", pull_request=PULL | {"user": gone})
    assert "author" not in closed["data"]["object"]


def test_what_a_placeholder_does_is_nobodys():
    by_ghost = body(action="opened", issue=ISSUE) | {"sender": GHOST}
    assert list(map_body("issues", by_ghost, "x")) == [Skipped("x", "done by an account that is gone")]


def test_two_forges_count_their_accounts_alike_and_are_two():
    elsewhere = REPOSITORY | {"html_url": "https://code.example.org/octo/garden"}
    here, there = (
        event("issues", action="opened", issue=ISSUE),
        event("issues", action="opened", issue=ISSUE, repository=elsewhere),
    )
    assert (here["source"], there["source"]) == ("github:99", "github:code.example.org/99")
    assert there["data"]["actor"]["id"] == "github:code.example.org/7"
    assert there["data"]["object"]["author"]["id"] == "github:code.example.org/8"
    hidden = {"name": "Octo", "email": "7+octo@users.noreply.code.example.org"}
    assert pushed(commit("c1", **hidden))[0].event["data"]["actor"]["id"] == "github:code.example.org/7"


def test_a_dismissed_review_is_taken_back():
    review = {"id": 4, "user": OTHER, "state": "approved", "submitted_at": "2026-01-01T00:00:00Z"}
    given = event("pull_request_review", action="submitted", review=review, pull_request=PULL, sender=OTHER)
    taken = event(
        "pull_request_review", action="dismissed", review=review | {"state": "dismissed"}, pull_request=PULL
    )
    assert taken["type"] == "activity.retracted.v1"
    assert taken["data"]["target"] == {"source": given["source"], "id": given["id"]}
    assert taken["time"].isoformat() == "2026-01-02T00:00:00+00:00", "when it was dismissed, not when it was given"


def test_accounts_and_addresses_of_a_directory_are_one_person(tmp_path):
    push = body(commits=[commit("c1"), commit("c2", name="ci[bot]", email="ci@example.org", username="octo")])
    (tmp_path / "push.json").write_bytes(orjson.dumps(push))
    ada = {"id": 70, "login": "Ada", "type": "User"}
    (tmp_path / "issues.json").write_bytes(orjson.dumps(body(action="opened", issue=ISSUE | {"user": ada})))
    assert open_directory(tmp_path).people == (SamePerson(("github:70", person_id("ada@example.org", ""))),)


def test_a_body_without_what_it_needs_says_what():
    assert list(map_body("issues", body(action="opened"), "x")) == [Bad("x", "the body has no issue")]
    nobody = body(action="opened", issue=ISSUE) | {"sender": None}
    assert list(map_body("issues", nobody, "x")) == [Bad("x", "the body has no sender")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=2) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=5,
)
PARTS = (
    "action",
    "issue",
    "comment",
    "release",
    "review",
    "pull_request",
    "commits",
    "starred_at",
    "changes",
    "label",
)


KINDS = (
    "issue_comment",
    "issues",
    "pull_request",
    "pull_request_review",
    "release",
    "push",
    "star",
    "discussion",
    "organization",
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.fixed_dictionaries(
        {"sender": JSON | st.just(OCTO), "repository": JSON | st.just(REPOSITORY)},
        optional={part: JSON | st.just(ISSUE) | st.just([{"id": 1, "author": 3}]) for part in PARTS},
    ),
)
def test_no_body_breaks_the_import(name, any_body):
    for record in map_body(name, any_body, "x"):
        assert isinstance(record, Mapped | Bad | Skipped)


def test_the_kind_comes_from_the_sidecar_or_the_name(tmp_path):
    (tmp_path / "d").mkdir()
    path = tmp_path / "d" / "0f3a.json"
    path.write_bytes(orjson.dumps(body(action="opened", issue=ISSUE)))
    path.with_suffix(".headers").write_text("Host: x\nx-github-event: issues\n")
    (tmp_path / "star.json").write_text("{")
    (tmp_path / "push.json").write_text("[]")
    assert event_name_of(path) == "issues"
    records = list(open_directory(tmp_path).records)
    assert [record.place for record in records] == ["d/0f3a.json", "push.json", "star.json"]
    assert isinstance(records[0], Mapped)
    assert [record.reason for record in records[1:]] == ["the body is not a JSON object", "the body is not JSON"]


def test_a_body_and_its_headers_may_begin_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "0f3a.json"
    path.write_bytes(BOM_UTF8 + orjson.dumps(body(action="opened", issue=ISSUE)))
    path.with_suffix(".headers").write_text("\ufeffX-GitHub-Event: issues\n")
    [record] = open_directory(tmp_path).records
    assert isinstance(record, Mapped)


def test_a_directory_without_bodies(tmp_path):
    with pytest.raises(SourceError, match="no file"):
        open_directory(tmp_path)
    with pytest.raises(SourceError, match="no such directory"):
        open_directory(tmp_path / "nowhere")
