"""The group `plaudit import`: what it brings in by itself, and the exports that connectors know."""

from pathlib import Path
from typing import Any

import click

from connectors.shipped import with_exports

#: What ends so is a connector of one's own.
SUFFIXES = (".yaml", ".yml")


class Imports(click.Group):
    """A group whose further commands are the connectors with exports; one is read when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Its own, then those of connectors."""
        return [*super().list_commands(ctx), *with_exports()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Its own, that of a connector, or one made of a connector's file."""
        own = super().get_command(ctx, cmd_name)
        if own is None and (cmd_name in with_exports() or cmd_name.endswith(SUFFIXES)):
            # Only now: what an import of git needs none of takes longer to load than git.
            from plaudit.importers.export_commands import import_command  # noqa: PLC0415

            return import_command(cmd_name)
        return own

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds the command; a file in its place is answered with what to write."""
        if args and self.get_command(ctx, args[0]) is None and Path(args[0]).exists():
            names = ", ".join(with_exports())
            ctx.fail(f"Say first what it is an export of, as `plaudit import zoom {args[0]}`: {names}.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes its own with their help, and names those of connectors."""
        rows = [(name, self.commands[name].get_short_help_str(70)) for name in super().list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
        with formatter.section("Exports of platforms (`plaudit connector show NAME` says what becomes of them)"):
            formatter.write_dl(
                [(name, "") for name in with_exports()] + [("FILE.yaml", "A connector of your own.")]
            )

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Names only: no connector is read to complete a word."""
        return [
            click.shell_completion.CompletionItem(one)
            for one in self.list_commands(ctx)
            if one.startswith(incomplete)
        ]
