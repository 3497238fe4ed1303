"""Turns a board into Grafana's JSON, through Grafana's own types.

Every board begins with one row for whoever is on call: how many alerts fire, which ones since when, and what to do
about each.
"""

import itertools
from collections.abc import Iterator, Mapping

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, text, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
)
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
    VariableRefresh,
)
from grafana_foundation_sdk.models.dashboard import (
    Panel as DashboardPanel,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.table import Options as TableOptions
from grafana_foundation_sdk.models.text import TextMode

from tools.dashboards.panels import ANNOTATIONS, Annotation, Board, Kind, Panel, firing

DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
GRID_WIDTH = 24
PANEL_HEIGHT = 8
ON_CALL_HEIGHT = 7
PANELS_PER_ROW_COUNT = 3
NUMBERS_PER_ROW_COUNT = 6
#: What the variables say until whoever provisions the boards says otherwise.
RUNBOOKS = "https://plaudit.example.org/runbooks"
CONSOLE = "https://plaudit.example.org"
GREEN, ORANGE, RED = "green", "orange", "red"


def text_of(board: Board, runbooks: Mapping[str, str]) -> str:
    """The board as Grafana's JSON; `runbooks` is each alert's page, without its ending."""
    return json_of(_built(board, runbooks).build())


def json_of(built: Dashboard) -> str:
    """A dashboard's JSON, without what the library fills in and Grafana's schema has no more.

    That is a table's footer, and of every variable what only an interval has.
    """
    for variable in (built.templating.list_val if built.templating else None) or ():
        variable.auto = variable.auto_min = variable.auto_count = None
    for panel in built.panels or ():
        if isinstance(panel, DashboardPanel) and isinstance(panel.options, TableOptions):
            panel.options.footer = None
    return JSONEncoder(sort_keys=True, indent=2).encode(built) + "\n"


def _built(board: Board, runbooks: Mapping[str, str]) -> dashboard.Dashboard:
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags(["plaudit"])
        .timezone("utc")
        .time("now-1h", "now")
        .refresh("10s")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .with_variable(dashboard.TextBoxVariable("runbooks").label("Runbooks").default_value(RUNBOOKS))
        .with_variable(dashboard.TextBoxVariable("console").label("Console").default_value(CONSOLE))
        .link(
            dashboard.DashboardLink("Console")
            .type(DashboardLinkType.LINK)
            .url("${console}" + board.page)
            .target_blank(True)
        )
        .link(
            dashboard.DashboardLink("Other boards")
            .type(DashboardLinkType.DASHBOARDS)
            .tags(["plaudit"])
            .as_dropdown(True)
            .keep_time(True)
        )
    )
    for name, values in board.choices.items():
        made = made.with_variable(_choice(name, values))
    for one in ANNOTATIONS:
        made = made.annotation(_annotation(one))
    ids = itertools.count(1)
    made = made.with_row(dashboard.Row("On call").id(next(ids)))
    for on_call in _on_call(board, runbooks, ids):
        made = made.with_panel(on_call)
    for title, panels in board.rows.items():
        made = made.with_row(dashboard.Row(title).id(next(ids)))
        for panel in panels:
            made = made.with_panel(_panel(panel, next(ids)))
    return made


def _choice(name: str, values: str) -> dashboard.QueryVariable:
    """A variable to choose a label's values by, all of them at first."""
    return (
        dashboard.QueryVariable(name)
        .label(name.capitalize())
        .datasource(DATASOURCE)
        .query(values)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .all_value(".+")
    )


def _annotation(one: Annotation) -> dashboard.AnnotationQuery:
    return (
        dashboard.AnnotationQuery()
        .name(one.name)
        .datasource(DATASOURCE)
        .enable(True)
        .icon_color(one.colour)
        .expr(one.expr)
    )


def _on_call(
    board: Board, runbooks: Mapping[str, str], ids: Iterator[int]
) -> Iterator[stat.Panel | table.Panel | text.Panel]:
    count, since = firing(board.alerts)
    yield (
        stat.Panel()
        .id(next(ids))
        .title("Alerts that fire")
        .description("How many of this board's alerts fire now.")
        .datasource(DATASOURCE)
        .unit("short")
        .decimals(0)
        .color_mode(BigValueColorMode.BACKGROUND)
        .graph_mode(BigValueGraphMode.NONE)
        .thresholds(_thresholds(warning=None, critical=1))
        .height(ON_CALL_HEIGHT)
        .span(4)
        .with_target(_query(count, "alerts", 0).instant())
    )
    yield (
        table.Panel()
        .id(next(ids))
        .title("What is wrong, and since when")
        .description(
            "Each alert that fires, the longest first; its name leads to its runbook."
            " The watchdog fires always: when"
            " it is not here, alerts are not evaluated."
        )
        .datasource(DATASOURCE)
        .no_value("No alert is evaluated: not even the watchdog fires")
        .show_header(True)
        .height(ON_CALL_HEIGHT)
        .span(12)
        .with_target(_query(since, "", 0).instant().format(PromQueryFormat.TABLE))
        .with_transformation(
            DataTransformerConfig(
                id_val="organize",
                options={
                    "excludeByName": {"Time": True},
                    "indexByName": {"alertname": 0, "severity": 1, "service": 2, "Value": 3, "runbook": 4},
                    "renameByName": {"alertname": "Alert", "Value": "For", "severity": "Severity"},
                },
            )
        )
        .override_by_name("For", [DynamicConfigValue(id_val="unit", value="s")])
        .override_by_name("runbook", [DynamicConfigValue(id_val="custom.hidden", value=True)])
        .override_by_name(
            "Alert",
            [
                DynamicConfigValue(
                    id_val="links",
                    value=[
                        {
                            "title": "What to do",
                            "url": "${runbooks}/${__data.fields.runbook}.md",
                            "targetBlank": True,
                        }
                    ],
                )
            ],
        )
    )
    lines = [f"- [{alert}](${{runbooks}}/{runbooks[alert]}.md)" for alert in board.alerts]
    yield (
        text.Panel()
        .id(next(ids))
        .title("What to do")
        .description("The runbook of each alert of this board, and the page of the console to look at.")
        .mode(TextMode.MARKDOWN)
        .content("\n".join([*lines, "", f"[Look in the console](${{console}}{board.page})"]))
        .height(ON_CALL_HEIGHT)
        .span(8)
    )


def _query(expr: str, legend: str, index: int) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .ref_id(chr(ord("A") + index))
        .expr(expr)
        .legend_format(legend)
        .datasource(DATASOURCE)
    )


def _thresholds(*, warning: float | None, critical: float | None) -> dashboard.ThresholdsConfig:
    steps = [Threshold(value=None, color=GREEN)]
    if warning is not None:
        steps.append(Threshold(value=warning, color=ORANGE))
    if critical is not None:
        steps.append(Threshold(value=critical, color=RED))
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _panel(panel: Panel, panel_id: int) -> timeseries.Panel | stat.Panel:
    return _number(panel, panel_id) if panel.kind is Kind.NUMBER else _lines(panel, panel_id)


def _number(panel: Panel, panel_id: int) -> stat.Panel:
    made = (
        stat.Panel()
        .id(panel_id)
        .title(panel.title)
        .description(panel.description)
        .datasource(DATASOURCE)
        .unit(panel.unit)
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.AREA)
        .thresholds(_thresholds(warning=panel.warning, critical=panel.critical))
        .height(PANEL_HEIGHT // 2)
        .span(GRID_WIDTH // NUMBERS_PER_ROW_COUNT)
    )
    for index, query in enumerate(panel.queries):
        made = made.with_target(_query(query.expr, query.legend, index))
    return made


def _lines(panel: Panel, panel_id: int) -> timeseries.Panel:
    made = (
        timeseries.Panel()
        .id(panel_id)
        .title(panel.title)
        .description(panel.description)
        .datasource(DATASOURCE)
        .unit(panel.unit)
        .min(0)
        .height(PANEL_HEIGHT)
        .span(GRID_WIDTH // PANELS_PER_ROW_COUNT)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
        )
    )
    if panel.warning is not None or panel.critical is not None:
        made = made.thresholds(_thresholds(warning=panel.warning, critical=panel.critical)).thresholds_style(
            common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
        )
    for index, query in enumerate(panel.queries):
        made = made.with_target(_query(query.expr, query.legend, index))
    return made
