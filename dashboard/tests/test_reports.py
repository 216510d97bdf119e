"""Reading window reports, and what is said of one that cannot be read."""

import json
import re
import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from report_fixture import FIRST_WINDOW, completed, failed, retried, running, write_report

from reprise_dashboard.reports.folder import newest_files, read_shelf
from reprise_dashboard.reports.frames import median_seconds, step_durations
from reprise_dashboard.reports.model import STEPS, ReportMalformed, parse_report
from reprise_dashboard.reports.quarantine_reasons import SENTENCES, sentence

DASHBOARD = Path(__file__).parent.parent
CONTRACTS = DASHBOARD.parent / "contracts"


def test_a_completed_window() -> None:
    report = parse_report(completed(FIRST_WINDOW))
    counts = report.counts
    assert report.window == "2026-01-11T12:00Z"
    assert counts.arrived == counts.valid + counts.quarantined + counts.duplicates == 20_000
    assert [step.name for step in report.steps] == list(STEPS)
    assert report.seconds == pytest.approx(sum(step.seconds or 0 for step in report.steps), abs=0.01)
    assert report.current_step is None
    assert report.retried == ()


def test_a_running_window_knows_its_step() -> None:
    report = parse_report(running(FIRST_WINDOW, "compact"))
    assert report.seconds is None
    assert report.current_step is not None
    assert report.current_step.name == "compact"


def test_attempts_are_flagged() -> None:
    assert [step.name for step in parse_report(retried(FIRST_WINDOW)).retried] == ["ingest"]


def _without(field: str) -> Callable[[dict[str, Any]], object]:
    return lambda report: report.pop(field)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (_without("counts"), "counts is not an object"),
        (_without("state"), "state is absent"),
        (lambda report: report.update(version=2), "version 2"),
        (lambda report: report.update(started_at="yesterday"), "started_at is not a time"),
        (lambda report: report.update(reconciled="yes"), "reconciled is of another type"),
        (lambda report: report["counts"].update(valid=True), "counts.valid is of another type"),
        (lambda report: report["steps"][2].update(attempts="two"), "steps[2].attempts is of another type"),
        (lambda report: report["hops"][0]["expected"].pop("total"), "hops[0].expected.total is absent"),
    ],
)
def test_a_malformed_report_names_its_field(
    spoil: Callable[[dict[str, Any]], object], complaint: str
) -> None:
    report = completed(FIRST_WINDOW)
    spoil(report)
    with pytest.raises(ReportMalformed, match=re.escape(complaint)):
        parse_report(report)


@pytest.mark.parametrize("document", [None, [], "text", 3])
def test_any_other_document_is_malformed(document: object) -> None:
    with pytest.raises(ReportMalformed):
        parse_report(document)


def test_the_shelf_is_newest_first_and_leaves_out_what_is_broken(tmp_path: Path) -> None:
    for hour in (2, 0, 1):
        write_report(tmp_path, completed(FIRST_WINDOW + timedelta(hours=hour)))
    folder = tmp_path / "reports"
    (folder / "2026-01-11T15-00Z.json").write_text("{", encoding="utf-8")
    (folder / "2026-01-11T16-00Z.json").write_text(json.dumps({"version": 1}), encoding="utf-8")
    (folder / ".2026-01-11T17-00Z.json.123.456").write_text("half a report", encoding="utf-8")
    shelf = read_shelf(folder)
    assert [one.window[11:13] for one in shelf.reports] == ["14", "13", "12"]
    assert len(shelf.problems) == 2
    assert any("is not JSON" in problem for problem in shelf.problems)


def test_a_rewritten_report_is_read_again(tmp_path: Path) -> None:
    write_report(tmp_path, running(FIRST_WINDOW))
    assert read_shelf(tmp_path / "reports").reports[0].state == "running"
    write_report(tmp_path, failed(FIRST_WINDOW))
    assert read_shelf(tmp_path / "reports").reports[0].state == "failed"


def test_only_the_newest_are_listed(tmp_path: Path) -> None:
    for hour in range(5):
        write_report(tmp_path, completed(FIRST_WINDOW + timedelta(hours=hour)))
    files, older = newest_files(tmp_path / "reports", limit=3)
    assert [file.path.name[11:13] for file in files] == ["16", "15", "14"]
    assert older == 2
    assert newest_files(tmp_path / "nowhere") == ([], 0)


def test_step_durations_are_those_of_ended_steps() -> None:
    reports = [parse_report(one) for one in (completed(FIRST_WINDOW), running(FIRST_WINDOW, "ingest"))]
    frame = step_durations(reports)
    assert len(frame) == len(STEPS) + 2
    assert median_seconds(reports) == reports[0].seconds
    assert median_seconds([]) is None


def test_sentences_are_those_of_the_contract() -> None:
    contract = (CONTRACTS / "quarantine.ts").read_text(encoding="utf-8")
    declared = contract[contract.index("QUARANTINE_REASONS") : contract.index("as const")]
    assert dict(re.findall(r"^  (\w+):\s+'(.+?)',$", declared, re.MULTILINE)) == SENTENCES
    assert sentence("no such reason")


def test_steps_are_those_of_the_contract() -> None:
    contract = (CONTRACTS / "steps.ts").read_text(encoding="utf-8")
    declared = contract[contract.index("STEPS = [") : contract.index("] as const")]
    assert tuple(re.findall(r"'(\w+)'", declared)) == STEPS


def test_legend_colours_are_those_of_the_theme() -> None:
    theme = tomllib.loads((DASHBOARD / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
    css = (DASHBOARD / "assets/style.css").read_text(encoding="utf-8")
    hues = re.findall(r"\.rp-hue-\d \{ --hue: light-dark\((#\w+), (#\w+)\); \}", css)
    for place, name in enumerate(("light", "dark")):
        assert [pair[place] for pair in hues] == [
            one.lower() for one in theme[name]["chartCategoricalColors"]
        ]
