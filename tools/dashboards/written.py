"""The files of deploy/grafana/dashboards, and which of them are not what their descriptions say."""

from functools import cache
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import yaml

from tools.dashboards.boards import BOARDS
from tools.dashboards.grafana import text_of

ROOT = Path(__file__).parents[2]
DIRECTORY = ROOT / "deploy" / "grafana" / "dashboards"
RULES = tuple(ROOT / "deploy" / "prometheus" / name for name in ("rules.yml", "objectives.yml"))


def runbooks() -> dict[str, str]:
    """Each alert's page in docs/runbooks, without its ending."""
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
    return {
        rule["alert"]: PurePosixPath(urlsplit(rule["annotations"]["runbook_url"]).path).stem
        for group in groups
        for rule in group["rules"]
        if "alert" in rule
    }


@cache
def documents() -> dict[str, str]:
    """Every dashboard's JSON by its file's name."""
    pages = runbooks()
    return {f"{board.uid}.json": text_of(board, pages) for board in BOARDS}


def stale() -> list[str]:
    """Names of files that are missing, changed or of no board."""
    there = {path.name: path.read_text() for path in DIRECTORY.glob("*.json")}
    wanted = documents()
    return sorted(name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name))
