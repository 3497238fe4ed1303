"""The garbage collector while a batch is at work."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Without the garbage collector: it would walk a batch's living dictionaries again and again.

    Nearly all of them are gone, without it, when the batch is.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
