"""Contrast ratios that others have published, and which colours are refused."""

import pytest

from services.ingest.communities.domain.contrast import Colours, contrast_fault, contrast_ratio


# W3C: 21 for black on white; WebAIM's and others' well-known steps of grey and primary colours on white.
@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.00),
        ("#ffffff", "#ffffff", 1.00),
        ("#767676", "#ffffff", 4.54),
        ("#777777", "#ffffff", 4.48),
        ("#949494", "#ffffff", 3.03),
        ("#969696", "#ffffff", 2.96),
        ("#ff0000", "#ffffff", 4.00),
        ("#00ff00", "#ffffff", 1.37),
        ("#0000ff", "#ffffff", 8.59),
    ],
)
def test_ratios_that_are_known(one: str, other: str, ratio: float) -> None:
    assert round(contrast_ratio(one, other), 2) == ratio
    assert contrast_ratio(one, other) == contrast_ratio(other, one)


@pytest.mark.parametrize(
    ("text", "accent", "fault"),
    [
        ("#767676", "#949494", None),
        ("#777777", "#949494", "`text` on `background` has a contrast of 4.47:1, and needs 4.5:1 to be seen"),
        ("#767676", "#959595", "`accent` on `background` has a contrast of 2.99:1, and needs 3:1 to be seen"),
    ],
)
def test_colours_that_nobody_can_tell_apart_are_refused(text: str, accent: str, fault: str | None) -> None:
    assert contrast_fault(Colours("#ffffff", text, accent)) == fault
