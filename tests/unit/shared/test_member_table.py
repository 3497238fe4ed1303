"""Tables of members: what separates, which lines are what, and what is wrong with them."""

import pytest

from shared.member_table import TableError, faults_by_row, table_rows


@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_a_row_is_one_person_whatever_separates(separator: str) -> None:
    lines = ["name,forum,code@git.example.org\n", "Ada, ada ,17\n", ",,\n", "Grace,grace,\n"]
    ada, grace = table_rows(line.replace(",", separator) for line in lines)
    assert ada == (
        2,
        {
            "identities": [
                {"channel": "forum", "id": "ada"},
                {"channel": "code", "id": "17", "host": "git.example.org"},
            ],
            "name": "Ada",
        },
        "",
    )
    assert grace == (4, {"identities": [{"channel": "forum", "id": "grace"}], "name": "Grace"}, "")


def test_a_cell_of_two_lines_is_one_cell_and_lines_are_counted() -> None:
    first, second = table_rows(["name,forum\n", '"Ada\n', 'Lovelace",ada\n', "Bob\n"])
    assert first.member is not None
    assert (first.line, first.member["name"]) == (3, "Ada\nLovelace")
    assert (second.line, second.fault) == (4, "has 1 cells where the first line names 2 columns")


@pytest.mark.parametrize(
    ("lines", "line", "why"),
    [
        ([], 1, "names no channel"),
        (["name\n"], 1, "names no channel"),
        (["name,forum,forum\n"], 1, "two columns forum"),
        (["name,E-mail\n"], 1, "column 'E-mail'"),
        (["name,forum\n", f"x,{'y' * 200_000}\n"], 2, "cannot be read beyond line"),
    ],
    ids=["empty", "no channel", "twice", "no channel's name", "endless cell"],
)
def test_what_is_no_table_is_said(lines: list[str], line: int, why: str) -> None:
    with pytest.raises(TableError, match=why) as found:
        list(table_rows(lines))
    assert abs(found.value.line - line) <= 1


def test_a_row_that_names_nobody_is_said() -> None:
    (row,) = table_rows(["name,forum\n", "Ada,\n"])
    assert (row.member, row.fault) == (None, "names nobody: each cell of a channel is empty")


def test_what_is_not_valid_is_found_by_its_pointer() -> None:
    errors = [
        {"field": "/members/3/identities/0/id", "detail": "Too long"},
        {"field": "/members/3/name", "detail": "Second"},
        {"field": "/members", "detail": "Of all"},
        {"detail": "Of nothing"},
    ]
    assert faults_by_row(errors) == {3: "identities/0/id: Too long"}
