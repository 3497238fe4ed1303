"""The errors of the local stack."""

from collections.abc import Mapping


class StackError(RuntimeError):
    """The stack cannot do what was asked; the message says what is wrong and what to do about it."""


class PortsTakenError(StackError):
    """Other programs have ports that were chosen for parts; `ports` has them by the part's name."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self.ports = dict(ports)
        super().__init__("\n".join(self.lines))

    @property
    def lines(self) -> list[str]:
        """A sentence for each port."""
        return [
            f"Another program took port {port} before {name} could: choosing another"
            for name, port in self.ports.items()
        ]
