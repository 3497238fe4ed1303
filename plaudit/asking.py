"""Asking before anything is deleted: at a terminal a question, in a script a refusal without --yes."""

import sys

import click


def confirmed(question: str, yes: bool) -> None:
    """Return when the answer is yes. Raises click.Abort for a no, and ClickException where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.ClickException(f"{question} Nobody can be asked here: say --yes if so.")
    click.confirm(question, abort=True)
