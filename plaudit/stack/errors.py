"""The one error of the local stack."""


class StackError(RuntimeError):
    """The stack cannot do what was asked; the message says what is wrong and what to do about it."""
