"""The results as Markdown, for the README, and as tables for a terminal."""

from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.results import Breakdown, Machine, Measured, Results, Target, spread

BEGIN, END = "<!-- results -->", "<!-- end of results -->"
SAMPLES_SHOWN_COUNT = 8


def markdown(results: Results) -> str:
    """Everything that was measured, as Markdown."""
    machine = results.machine
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    lines = [
        f"Measured {results.date} on {machine.cpu}, {machine.core_count} cores, {machine.memory_gib} GiB, "
        f"{machine.kernel}; load average before the run {machine.load_before}{_speed(machine)}.",
        f"{versions}.",
        f"Input: {results.input}." + (" A quick run: fewer rounds, smaller tables." if results.quick else ""),
        "",
        "| stage | rate | limit measured beside it | its rate | factor | ratio (spread) | reach | |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for stage in results.stages:
        rate = f"{median(stage.rates):,.0f} {stage.unit}/s"
        ratio = f"{stage.ratio:.2f} (±{spread(stage.ratios) / 2:.0%})"
        limit = f"{median(stage.limits):,.0f}"
        measured = f"{rate} | {stage.limit_name} | {limit} | {_factor(stage)} | {ratio}"
        reach = f"≥ {stage.reach:.2f} | {_mark(stage.is_met)}"
        lines.append(f"| {_noted(stage.name, stage.note)} | {measured} | {reach} |")
    if results.again:
        again = ", ".join(f"{part} {date}" for part, date in results.again.items())
        lines[3:3] = [f"Measured again since, with the code of then: {again}."]
    lines += ["", "| target | measured (spread) | factor | wanted | |", "| --- | ---: | ---: | ---: | --- |"]
    for target in results.targets:
        measured = f"{_shown(target.value)} {target.unit} (±{spread(target.values) / 2:.0%})"
        cells = (
            _noted(target.name, target.note),
            measured,
            _factor(target),
            _wanted(target),
            _mark(target.is_met),
        )
        lines.append(f"| {' | '.join(cells)} |")
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


def _factor(one: Measured) -> str:
    return "-" if one.factor is None else f"{one.factor:.2f}"


def _speed(machine: Machine) -> str:
    """The machine's factor and what it comes from; empty for a run that did not measure it."""
    if machine.speed is None:
        return ""
    speed = machine.speed
    return (
        f"; factor {speed.factor:.2f} ({speed.compute:,.0f}, {speed.allocate:,.0f} and {speed.sync:,.0f} loops/s)"
    )


def _wanted(target: Target) -> str:
    """The bound, and how it follows from the one on the reference machine."""
    sign = "≥" if target.at_least else "≤"
    if target.bound == target.wanted:
        return f"{sign} {target.wanted:,g} {target.unit}"
    by = "×" if target.scales == "rate" else "÷"
    return f"{sign} {target.wanted:,g} {by} {target.factor:.2f} = {_shown(target.bound)} {target.unit}"


def _breakdown(breakdown: Breakdown) -> list[str]:
    lines = [f"| {breakdown.title} | {breakdown.unit} | factor |", "| --- | ---: | ---: |"]
    for name, values in breakdown.rows.items():
        shown = f"{median(values):,.1f}"
        if len(values) > SAMPLES_SHOWN_COUNT:
            shown = " → ".join(f"{values[i * (len(values) - 1) // 4]:,.1f}" for i in range(5))
        lines.append(f"| {name} | {shown} | {_factor(breakdown)} |")
    if breakdown.with_sum:
        together = sum(median(values) for values in breakdown.rows.values())
        lines.append(f"| together | {together:,.1f} | {_factor(breakdown)} |")
    return lines


def _peers(results: Results) -> list[str]:
    lines = [
        "| each member's points counted, durably | records/s | factor | after three kills -9 on the way |",
        "| --- | ---: | ---: | --- |",
    ]
    for peer in results.peers:
        if peer.missing_after_kill is None:
            outcome = "not measured"
        elif peer.missing_after_kill or peer.surplus_after_kill:
            outcome = f"wrong: {peer.missing_after_kill:,} lost, {peer.surplus_after_kill:,} counted twice"
        else:
            outcome = "right"
        rate = f"{median(peer.rates):,.0f}" if peer.rates else "-"
        cells = (_noted(f"{peer.name} {peer.version}", peer.note), rate, _factor(peer), outcome)
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def write_readme(results: Results, readme: Path) -> None:
    """Put the results between the markers of a README."""
    text = readme.read_text()
    before, rest = text.split(BEGIN)
    readme.write_text(f"{before}{BEGIN}\n\n{markdown(results)}\n{END}{rest.split(END)[1]}")


def show_machine(machine: Machine, console: Console) -> None:
    """Print how fast the machine is, and beside what; its speed must have been measured."""
    assert machine.speed is not None
    table = Table("a second, on one core", "here", "reference machine", "here ÷ there", "share")
    for what, share, here, there in machine.speed.beside_reference():
        table.add_row(what, f"{here:,.0f}", f"{there:,.0f}", f"{here / there:.2f}", f"{share:.0%}")
    console.print(table)
    console.print(
        f"factor {machine.speed.factor:.2f}: {machine.cpu}, {machine.core_count} cores; "
        f"load average before it {machine.load_before}",
        markup=False,
    )


def show(results: Results, console: Console) -> None:
    """Print the results as tables."""
    table = Table("stage", "rate", "limit", "factor", "ratio", "reach", "")
    for stage in results.stages:
        table.add_row(
            stage.name,
            f"{median(stage.rates):,.0f} {stage.unit}/s",
            f"{median(stage.limits):,.0f}",
            _factor(stage),
            f"{stage.ratio:.2f} ±{spread(stage.ratios) / 2:.0%}",
            f"{stage.reach:.2f}",
            "met" if stage.is_met else "not met",
        )
    if results.stages:
        console.print(table)
    table = Table("target", "measured", "factor", "wanted", "")
    for target in results.targets:
        table.add_row(
            _noted(target.name, target.note),
            f"{_shown(target.value)} {target.unit} ±{spread(target.values) / 2:.0%}",
            _factor(target),
            _wanted(target),
            "met" if target.is_met else "not met",
        )
    if results.targets:
        console.print(table)
    for breakdown in results.breakdowns:
        table = Table(breakdown.title, breakdown.unit, "factor")
        for line in _breakdown(breakdown)[2:]:
            table.add_row(*(cell.strip() for cell in line.strip("| ").split("|")))
        console.print(table)
    if results.peers:
        for line in _peers(results):
            console.print(line, markup=False)
    for name, why in results.failures.items():
        console.print(f"not measured: {name}: {why}", style="red", markup=False)
