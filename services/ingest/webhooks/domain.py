"""Endpoints of webhooks: what each gets, who may have that, and what signs it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.near_names import suggestion
from shared.webhooks.domain import Sealed, Secret, Target
from shared.webhooks.offered import OFFERED

#: Secrets that sign at once: the one in force, and those before whose overlap is not over.
SECRETS_MAX_COUNT = 3


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a community has facts of these `types` delivered.

    `disabled_why` is the trouble for which it was disabled, None where a person did or it is enabled; then
    `disabled_by` is the service that had it.
    """

    community: str
    endpoint_id: str
    name: str
    revision: int
    types: tuple[str, ...]
    enabled: bool
    removed: bool
    sealed: Sealed
    made_at: datetime
    changed_at: datetime
    disabled_why: str | None = None
    disabled_by: str | None = None


class EndpointPlace(NamedTuple):
    """Where a page of endpoints ended."""

    name: str


class EndpointExistsError(Exception):
    """The community has an endpoint of that name."""


class UnknownEndpointError(Exception):
    """The community has no endpoint of that name."""


class TooManyEndpointsError(Exception):
    """The community has as many endpoints as it may; the message says how many."""


class UnknownTypeError(Exception):
    """No such fact is delivered; the message says which was meant."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(f"No fact {kind!r} is delivered; {suggestion(kind, list(OFFERED))}")


class NotTheirTypesError(Exception):
    """Somebody wants facts delivered that they may not read; the message says which, and what that takes."""


class NotSetUpError(Exception):
    """Addresses and secrets cannot be kept here: there is no key that seals them."""


def check_types(types: Sequence[str]) -> None:
    """Raise UnknownTypeError for a type that is not delivered."""
    for kind in types:
        if kind not in OFFERED:
            raise UnknownTypeError(kind)


def check_may_read(types: Collection[str], scopes: Collection[str]) -> None:
    """Raise NotTheirTypesError unless whoever has these scopes may read all of these facts."""
    missing = sorted(kind for kind in types if OFFERED[kind].scope not in scopes)
    if missing:
        needs = ", ".join(sorted({str(OFFERED[kind].scope) for kind in missing}))
        raise NotTheirTypesError(f"To have {', '.join(missing)} delivered takes {needs}, which you do not have")


def rotated(target: Target, new: str, *, now: datetime, overlap: timedelta) -> Target:
    """The target with a new secret in force; those before sign too until the overlap is over."""
    until = now + overlap
    kept = [
        Secret(secret.value, until if secret.until is None else min(until, secret.until))
        for secret in target.secrets
        if secret.until is None or secret.until > now
    ]
    still = [secret for secret in kept if secret.until is not None and secret.until > now]
    return Target(target.url, (Secret(new, None), *still)[:SECRETS_MAX_COUNT])


def failed(endpoint: Endpoint, *, revision: int, why: str, service: str, at: datetime) -> Endpoint | None:
    """The endpoint, disabled for what a service says of this revision; None where it was changed since."""
    if endpoint.removed or not endpoint.enabled or endpoint.revision != revision:
        return None
    return replace(
        endpoint,
        enabled=False,
        disabled_why=why,
        disabled_by=service,
        revision=endpoint.revision + 1,
        changed_at=at,
    )
