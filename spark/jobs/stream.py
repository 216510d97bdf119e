"""Entry point for spark-submit: `jobs/stream.py --spec FILE`; runs until its stop file is there."""

import argparse
import sys
from pathlib import Path

# spark-submit puts this file's folder on the path, and not the project's.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reprise_spark.failures import exit_with
from reprise_spark.spec import read_stream_spec
from reprise_spark.stream.run import run


def main() -> int:
    parser = argparse.ArgumentParser(description="Bring live records from Kafka into the lake as they come.")
    parser.add_argument("--spec", required=True, type=Path, help="JSON file: from where, to where")
    arguments = parser.parse_args()
    return exit_with(lambda: run(read_stream_spec(arguments.spec)))


if __name__ == "__main__":
    sys.exit(main())
