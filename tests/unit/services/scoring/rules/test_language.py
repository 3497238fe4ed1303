"""CEL as text: tokens and tree are those that the evaluator itself sees, whatever is written around them."""

import re
from typing import Any

import cel
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.conditions.errors import ConditionError
from shared.conditions.parser import NESTING_MAX_DEPTH, parse
from shared.conditions.tokens import RESERVED, Kind, tokenize
from shared.conditions.tree import Call, Literal, Loop, Name, free_names, walk, written

SPACE = st.sampled_from(
    ["", " ", "\t", "\n", "\r\n", "\f", " // a comment\n", "// 'no \"text\n", "//\r, still one\n"]
)
NAMES = st.from_regex(r"\A[a-z_][a-zA-Z0-9_]{0,5}\Z").filter(
    lambda name: name not in RESERVED | {"true", "false", "null", "in"}
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def quoted(text: str) -> st.SearchStrategy[str]:
    """Ways to write a text: quotes of each kind, raw where that can say it, with escapes of each kind."""
    escaped = "".join(f"\\U{ord(one):08x}" if one in "\\\"'" or ord(one) < 32 else one for one in text)
    ways = [f"{quotes}{escaped}{quotes}" for quotes in ('"', "'", '"""', "'''")]
    ways.append('"' + "".join(f"\\U{ord(one):08X}" for one in text) + '"')
    if not re.search(r"[\n\r]", text):
        ways += [f"{prefix}{quotes}{text}{quotes}" for prefix in "rR" for quotes in "\"'" if quotes not in text]
    if "\r" not in text:
        ways += [f"r{quotes}{text}{quotes}" for quotes in ('"""', "'''") if quotes[0] not in text]
    return st.sampled_from(ways)


LITERALS = st.one_of(
    st.sampled_from(
        ["true", "false", "null", "1u", "0x1Fu", "0xff", "1.5", ".5", "1e3", "2.5E-7", 'b"a\\xff\\101"']
    ),
    st.integers(-(2**63), 2**63 - 1).map(str),
    TEXTS.flatmap(quoted),
)


def _larger(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    """Expressions as lists of tokens, made of smaller ones."""
    signs = st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "&&", "||"])
    return st.one_of(
        st.tuples(inner, signs, inner).map(lambda one: ["(", *one[0], ")", one[1], "(", *one[2], ")"]),
        st.tuples(inner, signs, inner).map(lambda one: [*one[0], one[1], *one[2]]),
        st.tuples(st.sampled_from("!-"), inner).map(lambda one: [one[0], "(", *one[1], ")"]),
        st.tuples(inner, inner, inner).map(lambda one: ["(", *one[0], "?", *one[1], ":", *one[2], ")"]),
        st.lists(inner, max_size=3).map(lambda ones: ["[", *[part for one in ones for part in (*one, ",")], "]"]),
        st.tuples(inner, inner).map(lambda one: ["{", *one[0], ":", *one[1], "}"]),
        st.tuples(inner, NAMES).map(lambda one: ["(", *one[0], ")", ".", one[1]]),
        st.tuples(inner, inner).map(lambda one: ["(", *one[0], ")", "[", *one[1], "]"]),
        st.tuples(inner, st.sampled_from(["contains", "matches"]), inner).map(
            lambda one: ["(", *one[0], ")", ".", one[1], "(", *one[2], ")"]
        ),
        st.tuples(inner, st.sampled_from(["all", "exists", "exists_one", "map", "filter"]), NAMES, inner).map(
            lambda one: ["(", *one[0], ")", ".", one[1], "(", one[2], ",", *one[3], ")"]
        ),
    )


EXPRESSIONS = st.recursive(st.one_of(LITERALS, NAMES).map(lambda one: [one]), _larger, max_leaves=8)


def evaluated(expression: str) -> Any:
    try:
        found = cel.evaluate(expression, {"data": {"a": 1}, "a": 1, "b": "x"})
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
        return type(error)
    return repr(found)


@given(EXPRESSIONS, st.data())
def test_space_and_comments_change_nothing(tokens: list[str], data: st.DataObject) -> None:
    # Between two words there is space, whatever else there is.
    plain = " ".join(tokens)
    spaced = "".join(f"{data.draw(SPACE)} {token} {data.draw(SPACE)}" for token in tokens)
    try:
        tree = parse(plain)
    except ConditionError:
        with pytest.raises(ConditionError):
            parse(spaced)
    else:
        assert written(parse(spaced)) == written(tree)


@given(EXPRESSIONS)
def test_the_tokens_and_what_lies_between_them_are_the_expression(tokens: list[str]) -> None:
    expression = " // c\n".join(tokens)
    found = list(tokenize(expression))
    assert [one.kind for one in found].count(Kind.END) == 1
    at = 0
    for token in found:
        assert re.fullmatch(r"(?:[ \t\r\n\f]|//[^\n]*)*", expression[at : token.at])
        assert expression[token.at : token.end] == token.text
        at = token.end
    assert at == len(expression)


@given(EXPRESSIONS)
@example(["-", "9223372036854775808"])
@example(["1", "-", "-", "1"])
@example(["-", "-", "1"])
@example(["-", "(", "-", "9223372036854775808", ")"])
@example(["-", "(", "0", ")"])
@example(["!", "-", "1"])
@example(["true", "?", "1", ":", "false", "?", "2", ":", "3"])
@example(["(", "true", "?", "false", ":", "true", ")", "?", "1", ":", "2"])
@example(["1", "-", "(", "2", "-", "3", ")"])
@example(["!", "(", "!", "true", ")"])
def test_what_is_compiled_means_what_was_written(tokens: list[str]) -> None:
    """The evaluator takes both or neither, and gives the same for both: value or kind of error."""
    expression = " ".join(tokens)
    try:
        text = written(parse(expression))
    except ConditionError:
        return
    assert written(parse(text)) == text
    assert evaluated(text) == evaluated(expression)


@given(EXPRESSIONS)
def test_whatever_the_evaluator_compiles_is_read(tokens: list[str]) -> None:
    expression = " ".join(tokens)
    try:
        names = set(cel.compile(expression).variables())
    except ValueError:
        with pytest.raises(ConditionError):
            parse(expression)
        return
    tree = parse(expression)
    # The evaluator tells loop variables too, where their names are used.
    assert (
        {name.name for name in free_names(tree)}
        <= names
        <= {name.name for name in walk(tree) if isinstance(name, Name)}
        | {loop.variable for loop in walk(tree) if isinstance(loop, Loop)}
    )


@given(TEXTS.flatmap(lambda text: st.tuples(st.just(text), quoted(text))))
def test_text_means_the_same_however_it_is_written(both: tuple[str, str]) -> None:
    text, expression = both
    literal = parse(expression)
    assert isinstance(literal, Literal)
    assert literal.value == text
    assert cel.evaluate(written(literal)) == text


@given(st.text("abd[]{}().,!?:+-*/%<>=&|\"'\\r \n01eux", max_size=30))
def test_nothing_that_the_evaluator_takes_is_read_as_something_else(expression: str) -> None:
    """Signs and quotes in any order: nearly all are nonsense, and what is not means the same to both."""
    try:
        text = written(parse(expression))
    except ConditionError:
        return
    assert evaluated(text) == evaluated(expression)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("r'\\d'", "\\d"),
        ('R"a\\nb"', "a\\nb"),
        ('"""a"b""c"""', 'a"b""c'),
        ("'''one\ntwo'''", "one\ntwo"),
        ("r'''one\r\ntwo\rthree'''", "one\ntwo\nthree"),
        ('r"""a\\"""', "a\\"),
        ('"// no comment"', "// no comment"),
        ('"\\x41\\u00e9\\U0001F600\\101\\?\\`\\a"', "Aé\U0001f600A?`\a"),
        ('b"\\xff\\101é"', b"\xffA\xc3\xa9"),
        ("br'\\x'", b"\\x"),
        ("18446744073709551615u", 2**64 - 1),
        ("-9223372036854775808", -(2**63)),
        ("0x10", 16),
    ],
)
def test_literals_mean_what_the_language_says(expression: str, value: object) -> None:
    literal = parse(expression)
    assert isinstance(literal, Literal)
    assert literal.value == value


@pytest.mark.parametrize(
    ("expression", "offset", "says"),
    [
        ("'a' + 'b", 6, "no ' at its end"),
        ("'a\n' + 'b'", 0, "line ends before the text"),
        ("'\\q'", 1, "no escape"),
        ("'\\ud800'", 1, "no character"),
        ("b'\\u0041'", 2, "bytes have"),
        ("9223372036854775808", 0, "more than a whole number"),
        ("1e999", 0, "more than a number"),
        ("let == 1", 0, "keeps for itself"),
        ("a\u00a0== 1", 1, "U\\+00A0"),
        ("a # b", 2, "has no place"),
        ("data.?a", 5, "optional"),
        ("Foo{a: 1}", 0, "no messages"),
        ("has(data)", 0, "takes one field"),
        ("[1].all(a.b, true)", 4, "takes a name"),
        ("[1].map(a)", 4, "takes a name"),
        ("rb'a'", 2, "extraneous"),
        ("'a\0'", 2, "U\\+0000"),
        ("!-a", 2, "extraneous"),
        ("true ? true ? 1 : 2 : 3", 12, "extraneous"),
        ("f(1,)", 4, "extraneous"),
        ("a." + "b." * 40 + "c", None, "nested too deeply"),
        ("!" * 40 + "a", 0, "nested too deeply"),
        ("a ? b : " * 40 + "c", None, "nested too deeply"),
        ("[" * 200, None, "nested too deeply"),
    ],
)
def test_what_is_no_expression_is_refused_where_it_ends_to_be_one(
    expression: str, offset: int | None, says: str
) -> None:
    with pytest.raises(ConditionError, match=says) as refused:
        parse(expression)
    if offset is not None:
        assert refused.value.offset == offset


def test_as_deep_as_may_be_is_compiled_too() -> None:
    for deep in ("(a", "[a", "!(a"):
        closing = {"(": ")", "[": "]"}[deep[-2]]
        expression = deep[:-1] * (NESTING_MAX_DEPTH - 1) + "a" + closing * (NESTING_MAX_DEPTH - 1)
        cel.compile(written(parse(expression)))
    cel.compile(written(parse("a ? b : " * (NESTING_MAX_DEPTH - 1) + "c")))


def test_a_loop_binds_its_variable_and_no_more() -> None:
    tree = parse("['x'].exists(data, data == event.id) && data.channel == 'x'")
    assert [name.name for name in free_names(tree)] == ["event", "data"]
    assert [one.function for one in walk(tree) if isinstance(one, (Loop, Call))] == ["exists"]
