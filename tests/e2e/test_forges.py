"""What a forge sends and git tells, under the shipped programme: who has how many points in the end."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.community import ROOT, Community

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

ADA = {"id": 70, "login": "ada", "type": "User"}
BOB = {"id": 71, "login": "bob", "type": "User"}
EVE = {"id": 72, "login": "eve", "type": "User"}
MERGER = {"id": 90, "login": "merger[bot]", "type": "Bot"}
GHOST = {"id": 10137, "login": "ghost", "type": "User"}
HERE: dict[str, Any] = {
    "id": 99,
    "full_name": "octo/garden",
    "default_branch": "main",
    "html_url": "https://github.com/octo/garden",
}
THERE = HERE | {"html_url": "https://code.example.org/octo/garden"}
NOON = "2026-01-02T12:00:00Z"
BY_ADA = {"name": "Ada", "email": "ada@example.org", "username": "ada"}
BY_BOB = {"name": "Bob", "email": "71+bob@users.noreply.github.com", "username": "bob"}


def pull(number: int, author: Any) -> dict[str, Any]:
    return {
        "id": number,
        "user": author,
        "merged": True,
        "created_at": NOON,
        "closed_at": NOON,
        "updated_at": NOON,
    }


def merged(number: int, author: Any, sender: Any) -> dict[str, Any]:
    return {"action": "closed", "pull_request": pull(number, author), "sender": sender, "repository": HERE}


def pushed(
    sha: str, sender: Any, author: Any, *, ref: str = "main", message: str = "x", forced: bool = False
) -> Any:
    commit = {"id": sha, "timestamp": NOON, "author": author, "message": message, "distinct": True}
    where = {"ref": f"refs/heads/{ref}", "forced": forced, "repository": HERE}
    return where | {"commits": [commit], "sender": sender}


def reviewed(action: str, sender: Any) -> dict[str, Any]:
    review = {"id": 4, "user": EVE, "state": "approved", "submitted_at": NOON}
    return {
        "action": action,
        "review": review,
        "pull_request": pull(1, ADA),
        "sender": sender,
        "repository": HERE,
    }


PAIRED = (
    "A window\n\nCo-authored-by: Cy <73+cy@users.noreply.github.com>\n"
    "Co-authored-by: merger[bot] <90+merger[bot]@users.noreply.github.com>\n"
    "Co-authored-by: Assistant <noreply@anthropic.com>"
)
BODIES = {
    "pull_request.by-person-merged-by-bot": merged(1, ADA, MERGER),
    "pull_request.by-bot-merged-by-person": merged(2, MERGER, BOB),
    "pull_request.by-nobody": merged(3, GHOST, BOB),
    "push.branch": pushed("c1", ADA, BY_ADA, ref="door"),
    "push.rebased": pushed("c2", ADA, BY_ADA, ref="door", forced=True),
    "push.squashed": pushed("c3", ADA, BY_ADA),
    "push.by-another": pushed("c4", BOB, BY_ADA),
    "push.by-a-bot": pushed("c5", MERGER, BY_ADA),
    "push.merge": pushed("c6", BOB, BY_BOB, message="Merge pull request #1 from ada/door"),
    "push.paired": pushed("c7", BOB, BY_BOB, message=PAIRED),
    "pull_request_review.a-submitted": reviewed("submitted", EVE),
    "pull_request_review.b-dismissed": reviewed("dismissed", BOB),
    "issues.elsewhere": {
        "action": "opened",
        "issue": {"id": 5, "user": ADA, "created_at": NOON},
        "sender": ADA,
        "repository": THERE,
    },
}
#: 40 for the merge, 25 for the first; 5 for each commit on the default branch, alone or in a pair; 5 for an issue.
EXPECTED = {"github:70": 40 + 25 + 5 + 5 + 5, "github:71": 5, "github:73": 5, "github:code.example.org/70": 5}


async def test_webhooks_and_git_count_each_person_once(
    new_community: Callable[[], Community], tmp_path: Path
) -> None:
    community = new_community()
    community.run("programme", "publish", str(ROOT / "programmes" / "open-source.yaml"))
    for name, body in BODIES.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(body))
    summary = community.run("import", "github-webhooks", str(tmp_path), "--strict")
    assert (summary["conflict"], summary["joined"], summary["apart"]) == (0, 1, 0)
    await community.settled()
    assert await _points(community) == EXPECTED
    assert not [who for who in await _identities(community) if "10137" in who]

    clone = tmp_path / "clone"
    subprocess.run(["git", "init", "-q", str(clone)], check=True)
    who = {"GIT_AUTHOR_NAME": "Bob", "GIT_AUTHOR_EMAIL": "71+bob@users.noreply.github.com"}
    committer = {"GIT_COMMITTER_NAME": "B", "GIT_COMMITTER_EMAIL": "b@example.org", "GIT_AUTHOR_DATE": NOON}
    commit = ["git", "-C", str(clone), "commit", "-q", "--allow-empty", "--no-gpg-sign", "-m", "by hand"]
    subprocess.run(commit, check=True, env=os.environ | who | committer)
    community.run("import", "git", str(clone), "--strict")
    await community.settled()
    assert await _points(community) == EXPECTED | {"github:71": 10}


async def _identities(community: Community) -> dict[str, str]:
    """Every identity, with the member whose it is."""
    rows = await community.query("ingest", "select identity, member_id from identities where community = $1")
    return {row["identity"]: str(row["member_id"]) for row in rows}


async def _points(community: Community) -> dict[str, int]:
    """Points that can be spent by the account, of those who have any."""
    rows = await community.query(
        "scoring",
        "select member_id, sum(points) as p from awards where community = $1 and score is null group by 1",
    )
    points = {str(row["member_id"]): int(row["p"]) for row in rows if row["p"]}
    identities = await _identities(community)
    accounts = {member: who for who, member in identities.items() if who.startswith("github:")}
    return {accounts[member]: amount for member, amount in points.items()}
