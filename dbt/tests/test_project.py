"""The project as dbt itself sees it: its unit tests, its documentation, its contracts."""

import json

import yaml
from conftest import CONTRACTS, PROJECT, Warehouse, succeeds

MARTS = {"hourly_activity", "sessions", "listeners", "daily_track_charts", "daily_artist_charts"}


def test_unit_tests_pass(built: Warehouse) -> None:
    succeeds(built.dbt, "test", "--select", "test_type:unit")
    results = built.artifact("run_results.json")["results"]
    statuses = [one["status"] for one in results if one["unique_id"].startswith("unit_test.")]
    assert statuses == ["pass"] * 7


def test_docs_describe_every_model_and_column(built: Warehouse) -> None:
    succeeds(built.dbt, "docs", "generate")
    nodes = built.artifact("manifest.json")["nodes"]
    models = {name: node for name, node in nodes.items() if node["resource_type"] == "model"}
    assert len(models) == 12
    catalog = built.artifact("catalog.json")["nodes"]
    for name, model in models.items():
        assert model["description"], name
        described = {column for column, found in model["columns"].items() if found["description"]}
        assert described == set(catalog[name]["columns"]), name


def test_marts_have_enforced_contracts_and_an_exposure(built: Warehouse) -> None:
    manifest = built.artifact("manifest.json")
    enforced = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["contract"]["enforced"]
    }
    assert enforced == MARTS
    [exposure] = manifest["exposures"].values()
    assert {name.split(".")[-1] for name in exposure["depends_on"]["nodes"]} == MARTS


def test_only_staging_reads_sources(built: Warehouse) -> None:
    nodes = built.artifact("manifest.json")["nodes"].values()
    readers = [node for node in nodes if node["resource_type"] == "model" and node["sources"]]
    assert len(readers) == 3
    assert all(node["name"].startswith("stg_") for node in readers)


def test_marts_count_what_was_listened_to(built: Warehouse) -> None:
    hours = built.sql(
        "select strftime(activity_hour, '%d %H'), playbacks, skips, streams, listeners, likes, skip_rate "
        "from marts.hourly_activity order by 1"
    )
    assert hours == [("04 23", 1, 0, 1, 1, 0, 0.0), ("05 08", 2, 1, 1, 2, 1, 0.5)]
    assert built.sql("select artist_id, playbacks from marts.daily_artist_charts order by 1") == [
        ("r1", 2),
        ("unknown", 1),
    ]


def test_sources_say_what_the_contracts_say() -> None:
    text = (PROJECT / "models" / "staging" / "lake" / "_lake__sources.yml").read_text()
    [source] = yaml.safe_load(text)["sources"]
    assert {table["name"] for table in source["tables"]} == {
        contract.stem for contract in CONTRACTS.iterdir()
    }
    for table in source["tables"]:
        contract = json.loads((CONTRACTS / f"{table['name']}.json").read_text())["columns"]
        expected = [{"name": column["name"], "description": column["description"]} for column in contract]
        assert table["columns"] == expected, table["name"]
