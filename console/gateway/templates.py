"""Which service a path belongs to: by the templates of the services' OpenAPI documents, never by a prefix."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

#: What every service has and answers for itself. The gateway has the first three of its own; whose a key is, it
#: asks each of them; what a restore left open, how its workers do, its dead letters and what it holds of a member
#: are asked at the service itself.
PROBES = ("/livez", "/readyz", "/metrics")
OF_ALL = "/v1/key"
OF_EACH_ALONE = (
    "/v1/dead-letters",
    "/v1/dead-letters/{letter_id}",
    "/v1/dead-letters/{letter_id}/discard",
    "/v1/dead-letters/{letter_id}/replay",
    "/v1/members/{member_id}/personal-data",
    "/v1/own-facts",
    "/v1/pipeline",
    "/v1/webhook-deliveries",
    "/v1/webhook-deliveries/replay",
    "/v1/webhook-deliveries/{delivery_id}",
    "/v1/webhook-deliveries/{delivery_id}/replay",
    "/v1/webhook-lanes",
)
COMMON = frozenset({*PROBES, OF_ALL, *OF_EACH_ALONE})


@dataclass(frozen=True, slots=True)
class Owned:
    """A path's template and the service that has it."""

    service: str
    template: str


@dataclass(slots=True)
class _Node:
    named: dict[str, "_Node"] = field(default_factory=dict)
    any: "_Node | None" = None
    owned: Owned | None = None


class Templates:
    """Finds the template of a path: at each segment what stands there itself goes before a parameter."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        self._root = _Node()
        for owned in owned_templates(documents):
            node = self._root
            for segment in owned.template.split("/"):
                if _is_parameter(segment):
                    node.any = node.any or _Node()
                    node = node.any
                else:
                    node = node.named.setdefault(segment, _Node())
            node.owned = owned

    def find(self, path: str) -> Owned | None:
        """The template that a path, as it is once decoded, is of; None where there is none."""
        return _find(self._root, path.split("/"), 0)


def _find(node: _Node, segments: list[str], at: int) -> Owned | None:
    if at == len(segments):
        return node.owned
    named = node.named.get(segments[at])
    found = None if named is None else _find(named, segments, at + 1)
    if found is None and node.any is not None and segments[at]:
        found = _find(node.any, segments, at + 1)
    return found


def owned_templates(documents: Mapping[str, Mapping[str, Any]]) -> Iterator[Owned]:
    """The templates of all services but those that each has."""
    for service, document in documents.items():
        yield from (Owned(service, template) for template in document["paths"] if template not in COMMON)


def overlaps(documents: Mapping[str, Mapping[str, Any]]) -> list[tuple[Owned, Owned]]:
    """Pairs of templates of two services that one path could be of: whose it is would be chance."""
    return [
        (one, other)
        for one, other in combinations(owned_templates(documents), 2)
        if one.service != other.service and _may_be_one(one.template.split("/"), other.template.split("/"))
    ]


def _may_be_one(one: list[str], other: list[str]) -> bool:
    return len(one) == len(other) and all(
        mine == theirs or _is_parameter(mine) or _is_parameter(theirs)
        for mine, theirs in zip(one, other, strict=True)
    )


def _is_parameter(segment: str) -> bool:
    return segment.startswith("{")
