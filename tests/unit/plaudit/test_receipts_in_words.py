"""`plaudit redemption show`: a receipt in words."""

from typing import Any

from plaudit.redemption import STEPS, receipt_lines

RECEIPT: dict[str, Any] = {
    "title": "Mug",
    "points": 40,
    "state": "partly_refunded",
    "steps": [
        {"at": "2026-01-31T12:00:00.123456Z", "event": "reserved", "points": 40, "transfer_id": "a-b"},
        {"at": "2026-02-01T12:00:00Z", "event": "refunded", "points": 1_500, "transfer_id": None},
    ],
    "fulfilment": "in_hand",
    "needs_address": True,
    "refunded_points": 1_500,
}


def test_each_step_has_its_time_its_points_and_its_transfer() -> None:
    assert receipt_lines(RECEIPT) == [
        "Mug, 40 points: partly refunded",
        "  2026-01-31 12:00:00  set aside, 40 points  transfer a-b",
        "  2026-02-01 12:00:00  given back, 1,500 points",
        "  handing it over: in hand",
        "  it waits for its member to say where it is sent",
        "  1,500 points are back",
    ]


def test_what_is_over_and_whole_says_no_more() -> None:
    plain = RECEIPT | {"steps": [], "fulfilment": None, "needs_address": False, "refunded_points": 0}
    assert receipt_lines(plain) == ["Mug, 40 points: partly refunded"]


def test_a_title_obeys_no_terminal() -> None:
    (first, *_) = receipt_lines(RECEIPT | {"title": "Mug\x1b[2J"})
    assert "\x1b" not in first


def test_every_step_that_a_receipt_may_have_is_said_in_words() -> None:
    assert set(STEPS) == {"reserved", "confirmed", "rest_back", "refunded", "cancelled", "expired"}
