import pytest

from shared.http.limits import says_more_than


@pytest.mark.parametrize(
    ("length", "is_more"),
    [
        (b"0", False),
        (b"100", False),
        (b"0" * 5_000 + b"100", False),
        (b"101", True),
        (b"1" + b"0" * 5_000, True),
        (b"", True),
        (b"-1", True),
        (b"+1", True),
        ("²".encode("latin-1"), True),
    ],
)
def test_a_length_is_compared_however_many_digits_it_has(length: bytes, is_more: bool) -> None:
    assert says_more_than(length, 100) == is_more
