"""Tables of what commands print: however narrow the terminal is, nothing in them is cut off."""

from rich import box
from rich.table import Column, Table


def listing(*headings: str, border: box.Box | None = box.HEAVY_HEAD, whole: str | None = None) -> Table:
    """A table whose cells go on in the next line where a column is too narrow; `border` None draws no lines.

    The column `whole` never does: it is for copying.
    """
    return Table(*(Column(heading, overflow="fold", no_wrap=heading == whole) for heading in headings), box=border)
