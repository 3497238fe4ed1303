"""docs/people.md: what each role lets a person do, and what each operation asks of its caller."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from shared.access_keys import SCOPES, Role, scopes_of

BEGIN = "<!-- Generated from the roles and the APIs by `make schemas`; change those, not this part. -->"
END = "<!-- End of the generated part. -->"
#: The community whose table is shown: the installation's own is a part of it.
ANY_COMMUNITY = "any"
#: Who is let in beside those with the scope, by the scheme that says so.
BESIDE = {
    "MemberToken": "the member",
    "BootstrapKey": "the bootstrap key",
    "AnyMemberToken": "a member",
    "PublishableKey": "a publishable key",
    "Visitor": "a visitor",
}
ANYBODY = "anybody"
WHOEVER_HAS_A_CREDENTIAL = "any credential"


class Asked(NamedTuple):
    """What an operation asks: a scope (None: of anybody, or of any credential), and who is let in without it."""

    service: str
    operation: str
    scope: str | None
    is_open: bool
    beside: tuple[str, ...]

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that give the scope."""
        return tuple(role.value for role in Role if self.scope in scopes_of([role], ANY_COMMUNITY))

    @property
    def who(self) -> str:
        """Who may, in words."""
        if self.is_open:
            return ANYBODY
        if self.scope is None:
            return WHOEVER_HAS_A_CREDENTIAL
        return ", ".join((*self.roles, *self.beside))


def authority_of(documents: Mapping[str, Mapping[str, Any]]) -> list[Asked]:
    """What each operation of these OpenAPI documents (by service) asks; of those that all have, one each."""
    found = []
    for service, document in documents.items():
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                found.append(_asked(service, f"{method.upper()} {path}", operation.get("security", ())))
    shared = {one.operation for one in found if sum(one.operation == other.operation for other in found) > 1}
    own = [one for one in found if one.operation not in shared]
    common = {one.operation: one._replace(service="each") for one in found if one.operation in shared}
    return [*own, *common.values()]


def _asked(service: str, operation: str, security: Sequence[Mapping[str, Sequence[str]]]) -> Asked:
    schemes = {name: scopes for one in security for name, scopes in one.items()}
    scopes = schemes.get("HTTPBearer", ())
    beside = tuple(words for name, words in BESIDE.items() if name in schemes)
    return Asked(service, operation, next(iter(scopes), None), not schemes, beside)


def with_authority(page: str, asked: Sequence[Asked]) -> str:
    """The page with its generated part made anew. Raises ValueError when its markers are missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs the lines {BEGIN!r} and {END!r}")
    tables = "\n".join((*_roles(), "", *_operations(asked)))
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"


def _roles() -> Iterator[str]:
    roles = [role for role in Role if role is not Role.MEMBER]
    yield "| scope | " + " | ".join(roles) + " |"
    yield "|---" * (len(roles) + 1) + "|"
    for scope in SCOPES:
        cells = ("yes" if scope in scopes_of([role], ANY_COMMUNITY) else "" for role in roles)
        yield f"| `{scope}` | " + " | ".join(cells) + " |"


def _operations(asked: Sequence[Asked]) -> Iterator[str]:
    yield "| service | operation | scope | who may |"
    yield "|---|---|---|---|"
    for one in asked:
        yield f"| {one.service} | `{one.operation}` | {f'`{one.scope}`' if one.scope else ''} | {one.who} |"
