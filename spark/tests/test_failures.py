"""How an error of the Java side becomes one line and an exit code."""

import json
import re

import pytest

from reprise_spark.contracts import GENERATED
from reprise_spark.failures import EXIT_CODES, JobFailure, exit_with, known_failure


@pytest.mark.parametrize(
    ("text", "code", "exit_code"),
    [
        (
            "org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment",
            "Unavailable",
            75,
        ),
        (
            "java.net.ConnectException: Connect to 127.0.0.1:23000 failed: Connection refused",
            "Unavailable",
            75,
        ),
        (
            "S3Exception: The Access Key Id you provided does not exist (InvalidAccessKeyId)",
            "AccessDenied",
            78,
        ),
        ("S3Exception: The specified bucket does not exist, NoSuchBucket", "ResourceMissing", 66),
        ("SdkClientException: Unable to load credentials from any of the providers", "Misconfigured", 78),
        (
            "[KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE] Some data may have been lost",
            "DataQualityFailed",
            65,
        ),
        (
            "[SQLITE_BUSY] The database file is locked (database is locked) after a Connection refused",
            "Unavailable",
            75,
        ),
    ],
)
def test_known_errors(text: str, code: str, exit_code: int) -> None:
    failure = known_failure(RuntimeError(f"An error occurred\n{text}"))
    assert failure is not None
    assert failure.code == code
    assert EXIT_CODES[code] == exit_code
    assert "\n" not in str(failure)


def test_an_unknown_error_stays_itself() -> None:
    assert known_failure(RuntimeError("the moon is full")) is None

    def fail() -> None:
        raise RuntimeError("the moon is full")

    with pytest.raises(RuntimeError, match="moon"):
        exit_with(fail)


def test_a_failure_is_one_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise JobFailure("DataQualityFailed", "three records are missing")

    assert exit_with(fail) == 65
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line.removeprefix("error ")) == {
        "code": "DataQualityFailed",
        "message": "three records are missing",
    }


def test_codes_are_those_of_the_contract() -> None:
    text = (GENERATED.parent / "failures.ts").read_text()
    known = set(re.findall(r"^  (\w+): \{", text, re.MULTILINE))
    assert set(EXIT_CODES) <= known
