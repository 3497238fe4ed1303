"""`plaudit programme`: write, compare, review and publish the rules of a community, and ask why they gave what."""

import click

from plaudit.programme import (
    backtesting,
    deciding,
    drafts,
    explaining,
    publishing,
    rehearsing,
    restating,
    texts,
    trying,
)


@click.group()
def programme() -> None:
    """Write, publish and approve the rules of a community, and explain what they gave."""


for command in (
    texts.begin_programme,
    texts.validate_programme,
    rehearsing.test_programme,
    texts.diff_programmes,
    backtesting.backtest_programmes,
    trying.try_event,
    restating.restate,
    publishing.submit_programme,
    publishing.publish_programme,
    publishing.roll_back_programme,
    deciding.list_programmes,
    deciding.approve_programme,
    deciding.send_programme_back,
    deciding.withdraw_programme,
    drafts.drafts,
    explaining.explain_event,
):
    programme.add_command(command)
