"""What a child process and its parent have agreed upon. The child imports next to nothing else before it works."""

import struct
from collections.abc import Callable, Iterator
from typing import Any

#: A frame is its length in four bytes and JSON; an answer is any number of frames and an empty one.
LENGTH = struct.Struct(">I")

#: Sets how many seconds of the processor may pass from now on before the kernel ends the process; 0: any number.
Limit = Callable[[float], None]
Answer = Callable[[Any, Limit], Iterator[Any]]
