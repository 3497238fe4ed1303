"""docs/problems.md: every kind of problem that the APIs answer, from the code that answers them."""

import importlib
from collections.abc import Iterator

from shared import commands
from shared.http import ProblemType, problem_types
from shared.services import SERVICES

BEGIN = "<!-- Generated from the services' problems.py by `make schemas`; change those, not this part. -->"
END = "<!-- End of the generated part. -->"


def types_in(module: object) -> list[ProblemType]:
    """The kinds of problem that a module names."""
    return [value for value in vars(module).values() if isinstance(value, ProblemType)]


def types_of_service(service: str) -> list[ProblemType]:
    """A service's own kinds of problem: what its problems.py names, and no other module has named before."""
    shared = {one.slug for one in shared_types()}
    module = importlib.import_module(f"services.{service}.problems")
    return [one for one in types_in(module) if one.slug not in shared]


def shared_types() -> list[ProblemType]:
    """The kinds that any service may answer."""
    return [*types_in(problem_types), *types_in(commands)]


def all_types() -> list[tuple[str, ProblemType]]:
    """Every kind with who answers it: `any` service, or one by its name."""
    own = ((service, one) for service in SERVICES for one in types_of_service(service))
    return [*(("any", one) for one in shared_types()), *own]


def with_problems(page: str) -> str:
    """The page with its generated part made anew. Raises ValueError when its markers are missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs the lines {BEGIN!r} and {END!r}")
    table = "\n".join(_rows())
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def _rows() -> Iterator[str]:
    yield "| `type` | Status | Title | Answered by |"
    yield "|---|---|---|---|"
    for service, one in sorted(all_types(), key=lambda row: (row[1].status, row[1].slug)):
        yield f"| `{one.uri}` | {one.status} | {one.title} | {service} |"
