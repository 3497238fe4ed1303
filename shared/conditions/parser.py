"""CEL expression → tree, by the language's grammar, or the place where it is none."""

from collections.abc import Callable
from typing import NoReturn, TypeVar

from shared.conditions.errors import ConditionError
from shared.conditions.tokens import INT_MAX, Kind, Token, tokenize
from shared.conditions.tree import (
    LEVELS,
    Call,
    Chain,
    Index,
    ListOf,
    Literal,
    Logic,
    Loop,
    MapOf,
    Name,
    Node,
    Select,
    Ternary,
    Unary,
)

#: Brackets, members, signs and branches within one another. The evaluator goes down as deep on its stack.
NESTING_MAX_DEPTH = 32

#: How many bodies each loop may have.
LOOPS = {"all": (1,), "exists": (1,), "exists_one": (1,), "existsOne": (1,), "filter": (1,), "map": (1, 2)}
_Part = TypeVar("_Part")
_LITERALS = {Kind.INT, Kind.UINT, Kind.DOUBLE, Kind.TEXT, Kind.BYTES}


def parse(expression: str) -> Node:
    """The tree of `expression`. Raises ConditionError at the first thing that makes it none."""
    return _Parser(expression).whole()


class _Parser:
    """Goes through the tokens once, with one token of foresight."""

    def __init__(self, expression: str) -> None:
        self._tokens = tokenize(expression)
        self._next = next(self._tokens)
        self._depth = 0

    def whole(self) -> Node:
        found = self._expression()
        if self._next.kind is not Kind.END:
            self._refuse()
        return found

    def _expression(self) -> Node:
        at = self._next.at
        self._deeper(at)
        condition = self._or()
        if self._taken("?"):
            then = self._or()
            self._take(":")
            condition = Ternary(at, condition, then, self._expression())
        self._depth -= 1
        return condition

    def _or(self) -> Node:
        return self._logic("||", self._and)

    def _and(self) -> Node:
        return self._logic("&&", lambda: self._chain(0))

    def _logic(self, sign: str, operand: Callable[[], Node]) -> Node:
        at = self._next.at
        operands = [operand()]
        while self._taken(sign):
            operands.append(operand())
        return operands[0] if len(operands) == 1 else Logic(at, sign, tuple(operands))

    def _chain(self, level: int) -> Node:
        if level == len(LEVELS):
            return self._unary()
        at = self._next.at
        first = self._chain(level + 1)
        rest: list[tuple[str, Node]] = []
        while self._is_sign(*LEVELS[level]):
            sign = self._advance().text
            rest.append((sign, self._chain(level + 1)))
        return Chain(at, first, tuple(rest)) if rest else first

    def _unary(self) -> Node:
        at = self._next.at
        if self._is_sign("!", "-"):
            sign, count = self._advance().text, 1
            while self._taken(sign):
                count += 1
                if count > NESTING_MAX_DEPTH:
                    self._too_deep(at)
            if sign == "-" and count == 1 and self._next.kind in {Kind.INT, Kind.DOUBLE}:
                return self._members(self._negative(at))
            return Unary(at, sign, count, self._member())
        return self._member()

    def _negative(self, at: int) -> Literal:
        """Behind a minus that is a number's own."""
        if self._next.kind not in {Kind.INT, Kind.DOUBLE}:
            self._refuse()
        number = self._advance()
        assert isinstance(number.value, (int, float))  # noqa: S101 -- the kinds of these tokens
        return Literal(at, number.kind, -number.value)

    def _member(self) -> Node:
        return self._members(self._primary())

    def _members(self, found: Node) -> Node:
        """What follows a primary: fields, indexes, functions."""
        depth = self._depth
        while self._is_sign(".", "["):
            self._deeper(self._next.at)
            sign = self._advance()
            if sign.text == "[":
                if self._is_sign("?"):
                    raise ConditionError("there are no optional values; ask with `has`", self._next.at)
                index = self._expression()
                self._take("]")
                found = Index(sign.at, found, index)
                continue
            if self._is_sign("?"):
                raise ConditionError("there are no optional values; ask with `has`", self._next.at)
            name = self._name()
            found = self._called(name, found) if self._is_sign("(") else Select(name.at, found, name.text)
        self._depth = depth
        return found

    def _primary(self) -> Node:  # noqa: PLR0911 -- one for each kind of primary
        token = self._next
        if token.kind in _LITERALS:
            self._advance()
            if token.value == INT_MAX + 1 and token.kind is Kind.INT:
                raise ConditionError(f"{token.text} is more than a whole number can be", token.at)
            return Literal(token.at, token.kind, token.value)
        if token.kind is Kind.NAME:
            return self._named()
        if self._is_sign("true", "false", "null"):
            return Literal(token.at, Kind.SIGN, self._advance().text)
        if self._taken("-"):
            return self._negative(token.at)
        if self._taken("("):
            found = self._expression()
            self._take(")")
            return found
        if self._taken("["):
            return ListOf(token.at, self._until("]", self._expression))
        if self._taken("{"):
            return MapOf(token.at, self._until("}", self._entry))
        return self._refuse()

    def _named(self) -> Node:
        name = self._advance()
        if self._is_sign("{"):
            raise ConditionError(f"there are no messages such as `{name.text}`", name.at)
        return self._called(name, None) if self._is_sign("(") else Name(name.at, name.text)

    def _entry(self) -> tuple[Node, Node]:
        key = self._expression()
        self._take(":")
        return key, self._expression()

    def _called(self, name: Token, target: Node | None) -> Node:
        self._take("(")
        arguments = self._until(")", self._expression, may_trail=False)
        if name.text == "has" and target is None:
            tested = arguments[0] if len(arguments) == 1 else None
            if not isinstance(tested, Select) or tested.is_test:
                raise ConditionError("`has` takes one field, as in has(data.length_chars)", name.at)
            return Select(tested.at, tested.operand, tested.field, is_test=True)
        if target is not None and name.text in LOOPS:
            if len(arguments) - 1 not in LOOPS[name.text] or not isinstance(arguments[0], Name):
                detail = f"`{name.text}` takes a name and a condition, as in {name.text}(one, one == data.channel)"
                raise ConditionError(detail, name.at)
            variable, *bodies = arguments
            assert isinstance(variable, Name)  # noqa: S101 -- asked above
            return Loop(name.at, name.text, target, variable.name, tuple(bodies))
        return Call(name.at, name.text, target, arguments)

    def _until(self, closing: str, part: Callable[[], _Part], *, may_trail: bool = True) -> tuple[_Part, ...]:
        """Parts with commas between them up to a closing bracket, perhaps with a comma before it."""
        parts: list[_Part] = []
        while not self._is_sign(closing):
            parts.append(part())
            if not self._taken(","):
                break
            if not may_trail and self._is_sign(closing):
                self._refuse()
        self._take(closing)
        return tuple(parts)

    def _name(self) -> Token:
        if self._next.kind is not Kind.NAME:
            self._refuse()
        return self._advance()

    def _is_sign(self, *texts: str) -> bool:
        return self._next.kind is Kind.SIGN and self._next.text in texts

    def _taken(self, text: str) -> bool:
        found = self._is_sign(text)
        if found:
            self._advance()
        return found

    def _take(self, text: str) -> None:
        if not self._taken(text):
            self._refuse()

    def _advance(self) -> Token:
        token, self._next = self._next, next(self._tokens, self._next)
        return token

    def _deeper(self, at: int) -> None:
        self._depth += 1
        if self._depth > NESTING_MAX_DEPTH:
            self._too_deep(at)

    def _too_deep(self, at: int) -> NoReturn:
        raise ConditionError(
            f"the expression is nested too deeply; at most {NESTING_MAX_DEPTH} brackets, members or branches may "
            "stand within one another",
            at,
        )

    def _refuse(self) -> NoReturn:
        if self._next.kind is Kind.END:
            raise ConditionError("the expression ends too early; something is missing after this", self._next.at)
        raise ConditionError(f"not a CEL expression: extraneous input '{self._next.text}'", self._next.at)
