"""Generates schemas/, docs/problems.md and parts of other pages in docs/, unless something breaks."""

import importlib
import io
import subprocess
import tarfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import click
import orjson

from connectors.document import Document
from shared.published.asyncapi import asyncapi_document
from shared.published.catalogue import with_catalogue
from shared.published.compatibility import Break, breaks
from shared.published.export import PROGRAMME_PATH, example_documents, schema_documents
from shared.published.http_compatibility import operation_breaks
from shared.service import describe
from shared.services import SERVICES
from tools.authority import authority_of, with_authority
from tools.connectors import with_connectors
from tools.problems import with_problems

ROOT = Path(__file__).parents[1]
STALE = "generated files are not what the contracts and APIs say now; run `make schemas`"
_APIS = "openapi/"
_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


def generated(root: Path) -> dict[str, bytes]:
    """Every generated file's content by its path under `root`; the page's own text is read from there."""
    documents = {
        **schema_documents(),
        **example_documents(),
        "asyncapi.json": asyncapi_document(),
        "connector.schema.json": connector_document(),
        **{f"{_APIS}{service}.json": openapi_document(service) for service in SERVICES},
    }
    files = {f"schemas/{path}": orjson.dumps(document, option=_OPTIONS) for path, document in documents.items()}
    authority = authority_of({service: openapi_document(service) for service in SERVICES})
    pages: dict[str, Callable[[str], str]] = {
        "docs/connectors.md": with_connectors,
        "docs/events.md": with_catalogue,
        "docs/problems.md": with_problems,
        "docs/people.md": lambda page: with_authority(page, authority),
    }
    return {**files, **{page: complete((root / page).read_text()).encode() for page, complete in pages.items()}}


def connector_document() -> dict[str, Any]:
    """The format of a connector, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Document.model_json_schema()}


@cache
def openapi_document(service: str) -> dict[str, Any]:
    """The OpenAPI of a service, as its /openapi.json answers it."""
    spec = importlib.import_module(f"services.{service}.main").SPEC
    return describe(spec, spec.settings()).openapi()


def stale(root: Path, files: Mapping[str, bytes]) -> list[str]:
    """Paths under `root` that differ from what is generated, are missing, or are no longer generated."""
    there = {str(path.relative_to(root)) for path in (root / "schemas").rglob("*.json")}
    differing = {path for path, content in files.items() if _content(root / path) != content}
    return sorted(differing | (there - files.keys()))


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def published(root: Path, revision: str = "HEAD") -> dict[str, Any]:
    """The schemas and APIs that the git revision has, by path.

    Those of the working tree where HEAD has none, or there is no git. Raises ClickException for another revision
    that git does not know: nothing would be compared.
    """
    git = ["git", "-C", str(root)]
    known = subprocess.run([*git, "rev-parse", "-q", "--verify", revision], capture_output=True, check=False)
    if known.returncode != 0 and revision != "HEAD":
        raise click.ClickException(f"git does not know the revision {revision!r}; fetch it, or name another")
    command = [*git, "archive", "--format=tar", revision, "schemas"]
    archive = subprocess.run(command, capture_output=True, check=False)
    if archive.returncode != 0:
        folder = root / "schemas"
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.json")}
    else:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
            files = {
                member.name.removeprefix("schemas/"): content.read()
                for member in tar.getmembers()
                if (content := tar.extractfile(member)) is not None
            }
    return {
        path: orjson.loads(content)
        for path, content in files.items()
        if path.startswith(("events/", "facts/", _APIS)) or path == PROGRAMME_PATH
    }


def broken(root: Path, revision: str = "HEAD", replaced: Sequence[str] = ()) -> list[Break]:
    """What the contracts and APIs may not change of what `revision` published, but for what is replaced.

    `replaced` names types (`survey.response.v1`, `programme.v1`) and operations (`rewards GET /v1/catalogue`).
    """
    paths = {f"{folder}/{kind}.json" for kind in replaced for folder in ("events", "facts")} | {
        f"{kind}.json" for kind in replaced
    }
    baseline = {path: document for path, document in published(root, revision).items() if path not in paths}
    types = {path: schema for path, schema in baseline.items() if not path.startswith(_APIS)}
    apis = {Path(path).stem: document for path, document in baseline.items() if path.startswith(_APIS)}
    current = {service: openapi_document(service) for service in SERVICES}
    of_operations = [broken for broken in operation_breaks(apis, current) if broken.path not in replaced]
    return [*breaks(types, schema_documents()), *of_operations]


@click.command(epilog="Example: python -m tools.schemas --check --against origin/main")
@click.option("--check", is_flag=True, help="Write nothing; fail when something is stale or breaks.")
@click.option(
    "--against", default="HEAD", show_default=True, help="The git revision whose schemas count as published."
)
@click.option(
    "--replace",
    "replaced",
    multiple=True,
    metavar="TYPE|OPERATION",
    help="Change this type's version, or this operation ('rewards GET /v1/catalogue'), all the same: only for "
    "one that nobody has used yet. Repeatable.",
)
def main(check: bool, against: str, replaced: Sequence[str]) -> None:
    """Generate schemas/, docs/problems.md and parts of other pages from the contracts and the APIs.

    Refuses when a version or an operation that is published would change in a way that hurts who sends, reads
    or calls it.
    """
    found = broken(ROOT, against, replaced)
    if found:
        raise click.ClickException(
            "published versions may not change like this:\n"
            + "\n".join(f"  {change}" for change in found)
            + "\nPublish a new version (.v2 of a type, a path under /v2) beside the old one. "
            "schemas/README.md says what may change."
        )
    files = generated(ROOT)
    paths = stale(ROOT, files)
    if check:
        if paths:
            raise click.ClickException(STALE + "\n" + "\n".join(f"  {path}" for path in paths))
        print(f"{len(files)} generated files are as they should be")
        return
    for path in paths:
        if path in files:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_bytes(files[path])
        else:
            (ROOT / path).unlink()
    print(f"{len(files)} generated files, {len(paths)} changed")


if __name__ == "__main__":
    main()
