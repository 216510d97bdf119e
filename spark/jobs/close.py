"""Entry point for spark-submit: `jobs/close.py --spec FILE`."""

import argparse
import sys
from pathlib import Path

# spark-submit puts this file's folder on the path, and not the project's.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reprise_spark.close import run
from reprise_spark.failures import exit_with
from reprise_spark.spec import read_close_spec


def main() -> int:
    parser = argparse.ArgumentParser(description="Close one hour that the stream has filled.")
    parser.add_argument(
        "--spec", required=True, type=Path, help="JSON file: which window, from where, to where"
    )
    arguments = parser.parse_args()
    return exit_with(lambda: run(read_close_spec(arguments.spec)))


if __name__ == "__main__":
    sys.exit(main())
