"""Where facts may be delivered to: by https, at a public address, and nowhere within.

An address that a name stands for is looked up once, and the connection goes to what was checked: a name that means
something else a moment later leads nowhere else.
"""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

URL_MAX_CHARS: Final = 2_000
#: What is routed in the world, of which some parts are not: what is left of them carries an address of IPv4.
_GLOBAL: Final = IPv6Network("2000::/3")
_CARRIERS: Final = (
    IPv6Network("2001::/23"),  # Teredo, and what protocols need
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("2002::/16"),  # 6to4
    IPv6Network("3fff::/20"),  # documentation
)
_HTTPS_PORT: Final = 443


class RefusedAddressError(ValueError):
    """An endpoint is where nothing may be delivered to; the message says why, and what to give instead."""


class Bounds(NamedTuple):
    """Where endpoints may be: the ports of https, and whether this machine is one of the places, also by http."""

    ports: Collection[int]
    loopback: bool


def check_url(url: str, bounds: Bounds) -> None:
    """Raise RefusedAddressError for a URL that no endpoint may have, as far as it says so itself."""
    if len(url) > URL_MAX_CHARS:
        raise RefusedAddressError(f"It has {len(url)} characters; {URL_MAX_CHARS} are the most")
    if not url.isascii() or any(character <= " " or character == "\x7f" for character in url):
        raise RefusedAddressError(
            "It has blanks or letters that no URL has: write a domain as xn--…, others as %…"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RefusedAddressError(f"It is no URL: {error}") from error
    host = parts.hostname
    if not host or "\\" in url:
        raise RefusedAddressError("It is no URL, such as https://example.org/plaudit")
    if parts.username is not None or parts.password is not None:
        raise RefusedAddressError("It names a user: leave that out, deliveries are signed")
    if parts.fragment:
        raise RefusedAddressError("Leave out what comes after #: it would not be sent")
    is_here = bounds.loopback and is_loopback(host)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_here):
        raise RefusedAddressError("It must begin with https://")
    if not is_here and (port or _HTTPS_PORT) not in bounds.ports:
        raise RefusedAddressError(f"The port must be {' or '.join(map(str, sorted(bounds.ports)))}")
    if (literal := _literal(host)) is not None:
        check_address(literal, bounds)


def check_address(address: IPv4Address | IPv6Address, bounds: Bounds) -> None:
    """Raise RefusedAddressError for an address that nobody on the internet has."""
    if bounds.loopback and address.is_loopback:
        return
    if not is_public(address):
        raise RefusedAddressError(f"{address} is no public address")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the internet: not private, local, of many, nor one that carries another."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not address.is_reserved
    return (
        address in _GLOBAL
        and address.is_global
        and address.scope_id is None
        and not any(address in network for network in _CARRIERS)
    )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by what it is called."""
    literal = _literal(host)
    return host == "localhost" if literal is None else literal.is_loopback


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
