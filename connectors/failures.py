"""What a connector's expression or field could not say of one delivery."""


class MappingError(Exception):
    """An expression or field that has no use for a delivery; its detail has no value of the body."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


#: What evaluating may raise for what nobody thought of in a body: it fails that delivery, and nothing else.
FAILURES = (
    MappingError,
    TypeError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
