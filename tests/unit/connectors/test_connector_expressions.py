"""What expressions over a delivery say, and what absent fields mean in them."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.closures import Scope
from connectors.env import DELIVERY_STEPS_MAX_COUNT, LEFT
from connectors.expressions import compile_expression
from connectors.failures import MappingError
from shared.conditions.errors import ConditionError

BODY = {
    "a": 1,
    "text": "Ada",
    "none": None,
    "empty": "",
    "yes": True,
    "list": [1, 2, 3],
    "people": [{"id": 1, "name": "Ada"}, {"id": 2}],
    "at": "2026-01-31T12:00:00Z",
    "big": 9007199254740993,
    "0": {"b": "c"},
}


def value(expression, body=BODY):
    env = {"body": body, "headers": {"x-a": "1"}, LEFT: DELIVERY_STEPS_MAX_COUNT}
    return compile_expression(expression, Scope(frozenset({"body", "headers"}))).run(env)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("body.a + 1", 2),
        ("body.text + '!'", "Ada!"),
        ('headers["x-a"]', "1"),
        ("body.nothing", None),
        ("body.nothing.at.all", None),
        ("body.text.field", None),
        ("body.list[1]", 2),
        ("body.list[7]", None),
        ('body["0"].b', "c"),
        ("has(body.none)", False),
        ("has(body.a)", True),
        ("has(body.no.thing)", False),
        ("body.none == null", True),
        ("body.nothing == null", True),
        ("body.a != null", True),
        ("body.nothing == 'x'", False),
        ("body.yes == 1", False),
        ("body.a == true", False),
        ("body.a == 1.0", True),
        ("body.text in ['Ada', 'Bob']", True),
        ("body.nothing in ['Ada']", False),
        ("2 in body.list", True),
        ("true in body.list", False),
        ("'a' in body", True),
        ("'a' in body.nothing", False),
        ("!body.nothing", True),
        ("body.nothing && body.yes", False),
        ("body.nothing || body.yes", True),
        ("body.nothing ? 1 : 2", 2),
        ("body.nothing + 1", None),
        ("body.nothing < 1", None),
        ("body.a < 2 && body.text < 'B'", True),
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("-body.a", -1),
        ("first_of(body.nothing, body.none, body.empty, body.text)", "Ada"),
        ("first_of(body.nothing)", None),
        ('key("post", body.a, body.text)', "post:1:Ada"),
        ('key("post", body.nothing)', None),
        ('key("post", body.empty)', None),
        ('key("post", body.a, body.nothing)', None),
        ('key("post", body.empty, body.a)', None),
        ('key("post", body.a, body.yes)', "post:1:true"),
        ("body.a >= 1 ? 'yes' : 'no'", "yes"),
        ("body.nothing >= 1 ? 'yes' : 'no'", "no"),
        ("!(body.nothing > 1)", True),
        ("body.text > 'Abc'", True),
        ("body.a < body.big && body.big - body.a > 9007199254740991", True),
        ("body.a != 1", False),
        ("body.nothing != 1", True),
        ("body.yes != 1", True),
        ('key("post", body.big)', "post:9007199254740993"),
        ('key_with("post", body.nothing, 2)', "post:2"),
        ('minor_units("12.50", "EUR")', 1250),
        ('minor_units("12.5", "EUR")', 1250),
        ('minor_units("-0.05", "EUR")', -5),
        ('minor_units("2000", "JPY")', 2000),
        ('minor_units("2000.00", "JPY")', 2000),
        ('minor_units("1.234", "KWD")', 1234),
        ('minor_units("70368744177.66", "EUR")', 7036874417766),
        ("minor_units(12, 'EUR')", 1200),
        ("minor_units(body.nothing, 'EUR')", None),
        ('exponent("CLF") + exponent("EUR") + exponent("JPY")', 6),
        ("sum(body.list)", 6),
        ("sum([])", 0),
        ("sum(body.people.map(p, p.id))", 3),
        ("sum(body.nothing)", None),
        ("size(flat([[1, 2], body.none, [3]]))", 3),
        ("flat(body.nothing)", None),
        ("'eur'.upperAscii()", "EUR"),
        ("body.people.exists(p, p.name == 'Ada')", True),
        ("body.people.all(p, has(p.name))", False),
        ("body.people.exists_one(p, p.id == 1)", True),
        ("body.people.map(p, p.id)", [1, 2]),
        ("body.people.map(p, has(p.name), p.id)", [1]),
        ("body.people.filter(p, p.id == 2)", [{"id": 2}]),
        ("body.nothing.exists(p, p)", None),
        ("size(body.list)", 3),
        ("body.list.size()", 3),
        ("sizes(body.list, body.nothing, body.people)", 5),
        ("body.text.startsWith('A') && body.text.endsWith('a') && body.text.contains('d')", True),
        ("'a, b'.split(', ')", ["a", "b"]),
        ("['a', body.nothing, 'b'].join('-')", "a-b"),
        ("body.text.substring(0, 2)", "Ad"),
        ("body.text.lowerAscii()", "ada"),
        ("' a '.trim()", "a"),
        ("int('12') + 1", 13),
        ("string(body.yes)", "true"),
        ("host_name('https://ada@forum.example.org:1/x')", "forum.example.org:1"),
        ("html_text('<p>Loosen <b>it</b> &amp; turn</p><br>Then')", "Loosen it & turn\n\nThen"),
        ("listed(body.text, body.nothing, body.list)", ["Ada", 1, 2, 3]),
        ("'Ada' in listed(body.text)", True),
        ("size(listed(body.nothing))", 0),
        ("digest(body.text)", "99a563ab2f6e21e9"),
        ("digest(body.people) == digest(body.people)", True),
        ("{'a': body.a}.a", 1),
    ],
)
def test_expressions(expression, expected):
    found = value(expression)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('unix("1595926230.009600")', datetime(2020, 7, 28, 8, 50, 30, 9600, UTC)),
        ("unix(1595926230)", datetime(2020, 7, 28, 8, 50, 30, tzinfo=UTC)),
        ("unix_ms(1595926230009)", datetime(2020, 7, 28, 8, 50, 30, 9000, UTC)),
        ("moment('2023-07-04 20:44:11 UTC')", datetime(2023, 7, 4, 20, 44, 11, tzinfo=UTC)),
        ("moment('2026-01-31T12:00:00', 'Europe/Rome')", datetime(2026, 1, 31, 11, tzinfo=UTC)),
        ("moment('2026-01-31T12:00:00.123456789Z')", datetime(2026, 1, 31, 12, 0, 0, 123456, UTC)),
        ("latest(body.at, body.nothing, '2025-01-01T00:00:00Z')", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("earliest(body.at, body.nothing, '2025-01-01T00:00:00Z')", datetime(2025, 1, 1, tzinfo=UTC)),
        ("snowflake_time('175928847299117063')", datetime(2016, 4, 30, 11, 18, 25, 796000, UTC)),
    ],
)
def test_times(expression, expected):
    assert value(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "body.text + 1",
        "1 + body.text",
        "body.text - 1",
        "body.text < 1",
        "body.yes < body.yes",
        "body.people < 1",
        "1 / 0",
        "1 % 0",
        "body.text && true",
        "body.a.map(x, x)",
        "key(body.people)",
        "key(1.5)",
        "moment('2026-01-31T12:00:00')",
        "moment('soon')",
        "moment(1595926230)",
        "moment('2026-01-31T12:00:00', 'Nowhere/Here')",
        "unix('1e5')",
        "unix('99999999999999999999')",
        "int('seven')",
        "size(1)",
        "'a'.split('')",
        "'a'.replace('a', 'aa')",
        "-body.text",
        "snowflake_time('x')",
        "minor_units('free', 'EUR')",
        "minor_units('1,50', 'EUR')",
        "minor_units('1.505', 'EUR')",
        "minor_units('1.5', 'JPY')",
        "minor_units(1.5, 'EUR')",
        "minor_units('1', 2)",
        "sum(1)",
        "sum(['1'])",
        "flat(body.a)",
    ],
)
def test_what_cannot_be_worked_out_fails_with_no_value_of_the_body_in_it(expression):
    with pytest.raises(MappingError) as raised:
        value(expression)
    assert "Ada" not in raised.value.detail


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        max_leaves=6,
    ),
    st.sampled_from(
        [
            "body.a.b[0].c",
            "body.a + body.b",
            "body.a == body.b || body.a in body.b",
            "body.a.exists(x, x.b == 1)",
            "key('x', body.a, body.b)",
            "moment(body.a)",
            "html_text(body.a)",
            "account(body.a, 'github.com')",
            "commit_people(body.a, '')",
            "forge_host(body.a, body.b)",
            "minor_units(body.a, body.b)",
            "sum(flat(body.a))",
            "body.a < body.b ? size(body.a) : int(body.b)",
        ]
    ),
)
@settings(max_examples=300, deadline=None)
def test_no_body_does_more_than_fail(body, expression):
    with suppress(MappingError):
        found = value(expression, {"a": body, "b": body})
        assert found is None or isinstance(found, str | int | float | list | dict | datetime)


@pytest.mark.parametrize("expression", ["body.", "a.b", "1 +", "has(body)", "key()", "x", "body.a.?b"])
def test_what_is_no_expression_is_refused(expression):
    with pytest.raises(ConditionError):
        value(expression)


def test_what_is_missing_is_named():
    expression = compile_expression("key(body.a.b.c, body.z)", Scope(frozenset({"body"})))
    assert expression.missing({"body": {"a": {"b": {}}}}) == "the body has no a.b.c"
    assert expression.missing({"body": {"a": {"b": {"c": 1}}}}) == "the body has no z"
