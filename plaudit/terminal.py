"""What the commands print that others wrote: names, reasons and logs, which move no cursor and are no markup."""

from rich.text import Text

from shared.contracts.texts import written_out


def plain(text: object) -> Text:
    """A text for a table or a tree: what is hidden in it is written out, and its brackets are no markup."""
    return Text(written_out(str(text)))


def lines_written_out(text: str) -> str:
    """A message of several lines, each without anything hidden."""
    return "\n".join(written_out(line) for line in text.split("\n"))
