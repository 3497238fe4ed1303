"""docs/metrics.md has every metric, as it is declared."""

from tools import metrics


def test_the_page_of_metrics_is_what_the_declarations_say() -> None:
    assert metrics.TARGET.read_text() == metrics.text(), "stale: run `make dashboards`"


def test_the_page_knows_metrics_of_every_kind_and_who_uses_them() -> None:
    page = metrics.text().splitlines()
    lines = {line.split("|")[1].strip(" `"): line for line in page if line.startswith("| `")}
    assert "| histogram | `stage` |" in lines["plaudit_event_age_seconds"]
    assert "[PlauditEventsLate](runbooks/events-late.md)" in lines["plaudit_event_age_seconds"]
    assert "board *pipeline*" in lines["plaudit_consumer_lag_records"]
    assert "| counter | `backend`, `reason` |" in lines["plaudit_gateway_failures_total"]
