"""Starts local-bigquery with the gaps closed that our loads and dbt need; the command line is the same.

A test double: it speaks BigQuery's protocol and is never the warehouse.
"""

import functools
import os
import sys

import uvicorn
from local_bigquery.cli import main
from reprise_emulator import engine, jobs, partitions, scripts


def start(arguments: list[str]) -> None:
    engine.install()
    partitions.install()
    jobs.install()
    scripts.install()
    # Idle connections close after 5 s otherwise, and Node's keep-alive agent then sees "socket hang up".
    level = os.environ.get("BIGQUERY_EMULATOR_LOG", "warning")
    uvicorn.run = functools.partial(uvicorn.run, timeout_keep_alive=120, log_level=level)
    main(arguments)


if __name__ == "__main__":
    start(sys.argv[1:])
