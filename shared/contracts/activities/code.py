"""Activities in repositories and on code forges."""

from typing import Final, Literal, NotRequired

from shared.contracts.activities.common import ActivityType, Envelope, SaidData, activity_example
from shared.contracts.activities.sent import SentLabel
from shared.contracts.fields import Count

FORGE: Final = "https://code.example.org/acme/lathe"


class CommitData(SaidData):
    repository: NotRequired[SentLabel]
    files_changed: NotRequired[Count]
    lines_added: NotRequired[Count]
    lines_deleted: NotRequired[Count]
    parents: NotRequired[Count]
    ref: NotRequired[SentLabel]
    default_branch: NotRequired[bool]
    forced: NotRequired[bool]
    distinct: NotRequired[bool]
    squash: NotRequired[bool]


class Commit(Envelope):
    """A commit reached a repository; the actor is its author.

    `ref` is the branch it was pushed to, and `default_branch` whether that is the repository's own; `forced`
    whether the push rewrote history; `distinct` whether no other branch had it; `squash` whether a forge made it
    of a whole pull request. A merge has two `parents` or more. What is not known is left out.
    """

    type: Literal["code.commit.v1"]
    data: CommitData


COMMIT: Final = ActivityType(
    "code.commit.v1",
    envelope=Commit,
    examples=[
        activity_example(
            "code.commit.v1",
            FORGE,
            "9f2c1e7ad0b14c7f8e0a1f4b6d5c3e2a1b0f9d8c",
            "2026-01-31T14:00:00+01:00",
            "code",
            {"id": "grace@example.org", "name": "Grace"},
            repository="acme/lathe",
            files_changed=3,
            lines_added=120,
            lines_deleted=14,
            parents=1,
            ref="refs/heads/main",
            default_branch=True,
            forced=False,
            distinct=True,
        )
    ],
)


class ForgeData(SaidData):
    repository: NotRequired[SentLabel]
    action: SentLabel


class Issue(Envelope):
    """Something was done to an issue on a code forge; `action` says what (opened, closed, labeled…)."""

    type: Literal["code.issue.v1"]
    data: ForgeData


ISSUE: Final = ActivityType(
    "code.issue.v1",
    envelope=Issue,
    examples=[
        activity_example(
            "code.issue.v1",
            FORGE,
            "issue-40-opened",
            "2026-01-31T14:10:00Z",
            "code",
            {"id": "ada"},
            object={"id": "issue-40", "url": f"{FORGE}/issues/40"},
            repository="acme/lathe",
            action="opened",
        )
    ],
)


class PullRequestData(ForgeData):
    merged: NotRequired[bool]


class PullRequest(Envelope):
    """Something was done to a pull request; `action` says what (opened, closed…) and `merged` how it ended."""

    type: Literal["code.pull_request.v1"]
    data: PullRequestData


PULL_REQUEST: Final = ActivityType(
    "code.pull_request.v1",
    envelope=PullRequest,
    examples=[
        activity_example(
            "code.pull_request.v1",
            FORGE,
            "pull-41-closed",
            "2026-01-31T15:00:00Z",
            "code",
            {"id": "ada"},
            object={"id": "pull-41", "author": {"id": "grace"}, "url": f"{FORGE}/pulls/41"},
            repository="acme/lathe",
            action="closed",
            merged=True,
        )
    ],
)


class ReviewData(ForgeData):
    state: NotRequired[SentLabel]


class Review(Envelope):
    """A pull request was reviewed; `object.author` is whose it is."""

    type: Literal["code.review.v1"]
    data: ReviewData


REVIEW: Final = ActivityType(
    "code.review.v1",
    envelope=Review,
    examples=[
        activity_example(
            "code.review.v1",
            FORGE,
            "review-410",
            "2026-01-31T14:50:00Z",
            "code",
            {"id": "ada"},
            object={"id": "pull-41", "author": {"id": "grace"}},
            repository="acme/lathe",
            action="submitted",
            state="approved",
        )
    ],
)


class CodeComment(Envelope):
    """A comment on an issue or pull request was created, edited or deleted."""

    type: Literal["code.comment.v1"]
    data: ForgeData


CODE_COMMENT: Final = ActivityType(
    "code.comment.v1",
    envelope=CodeComment,
    examples=[
        activity_example(
            "code.comment.v1",
            FORGE,
            "comment-903-created",
            "2026-01-31T14:20:00Z",
            "code",
            {"id": "grace"},
            in_reply_to={"id": "issue-40", "author": {"id": "ada"}},
            repository="acme/lathe",
            action="created",
        )
    ],
)


class Release(Envelope):
    """Something was done to a release of a repository."""

    type: Literal["code.release.v1"]
    data: ForgeData


RELEASE: Final = ActivityType(
    "code.release.v1",
    envelope=Release,
    examples=[
        activity_example(
            "code.release.v1",
            FORGE,
            "release-1.4.0-published",
            "2026-01-31T16:00:00Z",
            "code",
            {"id": "grace"},
            object={"id": "1.4.0", "url": f"{FORGE}/releases/1.4.0"},
            repository="acme/lathe",
            action="published",
        )
    ],
)


class Star(Envelope):
    """A repository was starred (`action` created) or the star taken back (deleted)."""

    type: Literal["code.star.v1"]
    data: ForgeData


STAR: Final = ActivityType(
    "code.star.v1",
    envelope=Star,
    examples=[
        activity_example(
            "code.star.v1",
            FORGE,
            "star-118-created",
            "2026-01-31T16:30:00Z",
            "code",
            {"id": "ada"},
            repository="acme/lathe",
            action="created",
        )
    ],
)

TYPES: Final = (COMMIT, ISSUE, PULL_REQUEST, REVIEW, CODE_COMMENT, RELEASE, STAR)
