"""The dashboards, a module each, in the order in which somebody would look at them."""

from tools.dashboards.boards import (
    community,
    connectors,
    console,
    finance,
    invariants,
    kafka,
    pipeline,
    postgres,
    programme,
    services,
)

BOARDS = (
    pipeline.BOARD,
    services.BOARD,
    invariants.BOARD,
    finance.BOARD,
    programme.BOARD,
    community.BOARD,
    connectors.BOARD,
    console.BOARD,
    kafka.BOARD,
    postgres.BOARD,
)
