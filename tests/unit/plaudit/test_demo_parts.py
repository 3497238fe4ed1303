"""Which parts a demo starts: pages only where somebody can open them afterwards."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plaudit import demo
from plaudit.stack.state import PARTS


@pytest.mark.parametrize(("keep", "pages"), [(False, set()), (True, {"console", "gateway"})], ids=["gone", "kept"])
def test_the_console_is_started_where_the_demo_stays(
    keep: bool, pages: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def start(*_: Any, only: Any, **__: Any) -> Any:
        asked.append(only)
        return SimpleNamespace(console_url="http://127.0.0.1:8100")

    monkeypatch.setattr(demo, "start", start)
    monkeypatch.setattr(demo, "stop", lambda _: True)
    monkeypatch.setattr(demo, "play_on", lambda *_: None)
    monkeypatch.setattr(demo, "sign_in_link", lambda *_: "a link")
    demo._show("demo", Path(), members=1, keep=keep, started=0.0)
    started = set(PARTS if asked[0] is None else asked[0])
    assert started & {"console", "gateway"} == pages
    assert started >= {"kafka", "postgres", "ingest", "scoring", "recognition", "rewards", "analytics"}
