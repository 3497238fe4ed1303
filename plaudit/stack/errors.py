"""The errors of the local stack."""


class StackError(RuntimeError):
    """The stack cannot do what was asked; the message says what is wrong and what to do about it."""


class PortTakenError(StackError):
    """Another program listens on the `port` that was chosen for a part: it was quicker."""

    def __init__(self, name: str, port: int) -> None:
        super().__init__(f"Another program took port {port} before {name} could: choosing another")
        self.port = port
