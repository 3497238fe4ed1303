"""The results as Markdown, for the README, and as tables for a terminal."""

from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.results import Breakdown, Results, spread

BEGIN, END = "<!-- results -->", "<!-- end of results -->"
SAMPLES_SHOWN_COUNT = 8


def markdown(results: Results) -> str:
    """Everything that was measured, as Markdown."""
    machine = results.machine
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    lines = [
        f"Measured {results.date} on {machine.cpu}, {machine.core_count} cores, {machine.memory_gib} GiB, "
        f"{machine.kernel}; load average before the run {machine.load_before}.",
        f"{versions}.",
        f"Input: {results.input}." + (" A quick run: fewer rounds, smaller tables." if results.quick else ""),
        "",
        "| stage | rate | limit measured beside it | its rate | ratio (spread) | reach | |",
        "| --- | ---: | --- | ---: | ---: | ---: | --- |",
    ]
    for stage in results.stages:
        rate = f"{median(stage.rates):,.0f} {stage.unit}/s"
        ratio = f"{stage.ratio:.2f} (±{spread(stage.ratios) / 2:.0%})"
        cells = (_noted(stage.name, stage.note), rate, stage.limit_name, f"{median(stage.limits):,.0f}", ratio)
        lines.append(f"| {' | '.join(cells)} | ≥ {stage.reach:.2f} | {_mark(stage.is_met)} |")
    if results.again:
        again = ", ".join(f"{part} {date}" for part, date in results.again.items())
        lines[3:3] = [f"Measured again since, with the code of then: {again}."]
    lines += ["", "| target | measured (spread) | wanted | |", "| --- | ---: | ---: | --- |"]
    for target in results.targets:
        sign = "≥" if target.at_least else "≤"
        measured = f"{_shown(target.value)} {target.unit} (±{spread(target.values) / 2:.0%})"
        wanted = f"{sign} {target.wanted:,g} {target.unit}"
        lines.append(f"| {_noted(target.name, target.note)} | {measured} | {wanted} | {_mark(target.is_met)} |")
    for breakdown in results.breakdowns:
        lines += ["", *_breakdown(breakdown)]
    if results.peers:
        lines += ["", *_peers(results)]
    if results.failures:
        lines += ["", "Not measured: " + "; ".join(f"{name} ({why})" for name, why in results.failures.items())]
    return "\n".join(lines) + "\n"


def _noted(name: str, note: str) -> str:
    return f"{name} ({note})" if note else name


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _mark(is_met: bool) -> str:
    return "met" if is_met else "**not met**"


def _breakdown(breakdown: Breakdown) -> list[str]:
    lines = [f"| {breakdown.title} | {breakdown.unit} |", "| --- | ---: |"]
    for name, values in breakdown.rows.items():
        shown = f"{median(values):,.1f}"
        if len(values) > SAMPLES_SHOWN_COUNT:
            shown = " → ".join(f"{values[i * (len(values) - 1) // 4]:,.1f}" for i in range(5))
        lines.append(f"| {name} | {shown} |")
    if breakdown.with_sum:
        lines.append(f"| together | {sum(median(values) for values in breakdown.rows.values()):,.1f} |")
    return lines


def _peers(results: Results) -> list[str]:
    lines = [
        "| each member's points counted, durably | records/s | after three kills -9 on the way |",
        "| --- | ---: | --- |",
    ]
    for peer in results.peers:
        if peer.missing_after_kill is None:
            outcome = "not measured"
        elif peer.missing_after_kill or peer.surplus_after_kill:
            outcome = f"wrong: {peer.missing_after_kill:,} lost, {peer.surplus_after_kill:,} counted twice"
        else:
            outcome = "right"
        rate = f"{median(peer.rates):,.0f}" if peer.rates else "-"
        lines.append(f"| {_noted(f'{peer.name} {peer.version}', peer.note)} | {rate} | {outcome} |")
    return lines


def write_readme(results: Results, readme: Path) -> None:
    """Put the results between the markers of a README."""
    text = readme.read_text()
    before, rest = text.split(BEGIN)
    readme.write_text(f"{before}{BEGIN}\n\n{markdown(results)}\n{END}{rest.split(END)[1]}")


def show(results: Results, console: Console) -> None:
    """Print the results as tables."""
    table = Table("stage", "rate", "limit", "ratio", "reach", "")
    for stage in results.stages:
        table.add_row(
            stage.name,
            f"{median(stage.rates):,.0f} {stage.unit}/s",
            f"{median(stage.limits):,.0f}",
            f"{stage.ratio:.2f} ±{spread(stage.ratios) / 2:.0%}",
            f"{stage.reach:.2f}",
            "met" if stage.is_met else "not met",
        )
    if results.stages:
        console.print(table)
    table = Table("target", "measured", "wanted", "")
    for target in results.targets:
        sign = "≥" if target.at_least else "≤"
        table.add_row(
            _noted(target.name, target.note),
            f"{_shown(target.value)} {target.unit} ±{spread(target.values) / 2:.0%}",
            f"{sign} {target.wanted:,g}",
            "met" if target.is_met else "not met",
        )
    if results.targets:
        console.print(table)
    for breakdown in results.breakdowns:
        table = Table(breakdown.title, breakdown.unit)
        for line in _breakdown(breakdown)[2:]:
            table.add_row(*(cell.strip() for cell in line.strip("| ").split("|")))
        console.print(table)
    if results.peers:
        for line in _peers(results):
            console.print(line, markup=False)
    for name, why in results.failures.items():
        console.print(f"not measured: {name}: {why}", style="red", markup=False)
