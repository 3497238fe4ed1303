"""Conditions of rules in words, as far as they are of the usual kinds; what is not is shown as it is written."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from shared.conditions.errors import ConditionError
from shared.conditions.parser import parse
from shared.conditions.tokens import Kind
from shared.conditions.tree import Call, Chain, ListOf, Literal, Logic, Name, Node, Select, Unary

#: Longer ones are read as they are written.
CLAUSES_MAX_COUNT = 4


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: What is asked of a value, by the sign or function; {field} and {value} are put in.
ASKED: Final = {
    ">=": _("{field} is at least {value}"),
    ">": _("{field} is more than {value}"),
    "<=": _("{field} is at most {value}"),
    "<": _("{field} is less than {value}"),
    "==": _("{field} is {value}"),
    "!=": _("{field} is not {value}"),
    "in": _("{field} is one of {value}"),
    "startsWith": _("{field} begins with {value}"),
    "endsWith": _("{field} ends with {value}"),
    "contains": _("{field} contains {value}"),
    "has": _("{field} is known"),
    "has not": _("{field} is not known"),
    "true": _("{field}: yes"),
    "false": _("{field}: no"),
}
#: What is asked of some values is said in a way of its own.
OWN: Final = {
    (">=", "length_chars"): _("it has at least {value} characters"),
    (">", "length_chars"): _("it has more than {value} characters"),
    ("<", "length_chars"): _("it has less than {value} characters"),
    ("true", "merged"): _("it was merged"),
    ("false", "merged"): _("it was not merged"),
    ("true", "default_branch"): _("it is on the default branch"),
    ("false", "default_branch"): _("it is not on the default branch"),
    ("true", "forced"): _("it was pushed with force"),
    ("false", "forced"): _("it was not pushed with force"),
    ("true", "actor.bot"): _("a bot did it"),
    ("false", "actor.bot"): _("no bot did it"),
}
#: What is known of quality, which no event says.
OF_QUALITY: Final = ("judge_trust", "quality")
FIELDS: Final = {
    "judge_trust": _("the trust in who does it"),
    "quality": _("the quality of what it is about"),
    "length_chars": _("the length"),
    "channel": _("the channel"),
    "repository": _("the repository"),
    "action": _("what was done"),
    "merged": _("whether it was merged"),
    "default_branch": _("the branch"),
    "forced": _("whether it was forced"),
    "language": _("the language"),
    "topic": _("the topic"),
    "score": _("the score"),
    "measures.tone": _("the tone"),
    "measures.language": _("the language of the text"),
    "actor.bot": _("whether a bot did it"),
}


class Clause(NamedTuple):
    """One thing that is asked of an event: what, of which field (below `data`), and the value."""

    asked: str
    field: str
    value: Any = None

    @property
    def text(self) -> str:
        """The sentence that says it, for the catalogues."""
        return OWN.get((self.asked, self.field), ASKED[self.asked])


class Words(NamedTuple):
    """What a condition asks: all of some things (`and`), or any of them (`or`)."""

    joined: str
    clauses: list[Clause]


class _UnusualError(Exception):
    pass


def in_words(condition: str) -> Words | None:
    """What a condition asks; None for one that is not of the usual kinds."""
    try:
        tree = parse(condition)
        joined = "or" if isinstance(tree, Logic) and tree.sign == "||" else "and"
        parts = tree.operands if isinstance(tree, Logic) else (tree,)
        clauses = list(_known_first([_clause(part) for part in parts], joined))
    except (ConditionError, _UnusualError):
        return None
    return Words(joined, clauses) if len(clauses) <= CLAUSES_MAX_COUNT else None


def _known_first(clauses: list[Clause], joined: str) -> Iterator[Clause]:
    """Without what asks whether a field is known that is asked for something else as well, which takes that."""
    asked = {one.field for one in clauses if not one.asked.startswith("has")}
    for one in clauses:
        if not (joined == "and" and one.asked == "has" and one.field in asked):
            yield one


def _clause(node: Node) -> Clause:
    if isinstance(node, Unary) and node.sign == "!" and node.count == 1:
        inner = _clause(node.operand)
        turned = {"has": "has not", "true": "false", "==": "!=", "!=": "=="}.get(inner.asked)
        if turned is None:
            raise _UnusualError
        return inner._replace(asked=turned)
    if isinstance(node, Select):
        return Clause("has" if node.is_test else "true", _field(node))
    if isinstance(node, Chain) and len(node.rest) == 1 and node.rest[0][0] in ASKED:
        ((sign, other),) = node.rest
        value = [_value(one) for one in other.items] if isinstance(other, ListOf) else _value(other)
        if value is None and sign in {"==", "!="}:
            return Clause("has not" if sign == "==" else "has", _field(node.first))
        if isinstance(value, bool) and sign in {"==", "!="}:
            return Clause("true" if value is (sign == "==") else "false", _field(node.first))
        return Clause(sign, _field(node.first), value)
    if isinstance(node, Call) and node.function in ASKED and node.target is not None and len(node.arguments) == 1:
        return Clause(node.function, _field(node.target), _value(node.arguments[0]))
    raise _UnusualError


def _field(node: Node) -> str:
    names: list[str] = []
    while isinstance(node, Select):
        names.insert(0, node.field)
        node = node.operand
    if not names and isinstance(node, Name) and node.name in OF_QUALITY:
        return node.name
    if not names or not isinstance(node, Name) or node.name != "data":
        raise _UnusualError
    return ".".join(names)


def _value(node: Node) -> Any:
    if not isinstance(node, Literal) or isinstance(node.value, bytes):
        raise _UnusualError
    return {"true": True, "false": False, "null": None}[str(node.value)] if node.kind is Kind.SIGN else node.value
