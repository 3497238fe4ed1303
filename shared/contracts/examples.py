"""At least one example of every event type: for the documentation, and as tests of the contracts."""

from typing import Any, Final

from shared.contracts.story import FORUM

FORGE: Final = "https://code.example.org/acme/lathe"


def _event(kind: str, source: str, event_id: str, time: str, channel: str, actor: Any, **data: Any) -> Any:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": kind,
        "time": time,
        "data": {"channel": channel, "actor": actor, **data},
    }


_ADA = {"id": "ada", "name": "Ada"}
_GRACE = {"id": "grace", "name": "Grace"}
ACCEPTED_ANSWER = _event(
    "forum.answer_accepted.v1",
    FORUM,
    "solution-93",
    "2026-01-31T12:30:00Z",
    "forum",
    _ADA,
    object={"id": "post-93", "author": _GRACE, "url": f"{FORUM}/t/12/93"},
)

#: Examples of what platforms send, by event type.
EVENT_EXAMPLES: Final[dict[str, list[Any]]] = {
    "forum.post.v1": [
        _event(
            "forum.post.v1",
            FORUM,
            "post-92",
            "2026-01-31T12:00:00Z",
            "forum",
            _ADA,
            object={"id": "topic-12", "url": f"{FORUM}/t/12"},
            attributes={"category": "help", "pinned": False},
            length_chars=412,
        )
    ],
    "forum.reply.v1": [
        _event(
            "forum.reply.v1",
            FORUM,
            "post-93",
            "2026-01-31T12:10:00Z",
            "forum",
            _GRACE,
            object={"id": "post-93", "url": f"{FORUM}/t/12/93"},
            in_reply_to={"id": "post-92", "author": _ADA},
            length_chars=950,
        )
    ],
    "forum.answer_accepted.v1": [ACCEPTED_ANSWER],
    "social.share.v1": [
        _event(
            "social.share.v1",
            "https://social.example.net",
            "status-771",
            "2026-01-31T13:00:00Z",
            "social",
            {"id": "@ada@social.example.net"},
            object={"id": "status-771", "url": "https://social.example.net/@ada/771"},
        )
    ],
    "chat.message.v1": [
        _event(
            "chat.message.v1",
            "https://chat.example.org/rooms/lobby",
            "m-20260131-8812",
            "2026-01-31T13:05:00Z",
            "chat",
            {"id": "U1", "name": "Ada"},
            length_chars=88,
        )
    ],
    "chat.reaction.v1": [
        _event(
            "chat.reaction.v1",
            "https://chat.example.org/rooms/lobby",
            "m-20260131-8812/heart/U2",
            "2026-01-31T13:06:00Z",
            "chat",
            {"id": "U2", "name": "Grace"},
            object={"id": "m-20260131-8812", "author": {"id": "U1", "name": "Ada"}},
            reaction="heart",
        )
    ],
    "code.commit.v1": [
        _event(
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
        )
    ],
    "code.issue.v1": [
        _event(
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
    "code.pull_request.v1": [
        _event(
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
    "code.review.v1": [
        _event(
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
    "code.comment.v1": [
        _event(
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
    "code.release.v1": [
        _event(
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
    "code.star.v1": [
        _event(
            "code.star.v1",
            FORGE,
            "star-ada-created",
            "2026-01-31T16:30:00Z",
            "code",
            {"id": "ada"},
            repository="acme/lathe",
            action="created",
        )
    ],
    "support.ticket_resolved.v1": [
        _event(
            "support.ticket_resolved.v1",
            "https://support.example.org",
            "ticket-5001-resolved",
            "2026-01-31T16:40:00Z",
            "support",
            {"id": "grace@example.org"},
            object={"id": "ticket-5001", "author": {"id": "customer-77"}},
        )
    ],
    "in_person.check_in.v1": [
        _event(
            "in_person.check_in.v1",
            "https://events.example.org",
            "meetup-2026-01/badge-118",
            "2026-01-31T18:00:00+01:00",
            "in_person",
            {"id": "badge-118", "name": "Ada"},
            object={"id": "meetup-2026-01"},
        )
    ],
    "survey.response.v1": [
        _event(
            "survey.response.v1",
            "https://survey.example.org/nps-2026-q1",
            "response-118",
            "2026-01-31T19:00:00Z",
            "survey",
            {"id": "ada@example.org"},
            score=9,
            comment="Answers come within minutes.",
        )
    ],
    "shop.purchase.v1": [
        _event(
            "shop.purchase.v1",
            "https://shop.example.org",
            "order-2201",
            "2026-01-31T19:30:00Z",
            "shop",
            {"id": "customer-77"},
            amount_minor=4950,
            currency="EUR",
        )
    ],
    "kudos.given.v1": [
        _event(
            "kudos.given.v1",
            "https://chat.example.org/rooms/lobby",
            "kudos-31",
            "2026-01-31T20:00:00Z",
            "chat",
            {"id": "U1", "name": "Ada"},
            object={"id": "kudos-31", "author": {"id": "U2", "name": "Grace"}},
            message="Thank you for staying with it until it was solved.",
        )
    ],
    "member.joined.v1": [
        _event("member.joined.v1", FORUM, "user-118", "2026-01-30T09:00:00Z", "forum", _ADA),
    ],
    "activity.retracted.v1": [
        _event(
            "activity.retracted.v1",
            FORUM,
            "solution-93-withdrawn",
            "2026-02-01T08:00:00Z",
            "forum",
            _ADA,
            target={"source": FORUM, "id": "solution-93"},
            reason="The asker marked another answer",
        )
    ],
}
