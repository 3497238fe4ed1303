"""Other stream processors at the same work."""

from bench.context import Context


async def run(context: Context) -> None:
    """Nothing yet."""
