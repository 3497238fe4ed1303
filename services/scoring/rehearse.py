"""`python -m services.scoring.rehearse PROGRAMME CASES`: what the cases of a programme come to, as JSON.

No stack is asked: the engine alone runs. The command `plaudit programme test` starts this and says it in words.
"""

import sys
from pathlib import Path
from typing import Any

import orjson

from services.scoring.programmes.domain.mistakes import Mistake
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.rehearsals.domain.cases import read_cases, run_cases


def rehearse(file: Path, cases_file: Path) -> dict[str, Any]:
    """The mistakes in either file; without any what became of each case, and which rules no case has give."""
    programme = read_programme(file.read_text(encoding="utf-8"))
    if isinstance(programme, list):
        return {"mistakes": [_shown(file, one) for one in programme]}
    written = read_cases(cases_file.read_text(encoding="utf-8"), programme)
    if isinstance(written, list):
        return {"mistakes": [_shown(cases_file, one) for one in written]}
    outcomes = list(run_cases(programme, written))
    gave = frozenset[str]().union(*(one.gave for one in outcomes))
    return {
        "mistakes": [],
        "programme_id": programme.programme,
        "cases": [
            {"title": one.title, "line": one.line, "passed": not one.differences, "differences": one.differences}
            for one in outcomes
        ],
        "rules_not_shown": [rule.id for rule in programme.rules if rule.id not in gave],
    }


def _shown(file: Path, one: Mistake) -> dict[str, Any]:
    return {"file": str(file), "line": one.line, "column": one.column, "field": one.field, "detail": one.detail}


def main() -> None:
    """The command of the process: two files, one JSON document on standard output."""
    sys.stdout.buffer.write(orjson.dumps(rehearse(*map(Path, sys.argv[1:3]))) + b"\n")


if __name__ == "__main__":
    main()
