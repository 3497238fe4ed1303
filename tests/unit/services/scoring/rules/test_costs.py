"""What a condition can cost is bounded before it runs: loops by what they go over, values by what they grow to."""

from typing import Any

import cel
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.scoring.rules.domain.conditions import check_condition, judge
from services.scoring.rules.domain.costs import CONDITION_STEPS_MAX_COUNT, UNBOUNDED, bound_of
from services.scoring.rules.domain.extents import EVENT_MAX_CHARS, Extent, data_extent, example_event
from shared.conditions.errors import ConditionError
from shared.conditions.parser import parse
from shared.contracts.activities import ACTIVITY_TYPES

POST = ("forum.post.v1",)
SURVEY = ("survey.response.v1",)
#: The longest text that a rule reads.
LONGEST = "data.attributes.field_1"
TWENTY = f"[{', '.join(map(str, range(20)))}]"


def nested(depth: int, items: str = TWENTY, between: str = " // a comment\n ") -> str:
    """Loops within one another, with a comment and a line break before each."""
    names = "abcdefghijkl"[:depth]
    return "".join(f"{items}{between}.all({name}, " for name in names) + "a >= 0" + ")" * depth


def steps(expression: str, event_types: tuple[str, ...] = POST) -> int:
    return judge(expression, event_types).steps


@pytest.mark.parametrize(
    "expression",
    [
        nested(3),
        nested(8),
        nested(3, between=" // '\n"),
        nested(3, between=' // "[1].all(\n'),
        f"r'\\' == 'x' || {nested(3)}",
        f'r"""\\""" == "x" || {nested(3)}',
        f"'''a'b''' == 'x' || {nested(3)}",
        f'"// " == "x" || {nested(3)}',
        # A list within a loop can be as long as the loop before made it.
        f"size({TWENTY}.map(a, {TWENTY}).map(b, b.map(c, {TWENTY}))) > 0",
        f"{TWENTY}.map(a, {TWENTY}).exists(b, b.exists(c, {TWENTY}.exists(d, d == c)))",
        f"({'+'.join([TWENTY] * 20)}).all(a, ({'+'.join([TWENTY] * 20)}).all(b, a == b))",
        "data.attributes.all(k, data.attributes.all(l, data.attributes[k] == data.attributes[l]))",
        # Text is doubled, and doubled again.
        f'size(["ab"]{".map(a, a + a)" * 25}) > 0',
        f"size([[1, 2]]{'.map(a, a + a)' * 25}) > 0",
        f"size({'+'.join(['data.attributes.a'] * 120)}) > 1",
        f"size([1].map(a, {' + '.join(['data.attributes.a'] * 90)})) > 0",
    ],
)
def test_what_can_take_long_is_more_than_a_condition_may_cost(expression: str) -> None:
    assert steps(expression) > CONDITION_STEPS_MAX_COUNT
    with pytest.raises(ConditionError):
        check_condition(expression, POST)


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        (f"[{', '.join(['1'] * 600)}].all(a, a > 0)", "this loop goes over up to 600 items: loop over fewer"),
        ("[1].map(a, [2].map(b, b))[0][0] == 2", "at most 1 of all, exists"),
        (f"{'+'.join(['data.attributes.a'] * 100)} == 'x'", "steps for one event, and may take 25,000"),
        ("data.channel.matches(data.object.id)", "written out in quotes"),
        ("data.channel.matches('a' + 'b')", "written out in quotes"),
        ("data.channel.matches(has(data.object) ? 'a' : 'b')", "written out in quotes"),
        ("['a'].exists(one, one.matches('b'))", "cannot stand in a loop"),
        ("['a'].exists(one, data.channel.matches('b') && one == 'a')", "cannot stand in a loop"),
        (r"data.channel.matches('(\\w{250}){3}$')", "too large"),
        (r"data.channel.matches(r'(\w{250}){3}$')", "too large"),
        (r"data.channel.matches(r'''(\w{250}){3}$''')", "too large"),
        (r"data.channel.matches('(\\w{20}){3}$')", "is dear"),
        ("data.attributes.a.matches('a.{30}x')", "is dear"),
        (f"data.channel.matches('{'a' * 201}')", "may have 200"),
        ("data.channel.matches('a{99}') || true && data.channel.matches('a{999}')", "too large"),
    ],
)
def test_a_refusal_says_what_to_write_instead(expression: str, says: str) -> None:
    with pytest.raises(ConditionError, match=says):
        check_condition(expression, POST)


@pytest.mark.parametrize(
    "expression",
    [
        "data.length_chars >= 20",
        "['ann', 'bob'].exists(one, one == data.object.id)",
        f"data.object.id in [{', '.join(f'{chr(34)}member-{number}{chr(34)}' for number in range(100))}]",
        "data.attributes.exists(key, key.startsWith('team_') && data.attributes[key] == 'red')",
        "data.object.id.matches('^team-[0-9]+$')",
        "data.object.id.matches('(?i)^(ann|bob)@example[.]org$')",
        r"data.topic.matches('^\\w+$')",
        "data.object.id.contains('/pull/') && !data.object.id.endsWith('.md')",
        "event.time.getDayOfWeek() in [0, 6] ? data.length_chars > 10 : data.length_chars > 20",
        "event.time > timestamp('2026-01-01T00:00:00Z') && duration('36h') < event.time - event.time",
        " || ".join(f"data.channel == 'c{number}'" for number in range(80)),
        "data.length_chars == 1 ? true : " * 20 + "false",
        "size(string(event.time) + data.object.id) < 300",
    ],
)
def test_what_is_cheap_may_be_published(expression: str) -> None:
    check_condition(expression, POST)
    assert steps(expression) <= CONDITION_STEPS_MAX_COUNT


def test_loops_multiply_and_lists_of_lists_grow() -> None:
    one, two, three = (steps(nested(depth)) for depth in (1, 2, 3))
    assert two > 19 * one
    assert three > 19 * two
    assert steps("[1, 2].map(a, [1, 2, 3]).all(b, b.all(c, true))") > steps(
        "[1, 2].map(a, [1]).all(b, b.all(c, true))"
    )


@pytest.mark.parametrize(
    ("expression", "measured"),
    [
        # Steps as measured, over the largest event, with text in characters of four bytes. What is put into a list
        # or a map, given to a loop, or kept by `map` for the next item, is copied with all that is in it.
        (f"size([{', '.join('1' * 60)}].map(i, [{', '.join('1' * 30)}])) == 1", 180_000),
        (f"size([{', '.join('1' * 40)}].map(i, {{1: 1, 2: 1, 3: 1, 4: 1}})) == 1", 15_000),
        ("1 in [data]", 330),
        ("'x' in {'a': data, 'b': data, 'c': data}", 850),
        ("{'a': data}.a.channel == 'x'", 700),
        (f"[{', '.join('1' * 60)}].exists(i, [data] == [i])", 20_000),
        (f"[{', '.join('1' * 60)}].exists(i, [--data] == [i])", 20_000),
        (f"[{', '.join('1' * 60)}].all(i, data + 1 == 1 || true)", 27_000),
        (f"size({' + '.join(['[event]'] * 60)}) == 1", 31_000),
        # What comes out becomes a value of Python, and an error has the text in it.
        ("size(data.attributes.field_1) > 100 ? dyn([data, data, data, data]) : dyn(true)", 31_900),
        (f"size({LONGEST}) > 100 ? dyn({' + '.join([LONGEST] * 19)}) : dyn(true)", 6_200),
        ("data.attributes[data.attributes.field_1] == 1", 560),
        # What is a key of a map, or is looked for among them, is copied and read for its hash.
        ("data.attributes.field_1 in data", 350),
        ("'x' in {data.attributes.field_1: 1}", 370),
        ("duration(data.attributes.field_1) == duration('1s')", 2_200),
        ("data.attributes.field_1.contains('\U0001f600\U0001f600\U0001f600x')", 220),
    ],
)
def test_a_bound_is_no_less_than_what_was_measured(expression: str, measured: int) -> None:
    assert steps(expression, SURVEY) >= measured


def test_the_dearer_branch_counts_and_both_sides() -> None:
    dear = f"{TWENTY}.all(a, a > 0)"
    assert steps(f"true ? true : {dear}") > steps(dear)
    assert steps(f"false && {dear}") > steps(dear)
    assert steps(f"true || {dear}") > steps(dear)


def test_what_cannot_be_read_has_no_bound() -> None:
    """A version that was published before is scored all the same, under the budget of its rule."""
    for expression in ("data.?channel == 'x'", "this is none", "data.channel.matches(data.object.id)", nested(12)):
        assert steps(expression) == UNBOUNDED


def test_a_name_that_a_loop_binds_is_what_the_loop_goes_over() -> None:
    assert steps("[1].all(data, data == 1)") < steps("[1].all(one, data == data)")


def test_extents_are_of_the_contracts() -> None:
    for event_type in ACTIVITY_TYPES:
        extent = data_extent((event_type,))
        event = example_event(event_type, is_largest=True)
        assert extent.fields is not None
        assert event["data"].keys() == extent.fields.keys()
        for name, value in event["data"].items():
            of_field = extent.fields[name]
            if isinstance(value, str | dict):
                assert len(value) == of_field.size, (event_type, name)
    attributes = data_extent(POST).fields["attributes"]  # type: ignore[index]
    assert (attributes.size, attributes.item.size, attributes.value.size) == (32, 64, 1_000)  # type: ignore[union-attr]
    survey = data_extent(("survey.response.v1", "chat.message.v1"))
    assert survey.fields is not None
    assert survey.fields["tags"].size == 20
    assert survey.chars < EVENT_MAX_CHARS


def test_a_bound_is_of_all_the_types_that_a_rule_listens_to() -> None:
    expression = "data.topic.contains('thanks')"
    assert bound_of(parse(expression), ("chat.message.v1",)).steps == steps(
        expression, ("chat.message.v1", "survey.response.v1")
    )


TEXTS = st.sampled_from(
    ["'ab'", "data.language", "data.object.id", "data.measures.model", "event.source", "data.attributes.field_1"]
)
TRUTHS = st.sampled_from(["true", "false", "has(data.language)", "data.score > 3"])


def _texts(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions that give text, or lists of it, made of smaller ones."""
    return st.one_of(
        st.tuples(inner, inner).map(lambda two: f"({two[0]} + {two[1]})"),
        st.tuples(TRUTHS, inner, inner).map(lambda three: f"({three[0]} ? {three[1]} : {three[2]})"),
        st.lists(inner, min_size=1, max_size=4).map(lambda some: f"[{', '.join(some)}]"),
        st.tuples(inner, inner).map(lambda two: f"{{'a': {two[0]}, 'b': {two[1]}}}"),
        inner.map(lambda one: f"{one}.map(x, x + x)"),
        inner.map(lambda one: f"{one}.map(x, [x, x])"),
        st.tuples(inner, TRUTHS).map(lambda two: f"{two[0]}.filter(x, {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"{two[0]}.map(x, {two[1]})"),
        inner.map(lambda one: f"{one}[0]"),
        inner.map(lambda one: f"{one}['a']"),
        inner.map(lambda one: f"{one}.a"),
        inner.map(lambda one: f"string({one})"),
        inner.map(lambda one: f"bytes({one})"),
        inner.map(lambda one: f"(true ? {one} : data).a"),
        inner.map(lambda one: f"dyn({one})"),
        inner.map(lambda one: f"--{one}"),
    )


def _largest_of(value: Any) -> tuple[int, int]:
    """Characters and values in a value."""
    if isinstance(value, str | bytes):
        return len(value), 1
    parts = [part for pair in value.items() for part in pair] if isinstance(value, dict) else value
    counted = [_largest_of(part) for part in parts] if isinstance(value, dict | list) else []
    return max(1, sum(chars for chars, _ in counted)), 1 + sum(nodes for _, nodes in counted)


def _fits(value: Any, extent: Extent) -> bool:
    chars, nodes = _largest_of(value)
    size = len(value) if isinstance(value, str | bytes | list | dict) else 0
    return size <= extent.size and chars <= extent.chars and nodes <= extent.nodes


@given(st.recursive(TEXTS, _texts, max_leaves=10))
@example("(true ? {'a': ['x', 'y', 'z']} : data).a")
@example("(true ? {'score': ['x', 'y', 'z']} : data).score.map(x, x + x)")
@example("(false ? data : data.attributes).field_1")
def test_no_value_is_larger_than_its_extent(expression: str) -> None:
    bound = bound_of(parse(expression), SURVEY)
    if bound.steps > 1_000_000:
        return
    try:
        value = cel.evaluate(expression, dict(example_event(SURVEY[0], is_largest=True)))
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError):
        return
    assert _fits(value, bound.extent), (value, bound.extent)
