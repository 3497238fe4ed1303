"""How many requests and connections one address may have at a time."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

from console.gateway.problems import TOO_MANY_AT_ONCE
from shared.http.problems import RETRY_AFTER_SECONDS, Problem

#: Whoever has an address of IPv6 has as many as share so many bits.
IPV6_NETWORK_BITS = 64


class Addresses:
    """Counts the requests that are under way from each address."""

    def __init__(self, max_count: int) -> None:
        self._max_count = max_count
        self._under_way: Counter[str] = Counter()

    @contextlib.contextmanager
    def one_more(self, scope: Scope) -> Iterator[None]:
        """Count a request for as long as the block lasts. Raises Problem 429 where there are too many."""
        address = network_of(scope["client"][0]) if scope.get("client") else ""
        if self._under_way[address] >= self._max_count:
            raise Problem(
                TOO_MANY_AT_ONCE,
                f"{self._max_count} requests from this address are under way: wait for their answers",
                headers={"Retry-After": RETRY_AFTER_SECONDS},
            )
        self._under_way[address] += 1
        try:
            yield
        finally:
            self._under_way[address] -= 1
            if not self._under_way[address]:
                del self._under_way[address]


class Connections:
    """Counts the connections of each address, but for those of proxies, which bring everybody's."""

    def __init__(self, max_count: int, proxies: Sequence[IPv4Network | IPv6Network]) -> None:
        self._max_count = max_count
        self._proxies = proxies
        self._open: Counter[str] = Counter()

    def take(self, address: str) -> bool:
        """Whether one more may be open; each that may is left once it is closed."""
        network = network_of(address)
        if self._open[network] >= self._max_count and not self._is_proxy(address):
            return False
        self._open[network] += 1
        return True

    def leave(self, address: str) -> None:
        """One that might be open is closed."""
        network = network_of(address)
        self._open[network] -= 1
        if not self._open[network]:
            del self._open[network]

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in proxy for proxy in self._proxies)


def network_of(address: str) -> str:
    """Whose an address is: itself, or of IPv6 its network."""
    if ":" not in address:
        return address
    try:
        parsed = ip_address(address)
    except ValueError:  # a proxy that is believed says what it likes
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(int(parsed) >> (128 - IPV6_NETWORK_BITS))
    return address
