"""Who may talk to whom in a cluster is what the code does, and nothing else; who scales may ask what it asks."""

from typing import Any

import pytest
import yaml

from plaudit.broker.kafka_users import kafka_users
from plaudit.broker.rights import ADMIN, Operation, Pattern, Resource, Right, rights_of_services, user_name
from shared.services import CONSOLE, GATEWAY, SERVICES
from shared.topics import TOPICS
from shared.webhooks.offered import OFFERED
from tests.contract.test_settings_documented import settings_of
from tests.deploy.rendering import EXAMPLES, ROOT, SIZES, Object, of_kind, part_of, pods

sizes = pytest.mark.parametrize("size", SIZES)
#: Whoever provisions makes topics, users and databases: it reaches both servers, and nobody reaches it.
PROVISION = "provision"
PARTS = (*SERVICES, CONSOLE, GATEWAY, PROVISION)
KAFKA, POSTGRES, WORLD = "kafka", "postgres", "world"
API_PORT = 8100


def name_of(peer: Object) -> str:
    """What is on the other side, by name."""
    if "ipBlock" in peer:
        assert peer["ipBlock"]["cidr"] == "0.0.0.0/0"
        return WORLD
    labels = peer.get("podSelector", {}).get("matchLabels", {})
    for label, name in (
        ("app.kubernetes.io/component", None),
        ("strimzi.io/cluster", KAFKA),
        ("cnpg.io/cluster", POSTGRES),
    ):
        if label in labels:
            return name or str(labels[label])
    return str(peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"])


def allowed(size: str, direction: str, side: str) -> dict[str, set[tuple[str, int]]]:
    """For each part: whom it may reach, or who may reach it, at which port; names of hosts aside."""
    found: dict[str, set[tuple[str, int]]] = {}
    for policy in of_kind(size, "NetworkPolicy"):
        if "app.kubernetes.io/component" in policy["metadata"]["labels"]:
            found[part_of(policy)] = {
                (name_of(peer), port["port"])
                for rule in policy["spec"].get(direction, [])
                for peer in rule[side]
                for port in rule["ports"]
            }
    return found


def who_tells_outside() -> set[str]:
    """The services whose facts are delivered to webhooks; and those whose settings name somebody outside."""
    tell = {producer for offered in OFFERED.values() for producer in offered.topic.producers}
    outside = ("oidc_issuer", "provider_wise_url")
    return tell | {part for part in (*SERVICES, CONSOLE) if set(outside) & set(settings_of(part).model_fields)}


def who_asks_services(part: str) -> set[str]:
    """The services whose addresses a part is told."""
    return {service for service in SERVICES if f"{service}_url" in settings_of(part).model_fields}


@sizes
def test_each_part_reaches_what_its_code_asks_and_nothing_else(size: str) -> None:
    egress = allowed(size, "egress", "to")
    assert set(egress) == set(PARTS)
    logs_in = {right.user for right in rights_of_services()}
    for part, reached in egress.items():
        names = {name for name, _ in reached} - {"monitoring"}
        expected = set()
        if user_name(part) in logs_in or part == PROVISION:
            expected.add(KAFKA)
        # The gateway keeps nothing: the architecture's rules forbid it the database's driver.
        if part != GATEWAY:
            expected.add(POSTGRES)
        if part != PROVISION:
            expected |= who_asks_services(part)
        if part in who_tells_outside():
            expected.add(WORLD)
        assert names == expected, part
        assert {port for name, port in reached if name in SERVICES} <= {API_PORT}


@sizes
def test_a_service_is_reached_by_the_console_the_gateway_and_whoever_measures_alone(size: str) -> None:
    ingress = allowed(size, "ingress", "from")
    for service in SERVICES:
        assert ingress[service] == {(CONSOLE, API_PORT), (GATEWAY, API_PORT), ("monitoring", API_PORT)}
    for door in (CONSOLE, GATEWAY):
        assert ingress[door] == {("ingress-nginx", API_PORT), ("monitoring", 9100)}
    assert ingress[PROVISION] == set()


@sizes
def test_what_one_may_reach_lets_it_in(size: str) -> None:
    egress, ingress = allowed(size, "egress", "to"), allowed(size, "ingress", "from")
    for part, reached in egress.items():
        for name, port in reached:
            if name in PARTS:
                assert (part, port) in ingress[name]


@sizes
def test_whoever_no_policy_names_is_shut_off(size: str) -> None:
    (nothing_else,) = (
        policy for policy in of_kind(size, "NetworkPolicy") if policy["metadata"]["name"].endswith("nothing-else")
    )
    selector = nothing_else["spec"]["podSelector"]["matchLabels"]
    assert all(selector.items() <= pod["metadata"]["labels"].items() for pod in pods(size).values())
    assert set(nothing_else["spec"]) == {"podSelector", "policyTypes"}


def test_who_scales_asks_as_the_service_how_far_its_group_is() -> None:
    scaled = {part_of(one): one for one in of_kind("large", "ScaledObject")}
    logins = {part_of(one): one["spec"]["secretTargetRef"] for one in of_kind("large", "TriggerAuthentication")}
    assert set(scaled) == set(logins) == set(SERVICES)
    rights = rights_of_services()
    for service, one in scaled.items():
        (trigger,) = one["spec"]["triggers"]
        group = trigger["metadata"]["consumerGroup"]
        # Whoever may read may ask as well: the group, and each of its topics.
        assert Right(user_name(service), Operation.READ, Resource.GROUP, group) in rights
        consumed = [topic for topic in TOPICS if service in topic.consumers]
        for topic in consumed:
            assert Right(user_name(service), Operation.READ, Resource.TOPIC, topic.name) in rights
        # More workers than partitions have nothing to do.
        assert one["spec"]["maxReplicaCount"] <= max(topic.partitions for topic in consumed)
        assert one["spec"]["minReplicaCount"] >= 1
        assert {login["name"] for login in logins[service] if login["parameter"] != "ca"} == {f"plaudit-{service}"}
        assert one["spec"]["scaleTargetRef"]["name"] in pods("large")


def test_monitoring_asks_the_ports_that_pods_have_and_calls_them_as_the_rules_do() -> None:
    (monitor,) = of_kind("large", "PodMonitor")
    by_port = {end["port"]: end["relabelings"] for end in monitor["spec"]["podMetricsEndpoints"]}
    parts = {port: set(labels[0]["regex"].split("|")) for port, labels in by_port.items()}
    assert parts == {"http": set(SERVICES), "metrics": {CONSOLE, GATEWAY}}
    scraped = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())["scrape_configs"][0]
    for labels in by_port.values():
        assert {"targetLabel": "job", "replacement": scraped["job_name"]} in labels
    assert {one["labels"]["service"] for one in scraped["static_configs"]} == set().union(*parts.values())


def test_alerts_and_dashboards_are_those_of_any_other_installation() -> None:
    groups = [group for rule in of_kind("large", "PrometheusRule") for group in rule["spec"]["groups"]]
    files = [ROOT / "deploy/prometheus" / name for name in ("objectives.yml", "rules.yml")]
    known = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    assert sorted(group["name"] for group in groups) == sorted(group["name"] for group in known)
    boards = {name: text for one in of_kind("large", "ConfigMap") for name, text in one["data"].items()}
    folder = ROOT / "deploy/grafana/dashboards"
    assert boards == {path.name: path.read_text().rstrip("\n") for path in folder.glob("*.json")}


def test_strimzis_users_may_do_what_provisioning_would_let_them() -> None:
    text = (EXAMPLES / "kafka-users.yaml").read_text()
    assert text == kafka_users("kafka"), "plaudit kafka-user rights --strimzi kafka > …/kafka-users.yaml"
    users = {one["metadata"]["name"]: one["spec"] for one in yaml.safe_load_all(text)}
    assert "authorization" not in users.pop(ADMIN)
    found = {
        Right(
            user,
            Operation[operation.upper()],
            Resource[acl["resource"]["type"].upper()],
            acl["resource"]["name"],
            Pattern.BEGINNING if acl["resource"]["patternType"] == "prefix" else Pattern.NAMED,
        )
        for user, spec in users.items()
        for acl in spec["authorization"]["acls"]
        for operation in acl["operations"]
    }
    assert found == rights_of_services()
    kafka: list[Any] = list(yaml.safe_load_all((EXAMPLES / "kafka.yaml").read_text()))
    assert kafka[1]["spec"]["kafka"]["authorization"]["superUsers"] == [ADMIN]
