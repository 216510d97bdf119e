"""What a finished job says of itself."""

from local_bigquery.api import jobs as api
from local_bigquery.jobs import load, runner


def install() -> None:
    original_query, original_results, original_hive = runner._query, api.results, load._hive

    def query(job, session, running):
        """A CREATE TABLE AS SELECT names its destination table, as BigQuery does; dbt-bigquery reads it."""
        statistics = original_query(job, session, running)
        found = statistics.query
        if creates_table(found) and found.ddlTargetTable and found.ddlTargetTable.datasetId:
            job.configuration.query.destinationTable = found.ddlTargetTable
        return statistics

    def results(job, *rest):
        """Such a job has no rows to hand out, whatever its destination."""
        if creates_table(job.statistics and job.statistics.query):
            configuration = job.configuration
            bare = configuration.replace(query=configuration.query.without("destinationTable"))
            job = job.replace(configuration=bare)
        return original_results(job, *rest)

    def hive(config):
        """BigQuery takes no keys from a file's path unless asked; DuckDB would."""
        return original_hive(config) or {"hive_partitioning": "false"}

    runner._query, api.results, load._hive = query, results, hive


def creates_table(statistics) -> bool:
    return bool(statistics) and statistics.statementType == "CREATE_TABLE_AS_SELECT"
