"""What resonates: the lower end of Wilson's interval, with its known answers; and what events do with content."""

from typing import Any

import pytest

from services.analytics.content.domain import Does, resonance, uses


@pytest.mark.parametrize(
    ("responders", "readers", "bound"),
    # Known answers of statsmodels: an item that all of few responded to is behind one that most of many did.
    [(1, 1, 0.2065), (2, 2, 0.3424), (5, 5, 0.5655), (10, 10, 0.7225), (90, 100, 0.8256), (600, 1_000, 0.5693)],
)
def test_resonance_is_wilsons_lower_end(responders: int, readers: int, bound: float) -> None:
    assert resonance(responders, readers) == pytest.approx(bound, abs=5e-5)


def test_nobody_proves_nothing() -> None:
    assert (resonance(0, 0), resonance(0, 50)) == (0.0, 0.0)


def event(kind: str, **data: Any) -> Any:
    return {"community": "acme", "uid": "u1", "id": "e1", "type": kind, "data": {"channel": "forum", **data}}


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("content.read.v1", {"object": {"id": "guide"}}, [("guide", Does.READS)]),
        ("content.read.v1", {}, []),
        ("content.read.v1", {"object": {"id": "c1"}, "host": "celebrations.plaudit"}, []),
        ("chat.reaction.v1", {"object": {"id": "m1"}}, [("m1", Does.RESPONDS)]),
        ("forum.post.v1", {}, [("e1", Does.MAKES)]),
        ("forum.post.v1", {"object": {"id": "topic"}}, [("topic", Does.MAKES)]),
        (
            "forum.reply.v1",
            {"object": {"id": "post-2"}, "in_reply_to": {"id": "post-1"}},
            [("post-1", Does.RESPONDS), ("post-2", Does.MAKES)],
        ),
        ("in_person.check_in.v1", {"object": {"id": "evening"}}, []),
    ],
)
def test_what_events_do_with_content(kind: str, data: dict[str, Any], expected: list[tuple[str, Does]]) -> None:
    assert [(use.item.item_id, use.does) for use in uses(event(kind, **data))] == expected
