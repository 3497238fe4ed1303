"""What docs/events.md says about requests is so: its examples are taken, and its limits are the service's."""

import re
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from services.ingest.events.domain.admission import BATCH_TYPE, JSON_TYPE, STRUCTURED_TYPE, Limits, admit
from services.ingest.settings import Settings
from shared.contracts.fields import ATTRIBUTES_MAX_COUNT
from shared.published.export import EVENT_EXAMPLES

PAGE = (Path(__file__).parents[2] / "docs/events.md").read_text()
NOW = datetime(2026, 2, 1, 9, tzinfo=UTC)
SETTINGS = Settings()
LIMITS = Limits(
    SETTINGS.events_max_count, SETTINGS.event_max_bytes, SETTINGS.future_tolerance_seconds, SETTINGS.earliest_year
)


def test_the_curl_example_is_taken() -> None:
    matched = re.search(r"Content-Type: (\S+)\" \\\n  -d '(\{.*?\})'\n```", PAGE, re.DOTALL)
    assert matched is not None

    taken = admit(matched[2].encode(), {"content-type": matched[1]}, NOW, LIMITS)

    assert [event["id"] for _, event in taken.events] == ["post-92"]


def test_every_example_is_taken_in_one_batch() -> None:
    events = [one for examples in EVENT_EXAMPLES.values() for one in examples]

    taken = admit(orjson.dumps(events), {"content-type": BATCH_TYPE}, NOW, LIMITS)

    assert taken.refusals == []
    assert len(taken.events) == len(events)


@pytest.mark.parametrize("content_type", [BATCH_TYPE, STRUCTURED_TYPE, JSON_TYPE])
def test_every_content_type_is_named(content_type: str) -> None:
    assert f"| `{content_type}` |" in PAGE


def test_the_limits_named_are_the_defaults() -> None:
    assert f"up to {SETTINGS.events_max_count:,}, up to {SETTINGS.body_max_bytes // 2**20} MiB" in PAGE
    assert f"One event may have {SETTINGS.event_max_bytes // 1024} KiB" in PAGE
    assert f"Up to {ATTRIBUTES_MAX_COUNT} values of your own" in PAGE
    assert SETTINGS.future_tolerance_seconds == 5 * 60
    assert "at most five minutes ahead" in PAGE


def test_links_lead_to_what_is_there() -> None:
    targets = re.findall(r"\]\((\.\./[^)#]+)\)", PAGE)

    assert targets
    for target in targets:
        assert (Path(__file__).parents[2] / "docs" / target).resolve().is_file(), target
