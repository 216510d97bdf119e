"""Starts local-bigquery with the gaps closed that our loads and dbt need. Same command line as local-bigquery.

A test double: it speaks BigQuery's protocol and is never the warehouse.
"""

import functools
import os
import sys

import uvicorn
from local_bigquery.cli import main
from reprise_emulator import jobs, partitions, scripts


def start(arguments: list[str]) -> None:
    partitions.install()
    jobs.install()
    scripts.install()
    # By default idle connections are closed after 5 s, and Node's keep-alive agent then sees "socket hang up".
    level = os.environ.get("BIGQUERY_EMULATOR_LOG", "warning")
    uvicorn.run = functools.partial(uvicorn.run, timeout_keep_alive=120, log_level=level)
    main(arguments)


if __name__ == "__main__":
    start(sys.argv[1:])
