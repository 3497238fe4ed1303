"""Net sentiment: figures of others, and how often the interval of a change holds what is so."""

import random

import pytest

from services.analytics.sentiment.domain import Stratum, Tones, Verdict, change, interval

EN, IT = Stratum("lexicons-1", "en"), Stratum("lexicons-1", "it")


@pytest.mark.parametrize(
    ("tones", "low", "high"),
    [
        # The adjusted Wald interval of an NPS of so many promoters, passives and detractors.
        (Tones(50, 20, 30), 0.1405, 0.4420),
        (Tones(5, 2, 3), -0.1905, 0.6520),
        (Tones(70, 10, 20), 0.4527, 0.7124),
        (Tones(10), 0.4750, 1.0),
        (Tones(3), -0.0658, 1.0),
    ],
)
def test_the_interval_of_net_sentiment_is_that_of_an_nps(tones: Tones, low: float, high: float) -> None:
    assert interval(tones) == (pytest.approx(low, abs=0.00006), pytest.approx(high, abs=0.00006))


def test_a_change_is_within_languages_and_models() -> None:
    before = {EN: Tones(60, 20, 20), IT: Tones(0, 10, 0)}
    assert change({EN: Tones(6, 2, 2), IT: Tones(0, 90, 0)}, before).difference == 0.0
    other = {Stratum("lexicons-2", "en"): Tones(90, 10, 0)}
    assert change(other, before).verdict is Verdict.NOTHING_TO_COMPARE
    assert change({}, before).difference is None
    worse = change({EN: Tones(200, 600, 200)}, {EN: Tones(600, 200, 200)})
    assert (worse.verdict, worse.difference) == (Verdict.WORSE, pytest.approx(-0.8))


def test_the_interval_of_a_change_holds_what_is_so_in_95_of_100_cases() -> None:
    chance = random.Random(7)

    def drawn(count: int, positive: float, negative: float) -> Tones:
        found = chance.choices(
            ("positive", "negative", "undecided"), (positive, negative, 1 - positive - negative), k=count
        )
        return Tones(*(found.count(name) for name in ("positive", "negative", "undecided")))

    held = 0
    for _ in range(600):
        now = {EN: drawn(60, 0.5, 0.2), IT: drawn(30, 0.2, 0.4)}
        before = {EN: drawn(40, 0.4, 0.2), IT: drawn(50, 0.2, 0.3)}
        found = change(now, before)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= (60 * 0.1 + 30 * -0.1) / 90 <= found.high
    assert 0.93 <= held / 600 <= 0.985
