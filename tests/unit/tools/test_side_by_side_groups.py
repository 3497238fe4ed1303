"""How the tests are dealt out to the processes that run them."""

from pathlib import Path

import pytest

from tests.side_by_side import GROUPS, group_of

ROOT = Path(__file__).parents[3]
FOLDERS = [folder for group in GROUPS for folder in group]


def test_every_folder_is_there() -> None:
    assert [folder for folder in FOLDERS if not (ROOT / folder).is_dir()] == []


def test_a_folder_stands_before_the_one_that_it_is_in() -> None:
    for place, folder in enumerate(FOLDERS):
        assert not [one for one in FOLDERS[:place] if folder.startswith(one)]


@pytest.mark.parametrize(
    ("test", "group"),
    [
        ("tests/integration/services/rewards/test_x.py::test_y[a::b]", "tests/integration/services/rewards/"),
        ("tests/integration/services/test_x.py::test_y", "tests/integration/services/"),
        ("tests/integration/importers/test_x.py::test_y", "tests/e2e/"),
        ("tests/unit/shared/test_x.py::test_y[1]", "tests/unit/shared/test_x.py"),
    ],
)
def test_tests_of_one_stack_stay_together_and_files_that_share_nothing_alone(test: str, group: str) -> None:
    assert group_of(test) == group
