"""schemas/ and docs/events.md are what the contracts and APIs say, and no published version breaks."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click
import orjson
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from shared.published.export import schema_documents
from tools import schemas

ROOT = Path(__file__).parents[2]
#: A pipeline names where the branch left off, so that a break doesn't pass with its own schemas.
AGAINST = os.environ.get("PLAUDIT_SCHEMAS_AGAINST", "HEAD")


def test_generated_files_are_what_the_code_says() -> None:
    paths = schemas.stale(ROOT, schemas.generated(ROOT))

    assert not paths, f"{schemas.STALE}\n" + "\n".join(paths)


def test_no_published_version_breaks() -> None:
    found = schemas.broken(ROOT, AGAINST)

    assert not found, "\n".join(str(one) for one in found)


@pytest.mark.parametrize(("path", "schema"), schema_documents().items())
def test_every_schema_is_one_of_2020_12(path: str, schema: object) -> None:
    Draft202012Validator.check_schema(schema)

    assert isinstance(schema, dict)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert schema["title"]
    assert schema["description"], f"{path}: the contract's class needs a docstring"


def test_identifiers_are_unique() -> None:
    identifiers = [schema["$id"] for schema in schema_documents().values()]

    assert len(set(identifiers)) == len(identifiers)


# The command, in a repository of its own.


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with this one's generated files committed."""
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    (tmp_path / "docs").mkdir()
    for page in ("connectors.md", "events.md", "problems.md", "people.md"):
        shutil.copy(ROOT / "docs" / page, tmp_path / "docs")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    commit(tmp_path)
    monkeypatch.setattr(schemas, "ROOT", tmp_path)
    monkeypatch.setattr(schemas, "operation_breaks", partial(breaks_of_what_differs, schemas.operation_breaks))
    return tmp_path


def breaks_of_what_differs(compare: Any, published: Mapping[str, Any], current: Mapping[str, Any]) -> Any:
    """The breaks in the APIs that a test changed: comparing each with itself takes a second, and is done above."""
    return compare({service: one for service, one in published.items() if one != current.get(service)}, current)


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True)


def commit(root: Path) -> None:
    git(
        root,
        "-c",
        "user.name=test",
        "-c",
        "user.email=test@example.org",
        "-c",
        "commit.gpgsign=false",
        "commit",
        "-qm",
        "all",
        "-a",
    )


def narrow_published(root: Path) -> None:
    """Make it as if a published survey had taken scores up to 100."""
    path = root / "schemas/events/survey.response.v1.json"
    schema = orjson.loads(path.read_bytes())
    schema["$defs"]["SurveyData"]["properties"]["score"]["maximum"] = 100
    path.write_bytes(orjson.dumps(schema))


def narrow_operation(root: Path) -> None:
    """Make it as if the published list of awards had taken their state too."""
    path = root / "schemas/openapi/scoring.json"
    document = orjson.loads(path.read_bytes())
    state = {"in": "query", "name": "state", "schema": {"type": "string"}}
    document["paths"]["/v1/awards"]["get"]["parameters"].append(state)
    path.write_bytes(orjson.dumps(document))


def test_what_is_missing_changed_or_left_over_is_made_right(repository: Path) -> None:
    (repository / "schemas/asyncapi.json").unlink()
    (repository / "schemas/facts/points.awarded.v1.json").write_text("{}")
    (repository / "schemas/openapi/old.json").write_text("{}")

    checked = CliRunner().invoke(schemas.main, ["--check"])
    written = CliRunner().invoke(schemas.main, [])

    assert checked.exit_code == 1
    for path in ("schemas/asyncapi.json", "schemas/facts/points.awarded.v1.json", "schemas/openapi/old.json"):
        assert path in checked.output
    assert "run `make schemas`" in checked.output
    assert written.exit_code == 0
    assert CliRunner().invoke(schemas.main, ["--check"]).exit_code == 0
    assert not (repository / "schemas/openapi/old.json").exists()


def test_a_breaking_change_is_refused_and_nothing_is_written(repository: Path) -> None:
    narrow_published(repository)
    commit(repository)
    before = (repository / "schemas/events/survey.response.v1.json").read_bytes()

    refused = CliRunner().invoke(schemas.main, [])

    assert refused.exit_code == 1
    assert "/data/score: maximum was 100, is 10" in refused.output
    assert "platforms that send survey.response.v1, ingest, scoring, recognition, analytics" in refused.output
    assert (repository / "schemas/events/survey.response.v1.json").read_bytes() == before


def test_a_version_that_nobody_used_may_be_replaced(repository: Path) -> None:
    narrow_published(repository)
    commit(repository)

    assert CliRunner().invoke(schemas.main, ["--replace", "survey.response.v1"]).exit_code == 0
    assert schemas.stale(repository, schemas.generated(repository)) == []


def test_a_breaking_change_of_an_operation_is_refused(repository: Path) -> None:
    narrow_operation(repository)
    commit(repository)
    before = (repository / "schemas/openapi/scoring.json").read_bytes()

    refused = CliRunner().invoke(schemas.main, [])

    assert refused.exit_code == 1
    assert "scoring GET /v1/awards at query parameter state: the parameter is removed" in refused.output
    assert "(hurts clients of the scoring API)" in refused.output
    assert (repository / "schemas/openapi/scoring.json").read_bytes() == before


def test_an_operation_that_nobody_used_may_be_replaced(repository: Path) -> None:
    narrow_operation(repository)
    commit(repository)

    assert CliRunner().invoke(schemas.main, ["--replace", "scoring GET /v1/members"]).exit_code == 1
    assert CliRunner().invoke(schemas.main, ["--replace", "scoring GET /v1/awards"]).exit_code == 0
    assert schemas.stale(repository, schemas.generated(repository)) == []


def test_the_baseline_is_what_is_committed_not_what_lies_around(repository: Path) -> None:
    narrow_published(repository)

    assert schemas.broken(repository) == []


def test_the_baseline_may_be_an_older_revision(repository: Path) -> None:
    narrow_published(repository)
    commit(repository)
    git(repository, "tag", "release")
    assert CliRunner().invoke(schemas.main, ["--replace", "survey.response.v1"]).exit_code == 0
    commit(repository)

    assert schemas.broken(repository) == []
    assert [one.path for one in schemas.broken(repository, "release")] == ["events/survey.response.v1.json"]


def test_a_revision_that_git_does_not_know_compares_nothing_and_says_so(repository: Path) -> None:
    with pytest.raises(click.ClickException, match="origin/main"):
        schemas.published(repository, "origin/main")


def test_without_git_the_baseline_is_what_is_there(repository: Path) -> None:
    shutil.rmtree(repository / ".git")
    narrow_published(repository)

    assert [one.path for one in schemas.broken(repository)] == ["events/survey.response.v1.json"]
