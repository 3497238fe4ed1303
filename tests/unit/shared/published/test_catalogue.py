"""The generated part of docs/events.md."""

import pytest

from shared.contracts.activities import ACTIVITY_TYPES
from shared.published.catalogue import BEGIN, END, catalogue, with_catalogue


def test_every_type_has_a_row_and_a_section() -> None:
    text = catalogue()

    for event_type in ACTIVITY_TYPES:
        assert f"| [`{event_type}`](#" in text
        assert f"\n### {event_type}\n" in text


@pytest.mark.parametrize(
    "row",
    [
        "| `score` | no | integer, 0 to 10 |",
        "| `merged` | no | true or false |",
        "| `reaction` | yes | text of 1 to 200 characters |",
        "| `currency` | yes | text like `^[A-Z]{3}$` |",
        "| `target` | yes | object: `source` (text of 1 to 1000 characters), `id` (text of 1 to 255 characters) |",
    ],
)
def test_own_fields_are_described_with_their_limits(row: str) -> None:
    assert row in catalogue()


def test_only_the_generated_part_is_replaced() -> None:
    page = with_catalogue(f"# Title\n\n{BEGIN}\nold\n{END}\n\nAfter.\n")

    assert page.startswith(f"# Title\n\n{BEGIN}\n")
    assert page.endswith(f"{END}\n\nAfter.\n")
    assert "old" not in page
    assert with_catalogue(page) == page


@pytest.mark.parametrize("page", ["", BEGIN, END])
def test_a_page_without_the_markers_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        with_catalogue(page)
