import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import Open, metrics_of, text_of
from report_fixture import FIRST_WINDOW, completed, failed, retried, running, write_report
from serving_fixture import write_snapshot

PAGE = "views/pipeline.py"
HOUR = timedelta(hours=1)


def test_without_windows_it_says_how_to_run_one(serving: Path, open_page: Open) -> None:
    app = open_page(PAGE)
    assert app.title[0].value == "Pipeline"
    assert "No window has run yet" in text_of(app)
    assert "npx reprise run" in text_of(app)


def test_a_completed_window(serving: Path, listening: pd.DataFrame, open_page: Open) -> None:
    report = completed(FIRST_WINDOW)
    write_report(serving, report)
    write_snapshot(serving, "one", listening.head(100))
    app = open_page(PAGE)
    said = text_of(app)
    assert metrics_of(app)["Reconciled"] == "1 of 1"
    assert metrics_of(app)["Events arrived"] == "20,000"
    for expected in (
        "2026-01-11T12:00Z",
        "✓ completed",
        f"{report['counts']['valid']:,}",
        f"{report['steps'][2]['seconds']:.1f}",
        report["links"]["airflow"],
        report["links"]["temporal"],
        report["hops"][0]["expected"]["content_hash"],
        "A field that the contract requires is absent or null.",
        "Snapshot <b>one</b>",
    ):
        assert expected in said
    assert len(app.get("vega_lite_chart")) == 1
    assert not app.warning
    assert not app.error


def _replay(**changes: Any) -> dict[str, Any]:
    return {
        "started_at": "2026-03-01T10:00:00.000Z",
        "order": {"by": "command line (me@here)", "why": "the disk was full"},
        "from_step": "publish_serving",
        "before": {"state": "failed", "reconciled": False},
        "after": {"state": "completed", "reconciled": True},
        "identical": True,
        **{name: [] for name in ("amended", "differences", "remarks")},
        **changes,
    }


def test_replays_of_a_window(serving: Path, open_page: Open) -> None:
    write_report(serving, completed(FIRST_WINDOW))
    folder = serving / "replays"
    folder.mkdir()
    other = _replay(identical=False, differences=["events held 7 records and holds 8."])
    file = folder / "2026-01-11T12-00Z.json"
    file.write_text(json.dumps([_replay(), other, _replay(after=None, identical=None)]))
    said = text_of(open_page(PAGE))
    for expected in (
        "command line (me@here)",
        "the disk was full",
        "publish serving",
        "✓ identical",
        "✕ differs",
        "events held 7 records and holds 8.",
    ):
        assert expected in said
    file.write_text('{"broken": true}')
    assert "the disk was full" not in text_of(open_page(PAGE))


def test_newest_first(serving: Path, open_page: Open) -> None:
    for hour in range(3):
        write_report(serving, completed(FIRST_WINDOW + hour * HOUR))
    options = open_page(PAGE).selectbox[0].options
    assert options == ["2026-01-11T14:00Z", "2026-01-11T13:00Z", "2026-01-11T12:00Z"]


def test_a_failed_window_is_shown_before_all_others(serving: Path, open_page: Open) -> None:
    write_report(serving, failed(FIRST_WINDOW))
    write_report(serving, completed(FIRST_WINDOW + HOUR))
    app = open_page(PAGE)
    said = text_of(app)
    assert "DataQualityFailed in the step reconcile" in app.error[0].value
    assert "✕ differs" in said
    assert "events holds 3 track_played fewer than the ledger says." in said
    assert ">-3<" in said
    # Each figure stands under its own heading.
    valid = failed(FIRST_WINDOW)["counts"]["valid"]
    assert re.search(rf'class="r">{valid:,}<.*?class="r">{valid - 3:,}<', said)
    assert re.search(r'class="wrap"><span class="rp-bad rp-state">✕ differs', said)
    assert metrics_of(app)["Failed or cancelled"] == "1"
    assert metrics_of(app)["Reconciled"] == "1 of 2"


def test_a_running_window_shows_its_step(serving: Path, open_page: Open) -> None:
    write_report(serving, running(FIRST_WINDOW, "compact"))
    said = text_of(open_page(PAGE))
    assert "step 5 of 8, compact" in said
    assert 'class="rp-step running">compact' in said
    assert "not yet: the window is running" in said
    assert "✕ no" not in said


def test_a_window_that_has_just_begun(serving: Path, open_page: Open) -> None:
    write_report(serving, running(FIRST_WINDOW, "generate"))
    said = text_of(open_page(PAGE))
    assert "step 1 of 8, generate" in said
    assert "No step has ended yet." in said


def test_a_retried_step_is_flagged(serving: Path, open_page: Open) -> None:
    write_report(serving, retried(FIRST_WINDOW, "ingest", attempts=3))
    app = open_page(PAGE)
    assert "×3" in text_of(app)
    assert "ingest took 3 attempts" in app.warning[0].value


def test_the_address_chooses_the_window(serving: Path, open_page: Open) -> None:
    for hour in range(3):
        write_report(serving, completed(FIRST_WINDOW + hour * HOUR))
    app = open_page(PAGE, window="2026-01-11T13:00Z")
    assert app.selectbox[0].value == "2026-01-11T13:00Z"
    assert "workflow window/2026-01-11T13:00Z" in text_of(app)


def test_a_new_window_appears_and_the_choice_stays(serving: Path, open_page: Open) -> None:
    for hour in range(2):
        write_report(serving, completed(FIRST_WINDOW + hour * HOUR))
    app = open_page(PAGE)
    app.selectbox[0].set_value("2026-01-11T12:00Z").run()
    write_report(serving, running(FIRST_WINDOW + 2 * HOUR))
    app.run()
    assert app.selectbox[0].value == "2026-01-11T12:00Z"
    assert metrics_of(app)["Completed"] == "2"
    assert "2026-01-11T14:00Z" in text_of(app)


@pytest.mark.parametrize("broken", ["{", "[]", '{"version": 1}', "\x00"])
def test_a_malformed_report_is_named_and_the_rest_is_shown(
    serving: Path, open_page: Open, broken: str
) -> None:
    write_report(serving, completed(FIRST_WINDOW))
    (serving / "reports" / "2026-01-11T13-00Z.json").write_text(broken, encoding="utf-8")
    app = open_page(PAGE)
    assert "2026-01-11T13-00Z.json" in app.warning[0].value
    assert metrics_of(app)["Completed"] == "1"


def test_only_malformed_reports(serving: Path, open_page: Open) -> None:
    (serving / "reports").mkdir(parents=True)
    (serving / "reports" / "2026-01-11T13-00Z.json").write_text("{", encoding="utf-8")
    app = open_page(PAGE)
    assert "cannot be read" in app.warning[0].value
    assert not app.metric


def test_a_broken_snapshot_does_not_hide_the_windows(serving: Path, open_page: Open) -> None:
    write_report(serving, completed(FIRST_WINDOW))
    (serving / "current.json").write_text("{", encoding="utf-8")
    app = open_page(PAGE)
    assert "cannot be used" in app.warning[0].value
    assert metrics_of(app)["Completed"] == "1"


def test_links_lead_where_the_report_and_the_environment_say(
    serving: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_URL", "http://127.0.0.1:1/")
    report = completed(FIRST_WINDOW)
    report["links"].update(airflow=None, temporal="javascript:alert(1)")
    write_report(serving, report)
    said = text_of(open_page(PAGE))
    assert said.count(">Airflow</a>") == 1
    assert 'href="http://127.0.0.1:1"' in said
    assert "javascript:" not in said


def test_a_window_stopped_before_ingest_claims_no_counts(serving: Path, open_page: Open) -> None:
    report = running(FIRST_WINDOW, "publish")
    report.update(state="cancelled", hops=[])
    write_report(serving, report)
    said = text_of(open_page(PAGE))
    assert "not reached" in said
    assert "The records have not been judged yet." in said


@pytest.mark.parametrize("state", ["failed", "cancelled"])
@pytest.mark.parametrize("reconciled", [True, False], ids=["of an earlier version", "of today"])
def test_a_window_stopped_after_its_reconciliation_is_neither_reconciled_nor_different(
    serving: Path, open_page: Open, state: str, reconciled: bool
) -> None:
    report = running(FIRST_WINDOW, "build")
    report.update(state=state, reconciled=reconciled)
    write_report(serving, report)
    app = open_page(PAGE)
    said = text_of(app)
    assert metrics_of(app)["Reconciled"] == "0 of 1"
    assert "not reached" in said
    assert "✓ yes" not in said
    assert "✕ no" not in said
