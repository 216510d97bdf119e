"""The statements and settings that make the lake's tables, and the account drawn from them."""

from pyspark.sql import SparkSession

from reprise_spark.account import Tally, record_account
from reprise_spark.contracts import LAKE_TABLES, table_schema
from reprise_spark.lake import SORT_ORDER, create_table_statement
from reprise_spark.session import catalog_settings
from reprise_spark.spec import LakeAccess


def test_statements_parse_and_name_every_column(spark: SparkSession) -> None:
    jvm = spark._jsparkSession.sessionState().sqlParser()
    for table in LAKE_TABLES:
        statement = create_table_statement(f"lake.listening.{table}", table)
        jvm.parsePlan(statement)
        for field in table_schema(table):
            assert f"{field.name} " in statement
        assert "PARTITIONED BY (hours(window_start))" in statement


def test_sort_orders_are_of_columns_that_exist() -> None:
    assert set(SORT_ORDER) == set(LAKE_TABLES)
    for table, order in SORT_ORDER.items():
        assert set(order.split(", ")) <= set(table_schema(table).fieldNames())


def test_no_secret_is_in_the_settings() -> None:
    lake = LakeAccess(
        "lake", "jdbc:sqlite:x.db?busy_timeout=30000", "s3://reprise/lake", "http://127.0.0.1:9", "listening"
    )
    settings = catalog_settings(lake)
    assert settings["spark.sql.catalog.lake.uri"] == lake.catalog_uri
    assert settings["spark.sql.catalog.lake.s3.endpoint"] == lake.s3_endpoint
    assert not [name for name in settings if "secret" in name or "access-key" in name]


def test_duplicates_are_counted_apart() -> None:
    arrived = Tally({"arrived": 6}, {"arrived": 21})
    valid = Tally({"track_liked": 1, "track_played": 2}, {"track_liked": 1, "track_played": 5})
    aside = Tally({"duplicate_event": 1, "wrong_type": 2}, {"duplicate_event": -1, "wrong_type": 16})
    account = record_account(arrived, valid, aside)
    assert account["valid"] == {
        "total": 3,
        "content_hash": "0000000000000006",
        "by_type": {"track_liked": 1, "track_played": 2},
    }
    assert account["quarantined"] == {
        "total": 2,
        "content_hash": "0000000000000010",
        "by_reason": {"wrong_type": 2},
    }
    assert account["duplicates"] == {"total": 1, "content_hash": "ffffffffffffffff"}
    assert account["arrived"] == {"total": 6, "content_hash": "0000000000000015"}
