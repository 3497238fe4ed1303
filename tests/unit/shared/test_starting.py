"""A process that is started sooner is the same process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from shared.services import SERVICES
from shared.starting import GC_THRESHOLD_COUNT

ROOT = Path(__file__).parents[3]
#: What some request needs once in a while, and would be loaded at every start.
RARELY_USED = {"PIL", "pyld", "requests"}
MODULE = """
import gc, json, sys
import cel, faust, httpx
from pydantic import BaseModel
from shared.contracts.activities import ACTIVITY_ADAPTER
from shared.starting import what_is_loaded_stays

class Told(BaseModel):
    points: int

if __name__ == "__main__":
    found = {"arguments": sys.argv[1:], "before": gc.get_threshold()[0]}
    found["needless"] = sorted({"prompt_toolkit", "rich", "aiohttp.web"} & set(sys.modules))
    found["sum"] = cel.evaluate("1 + 2")
    found["built"] = ACTIVITY_ADAPTER.pydantic_complete or Told.__pydantic_complete__
    found["told"] = Told(points="5").points
    what_is_loaded_stays()
    print(json.dumps(found | {"after": gc.get_threshold()[0], "frozen": gc.get_freeze_count() > 0}))
"""


def test_it_runs_as_main_with_its_arguments_and_collects_once_all_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "started.py").write_text(MODULE)
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "shared.starting", "started", "--role", "api"],
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert json.loads(ended.stdout) == {
        "arguments": ["--role", "api"],
        "before": 0,
        "needless": [],
        "sum": 3,
        "built": False,
        "told": 5,
        "after": GC_THRESHOLD_COUNT,
        "frozen": True,
    }


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_rarely_used_is_loaded_when_it_is(service: str) -> None:
    said = f"import json, sys, services.{service}.main; print(json.dumps(sorted(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", said], cwd=ROOT, capture_output=True, check=True, timeout=60)
    assert not RARELY_USED & set(json.loads(ended.stdout))
