"""TypeScript's compiler holds every field of the dashboards against Grafana's own schema, which npm has."""

import copy
import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plaudit.stack.paths import cache
from tools.dashboards.typescript import typescript_of
from tools.dashboards.written import documents

SCHEMA = Path(__file__).parents[3] / "tools" / "dashboards" / "schema"
LOCK = SCHEMA / "package-lock.json"
INSTALL_SECONDS = 300.0
COMPILE_SECONDS = 600.0
#: What npm says when it gets nothing; anything else that it says is a failure of the test.
NOT_FETCHED = re.compile(
    r"code (?:ENOTFOUND|EAI_AGAIN|ECONN\w+|E\w*TIMEDOUT|ERR_SOCKET_TIMEOUT|EHOSTUNREACH|ENETUNREACH|E[45]\d\d)\b"
)
OPTIONS = {
    "strict": True,
    "noEmit": True,
    "module": "esnext",
    "moduleResolution": "bundler",
    "target": "es2022",
    "types": [],
}
Board = dict[str, Any]


def first(board: Board, kind: str) -> Any:
    return next(panel for panel in board["panels"] if panel["type"] == kind)


#: What is wrong on purpose, each in a board of its own, and what the compiler has to name.
WRONG: dict[str, tuple[Callable[[Board], Any], str]] = {
    "a field of the board": (lambda board: board.update(refesh="10s"), "refesh"),
    "a field of a variable": (lambda board: board["templating"]["list"][0].update(lable="x"), "lable"),
    "a field of an annotation": (
        lambda board: board["annotations"]["list"][0].update(iconColour="red"),
        "iconColour",
    ),
    "a field of a panel": (lambda board: first(board, "stat").update(titel="x"), "titel"),
    "an option of a panel": (
        lambda board: first(board, "stat")["options"].update(colourMode="value"),
        "colourMode",
    ),
    "an option's value": (lambda board: first(board, "stat")["options"].update(colorMode="loud"), "loud"),
    "an option that is missing": (lambda board: first(board, "text")["options"].pop("content"), "content"),
    "an option of a graph's legend": (
        lambda board: first(board, "timeseries")["options"]["legend"].update(placment="right"),
        "placment",
    ),
    "a field of a query": (lambda board: first(board, "timeseries")["targets"][0].update(legend="x"), "legend"),
    "how a field is shown": (
        lambda board: first(board, "timeseries")["fieldConfig"]["defaults"].update(units="s"),
        "units",
    ),
    "a row's field": (lambda board: first(board, "row").update(colapsed=True), "colapsed"),
}


def test_the_lock_names_what_it_locks_by_hash_and_no_place() -> None:
    locked = json.loads(LOCK.read_text())["packages"]
    wanted = json.loads((SCHEMA / "package.json").read_text())["devDependencies"]
    assert locked[""]["devDependencies"] == wanted
    for path, package in locked.items():
        if path:
            assert package["integrity"].startswith("sha512-"), path
            assert "resolved" not in package, path
    assert "://" not in LOCK.read_text()


@pytest.fixture(scope="module")
def packages() -> Path:
    """The folder with what the lock names, from npm once: skipped where there is no npm, or nothing to be had."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("npm is not on PATH: Debian's packages `nodejs` and `npm` have it")
    kept = cache() / "dashboards-schema" / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="installing-", dir=kept.parent) as home:
            new = Path(home) / "new"
            new.mkdir()
            for name in ("package.json", LOCK.name):
                shutil.copy(SCHEMA / name, new)
            done = subprocess.run(
                [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=new,
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                check=False,
            )
            if NOT_FETCHED.search(done.stderr):
                pytest.skip(f"npm could fetch nothing: {done.stderr.strip().splitlines()[0]}")
            assert done.returncode == 0, done.stdout + done.stderr
            # Another process may have been as quick: whoever comes second finds it there.
            try:
                new.rename(kept)
            except OSError:
                assert kept.exists()
    return kept / "node_modules"


def compiled(packages: Path, home: Path, boards: dict[str, Board]) -> dict[str, list[str]]:
    """What the compiler says of each board, by the board's name."""
    (home / "node_modules").symlink_to(packages)
    shutil.copy(SCHEMA / "boards.ts", home)
    (home / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "include": ["*.ts"]}))
    for name, board in boards.items():
        (home / f"{name}.ts").write_text(typescript_of(board))
    done = subprocess.run(
        ["node", packages / "typescript" / "bin" / "tsc", "--project", home, "--pretty", "false"],
        cwd=home,
        capture_output=True,
        text=True,
        timeout=COMPILE_SECONDS,
        check=False,
    )
    said: dict[str, list[str]] = {name: [] for name in boards}
    for line in done.stdout.splitlines():
        if found := re.match(r"(?P<name>.+)\.ts\(\d+,\d+\): error", line):
            said[found["name"]].append(line)
    assert (done.returncode == 0) == (not any(said.values())), done.stdout + done.stderr
    return said


def test_every_board_compiles_against_grafana_s_schema(packages: Path, tmp_path: Path) -> None:
    boards = {name.removesuffix(".json"): json.loads(text) for name, text in documents().items()}
    assert compiled(packages, tmp_path, boards) == {name: [] for name in boards}


def test_a_field_that_grafana_does_not_know_does_not_compile(packages: Path, tmp_path: Path) -> None:
    right = json.loads(documents()["plaudit-pipeline.json"])
    boards = {}
    for number, (break_it, _) in enumerate(WRONG.values()):
        boards[f"wrong-{number}"] = wrong = copy.deepcopy(right)
        break_it(wrong)
    said = compiled(packages, tmp_path, boards)
    for number, (what, (_, named)) in enumerate(WRONG.items()):
        errors = said[f"wrong-{number}"]
        assert any(named in error for error in errors), f"{what}: {errors}"
