"""How a group of commands asks the service that it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.calls import every_item, request
from plaudit.places import Where


@dataclass(frozen=True)
class Asking:
    """Requests to one service, at the place that a command line means.

    `purpose` is what a key that is made for the request on a local stack is called there; `under` is what every
    path begins with.
    """

    purpose: str
    service: str
    under: str = ""

    def __call__(self, where: Where, method: str, path: str, scopes: Sequence[str], **options: Any) -> Any:
        """The JSON of the answer. Raises Refused for a problem, ClickException where nobody answers."""
        place = where.place()
        with place.access(self.purpose, scopes, (self.service,)) as key:
            return request(method, f"{place.url(self.service)}{self.under}{path}", key, **options)

    def every(self, where: Where, path: str, scopes: Sequence[str], **wanted: str) -> list[dict[str, Any]]:
        """All items of a list, page by page. Raises as a call does."""
        place = where.place()
        with place.access(self.purpose, scopes, (self.service,)) as key:
            return every_item(f"{place.url(self.service)}{self.under}{path}", key, **wanted)
