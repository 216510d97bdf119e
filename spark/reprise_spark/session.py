"""The Spark session of a job. What does not depend on the installation is in `conf/spark-defaults.conf`."""

from pyspark.sql import SparkSession

from reprise_spark.spec import LakeAccess


def object_store_settings(lake: LakeAccess) -> dict[str, str]:
    """Iceberg's settings of S3; the keys are in the environment, never here."""
    return {
        "s3.endpoint": lake.s3_endpoint,
        "s3.path-style-access": "true",
        # The workflow owns the retries; these only bridge a hiccup.
        "s3.retry.num-retries": "3",
        "s3.retry.min-wait-ms": "200",
        "s3.retry.max-wait-ms": "2000",
    }


def catalog_settings(lake: LakeAccess) -> dict[str, str]:
    """Spark's settings for the Iceberg catalogue and its object store."""
    catalog = f"spark.sql.catalog.{lake.catalog_name}"
    return {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        catalog: "org.apache.iceberg.spark.SparkCatalog",
        f"{catalog}.catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
        f"{catalog}.uri": lake.catalog_uri,
        f"{catalog}.warehouse": lake.warehouse,
        f"{catalog}.jdbc.schema-version": "V1",
        # SQLite takes one writer at a time: a second connection would only wait for the first.
        f"{catalog}.clients": "1",
        # Another driver may have committed since: a table is always read anew.
        f"{catalog}.cache-enabled": "false",
        f"{catalog}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        **{f"{catalog}.{name}": value for name, value in object_store_settings(lake).items()},
    }


def start_session(app_name: str, lake: LakeAccess) -> SparkSession:
    """Master, memory and jars come from spark-submit."""
    builder = SparkSession.builder.appName(app_name)
    for name, value in catalog_settings(lake).items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
