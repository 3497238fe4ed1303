"""What a connector's file may say, and what its author is told otherwise."""

import pytest
import yaml

from connectors.env import DELIVERY_STEPS_MAX_COUNT
from connectors.reading import ConnectorError, read_connector
from tests.unit.connectors.examples import DOCUMENT, changed, connector_of, mapped


def mistakes(document):
    with pytest.raises(ConnectorError) as raised:
        read_connector(yaml.safe_dump(document, sort_keys=False))
    return [str(mistake) for mistake in raised.value.mistakes]


def test_a_mistake_has_its_place():
    text = yaml.safe_dump(changed(title=None), sort_keys=False)
    with pytest.raises(ConnectorError) as raised:
        read_connector(text.replace("title: null", "titel: A forum"))
    found = [(one.line, one.field, one.detail) for one in raised.value.mistakes]
    assert (2, "titel", "there is no field `titel`; did you mean `title`?") in found
    assert any(detail == "`title` is missing" for _, _, detail in found)


@pytest.mark.parametrize(
    ("activity", "said"),
    [
        (
            {"text": "body.post.raw", "actr": "body.user"},
            "forum.post.v1 has no field `actr`; did you mean `actor`?",
        ),
        ({"actor": None}, "forum.post.v1 needs `actor`"),
        ({"type": "forum.post"}, "mappings[0].activities[0].type: String should match"),
        ({"id": None}, "needs an `id`: the same whenever"),
        ({"retract": "body.id"}, "needs one of `type`, `retract` and `restore`"),
        ({"text": "body.post.raw +"}, "text: the expression ends too early"),
        ({"text": "bdy.raw"}, "there is no `bdy` here; did you mean `body`?"),
        ({"text": "upper(body.raw)"}, "there is no function `upper`"),
        ({"text": "key()"}, "`key` is called as key("),
        ({"text": "body.matches('(a+)+$')"}, "there is no function `matches`"),
        ({"each": {"body": "body.posts"}}, "`body` means something else already"),
        ({"text": "body.a.map(body, body)"}, "`body` means something else around this loop"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_wrong_with_an_activity_is_said(activity, said):
    made = {name: value for name, value in (mapped() | activity).items() if value is not None}
    [mistake] = mistakes(changed(mappings=[{"on": ["*"], "activities": [made]}]))
    assert said in mistake


def test_a_mistake_in_an_expression_has_its_line_and_column():
    lines = [
        "    when: >-",
        "      body.a == 1",
        "      && bdy.b == 2",
        "    no_engagement: why",
    ]
    text = yaml.safe_dump(changed(mappings=None), sort_keys=False)
    text = text.replace("mappings: null", "mappings:\n  - on: ['*']\n" + "\n".join(lines))
    with pytest.raises(ConnectorError) as raised:
        read_connector(text)
    [mistake] = raised.value.mistakes
    assert text.splitlines()[mistake.line - 1][mistake.column - 1 :].startswith("bdy.b")
    assert mistake.field == "mappings[0].when"


def test_a_mapping_says_one_thing():
    for mapping in ({"on": ["*"]}, {"on": ["*"], "no_engagement": "why", "activities": [mapped()]}):
        [mistake] = mistakes(changed(mappings=[mapping]))
        assert "needs either `activities` or `no_engagement`" in mistake


@pytest.mark.parametrize(
    "expression",
    [
        "body.a.all(x, body.b.all(y, x == y))",
        "body.a.map(x, body.b.filter(y, y == x))",
        "body.a.all(x, " + " && ".join(["x != null"] * 20) + ")",
        "(" * 40 + "body.a" + ")" * 40,
        "body.a == '" + "x" * 2_000 + "'",
    ],
    ids=["loop-in-loop", "lists-of-lists", "long-body", "deep", "long"],
)
def test_what_may_cost_too_much_is_refused_when_it_is_read(expression):
    assert mistakes(changed(mappings=[{"on": ["*"], "when": expression, "no_engagement": "why"}]))


def test_all_expressions_together_have_a_limit():
    loop = "body.a.exists(x, x.b == 1 && x.c == 2)"
    many = [{"on": ["*"], "when": loop, "no_engagement": "why"} for _ in range(150)]
    assert "all may take" in mistakes(changed(mappings=many))[0]


def test_values_do_not_double_themselves():
    lets = {"a0": "body.text + body.text"} | {f"a{n}": f"a{n - 1} + a{n - 1}" for n in range(1, 30)}
    made = connector_of(let=lets, mappings=[{"on": ["*"], "activities": [mapped() | {"text": "a29"}]}])
    outcome = made({"text": "x" * 1_000})
    assert (outcome.state, "not put together" in outcome.reason) == ("invalid", True)
    assert outcome.faults[0].path == "mappings[0].activities[0].text"


def test_a_long_list_is_counted_when_it_comes():
    made = connector_of(
        mappings=[{"on": ["*"], "when": "body.a.exists(x, x == 'no')", "no_engagement": "why"}],
    )
    assert made({"a": ["yes"] * 1_000}).state == "unmapped"
    outcome = made({"a": ["yes"] * DELIVERY_STEPS_MAX_COUNT})
    assert (outcome.state, "steps to map" in outcome.reason) == ("invalid", True)


def test_the_format_is_small_enough_to_know():
    assert read_connector(yaml.safe_dump(DOCUMENT)).name == "example"


def test_an_expression_with_a_comma_in_braces_is_one_mistake():
    text = yaml.safe_dump(changed(), sort_keys=False).replace("id: body.by", '{id: key("a", body.by)}')
    with pytest.raises(ConnectorError) as raised:
        read_connector(text)
    [mistake] = raised.value.mistakes
    assert "stands in quotes" in mistake.detail
