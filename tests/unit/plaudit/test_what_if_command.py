"""What `plaudit programme what-if` says of a trial, in words."""

from typing import Any

from plaudit.programme.trying import what_if_lines


def rule(rule_id: str, **more: Any) -> dict[str, Any]:
    return {
        "rule_id": rule_id,
        "title": rule_id.title(),
        "condition": None,
        "points_by": None,
        "listens": True,
        "gives": [],
        "declined": [],
        "attributes": [],
        "met": {},
        "limits": [],
        "points_in_force": 0,
        **more,
    }


def test_each_rule_has_what_it_gives_or_why_not_beside_what_was_earned() -> None:
    given = {"member_id": "m", "member_name": "Ada", "beneficiary": "actor", "points": 4, "score": "points"}
    why = {"beneficiary": "object_author", "reason": "condition_false", "detail": ""}
    read = {"written": "member.tier", "member_id": "m", "since": None, "value": None}
    found = {
        "event_type": "chat.message.v1",
        "event_time": "2026-03-02T10:00:00Z",
        "points": 4,
        "points_in_force": 6,
        "rules": [
            rule(
                "write",
                gives=[given],
                condition="data.length_chars > 5",
                met={"data.length_chars": 20},
                limits=["10 points a day"],
                points_in_force=1,
            ),
            rule("gold", declined=[why], attributes=[read], points_by="2 * 3"),
            rule("post", listens=False),
        ],
        "in_force": {"awards": [{"rule_id": "old", "points": 5}, {"rule_id": "write", "points": 1}]},
    }
    assert list(what_if_lines(found)) == [
        "chat.message.v1 of 2026-03-02T10:00:00Z: 4 points by the draft, 6 in force",
        "  +4 write to the actor Ada, in force +1",
        "      Write: asks data.length_chars > 5",
        "      met: data.length_chars is 20",
        "      under a limit: 10 points a day; what other events take of it is not counted here",
        "   0 gold to the object_author: its condition does not hold, in force +0",
        "      Gold: calculated by 2 * 3",
        "      read member.tier of m: nothing",
        "not for events of this type: post",
        "  in force alone: +5 old",
    ]
