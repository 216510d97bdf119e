"""Asked before any work: do the servers answer, do the keys fit?

Iceberg and Kafka ask a server that does not answer for minutes before they give up, and then say it in a
hundred lines. The workflow owns the retries; a job should say at once what is wrong.
"""

import socket
from typing import Any
from urllib.parse import urlsplit

from pyspark.sql import SparkSession

from reprise_spark.failures import JobFailure
from reprise_spark.session import object_store_settings
from reprise_spark.spec import LakeAccess

CONNECT_SECONDS = 5.0


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=CONNECT_SECONDS):
            return True
    except OSError:
        return False


def require_object_store(lake: LakeAccess) -> None:
    url = urlsplit(lake.s3_endpoint)
    port = url.port or (443 if url.scheme == "https" else 80)
    if not _answers(url.hostname or "", port):
        raise JobFailure("Unavailable", f"the object store at {lake.s3_endpoint} does not answer")


def require_kafka(brokers: str) -> None:
    """One broker that answers is enough: it names the others."""
    for broker in brokers.split(","):
        host, _, port = broker.strip().rpartition(":")
        if port.isdigit() and _answers(host, int(port)):
            return
    raise JobFailure("Unavailable", f"Kafka at {brokers} does not answer")


def require_access(spark: SparkSession, lake: LakeAccess) -> None:
    """Looks for an object in the warehouse; whether it exists does not matter, only that the store lets one
    look.

    Without it, wrong keys show only when Iceberg has tried to read a table's metadata twenty times.
    """
    jvm: Any = spark._jvm
    settings = jvm.java.util.HashMap()
    for name, value in object_store_settings(lake).items():
        settings.put(name, value)
    store = jvm.org.apache.iceberg.aws.s3.S3FileIO()
    store.initialize(settings)
    try:
        store.newInputFile(f"{lake.warehouse}/any").exists()
    finally:
        store.close()
