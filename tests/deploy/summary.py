"""The objects of an installation in a line each, so that a change of any is seen, and what changed is too."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from tests.deploy.rendering import Object, container

OF_FILES = ("ConfigMap", "PrometheusRule")


def summary(objects: Sequence[Object]) -> str:
    """Kind, name, what counts in it, and the beginning of a digest of all of it; in the order of their names.

    Of alerts and dashboards no digest: they are files of others, and a test holds that they are the same.
    """
    return "\n".join(sorted(map(_line, objects))) + "\n"


def _line(found: Object) -> str:
    if found["kind"] in OF_FILES:
        return f"{found['kind']} {found['metadata']['name']}"
    digest = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:8]
    told = TELL.get(found["kind"], lambda _: "")(found["spec"]) if "spec" in found else ""
    return " ".join(filter(None, (found["kind"], found["metadata"]["name"], told, digest)))


def _deployment(spec: Any) -> str:
    process = container(spec["template"])
    needs = process["resources"]["requests"]
    replicas = spec.get("replicas", "as scaled" if "selector" in spec else "once")
    return f"[{replicas}: {' '.join(process['command'])}; {needs['cpu']} {needs['memory']}]"


def _policy(spec: Any) -> str:
    def sides(name: str, key: str) -> str:
        rules = [
            f"{'+'.join(map(_peer, rule[key]))}:{','.join(str(port['port']) for port in rule['ports'])}"
            for rule in spec.get(name, [])
        ]
        return f"{name} {' '.join(rules) or 'nobody'}" if name.capitalize() in spec["policyTypes"] else ""

    return f"[{'; '.join(filter(None, (sides('ingress', 'from'), sides('egress', 'to'))))}]"


def _peer(peer: Any) -> str:
    if "ipBlock" in peer:
        return str(peer["ipBlock"]["cidr"])
    labels = {
        key: value
        for selector in ("namespaceSelector", "podSelector")
        for key, value in peer.get(selector, {}).get("matchLabels", {}).items()
    }
    return str(labels.get("app.kubernetes.io/component") or "/".join(labels.values()))


def _scaled(spec: Any) -> str:
    (trigger,) = spec["triggers"]
    asked = trigger["metadata"]
    bounds = f"{spec['minReplicaCount']} to {spec['maxReplicaCount']}"
    return f"[{bounds}, one for {asked['lagThreshold']} of {asked['consumerGroup']}]"


TELL: dict[str, Callable[[Any], str]] = {
    "Deployment": _deployment,
    "Job": _deployment,
    "NetworkPolicy": _policy,
    "ScaledObject": _scaled,
}
