"""Failures that are known, with the exit code by which the caller tells them apart."""

import json
import sys
from collections.abc import Callable

# After sysexits.h: 65 bad data, 66 no input, 75 try again, 78 wrong configuration.
EXIT_CODES = {
    "DataQualityFailed": 65,
    "ContractViolation": 65,
    "ResourceMissing": 66,
    "InvalidInput": 66,
    "Unavailable": 75,
    "TimedOut": 75,
    "Misconfigured": 78,
    "AccessDenied": 78,
}


class JobFailure(Exception):
    """A failure that a person can act on; `code` is one of `contracts/failures.ts`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


# What the Java side says, in the order of asking: the first text found in the error decides.
_KNOWN_TEXTS: tuple[tuple[str, str, str], ...] = (
    ("OffsetOutOfRange", "DataQualityFailed", "Kafka no longer holds the offsets that the receipts name"),
    (
        "Some data may have been lost",
        "DataQualityFailed",
        "Kafka no longer holds the offsets of the receipts",
    ),
    ("KAFKA_DATA_LOSS", "DataQualityFailed", "Kafka no longer holds the offsets that the receipts name"),
    ("UnknownTopicOrPartition", "ResourceMissing", "Kafka does not have the topic of the receipts"),
    ("NoSuchBucket", "ResourceMissing", "the bucket of the lake does not exist"),
    ("InvalidAccessKeyId", "AccessDenied", "the object store refuses the access key"),
    ("SignatureDoesNotMatch", "AccessDenied", "the object store refuses the secret key"),
    ("Access Denied", "AccessDenied", "the object store refuses access"),
    ("AccessDenied", "AccessDenied", "the object store refuses access"),
    ("Status Code: 403", "AccessDenied", "the object store refuses access"),
    ("SaslAuthentication", "AccessDenied", "Kafka refuses the credentials"),
    ("TopicAuthorization", "AccessDenied", "Kafka refuses access to the topic"),
    (
        "Unable to load credentials",
        "Misconfigured",
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
    ),
    ("Unable to load region", "Misconfigured", "AWS_REGION is not set"),
    ("No resolvable bootstrap urls", "Misconfigured", "no Kafka broker by that name"),
    ("ClassNotFoundException", "Misconfigured", "a jar is missing; run `reprise provision`"),
    (
        "No suitable driver",
        "Misconfigured",
        "the catalogue's JDBC driver is missing; run `reprise provision`",
    ),
    ("SQLITE_CANTOPEN", "Misconfigured", "the catalogue's SQLite file cannot be opened"),
    ("iceberg_tables already exists", "Unavailable", "another job made the catalogue just now"),
    ("iceberg_namespace_properties already", "Unavailable", "another job made the catalogue just now"),
    ("SQLITE_BUSY", "Unavailable", "another job holds the catalogue"),
    ("CommitFailedException", "Unavailable", "another job changed the table at the same time"),
    ("ValidationException", "Unavailable", "another job changed the window at the same time"),
    ("Unable to execute HTTP request", "Unavailable", "the object store does not answer"),
    ("Connection refused", "Unavailable", "a server does not answer"),
    ("Timeout", "Unavailable", "a server does not answer in time"),
    ("TimeoutException", "Unavailable", "a server does not answer in time"),
    ("No space left on device", "Unavailable", "the disk is full"),
)


def known_failure(error: BaseException) -> JobFailure | None:
    """The failure that an error of Spark, Iceberg, Kafka or S3 amounts to, if it is one that is known."""
    if isinstance(error, JobFailure):
        return error
    lines = [line.strip() for line in str(error).splitlines()]
    for sign, code, message in _KNOWN_TEXTS:
        line = next((line for line in lines if sign.lower() in line.lower()), None)
        if line is not None:
            return JobFailure(code, f"{message} ({_shortened(line)})")
    return None


def _shortened(line: str) -> str:
    return line if len(line) <= 200 else f"{line[:197]}..."


def exit_with(run: Callable[[], None]) -> int:
    """Runs a job; a known failure becomes one line on stderr and its exit code, anything else stays a
    traceback."""
    try:
        run()
    except Exception as error:
        failure = known_failure(error)
        if failure is None:
            raise
        line = json.dumps({"code": failure.code, "message": str(failure)}, ensure_ascii=False)
        print(f"error {line}", file=sys.stderr, flush=True)
        return EXIT_CODES[failure.code]
    return 0
