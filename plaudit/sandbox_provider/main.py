"""The sandbox provider as a process: until it is ended, on its own machine alone."""

import os
from typing import Final

import uvicorn

from plaudit.sandbox_provider.app import create_app
from plaudit.sandbox_provider.hooks import Sender
from plaudit.sandbox_provider.orders import Shop

HOST: Final = "127.0.0.1"


def serve(port: int, api_key: str) -> None:
    """Answer at a port until the process is ended; whoever orders shows `api_key`."""
    app = create_app(Shop(), Sender(), api_key=api_key)
    # What hangs because it was told to is not waited for.
    uvicorn.run(
        app, host=HOST, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=1, workers=1
    )


def main() -> None:
    """As a part of a stack, which says where and with what key."""
    serve(int(os.environ["PLAUDIT_HTTP_PORT"]), os.environ["PLAUDIT_SANDBOX_API_KEY"])


if __name__ == "__main__":
    main()
