"""What to paste into another site, from the command line."""

import json
from html import escape
from typing import Final
from urllib.parse import urlencode

import click

from plaudit.places import COMMUNITY, Where, where_options

#: By kind, the path below a community's embeds and the height of its frame in pixels.
PATHS: Final = {
    "leaderboard": ("leaderboard", 520),
    "board": ("boards/{named}", 520),
    "celebrations": ("celebrations", 640),
    "kudos": ("kudos", 900),
    "card": ("cards/{named}", 260),
}
LANGUAGES: Final = ("en", "it")
THEMES: Final = ("light", "dark")
PERIODS: Final = ("week", "month", "all")
COUNT_MAX: Final = 25
#: Which options each kind takes beside language and theme.
_TAKES: Final = {
    "leaderboard": {"count", "period"},
    "board": {"count"},
    "celebrations": {"count"},
    "kudos": {"count"},
    "card": set(),
}


@click.group()
def embed() -> None:
    """Show a community on other sites: what to paste there; `plaudit community set --embed-site` says where."""


@embed.command(
    "snippet",
    epilog="Example: plaudit embed snippet leaderboard --period week --count 5 --console https://console.example.org",
)
@where_options(COMMUNITY)
@click.option("--console", "console_url", help="The console's address [default: the local stack's]")
@click.option("--of", "named", metavar="ID", help="Which board, or whose card: the member's id")
@click.option("--language", type=click.Choice(LANGUAGES), help="[default: the browser's]")
@click.option("--theme", type=click.Choice(THEMES), help="[default: the system's]")
@click.option("--count", type=click.IntRange(1, COUNT_MAX), help="Lines of a list [default: 10]")
@click.option("--period", type=click.Choice(PERIODS), help="Of the leaderboard [default: month]")
@click.option("--json", "as_json", is_flag=True, help="Print the addresses and the text as JSON")
@click.argument("kind", type=click.Choice(tuple(PATHS)))
def snippet(
    where: Where,
    kind: str,
    *,
    console_url: str | None,
    named: str | None,
    as_json: bool,
    **options: str | int | None,
) -> None:
    """Print the HTML that shows KIND on another site."""
    place = None if console_url and where.community else where.place()
    base = console_url or (place.state.console_url if place and place.state else None)
    if base is None:
        raise click.UsageError("Say by --console where the console is: that is where the frame comes from.")
    path, height = PATHS[kind]
    if ("{named}" in path) != (named is not None):
        raise click.UsageError(
            f"Say by --of which {kind} you mean."
            if named is None
            else f"The embed {kind} is of nobody: leave --of out."
        )
    chosen = {name: value for name, value in options.items() if value is not None}
    wrong = sorted(chosen.keys() - {"language", "theme"} - _TAKES[kind])
    if wrong:
        raise click.UsageError(f"The embed {kind} takes no --{wrong[0]}.")
    community = place.its_community if place else where.community
    address = f"{base.rstrip('/')}/c/{community}/embeds/{path.format(named=named)}"
    url = f"{address}?{urlencode(chosen)}" if chosen else address
    html = (
        f'<iframe src="{escape(url)}" title="{kind}" width="100%" height="{height}" loading="lazy"'
        ' referrerpolicy="no-referrer"></iframe>'
    )
    query = {name: value for name, value in chosen.items() if name not in {"language", "theme"}}
    data = f"{address}.json?{urlencode(query)}" if query else f"{address}.json"
    click.echo(json.dumps({"url": url, "json_url": data, "html": html}) if as_json else html)
