"""A lake on the local disk, behind the catalogue and the connectors of the jobs."""

import sys
from pathlib import Path

from pyspark.sql import SparkSession

from reprise_spark.session import catalog_settings
from reprise_spark.spec import LakeAccess

PROJECT = Path(__file__).resolve().parents[1]
JARS = PROJECT.parent / ".reprise" / "tools" / "jars" / "spark"


def lake_in(folder: Path, namespace: str = "listening") -> LakeAccess:
    return LakeAccess(
        catalog_name="lake",
        catalog_uri=f"jdbc:sqlite:{folder}/catalogue.db?busy_timeout=30000",
        warehouse=str(folder / "lake"),
        s3_endpoint="http://127.0.0.1:9",
        namespace=namespace,
    )


def _job_settings() -> dict[str, str]:
    lines = (PROJECT / "conf" / "spark-defaults.conf").read_text().splitlines()
    pairs = [line.split(None, 1) for line in lines if line.strip() and not line.startswith("#")]
    return {name: value.strip() for name, value in pairs}


def session(folder: Path, lake: LakeAccess, master: str = "local[2]") -> SparkSession:
    """With the settings of the jobs, but for the object store."""
    settings = {
        "spark.driver.memory": "768m",
        "spark.driver.extraClassPath": f"{JARS}/*",
        "spark.local.dir": str(folder / "spark"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.pyspark.python": sys.executable,
        **_job_settings(),
        **catalog_settings(lake),
        f"spark.sql.catalog.{lake.catalog_name}.io-impl": "org.apache.iceberg.hadoop.HadoopFileIO",
    }
    builder = SparkSession.builder.master(master).appName("tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
