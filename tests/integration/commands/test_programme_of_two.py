"""`plaudit programme`: what changes money is proposed by one person, and approved by another's key."""

import asyncio
import json
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner

from plaudit.cli import main
from plaudit.stack import StackState
from plaudit.stack.idle import wait_until_idle
from tests.e2e.community import Community

pytestmark = pytest.mark.stack

STARTER = Path(__file__).parents[3] / "programmes" / "starter.yaml"


@pytest.fixture
def community(platform: StackState) -> Community:
    return Community(platform, f"two-{uuid4().hex[:12]}")


def said(community: Community, *arguments: str, fails: bool = False) -> str:
    where = () if arguments[1] == "init" else ("--stack", community.state.name, "--community", community.name)
    # Within this process: a command of its own takes a second to begin.
    done = CliRunner().invoke(main, [*arguments, *where])
    assert (done.exit_code != 0) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_one_proposes_and_another_approves(community: Community, tmp_path: Path) -> None:
    assert "it changes money" in said(community, "programme", "validate", str(STARTER))
    proposed = said(community, "programme", "publish", str(STARTER))
    assert "starter version 1 is proposed, and not in effect" in proposed
    assert "rewards.payout.minor: none -> 100" in proposed
    assert "plaudit programme approve 1" in proposed
    # Every command of a local stack acts for one account, with whichever key.
    assert "You proposed this version" in said(community, "programme", "approve", "1", fails=True)
    assert "withdrawn" in said(community, "programme", "withdraw", "1")
    assert "version 2 is proposed" in said(community, "programme", "publish", str(STARTER))
    bob = community.run("people", "add", "--name", "Bob", "--role", "finance_approver", "--first-key")["key"]

    approved = said(community, "programme", "approve", "2", "--key", bob)

    assert "starter version 2 is in effect from" in approved
    dear = tmp_path / "dear.yaml"
    dear.write_text(STARTER.read_text().replace("minor: 100", "minor: 900"))
    compared = said(community, "programme", "diff", str(dear), fails=True)
    assert "~ payout  [money: takes a second person]" in compared
    assert "minor: 100 -> 900" in compared
    assert "nothing: both say the same" in said(community, "programme", "diff", str(STARTER))
    assert "Nobody says what the version changes" in said(community, "programme", "publish", str(dear), fails=True)
    dearer = said(community, "programme", "publish", str(dear), "--note", "Points are worth more")
    assert "rewards.payout.minor: 100 -> 900" in dearer
    other = tmp_path / "other.yaml"
    other.write_text(STARTER.read_text().replace("title: Sheet of stickers", "title: Stickers"))
    published = said(community, "programme", "publish", str(other), "--note", "Stickers are called so")
    assert "version 3, which was proposed, can not be approved any more" in published
    # Points are paid: whatever is changed takes two.
    assert "points are paid in this community" in published
    back = said(community, "programme", "send-back", "4", "--reason", "They are sheets", "--key", bob)
    assert "starter version 4 is sent back" in back
    assert "says the same" not in said(community, "programme", "rollback", "2", "--note", "As it was")
    listed = community.run("programme", "list")
    assert [(one["version"], one["state"], one["decided_by"]) for one in listed] == [
        (4, "sent_back", "Bob"),
        (3, "superseded", "plaudit command"),
        (2, "published", "Bob"),
        (1, "withdrawn", "plaudit command"),
    ]
    assert "sheets" in said(community, "programme", "list")


def test_a_draft_is_written_by_two_and_an_event_is_explained(community: Community, tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    said(community, "programme", "init", str(file))
    draft = community.run("programme", "drafts", "save", str(file), "--title", "Ours")
    where = ("--draft", draft["draft_id"], "--revision", "1", str(file), "--title", "Ours")
    file.write_text(file.read_text().replace("points: 15", "points: 10"))
    assert "is at revision 2" in said(community, "programme", "drafts", "save", *where)
    file.write_text(file.read_text().replace("points: 10", "points: 12"))
    refused = said(community, "programme", "drafts", "save", *where, fails=True)
    assert "Somebody else saved the draft" in refused
    assert "there: points: 10; yours: points: 12" in refused
    assert "Ours" in said(community, "programme", "drafts", "list")
    assert "points: 10" in said(community, "programme", "drafts", "show", draft["draft_id"])
    submitted = said(community, "programme", "drafts", "submit", draft["draft_id"], "--revision", "2", "--at-once")
    assert "my-programme version 1 is in effect from" in submitted
    nobody = "0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b"
    assert "No such event" in said(community, "programme", "explain", nobody, fails=True)


def test_points_are_given_by_hand_and_approved_by_another(community: Community, tmp_path: Path) -> None:
    file = tmp_path / "hands.yaml"
    file.write_text(
        "programme: hands\ntitle: Hands\n"
        "rules: [{id: message, title: Wrote, on: [chat.message.v1], points: 1}]\n"
        "manual: {reasons: [{id: booth, title: Helped at the booth}], limit: {points: 200, within: month}, "
        "second_person_from: 100}\n"
    )
    said(community, "programme", "publish", str(file))
    community.run("member", "link", "forum:ada", "--name", "Ada")
    bob = community.run("people", "add", "--name", "Bob", "--role", "finance_approver", "--first-key")["key"]
    asyncio.run(wait_until_idle(community.state))
    assert "+20 points, Helped at the booth: given" in said(
        community, "award", "give", "forum:ada", "20", "--for", "booth"
    )
    assert "did you mean `booth`" in said(
        community, "award", "give", "forum:ada", "20", "--for", "both", fails=True
    )
    waiting = json.loads(said(community, "award", "give", "forum:ada", "150", "--for", "booth", "--json"))
    assert "asked for it" in said(community, "award", "approve", waiting["manual_id"], fails=True)
    assert "approved by Bob" in said(community, "award", "approve", waiting["manual_id"], "--key", bob)
    explained = said(community, "programme", "explain", waiting["manual_id"])
    assert "+150 booth to the actor" in explained
    assert "200 points a month" in said(
        community, "award", "give", "forum:ada", "90", "--for", "booth", fails=True
    )
    listed = json.loads(said(community, "award", "list", "--json"))
    assert [(one["points"], one["state"], one["member_name"]) for one in listed] == [
        (150, "given", "Ada"),
        (20, "given", "Ada"),
    ]
