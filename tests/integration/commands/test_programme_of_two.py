"""`plaudit programme`: what changes money is proposed by one person, and approved by another's key."""

from pathlib import Path
from uuid import uuid4

import pytest

from plaudit.stack import StackState
from tests.e2e.community import Community

pytestmark = pytest.mark.stack

STARTER = Path(__file__).parents[3] / "programmes" / "starter.yaml"


@pytest.fixture
def community(platform: StackState) -> Community:
    return Community(platform, f"two-{uuid4().hex[:12]}")


def said(community: Community, *arguments: str, fails: bool = False) -> str:
    done = community.plaudit(*arguments)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_one_proposes_and_another_approves(community: Community, tmp_path: Path) -> None:
    assert "it changes money" in said(community, "programme", "check", str(STARTER))
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
    assert "rewards.payout.minor: 100 -> 900" in said(community, "programme", "publish", str(dear))
    other = tmp_path / "other.yaml"
    other.write_text(STARTER.read_text().replace("title: Sheet of stickers", "title: Stickers"))
    published = said(community, "programme", "publish", str(other))
    assert "version 3, which was proposed, can not be approved any more" in published
    assert "version 4 is in effect from" in published
    listed = community.run("programme", "list")
    assert [(one["version"], one["state"], one["decided_by"]) for one in listed] == [
        (4, "published", None),
        (3, "superseded", "plaudit command"),
        (2, "published", "Bob"),
        (1, "withdrawn", "plaudit command"),
    ]
    assert "superseded" in said(community, "programme", "list")
