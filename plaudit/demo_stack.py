"""The stack that the demo plays on: one of its own, made anew, never one that holds what is somebody else's."""

import contextlib
import fcntl
from collections.abc import Iterator

import click

from plaudit.asking import confirmed
from plaudit.stack import StackError, reset
from plaudit.stack.paths import stack_directory
from plaudit.stack.state import find_state

#: The first that is free is taken: a stack that was kept, or used for anything else, stays what it is.
NAMES = ("demo", *(f"demo-{number}" for number in range(2, 10)))


@contextlib.contextmanager
def empty_stack(named: str | None, *, yes: bool) -> Iterator[str]:
    """The name of a stack without data, for this demo alone while the block lasts.

    Without `named` it is the first of NAMES that is free. The data of a stack that was `named` are deleted if the
    user says so, or `yes` does. Raises StackError when there is none.
    """
    with contextlib.ExitStack() as held:
        names = (named,) if named else NAMES
        name = next((name for name in names if _take(held, name, is_named=bool(named))), None)
        if name is None and named:
            raise StackError(f"A demo plays on stack '{named}' already: wait for it, or leave --stack away.")
        if name is None:
            raise StackError(
                f"The stacks {', '.join(NAMES)} all hold data: delete one with `plaudit reset --stack {NAMES[0]}`."
            )
        if not _is_nobodys(name):
            confirmed(f"Delete all data of stack '{name}' in {stack_directory(name)}?", yes)
        if named is None and name != NAMES[0]:
            click.echo(f"Stack '{NAMES[0]}' is in use or holds data: this demo plays on '{name}'.")
        reset(name)
        yield name


def _take(held: contextlib.ExitStack, name: str, *, is_named: bool) -> bool:
    """Lock the stack against other demos, if it may be taken; the lock goes with `held`."""
    directory = stack_directory(name)
    directory.parent.mkdir(parents=True, exist_ok=True)
    lock = held.enter_context(directory.with_name(f".{name}.demo.lock").open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return is_named or _is_nobodys(name)


def _is_nobodys(name: str) -> bool:
    """Whether nothing but a demo ever used the stack, which was not asked to keep it."""
    try:
        state = find_state(name)
    except StackError:
        return False
    if state is not None:
        return state.disposable
    return not any((stack_directory(name) / part).exists() for part in ("kafka", "postgres"))
