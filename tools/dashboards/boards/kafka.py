"""The brokers, as Prometheus's agent for Java sees them: partitions, topics, requests, disks."""

from tools.dashboards.panels import Board, Kind, Panel, Query

_CHOSEN = 'topic=~"$topic"'


def _by_topic(metric: str) -> tuple[Query, ...]:
    return (Query(f"sum by (topic) (rate({metric}{{{_CHOSEN}}}[$__rate_interval]))", "{{topic}}"),)


def _requests(quantile: str) -> tuple[Query, ...]:
    return (Query(f'max by (request) (kafka_request_seconds{{quantile="{quantile}"}})', "{{request}}"),)


BOARD = Board(
    uid="plaudit-kafka",
    title="Plaudit: Kafka",
    description="The brokers, as Prometheus's agent for Java sees them: partitions, topics, requests, disks.",
    page="/pipeline",
    alerts=("PlauditBrokerDown", "PlauditPartitionsOffline", "PlauditReplicasBehind"),
    choices={"topic": "label_values(kafka_log_size_bytes, topic)"},
    rows={
        "Now": (
            Panel(
                "Brokers",
                "That answer Prometheus.",
                "short",
                (Query('sum(up{job="kafka"})', ""),),
                kind=Kind.NUMBER,
            ),
            Panel(
                "Controllers",
                "Brokers that lead the cluster: one, at any time.",
                "short",
                (Query("sum(kafka_controller_activecontrollercount)", ""),),
                kind=Kind.NUMBER,
            ),
            Panel(
                "Partitions without a leader",
                "Nobody can write to them or read from them.",
                "short",
                (Query("max(kafka_controller_offlinepartitionscount)", ""),),
                kind=Kind.NUMBER,
                critical=1,
            ),
            Panel(
                "Partitions that lack replicas",
                "They work, with fewer copies than they should have.",
                "short",
                (Query("sum(kafka_replicas_underreplicatedpartitions)", ""),),
                kind=Kind.NUMBER,
                warning=1,
            ),
            Panel(
                "Partitions that refuse writes",
                "They have fewer replicas than a write must reach.",
                "short",
                (Query("sum(kafka_replicas_underminisrpartitioncount)", ""),),
                kind=Kind.NUMBER,
                critical=1,
            ),
            Panel(
                "Partitions not compacted",
                "Such ones only grow: the broker's log says what it could not clean.",
                "short",
                (Query("sum(kafka_log_uncleanable_partitions)", ""),),
                kind=Kind.NUMBER,
                warning=1,
            ),
        ),
        "Topics": (
            Panel("Records written", "By topic.", "cps", _by_topic("kafka_topic_records_total")),
            Panel("Bytes written", "By topic.", "Bps", _by_topic("kafka_topic_bytes_in_total")),
            Panel(
                "Bytes read",
                "By topic. Each service that reads a topic counts once more.",
                "Bps",
                _by_topic("kafka_topic_bytes_out_total"),
            ),
            Panel(
                "Groups of consumers",
                "By state. One that prepares a rebalance for minutes reads nothing meanwhile.",
                "short",
                (Query("sum by (state) (kafka_groups)", "{{state}}"),),
            ),
        ),
        "Requests": (
            Panel(
                "Time of a request, median",
                "From its arrival to its answer; a fetch waits for records.",
                "s",
                _requests("0.50"),
            ),
            Panel(
                "Time of a request, 99 of 100",
                "From its arrival to its answer; a fetch waits for records.",
                "s",
                _requests("0.99"),
            ),
            Panel(
                "Requests that wait",
                "For a thread of the broker. While many do, it has more to do than it can.",
                "short",
                (Query("max by (instance) (kafka_requests_waiting)", "{{instance}}"),),
            ),
            Panel(
                "Requests that failed",
                "To write, or to read.",
                "cps",
                (
                    Query("sum(rate(kafka_failed_produce_requests_total[$__rate_interval]))", "write"),
                    Query("sum(rate(kafka_failed_fetch_requests_total[$__rate_interval]))", "read"),
                ),
            ),
        ),
        "Brokers": (
            Panel(
                "Partitions",
                "Of which each broker has a replica, and which it leads.",
                "short",
                (
                    Query("max by (instance) (kafka_replicas_partitioncount)", "{{instance}}"),
                    Query("max by (instance) (kafka_replicas_leadercount)", "{{instance}} leads"),
                ),
            ),
            Panel(
                "Replicas that fell behind",
                "In five minutes. Again and again: a disk or network that is too slow.",
                "short",
                (Query("sum by (instance) (increase(kafka_replicas_shrinks_total[5m]))", "{{instance}}"),),
            ),
            Panel(
                "Memory",
                "Of Java's heap, that is used.",
                "bytes",
                (Query('sum by (instance) (jvm_memory_used_bytes{job="kafka", area="heap"})', "{{instance}}"),),
            ),
            Panel(
                "Collecting garbage",
                "Seconds in a second in which the broker stood still for it.",
                "percentunit",
                (
                    Query(
                        'sum by (instance) (rate(jvm_gc_collection_seconds_sum{job="kafka"}[$__rate_interval]))',
                        "{{instance}}",
                    ),
                ),
            ),
        ),
        "Room": (
            Panel(
                "Size of topics",
                "On all brokers together, every replica counted.",
                "bytes",
                (Query(f"sum by (topic) (kafka_log_size_bytes{{{_CHOSEN}}})", "{{topic}}"),),
            ),
            Panel(
                "Writing to the disk",
                "Of a hundred times all but one took at most so long.",
                "s",
                (Query("max by (instance) (kafka_log_flush_seconds)", "{{instance}}"),),
            ),
        ),
    },
)
