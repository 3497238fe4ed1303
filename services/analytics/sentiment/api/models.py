"""What the routes of sentiment answer with."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Self

from pydantic import BaseModel, Field

from services.analytics.periods.domain import largest
from services.analytics.sentiment.domain import ByModel, Change, Report, Tones, Verdict, interval, together
from shared.calendars import Span

NOTHING_JUDGED = "nothing was judged"
SEVERAL_MODELS = "several models measured it: what they found is not to be mixed"


class ToneShown(BaseModel):
    """How texts sound. What several models measured is added up in number, and has no net sentiment together."""

    texts: int = Field(description="All in which something was written", examples=[120])
    judged: int = Field(description="In a language that the model knows", examples=[100])
    positive: int = Field(examples=[50])
    negative: int = Field(examples=[20])
    undecided: int = Field(description="Judged, and neither: as much for as against, or nothing", examples=[30])
    left_out: int = Field(description="In another language, or in one that nothing tells of", examples=[20])
    net: float | None = Field(description="Positive less negative, of those judged: from -1 to 1", examples=[0.3])
    low: float | None = Field(description="Where it lies at least, in 95 of 100 cases", examples=[0.1405])
    high: float | None = Field(description="Where it lies at most", examples=[0.442])
    why_none: str | None = Field(description="Why it has no value", examples=[None])
    models: list[str] = Field(description="Who measured, each with its version", examples=[["lexicons-1"]])

    @classmethod
    def shown(cls, found: ByModel) -> Self:
        """Tones as the API shows them."""
        return cls(**tone(found))


def tone(found: ByModel) -> dict[str, object]:
    """The fields of ToneShown."""
    tones = together(found.values())
    judging = [model for model, one in found.items() if one.judged]
    is_one = len(judging) == 1
    low, high = interval(tones) if is_one else (None, None)
    return {
        "texts": tones.texts,
        "judged": tones.judged,
        **dict(zip(Tones._fields, tones, strict=True)),
        "net": _rounded(float(tones.net)) if is_one and tones.net is not None else None,
        "low": _rounded(low),
        "high": _rounded(high),
        "why_none": None if is_one else SEVERAL_MODELS if judging else NOTHING_JUDGED,
        "models": sorted(found),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


class PeriodTone(ToneShown):
    """How the texts of a period sound."""

    starts_on: date
    ends_on: date = Field(description="Its last day; the first and last period are cut to the days asked for")


class SliceTone(ToneShown):
    """How the texts of a channel, a type or a language sound."""

    name: str | None = Field(
        description="Null: those beyond the largest, together. A language is '' where nothing tells of it",
        examples=["forum"],
    )


class ToneChange(BaseModel):
    """How net sentiment changed against as many days before, within each language and model."""

    verdict: Verdict = Field(examples=["better"])
    difference: float | None = Field(description="From -2 to 2", examples=[0.12])
    low: float | None = Field(description="Where it lies at least, in 95 of 100 cases", examples=[0.02])
    high: float | None = Field(description="Where it lies at most", examples=[0.22])
    judged: int = Field(description="Texts of these days that could be compared", examples=[100])
    judged_before: int = Field(description="Texts of the days before", examples=[90])

    @classmethod
    def shown(cls, change: Change) -> Self:
        """A change as the API shows it."""
        return cls(
            verdict=change.verdict,
            difference=_rounded(change.difference),
            low=_rounded(change.low),
            high=_rounded(change.high),
            judged=change.judged,
            judged_before=change.judged_before,
        )


class Sentiment(BaseModel):
    """How what was written in some days sounds."""

    starts_on: date
    ends_on: date
    whole: ToneShown
    change: ToneChange
    periods: list[PeriodTone]
    channels: list[SliceTone] = Field(description="At most `PLAUDIT_SLICES_MAX_COUNT`, by how much is written")
    types: list[SliceTone]
    languages: list[SliceTone] = Field(description="Their levels are not to be compared with one another")

    @classmethod
    def shown(cls, days: Span, spans: Sequence[Span], found: Report, *, slices_max_count: int) -> Self:
        """A report as the API shows it."""
        return cls(
            starts_on=days.starts_on,
            ends_on=days.ends_on,
            whole=ToneShown.shown(found.whole),
            change=ToneChange.shown(found.change),
            periods=[
                PeriodTone.model_validate(
                    {"starts_on": span.starts_on, "ends_on": span.ends_on, **tone(found.periods.get(number, {}))}
                )
                for number, span in enumerate(spans, 1)
            ],
            channels=_slices(found.channels, slices_max_count),
            types=_slices(found.types, slices_max_count),
            languages=_slices(found.languages, slices_max_count),
        )


def _slices(found: Mapping[str, ByModel], limit_count: int) -> list[SliceTone]:
    sizes = {name: together(tones.values()).texts for name, tones in found.items()}
    names = largest(sizes, limit_count)
    rest: dict[str, Tones] = {}
    for name in sorted(found.keys() - set(names)):
        for model, tones in found[name].items():
            rest[model] = rest.get(model, Tones()).and_(tones)
    shown = [SliceTone.model_validate({"name": name, **tone(found[name])}) for name in names]
    return [*shown, SliceTone.model_validate({"name": None, **tone(rest)})] if rest else shown
