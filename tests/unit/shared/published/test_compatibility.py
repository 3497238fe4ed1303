"""Each kind of change to a published contract: which direction it breaks, and whom it hurts."""

from copy import deepcopy
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, TypeAdapter
from typing_extensions import TypedDict

from shared.published.compatibility import breaks, changes
from shared.published.export import schema_documents

EVENT = "events/survey.response.v1.json"
FACT = "facts/points.awarded.v1.json"

#: A closed object with one field of each kind.
BASE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["score"],
    "properties": {
        "score": {"type": "integer", "minimum": 0, "maximum": 10},
        "name": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[a-z]+$"},
        "kind": {"type": "string", "enum": ["badge", "level"]},
        "version": {"const": "1.0", "type": "string"},
        "tags": {"type": "array", "maxItems": 3, "items": {"type": "string"}},
        "rule": {"anyOf": [{"type": "string", "maxLength": 63}, {"type": "null"}], "default": None},
        "either": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        "at": {"type": "string", "format": "date-time"},
        "extra": {
            "type": "object",
            "maxProperties": 32,
            "additionalProperties": False,
            "patternProperties": {"^[a-z]+$": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
        },
        "counts": {
            "type": "object",
            "additionalProperties": {"type": "integer"},
            "propertyNames": {"enum": ["posts", "replies"]},
        },
    },
}
GONE = object()


def changed(path: str, value: Any, base: dict[str, Any] = BASE) -> dict[str, Any]:
    """The base schema with the value at a slash-separated path set, or taken out when it is GONE."""
    schema = deepcopy(base)
    *parents, last = path.split("/")
    place: Any = schema
    for one in parents:
        place = place[int(one) if isinstance(place, list) else one]
    if value is GONE:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return schema


@pytest.mark.parametrize(
    ("path", "value", "narrows", "widens"),
    [
        # path, value now, what was valid no longer is, what wasn't valid now is
        ("properties/new", {"type": "string"}, False, ""),
        ("properties/name", GONE, True, "shape"),
        ("required", ["score", "name"], True, ""),
        ("required", [], False, "shape"),
        ("properties/score/type", "number", False, "shape"),
        ("properties/score/type", "string", True, "shape"),
        ("properties/score/type", ["integer", "null"], False, "shape"),
        ("properties/score/type", GONE, False, "shape"),
        ("properties/score/maximum", 11, False, "values"),
        ("properties/score/maximum", 9, True, ""),
        ("properties/score/maximum", GONE, False, "values"),
        ("properties/score/minimum", 1, True, ""),
        ("properties/score/minimum", -1, False, "values"),
        ("properties/score/minimum", GONE, False, "values"),
        ("properties/score/exclusiveMaximum", 10, True, ""),
        ("properties/name/maxLength", 100, True, ""),
        ("properties/name/maxLength", 300, False, "values"),
        ("properties/name/minLength", 2, True, ""),
        ("properties/name/minLength", 0, False, "values"),
        ("properties/name/pattern", "^[a-z0-9]+$", True, "values"),
        ("properties/name/pattern", GONE, False, "values"),
        ("properties/tags/items/pattern", "^a", True, ""),
        ("properties/at/format", GONE, False, "values"),
        ("properties/at/format", "date", True, "values"),
        ("properties/kind/enum", ["badge"], True, ""),
        ("properties/kind/enum", ["badge", "level", "title"], False, "values"),
        ("properties/kind/enum", GONE, False, "values"),
        ("properties/name/enum", ["a"], True, ""),
        ("properties/version/const", "2.0", True, "values"),
        ("properties/tags/maxItems", 2, True, ""),
        ("properties/tags/maxItems", 4, False, "values"),
        ("properties/tags/items", {"type": "integer"}, True, "shape"),
        ("properties/rule/anyOf", [{"type": "string", "maxLength": 63}], True, ""),
        ("properties/rule/anyOf/0/maxLength", 62, True, ""),
        ("properties/rule/anyOf/0/maxLength", 64, False, "values"),
        ("properties/rule/anyOf/1", {"type": "integer"}, True, "shape"),
        ("properties/rule/default", "all", False, ""),
        ("properties/either/oneOf", [{"type": "string"}], True, ""),
        ("properties/either/oneOf/1", {"type": "boolean"}, True, "shape"),
        ("properties/either/discriminator", {"propertyName": "kind"}, False, ""),
        ("properties/extra/maxProperties", 16, True, ""),
        ("properties/extra/maxProperties", 64, False, "values"),
        ("properties/extra/additionalProperties", True, False, "values"),
        ("properties/extra/patternProperties", {"^[a-z]$": {"type": "string"}}, True, "values"),
        ("properties/extra/patternProperties/^[a-z]+$", {"type": "string"}, True, ""),
        ("properties/counts/propertyNames", {"enum": ["posts"]}, True, ""),
        ("properties/counts/propertyNames/enum", ["posts", "replies", "kudos"], False, "values"),
        ("additionalProperties", True, False, "values"),
        ("properties/name/description", "What it is called", False, ""),
        ("properties/name/examples", ["ada"], False, ""),
        ("title", "Another", False, ""),
    ],
)
def test_each_change_is_seen_for_what_it_is(path: str, value: Any, narrows: bool, widens: str) -> None:
    found = changes(BASE, changed(path, value))

    assert any(one.narrows for one in found) is narrows
    assert {one.widens for one in found} - {""} == ({widens} if widens else set())


def test_a_schema_is_like_itself() -> None:
    for schema in schema_documents().values():
        assert changes(schema, deepcopy(schema)) == []


def test_the_opposite_of_a_narrowing_is_a_widening() -> None:
    narrower = changed("properties/score/maximum", 9)

    (there,), (back,) = changes(BASE, narrower), changes(narrower, BASE)

    assert (there.place, there.detail) == ("/score", "maximum was 10, is 9")
    assert there.narrows
    assert not back.narrows
    assert back.widens == "values"


def test_taking_no_other_fields_any_more_narrows() -> None:
    (found,) = changes(changed("additionalProperties", GONE), BASE)

    assert (found.detail, found.narrows) == ("takes no other fields any more", True)


def test_a_field_taken_out_of_an_open_object_is_missed_by_readers_only() -> None:
    open_object = changed("additionalProperties", GONE)

    (found,) = changes(open_object, changed("properties/name", GONE, open_object))

    assert (found.place, found.narrows, found.widens) == ("/name", False, "shape")


def test_a_new_required_field_narrows() -> None:
    after = changed("required", ["score", "new"], changed("properties/new", {"type": "string"}))

    (found,) = changes(BASE, after)

    assert (found.place, found.detail, found.narrows) == ("/new", "a new field is required", True)


def test_another_default_means_something_else() -> None:
    before = changed("properties/kind/default", "badge")

    (found,) = changes(before, changed("properties/kind/default", "level"))

    assert found.narrows
    assert found.detail == "what leaves it out meant 'badge', means 'level'"
    assert changes(before, BASE)[0].narrows


def test_the_default_of_a_section_may_gain_fields() -> None:
    before = {"type": "object", "default": {"badges": []}}

    assert changes(before, {"type": "object", "default": {"badges": [], "levels": []}}) == []
    assert changes(before, {"type": "object", "default": {"levels": []}}) != []


def test_an_object_that_takes_anything_is_compared_too() -> None:
    before = {"type": "object", "additionalProperties": True}

    (found,) = changes(before, {"type": "object", "additionalProperties": {"type": "string"}})

    assert (found.place, found.narrows) == ("/*", True)


def test_what_is_referred_to_is_compared_under_its_place() -> None:
    before = {
        "type": "object",
        "properties": {"data": {"$ref": "#/$defs/Data"}},
        "$defs": {"Data": {"type": "object", "properties": {"score": {"type": "integer", "maximum": 10}}}},
    }
    after = changed("$defs/Data/properties/score/maximum", 5, before)

    (found,) = changes(before, after)

    assert found.place == "/data/score"


def test_references_may_point_into_another_document() -> None:
    schema = {"$ref": "#/components/schemas/Score"}
    before = {"components": {"schemas": {"Score": {"type": "integer", "maximum": 10}}}}
    after = changed("components/schemas/Score/maximum", 5, before)

    (found,) = changes(schema, schema, (before, after))

    assert found.detail == "maximum was 10, is 5"


def test_a_reference_to_a_reference_is_followed() -> None:
    before = {
        "$ref": "#/$defs/Score",
        "$defs": {"Score": {"$ref": "#/$defs/Number"}, "Number": {"type": "integer", "maximum": 10}},
    }

    (found,) = changes(before, changed("$defs/Number/maximum", 5, before))

    assert found.detail == "maximum was 10, is 5"


@pytest.mark.parametrize(
    "schema",
    [{"type": "object", "properties": {"left": {"$ref": "#/$defs/Tree"}}}, {"$ref": "#/$defs/Tree"}],
)
def test_a_schema_that_contains_itself_does_not_pass(schema: dict[str, Any]) -> None:
    tree = {"$ref": "#/$defs/Tree", "$defs": {"Tree": schema}}

    with pytest.raises(ValueError, match="contains itself"):
        changes(tree, tree)


def test_a_keyword_that_cannot_be_compared_does_not_pass() -> None:
    with pytest.raises(ValueError, match="multipleOf"):
        changes(BASE, changed("properties/score/multipleOf", 2))


def test_pydantic_writes_nothing_that_cannot_be_compared() -> None:
    class Before(BaseModel):
        model_config = ConfigDict(extra="forbid")
        points: int
        note: str | None = None

    class After(BaseModel):
        model_config = ConfigDict(extra="forbid")
        points: int
        note: str

    found = changes(Before.model_json_schema(), After.model_json_schema())

    assert {(one.place, one.narrows) for one in found} == {("/note", True)}


# What it means for events, facts and the programme: on the schemas as they are.


def broken_by(path: str, place: str, value: Any) -> list[str]:
    """What breaks when the schema at `path` has another value at `place`."""
    published = schema_documents()
    current = {**published, path: changed(place, value, published[path])}
    return [str(one) for one in breaks(published, current)]


def test_an_event_that_takes_less_hurts_who_sends_it_and_who_reads_it() -> None:
    (found,) = broken_by(EVENT, "$defs/SurveyData/properties/score/maximum", 9)

    assert found == (
        "events/survey.response.v1.json at /data/score: maximum was 10, is 9 "
        "(hurts platforms that send survey.response.v1, ingest, scoring, recognition, analytics)"
    )


def test_an_event_may_take_more() -> None:
    assert broken_by(EVENT, "$defs/SurveyData/properties/score/maximum", 100) == []
    channels = schema_documents()[EVENT]["$defs"]["SurveyData"]["properties"]["channel"]["enum"]
    assert broken_by(EVENT, "$defs/SurveyData/properties/channel/enum", [*channels, "video"]) == []
    assert broken_by(EVENT, "$defs/SurveyData/properties/language", {"type": "string"}) == []


def test_an_event_must_keep_what_rules_read() -> None:
    needed = ["channel", "actor", "currency"]
    (found,) = broken_by("events/shop.purchase.v1.json", "$defs/PurchaseData/required", needed)

    assert "a field that was always there is optional now" in found
    assert "platforms" not in found
    assert "scoring, recognition, analytics" in found


def test_a_fact_may_gain_an_optional_field_and_words() -> None:
    assert broken_by(FACT, "$defs/AwardData/properties/note", {"type": "string"}) == []
    assert broken_by(FACT, "description", "Points, and why") == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("$defs/AwardData/properties/points/maximum", 5),
        ("$defs/AwardData/properties/points/maximum", 5_000_000_000),
        ("$defs/AwardData/properties/beneficiary/enum", ["actor", "object_author", "reply_author", "mentor"]),
        ("$defs/AwardData/properties/beneficiary/enum", ["actor"]),
        ("$defs/AwardData/properties/amends", GONE),
        ("$defs/AwardData/required", ["award_id"]),
        ("$defs/AwardData/properties/points/type", "number"),
    ],
)
def test_any_other_change_of_a_fact_names_its_consumers(place: str, value: Any) -> None:
    found = broken_by(FACT, place, value)

    assert found
    assert all(one.endswith("(hurts recognition, rewards, analytics)") for one in found)


def test_a_fact_on_several_topics_hurts_the_readers_of_all() -> None:
    (found,) = broken_by("facts/record.dead_lettered.v1.json", "$defs/DeadLetterData/properties/offset/minimum", 0)

    assert found.endswith("(hurts operators)")


def test_finance_is_named_when_payouts_change() -> None:
    (found,) = broken_by("facts/payout.changed.v1.json", "$defs/PayoutData/properties/amount_minor/minimum", 1)

    assert found.endswith("(hurts analytics, finance)")


def test_a_version_that_is_gone_hurts_everyone() -> None:
    published = schema_documents()
    current = {path: schema for path, schema in published.items() if path not in (EVENT, FACT)}

    event, fact = breaks(published, current)

    assert event.hurt == (
        "platforms that send survey.response.v1",
        "ingest",
        "scoring",
        "recognition",
        "analytics",
    )
    assert fact.hurt == ("recognition", "rewards", "analytics")


def test_a_new_type_hurts_nobody() -> None:
    current = schema_documents()
    published = {path: schema for path, schema in current.items() if path != EVENT}

    assert breaks(published, current) == []


def test_a_programme_may_name_more_types_and_must_take_what_it_took() -> None:
    path = "programme.v1.json"
    types = schema_documents()[path]["$defs"]["Rule"]["properties"]["on"]["items"]["anyOf"][0]["enum"]

    assert broken_by(path, "$defs/Rule/properties/on/items/anyOf/0/enum", [*types, "forum.like.v1"]) == []
    (found,) = broken_by(path, "$defs/Rule/properties/points/maximum", 100)
    assert found.endswith("(hurts authors of programmes, ingest, recognition, rewards, analytics)")


def test_a_contract_changed_in_code_is_found() -> None:
    class Before(TypedDict):
        points: int

    class After(TypedDict):
        points: int
        currency: str

    (found,) = changes(TypeAdapter(Before).json_schema(), TypeAdapter(After).json_schema())

    assert found.detail == "a new field is required"
