"""Live records of the topic: those that no window run has published."""

import json
from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from reprise_spark.content_hash import record_hash
from reprise_spark.spec import StreamSpec

Offsets = dict[int, int]
"""Next offset to be read, by partition."""

WINDOW_HEADER = "window"


def offsets_json(topic: str, offsets: Mapping[int, int]) -> str:
    return json.dumps({topic: {str(one): at for one, at in sorted(offsets.items())}})


def read_live(spark: SparkSession, spec: StreamSpec, start: Offsets) -> DataFrame:
    """The topic as it grows, in Kafka's columns; `start` counts only until there is a checkpoint."""
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", spec.brokers)
        .option("subscribe", spec.topic)
        .option("startingOffsets", offsets_json(spec.topic, start))
        .option("maxOffsetsPerTrigger", spec.max_records_per_batch)
        .option("kafka.isolation.level", "read_committed")
        .option("includeHeaders", "true")
        # What Kafka has let go of before it was read is lost; that must not pass in silence.
        .option("failOnDataLoss", "true")
        .option("kafka.default.api.timeout.ms", "20000")
        .option("kafka.request.timeout.ms", "15000")
        .load()
    )


def live_records(kafka: DataFrame) -> DataFrame:
    """The columns of `raw` for every record without a `window` header: such a record arrived in the hour of
    its timestamp, which is the broker's."""
    of_a_window = F.coalesce(F.exists("headers", lambda header: header["key"] == WINDOW_HEADER), F.lit(False))
    return kafka.where(~of_a_window).select(
        F.date_trunc("hour", "timestamp").alias("window_start"),
        F.col("topic").alias("kafka_topic"),
        F.col("partition").alias("kafka_partition"),
        F.col("offset").alias("kafka_offset"),
        F.col("timestamp").alias("kafka_timestamp"),
        F.col("key").alias("record_key"),
        F.col("value").alias("record_value"),
        "headers",
        record_hash(F.col("value")).alias("record_hash"),
    )


class Broker:
    """How far the topic reaches; one consumer for the life of the stream."""

    def __init__(self, spark: SparkSession, brokers: str, topic: str) -> None:
        jvm: Any = spark._jvm
        settings = jvm.java.util.HashMap()
        deserializer = "org.apache.kafka.common.serialization.ByteArrayDeserializer"
        for name, value in {
            "bootstrap.servers": brokers,
            "key.deserializer": deserializer,
            "value.deserializer": deserializer,
            "isolation.level": "read_committed",
            "enable.auto.commit": "false",
            "default.api.timeout.ms": "20000",
        }.items():
            settings.put(name, value)
        self._consumer = jvm.org.apache.kafka.clients.consumer.KafkaConsumer(settings)
        self._partition = jvm.org.apache.kafka.common.TopicPartition
        self._list = jvm.java.util.ArrayList
        self._topic = topic

    def _partitions(self) -> Any:
        found = self._list()
        for one in self._consumer.partitionsFor(self._topic):
            found.add(self._partition(self._topic, one.partition()))
        return found

    def first(self) -> Offsets:
        return {
            one.partition(): int(at)
            for one, at in self._consumer.beginningOffsets(self._partitions()).items()
        }

    def end(self) -> Offsets:
        """Behind the last record that is committed."""
        return {one.partition(): int(at) for one, at in self._consumer.endOffsets(self._partitions()).items()}

    def close(self) -> None:
        self._consumer.close()
