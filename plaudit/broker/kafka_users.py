"""The services' users as objects of Strimzi's operator, with the same rights that provisioning sets."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import yaml

from plaudit.broker.rights import ADMIN, SERVICES_MECHANISM, Pattern, Right, rights_of_services, user_name
from shared.services import SERVICES

API_VERSION = "kafka.strimzi.io/v1"
#: Whose Secret has which user's password, as the chart calls them; each has it under this key.
PASSWORD_KEY = "PLAUDIT_KAFKA_PASSWORD"  # noqa: S105 -- the name of a variable
ADMIN_SECRET = "plaudit-provision"  # noqa: S105 -- the name of a Secret


def kafka_users(cluster: str) -> str:
    """The administrator and the services as KafkaUsers of a cluster, as YAML with a document each.

    The administrator has no rights here: the cluster's `superUsers` name it.
    """
    rights = rights_of_services()
    users = [_user(cluster, ADMIN, ADMIN_SECRET, None)]
    for service in SERVICES:
        name = user_name(service)
        users.append(_user(cluster, name, name, [right for right in rights if right.user == name]))
    return "".join(f"---\n{yaml.safe_dump(user, sort_keys=False, width=115)}" for user in users)


def _user(cluster: str, name: str, secret: str, rights: Iterable[Right] | None) -> dict[str, Any]:
    password = {"valueFrom": {"secretKeyRef": {"name": secret, "key": PASSWORD_KEY}}}
    spec: dict[str, Any] = {"authentication": {"type": SERVICES_MECHANISM.lower(), "password": password}}
    if rights is not None:
        spec["authorization"] = {"type": "simple", "acls": _acls(rights)}
    return {
        "apiVersion": API_VERSION,
        "kind": "KafkaUser",
        "metadata": {"name": name, "labels": {"strimzi.io/cluster": cluster}},
        "spec": spec,
    }


def _acls(rights: Iterable[Right]) -> list[dict[str, Any]]:
    """One entry for each resource, with all that may be done to it."""

    def resource(right: Right) -> tuple[str, str, str]:
        pattern = "prefix" if right.pattern is Pattern.BEGINNING else "literal"
        return right.resource.name.lower(), right.name, pattern

    ordered = sorted(rights, key=lambda right: (resource(right), right.operation))
    return [
        {
            "resource": {"type": kind, "name": name, "patternType": pattern},
            "operations": [right.operation.name.capitalize() for right in found],
        }
        for (kind, name, pattern), found in groupby(ordered, key=resource)
    ]
