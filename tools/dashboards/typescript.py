"""A dashboard's JSON as TypeScript, so that the compiler holds every field of it against Grafana's own types.

Each panel, annotation and variable is a constant with the type of its kind: a field that its kind lacks is an
error, where the type of a whole dashboard leaves a panel's options open.
"""

import json
from typing import Any

#: The type in schema/boards.ts of each kind of panel that the boards have.
PANELS = {
    "row": "Row",
    "stat": "StatPanel",
    "table": "TablePanel",
    "text": "TextPanel",
    "timeseries": "TimeSeriesPanel",
}


def typescript_of(board: dict[str, Any]) -> str:
    """The source of a module that compiles if the board has all that Grafana asks for, and nothing unknown to it.

    Raises KeyError for a panel of a kind that has no type yet.
    """
    parts: list[str] = []
    panels = _constants(parts, "panel", [(PANELS[one["type"]], one) for one in board["panels"]])
    variables = _constants(parts, "variable", [("Variable", one) for one in board["templating"]["list"]])
    annotations = _constants(parts, "annotation", [("Annotation", one) for one in board["annotations"]["list"]])
    rest = {name: value for name, value in board.items() if name not in {"panels", "templating", "annotations"}}
    fields = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in rest.items())
    types = ", ".join(sorted({"Annotation", "Board", "Variable", *PANELS.values()}))
    return "\n".join(
        [
            f"import type {{ {types} }} from './boards';",
            *parts,
            f"export const board: Board = {{\n{fields},",
            f"  annotations: {{ list: [{annotations}] }},",
            f"  templating: {{ list: [{variables}] }},",
            f"  panels: [{panels}],",
            "};\n",
        ]
    )


def _constants(parts: list[str], name: str, values: list[tuple[str, dict[str, Any]]]) -> str:
    """Adds a constant for each value, and returns their names with commas between."""
    for number, (type_name, value) in enumerate(values):
        parts.append(f"const {name}{number}: {type_name} = {json.dumps(value, indent=2)};")
    return ", ".join(f"{name}{number}" for number in range(len(values)))
