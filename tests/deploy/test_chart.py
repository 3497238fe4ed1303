"""deploy/chart: Helm renders it, Kubernetes' types have each of its fields, and each value is one of ours."""

import argparse
import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from plaudit.cli import main
from plaudit.secrets import service_files
from shared.services import CONSOLE, GATEWAY, SERVICES
from shared.settings import ServiceSettings
from tests.contract.test_settings_documented import settings_of
from tests.deploy.rendering import (
    CHART,
    EXAMPLES,
    KUBERNETES,
    RELEASE,
    ROOT,
    SIZES,
    VALUES,
    container,
    objects,
    of_kind,
    part_of,
    pods,
    program,
    rendered,
    run,
    template,
    variables,
)
from tests.deploy.summary import summary

GOLDEN = Path(__file__).parent / "golden"
#: What the command `plaudit provision` is told, beside what a service is.
PROVISION = {"PLAUDIT_KAFKA", "PLAUDIT_KAFKA_TLS", "PLAUDIT_KAFKA_CA_FILE"}
#: Objects of operators whose types are in no Go module that can be had.
WITHOUT_TYPES = "Kafka,KafkaNodePool,KafkaUser,Cluster,ScheduledBackup"
sizes = pytest.mark.parametrize("size", SIZES)


@sizes
def test_helm_finds_nothing_wrong_with_it(size: str) -> None:
    values = ("--values", VALUES / f"{size}.yaml")
    done = run("helm", "lint", "--strict", CHART, *values, "--kube-version", KUBERNETES)
    assert done.returncode == 0, done.stdout + done.stderr


@sizes
def test_it_renders_what_it_rendered_when_somebody_last_looked(size: str) -> None:
    text = summary(objects(size))
    file = GOLDEN / f"{size}.txt"
    if os.environ.get("PLAUDIT_WRITE_GOLDEN"):
        file.write_text(text)
    assert file.read_text() == text, "look at it, then: PLAUDIT_WRITE_GOLDEN=yes make chart"


def conform(text: Path) -> None:
    schemas = program("schemas") / "{{.ResourceKind}}{{.KindSuffix}}.json"
    done = run("kubeconform", "-schema-location", schemas, "-skip", WITHOUT_TYPES, "-summary", text)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Errors: 0" in done.stdout, done.stdout


@sizes
def test_kubernetes_and_its_operators_know_each_field(size: str, tmp_path: Path) -> None:
    file = tmp_path / "rendered.yaml"
    file.write_text(rendered(size))
    conform(file)


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_operators_know_each_field_of_the_examples(example: Path) -> None:
    conform(example)


def test_a_field_that_there_is_not_is_found(tmp_path: Path) -> None:
    file = tmp_path / "rendered.yaml"
    file.write_text(rendered("small").replace("runAsNonRoot:", "runAsNoRoot:"))
    with pytest.raises(AssertionError, match="runAsNoRoot"):
        conform(file)


@pytest.mark.parametrize(
    ("missing", "why"),
    [
        ("image.repository=", "image.repository"),
        ("kafka.servers=", "where is Kafka"),
        ("postgres.url=", "where is PostgreSQL"),
        ("consoleUrl=", "consoleUrl"),
        ("gatewayUrl=", "gatewayUrl"),
        ("podNetworks=null", "podNetworks"),
        ("networkPolicy.kafka.peers=null", "where are the brokers"),
        ("networkPolicy.postgres.peers=null", "networkPolicy.postgres.peers"),
        ("ingress.tlsSecret=", "only by https"),
        ("services.rewards.roles.all.replicas=0", "services.rewards.roles"),
        ("consoleUrl=http://plaudit.example.org", "consoleUrl"),
        ("image.tagg=1", "tagg"),
        ("settings.KAFKA=1", "KAFKA"),
        ("postgres.url=postgresql://me:secret@db", "postgres/url|postgres.url"),
    ],
)
def test_what_is_missing_or_misspelt_is_said(missing: str, why: str) -> None:
    done = template("--values", VALUES / "small.yaml", "--set", missing)
    assert done.returncode != 0
    assert any(one in done.stderr for one in why.split("|")), done.stderr


def settings_class(part: str) -> type[ServiceSettings]:
    return settings_of(part)


@sizes
def test_each_variable_is_a_setting_of_its_process_and_has_a_value_that_it_takes(size: str) -> None:
    for pod in pods(size).values():
        part, given = part_of(pod), variables(pod)
        if part == "provision":
            assert set(given) <= PROVISION
            continue
        known = settings_class(part)
        fields = {f"PLAUDIT_{name.upper()}": name for name in known.model_fields}
        assert set(given) <= set(fields)
        secret = {fields[name]: value for name, value in service_files().get(part, {}).items() if name in fields}
        made = known(**secret, **{fields[name]: value for name, value in given.items()})
        assert made.http_port == 8100
        assert made.http_host == "0.0.0.0"  # noqa: S104 -- a pod's own address


@sizes
def test_no_variable_is_a_secret_and_each_secret_is_one_that_plaudit_makes(size: str) -> None:
    made = service_files()
    secret = {name for variables_of in made.values() for name in variables_of} - {
        "PLAUDIT_KAFKA_USER",
        "PLAUDIT_INGEST_VERIFYING_KEYS",
        "PLAUDIT_SCORING_VERIFYING_KEYS",
    }
    assert not [found for found in objects(size) if found["kind"] == "Secret"]
    for pod in pods(size).values():
        part = part_of(pod)
        assert not secret & set(variables(pod))
        references = [one["secretRef"]["name"] for one in container(pod).get("envFrom", [])]
        assert references == ([f"plaudit-{part}"] if made[part] else [])


@sizes
def test_each_process_is_one_that_the_image_has(size: str) -> None:
    seen = set()
    for pod in pods(size).values():
        command = container(pod)["command"]
        part = part_of(pod)
        seen.add(part)
        if part == "provision":
            parsed = CliRunner().invoke(main, [*command[1:], "--help"])
            assert command[0] == "plaudit"
            assert parsed.exit_code == 0, parsed.output
            continue
        python, flag, module, *arguments = command
        assert (python, flag) == ("python", "-m")
        assert importlib.util.find_spec(module) is not None
        expected = {CONSOLE: "console.main", GATEWAY: "console.gateway.main"}
        assert module == expected.get(part, f"services.{part}.main")
        if part in SERVICES:
            # The same choice as the process's own parser.
            roles = argparse.ArgumentParser()
            roles.add_argument("--role", choices=("all", "api", "worker"))
            assert roles.parse_args(arguments).role == pod["metadata"]["labels"]["plaudit/role"]
        else:
            assert arguments == []
    assert seen == {*SERVICES, CONSOLE, GATEWAY, "provision"}


@sizes
def test_each_process_is_asked_where_it_answers(size: str) -> None:
    paths = {CONSOLE: "console.app", GATEWAY: "console.gateway.app"}
    for pod in pods(size).values():
        part = part_of(pod)
        if part == "provision":
            continue
        process = container(pod)
        ports = {one["name"]: one["containerPort"] for one in process["ports"]}
        given = variables(pod)
        assert ports["http"] == int(given["PLAUDIT_HTTP_PORT"])
        assert ports.get("metrics") == (int(given["PLAUDIT_METRICS_PORT"]) if part in paths else None)
        probes = {name: process[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
        assert {one["port"] for one in probes.values()} == {"http"}
        assert probes["livenessProbe"]["path"] == probes["startupProbe"]["path"] == "/livez"
        assert probes["readinessProbe"]["path"] == "/readyz"
        stop = float(settings_class(part).model_fields["stop_max_seconds"].default)
        pause = process["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert pod["spec"]["terminationGracePeriodSeconds"] > stop + pause


@sizes
def test_each_process_may_do_nothing_on_its_machine(size: str) -> None:
    for pod in pods(size).values():
        spec, process = pod["spec"], container(pod)
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert f"--uid {spec['securityContext']['runAsUser']} " in (ROOT / "deploy/Dockerfile").read_text()
        assert process["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"requests", "limits"} <= set(process["resources"])
        writable = {one["mountPath"] for one in process["volumeMounts"] if not one.get("readOnly")}
        assert writable == {"/tmp"}


@sizes
def test_each_selector_finds_pods_and_no_more_than_it_should(size: str) -> None:
    every = pods(size)

    def found(selector: dict[str, Any]) -> set[str]:
        return {name for name, pod in every.items() if selector.items() <= pod["metadata"]["labels"].items()}

    for deployment in of_kind(size, "Deployment"):
        assert found(deployment["spec"]["selector"]["matchLabels"]) == {deployment["metadata"]["name"]}
    for budget in of_kind(size, "PodDisruptionBudget"):
        assert found(budget["spec"]["selector"]["matchLabels"]) == {budget["metadata"]["name"]}
    addresses = {one["metadata"]["name"]: found(one["spec"]["selector"]) for one in of_kind(size, "Service")}
    assert set(addresses) == {f"{RELEASE}-{part}" for part in (*SERVICES, CONSOLE, GATEWAY)}
    for name, behind in addresses.items():
        assert behind
        assert {part_of(every[one]) for one in behind} == {name.removeprefix(f"{RELEASE}-")}
        assert not [one for one in behind if one.endswith("-worker")]
    # What the console and the gateway are told is one of these addresses, and its port.
    for door in (CONSOLE, GATEWAY):
        for service in SERVICES:
            url = variables(every[f"{RELEASE}-{door}"])[f"PLAUDIT_{service.upper()}_URL"]
            assert url == f"http://{RELEASE}-{service}:8100"


@sizes
def test_workers_are_told_apart_from_apis_or_are_neither(size: str) -> None:
    roles = {name: pod["metadata"]["labels"].get("plaudit/role") for name, pod in pods(size).items()}
    for service in SERVICES:
        of_service = {role for name, role in roles.items() if name.startswith(f"{RELEASE}-{service}")}
        assert of_service == ({"all"} if size == "small" else {"api", "worker"})


@sizes
def test_databases_get_what_a_version_needs_before_it_and_lose_the_rest_after_it(size: str) -> None:
    hooks = {
        container(job["spec"]["template"])["command"][-1]: job["metadata"]["annotations"]["helm.sh/hook"]
        for job in of_kind(size, "Job")
    }
    assert hooks == {"before": "pre-install,pre-upgrade", "after": "post-install,post-upgrade"}


def test_a_million_is_written_as_a_million() -> None:
    done = template("--values", VALUES / "large.yaml", "--show-only", "templates/services.yaml")
    values = [
        one["value"]
        for found in yaml.safe_load_all(done.stdout)
        if found and found["kind"] == "Deployment" and part_of(found) == "ingest"
        for one in found["spec"]["template"]["spec"]["containers"][0]["env"]
        if one["name"] == "PLAUDIT_ALL_BYTES_PER_SECOND"
    ]
    assert set(values) == {"1000000"}
