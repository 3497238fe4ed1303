"""The faults' table in docs/guarantees.md: a part's lines go in beside those of the others."""

from pathlib import Path

import pytest

from tests.faults.report import BEGIN, END, HEAD, Row, merge, table

PAGE = f"""# What is promised

{BEGIN}

{HEAD[0]}
{HEAD[1]}
| 2 second | 3 | 10 | 0 | 0 | 4.7 | 1111111 | 2 × CPU |
| 10 tenth | 3 | 12 | 0 | 0 | 5.3 | 1111111 | 2 × CPU |
| random | 4 | 0 | 0 | 0 | - | 1111111 | 2 × CPU |

{END}

The rest.
"""
SECOND = [Row("2 second", 5, 0, 0, 1.25), Row("2 second", 6, 1, 2, 0.5)]


def lines(page: str) -> list[str]:
    return [one for one in page.splitlines() if one.startswith("| ") and one not in HEAD]


def test_a_line_is_replaced_and_the_others_stay() -> None:
    merged = merge(PAGE, SECOND, commit="2222222", machine="4 × CPU, factor 0.50")

    assert lines(merged) == [
        "| 2 second | 2 | 11 | 1 | 2 | 1.2 | 2222222 | 4 × CPU, factor 0.50 |",
        "| 10 tenth | 3 | 12 | 0 | 0 | 5.3 | 1111111 | 2 × CPU |",
        "| random | 4 | 0 | 0 | 0 | - | 1111111 | 2 × CPU |",
    ]
    assert merged.startswith("# What is promised\n")
    assert merged.endswith(f"{END}\n\nThe rest.\n")


def test_a_new_fault_comes_where_its_number_stands() -> None:
    merged = merge(PAGE, [Row("9 ninth", 1, 0, 0, None)], commit="2222222", machine="CPU")
    assert lines(merged)[1] == "| 9 ninth | 1 | 1 | 0 | 0 | - | 2222222 | CPU |"


def test_a_run_of_all_faults_leaves_out_what_is_no_more() -> None:
    merged = merge(PAGE, SECOND, commit="2222222", machine="CPU", only=True)
    assert [line.split(" | ")[0] for line in lines(merged)] == ["| 2 second"]


def test_the_same_lines_again_change_nothing() -> None:
    once = merge(PAGE, SECOND, commit="2222222", machine="CPU")
    assert merge(once, SECOND, commit="2222222", machine="CPU") == once


def test_a_page_without_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="faults"):
        merge("# Nothing here", SECOND, commit="2222222", machine="CPU")


def test_the_page_of_the_project_has_its_table() -> None:
    page = (Path(__file__).parents[3] / "docs/guarantees.md").read_text()

    merged = merge(page, [], commit="2222222", machine="CPU")

    assert merged == page
    assert len(lines(page[page.index(BEGIN) : page.index(END)])) > 40


def test_the_terminal_shows_the_same() -> None:
    assert table(SECOND)[1].split() == ["2", "second", "2", "11", "1", "2", "1.2"]
    assert table([]) == []
