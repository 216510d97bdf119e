"""Partition decorators (`table$2026010508`) as destinations of jobs, and in tables.get and tables.delete."""

import datetime as dt
import re

from local_bigquery.catalog import metadata, names, tables
from local_bigquery.engine import database
from local_bigquery.engine.database import quote
from local_bigquery.errors import BigQueryError, not_found
from local_bigquery.jobs import copy
from local_bigquery.models import Table

DECORATED = re.compile(r"^(?P<table>[^$@]+)\$(?P<id>\d{4}(?:\d\d){0,3})$")
# By the length of the decorator: how it is written, and the partitioning that it fits.
FORMATS = {4: ("%Y", "YEAR"), 6: ("%Y%m", "MONTH"), 8: ("%Y%m%d", "DAY"), 10: ("%Y%m%d%H", "HOUR")}


def split(reference):
    """(project, dataset, table$id) -> ((project, dataset, table), id); (None, None) without a decorator."""
    match = DECORATED.match(reference[2])
    return ((*reference[:2], match["table"]), match["id"]) if match else (None, None)


def partition_end(start: dt.datetime, kind: str) -> dt.datetime:
    if kind == "HOUR":
        return start + dt.timedelta(hours=1)
    if kind == "DAY":
        return start + dt.timedelta(days=1)
    if kind == "MONTH":
        return (start.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return start.replace(year=start.year + 1)


def partition_filter(base, partition_id: str) -> str:
    """SQL that is true of the partition's rows."""
    stored = metadata.load(Table, *base)
    spec = stored and stored.timePartitioning
    written, kind = FORMATS[len(partition_id)]
    if not spec or (spec.type or "DAY") != kind:
        label = f"{names.label(*base)}${partition_id}"
        raise BigQueryError(
            "invalid", f"Invalid table partition {label}: the table is not partitioned by {kind}"
        )
    start = dt.datetime.strptime(partition_id, written)
    end = partition_end(start, kind)
    column = spec.field or tables.INGESTION_TIME
    field = next((one for one in tables.columns(*base) if one.name.casefold() == column.casefold()), None)
    cast = {"DATE": "DATE", "DATETIME": "TIMESTAMP"}.get(field.type if field else "", "TIMESTAMPTZ")
    zone = "+00" if cast == "TIMESTAMPTZ" else ""
    name = quote(column)
    return f"({name} >= CAST('{start}{zone}' AS {cast}) AND {name} < CAST('{end}{zone}' AS {cast}))"


def install() -> None:
    original_write, original_delete = tables.write, tables.delete
    original_load, original_columns, original_annotate = tables.load, tables.columns, tables.annotate
    original_source = copy._source

    def write(cur, query, params, reference, config, default="WRITE_EMPTY", prefix=None, isolated=False):
        prefix = "Invalid schema update. " if prefix is None else prefix
        base, partition_id = split(reference)
        if base is None:
            return original_write(cur, query, params, reference, config, default, prefix, isolated)
        disposition = config.writeDisposition or default
        created = False
        if not tables.exists(*base):
            if config.createDisposition == "CREATE_NEVER":
                raise not_found("Table", names.label(*base))
            empty = f"SELECT * FROM ({query}) LIMIT 0"
            created = original_write(cur, empty, params, base, config, default, prefix, isolated)
        inside = partition_filter(base, partition_id)
        outside = f"SELECT count(*) FROM ({query}) WHERE {inside} IS NOT TRUE"
        [(wrong,)] = cur.sql(outside, params=params).fetchall()
        if wrong:
            label = f"{names.label(*base)}${partition_id}"
            raise BigQueryError(
                "invalid",
                f"Some rows belong to different partitions rather than destination partition {label}",
            )
        if disposition == "WRITE_EMPTY":
            some = f"SELECT 1 FROM {tables.name(*base)} WHERE {inside} LIMIT 1"
            if cur.sql(some).fetchall():
                raise BigQueryError("duplicate", f"Already Exists: Table {names.label(*reference)}")
        append = config.replace(writeDisposition="WRITE_APPEND")
        cur.execute("BEGIN")
        try:
            if disposition == "WRITE_TRUNCATE":
                cur.execute(f"DELETE FROM {tables.name(*base)} WHERE {inside}")
            original_write(cur, query, params, base, append, default, prefix, False)
            cur.execute("COMMIT")
        except Exception:
            cur.execute("ROLLBACK")
            raise
        return created

    def delete(project_id, dataset_id, table_id):
        base, partition_id = split((project_id, dataset_id, table_id))
        if base is None:
            return original_delete(project_id, dataset_id, table_id)
        return database.execute(
            f"DELETE FROM {tables.name(*base)} WHERE {partition_filter(base, partition_id)}"
        )

    def without_decorator(function):
        def rebased(project_id, dataset_id, table_id):
            base, _ = split((project_id, dataset_id, table_id))
            return function(*(base or (project_id, dataset_id, table_id)))

        return rebased

    def annotate(reference, changes):
        return original_annotate(split(reference)[0] or reference, changes)

    def source(reference):
        base, partition_id = split(reference)
        if base is None:
            return original_source(reference)
        original_load(*base)
        return f"(SELECT * FROM {tables.name(*base)} WHERE {partition_filter(base, partition_id)})"

    tables.write, tables.delete, tables.annotate = write, delete, annotate
    tables.load, tables.columns = without_decorator(original_load), without_decorator(original_columns)
    copy._source = source
