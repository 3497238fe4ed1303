"""Each file of tests has a name of its own: two of one name cannot be imported in one run."""

from collections import Counter

from tests.contract.test_habits import tracked


def test_no_two_files_of_tests_have_one_name() -> None:
    packages = {path.parent for path in tracked() if path.name == "__init__.py"}
    names = Counter(
        path.name
        for path in tracked()
        if path.name.startswith("test_") and path.suffix == ".py" and path.parent not in packages
    )

    assert names
    assert [name for name, times in names.items() if times > 1] == []
