"""`plaudit streak`: freezes of streaks that people give members."""

from urllib.parse import quote

import click

from plaudit.calls import request
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.programme.asking import show

to_work = where_options(URL, KEY, COMMUNITY)


@click.group()
def streak() -> None:
    """Give members freezes of their streaks. MEMBER is an id or like forum:ada."""


@streak.command("freeze", epilog='Example: plaudit streak freeze forum:ada every-day --reason "We were down"')
@to_work
@json_option
@click.option("--reason", required=True, help="Why, for whoever looks later")
@click.argument("who", metavar="MEMBER")
@click.argument("streak", metavar="STREAK")
def freeze(where: Where, as_json: bool, reason: str, who: str, streak: str) -> None:
    """Give a MEMBER a freeze of a STREAK: it keeps it over the next period in which too little is done."""
    place = where.place()
    with place.access("plaudit streak", ("recognition:write",), ("recognition",)) as key:
        path = f"/v1/members/{quote(who, safe='')}/streaks/{quote(streak, safe='')}/freezes"
        given = request("POST", f"{place.url('recognition')}{path}", key, json={"reason": reason})
    show(
        given, as_json=as_json, words=lambda _: [f"given: {given['freeze_id']}, there from {given['given_at']} on"]
    )
