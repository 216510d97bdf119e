"""A Kafka broker of the tests' own, and records on it."""

import socket
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from local_lake import PROJECT
from pyspark.sql import SparkSession

JARS = PROJECT.parent / ".reprise" / "tools" / "jars" / "kafka"
LOG_SETTINGS = PROJECT.parent / "infra" / "services" / "kafka-log4j2.properties"


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def broker_in(folder: Path) -> Iterator[str]:
    """Address of a broker that ends with the block."""
    port, controller = _free_port(), _free_port()
    settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "log.dirs": folder / "log",
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # The tests' records are of a day long past.
        "log.retention.ms": -1,
        "log.cleaner.dedupe.buffer.size": 16_777_216,
    }
    properties = folder / "kafka.properties"
    properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    java = ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]
    java += [f"-Dlog4j2.configurationFile={LOG_SETTINGS}", "-cp", f"{JARS}/*"]
    tool = ["kafka.tools.StorageTool", "format", "--cluster-id=tests-of-the-stream-00", "--config"]
    subprocess.run([*java, *tool, str(properties)], cwd=folder, check=True, capture_output=True)
    with (folder / "kafka.out").open("w") as out:
        process = subprocess.Popen(
            [*java, "kafka.Kafka", str(properties)], cwd=folder, stdout=out, stderr=out
        )
        try:
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class Sent:
    value: bytes | None
    at: datetime
    """The record's timestamp: the tests' topics take the producer's."""
    partition: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class TopicName:
    brokers: str
    name: str


class Topic:
    """A topic with two partitions, written to through the connector's own client."""

    def __init__(self, spark: SparkSession, brokers: str) -> None:
        self.at = TopicName(brokers, f"events-{uuid.uuid4().hex[:8]}")
        jvm: Any = spark._jvm
        self._jvm = jvm
        clients = jvm.org.apache.kafka.clients
        admin = clients.admin.Admin.create(self._settings({"bootstrap.servers": brokers}))
        one = jvm.java.util.Collections.singleton(clients.admin.NewTopic(self.at.name, 2, 1))
        admin.createTopics(one).all().get()
        admin.close()
        serializer = "org.apache.kafka.common.serialization.ByteArraySerializer"
        self._producer = clients.producer.KafkaProducer(
            self._settings(
                {"bootstrap.servers": brokers, "key.serializer": serializer, "value.serializer": serializer}
            )
        )

    def _settings(self, values: Mapping[str, str]) -> Any:
        settings = self._jvm.java.util.HashMap()
        for name, value in values.items():
            settings.put(name, value)
        return settings

    def send(self, records: Sequence[Sent]) -> None:
        """In order, and acknowledged before it returns."""
        for record in records:
            headers = self._jvm.java.util.ArrayList()
            for name, value in record.headers:
                headers.add(self._jvm.org.apache.kafka.common.header.internals.RecordHeader(name, value))
            self._producer.send(
                self._jvm.org.apache.kafka.clients.producer.ProducerRecord(
                    self.at.name,
                    record.partition,
                    int(record.at.timestamp() * 1000),
                    None,
                    record.value,
                    headers,
                )
            )
        self._producer.flush()

    def close(self) -> None:
        self._producer.close()
