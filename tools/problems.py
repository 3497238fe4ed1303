"""docs/problems.md: every kind of problem that the APIs answer, from the code that answers them."""

import importlib
import pkgutil
from collections.abc import Iterator

from shared.http import ProblemType
from shared.services import GATEWAY, SERVICES

BEGIN = "<!-- Generated from the APIs' code by `make schemas`; change that, not this part. -->"
END = "<!-- End of the generated part. -->"


def types_in(package: str) -> list[ProblemType]:
    """The kinds of problem that the modules of a package name, each once."""
    root = importlib.import_module(package)
    modules = [
        root,
        *(importlib.import_module(module.name) for module in pkgutil.walk_packages(root.__path__, f"{package}.")),
    ]
    named = (value for module in modules for value in vars(module).values() if isinstance(value, ProblemType))
    return list(dict.fromkeys(named))


def all_types() -> list[tuple[str, ProblemType]]:
    """Every kind with who answers it: `any` service, or one by its name."""
    shared = types_in("shared")
    packages = {**{service: f"services.{service}" for service in SERVICES}, GATEWAY: "console.gateway"}
    own = ((name, kind) for name, package in packages.items() for kind in types_in(package) if kind not in shared)
    return [*(("any", kind) for kind in shared), *own]


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
    for service, kind in sorted(all_types(), key=lambda row: (row[1].status, row[1].slug)):
        yield f"| `{kind.uri}` | {kind.status} | {kind.title} | {service} |"
