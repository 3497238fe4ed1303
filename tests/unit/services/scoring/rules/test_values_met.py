"""What a condition met in an event is kept, and no more than helps to understand."""

from typing import Any

from services.scoring.rules.domain.conditions import judge
from services.scoring.rules.domain.values import MET_MAX_COUNT, TEXT_MAX_CHARS, values_met

EVENT: dict[str, Any] = {
    "id": "1",
    "type": "forum.post.v1",
    "data": {
        "length_chars": 7,
        "tags": ["a", "b"],
        "object": {"id": "t" * 200, "kind": "topic"},
        "is_first": False,
    },
}


def met(condition: str) -> dict[str, Any]:
    return values_met(EVENT, judge(condition, ["forum.post.v1"]).fields)


def test_each_field_that_is_read_has_its_value_and_what_is_not_there_has_none() -> None:
    assert met("data.length_chars >= 20 && !data.is_first") == {"data.length_chars": 7, "data.is_first": False}
    assert met("data.score > 3 || data.object.nothing.more == 1") == {}
    assert met('event.type == "x"') == {"event.type": "forum.post.v1"}


def test_lists_have_a_size_maps_nothing_and_texts_an_end() -> None:
    assert met('"a" in data.tags') == {"size(data.tags)": 2}
    assert met("data.tags.exists(tag, tag == data.object.kind)") == {
        "size(data.tags)": 2,
        "data.object.kind": "topic",
    }
    assert met("has(data.object)") == {}
    assert met('data.object.id == "x"') == {"data.object.id": "t" * TEXT_MAX_CHARS}


def test_a_member_is_left_out_and_there_is_a_most() -> None:
    assert judge('member.tier == "gold"', ["forum.post.v1"], {"tier": "text"}).fields == ()
    data = {f"f{number}": number for number in range(MET_MAX_COUNT + 5)}
    paths = tuple(("data", name) for name in data)
    assert len(values_met({"data": data}, paths)) == MET_MAX_COUNT
