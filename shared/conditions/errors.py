"""What is wrong with a condition."""


class ConditionError(ValueError):
    """An expression that cannot be a condition; `offset` is where in it, in characters from 0, if known."""

    def __init__(self, detail: str, offset: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.offset = offset
