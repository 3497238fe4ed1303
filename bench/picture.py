"""A picture of a run: each stage's rate as a share of its limit, and how far it was to reach."""

from pathlib import Path

import pygal
from pygal.style import Style

from bench.results import Results

STYLE = Style(
    background="white",
    plot_background="white",
    colors=("#1f6f8b", "#c9d6df"),
    font_family="sans-serif",
    label_font_size=11,
    major_label_font_size=11,
    value_font_size=11,
    legend_font_size=12,
    title_font_size=16,
)


def draw(results: Results, path: Path) -> None:
    """Write an SVG with a bar for each stage: what it reaches of its limit, beside what it was to reach."""
    chart = pygal.HorizontalBar(
        style=STYLE,
        print_values=True,
        legend_at_bottom=True,
        width=1100,
        height=120 + 75 * len(results.stages),
        range=(0, max([1.0, *(stage.ratio for stage in results.stages)])),
        title=f"Stage ÷ limit: {results.machine.cpu}, {results.machine.core_count} cores, {results.date[:10]}",
        js=(),
        disable_xml_declaration=True,
        truncate_label=-1,
    )
    stages = list(reversed(results.stages))
    chart.x_labels = [stage.name for stage in stages]
    chart.add(
        "measured",
        [{"value": round(stage.ratio, 3), "formatter": _formatter(stage.ratio, stage.rates)} for stage in stages],
    )
    chart.add("to reach", [{"value": stage.reach, "formatter": lambda value: f"{value:.2f}"} for stage in stages])
    path.write_text(chart.render(is_unicode=True))


def _formatter(ratio: float, rates: list[float]):  # type: ignore[no-untyped-def]
    middle = sorted(rates)[len(rates) // 2]
    return lambda value: f"{ratio:.2f} ({middle:,.0f}/s)"
