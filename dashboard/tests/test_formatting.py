from datetime import UTC, datetime, timedelta

import pytest

from reprise_dashboard import formatting
from reprise_dashboard.markup import Column, bar, link, plain, table, text

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_numbers() -> None:
    assert formatting.count(12_345) == "12,345"
    assert formatting.percent(0.512) == "51.2 %"
    assert formatting.percent(float("nan")) == "–"
    assert formatting.hours(3_600_000 * 3210) == "3,210 h"
    assert formatting.hours(3_600_000 * 12.34) == "12.3 h"
    assert formatting.seconds(61.24) == "61.2 s"
    assert formatting.seconds(150) == "2 min 30 s"
    assert formatting.seconds(3 * 3600 + 120) == "3 h 02 min"


def test_changes_need_something_to_compare_with() -> None:
    assert formatting.change(110, 100) == "+10.0 %"
    assert formatting.change(110, 0) is None
    assert formatting.points(0.31, 0.335) == "-2.5 pp"
    assert formatting.points(0.31, float("nan")) is None


@pytest.mark.parametrize(
    ("elapsed", "said"),
    [
        (timedelta(seconds=-3), "just now"),
        (timedelta(seconds=4), "just now"),
        (timedelta(seconds=44), "40 s ago"),
        (timedelta(seconds=61), "1 minute ago"),
        (timedelta(hours=5, minutes=59), "5 hours ago"),
        (timedelta(days=2), "2 days ago"),
    ],
)
def test_age(elapsed: timedelta, said: str) -> None:
    assert formatting.age(NOW - elapsed, NOW) == said


def test_data_never_becomes_markup() -> None:
    evil = "<script>alert(1)</script>"
    made = table(evil, [Column(evil)], [[text(evil)], [bar(0.5, evil)]])
    assert "<script>" not in made
    assert "&lt;script&gt;" in made


def test_links_lead_to_the_web_only() -> None:
    assert link("javascript:alert(1)", "Airflow") == ""
    assert link(None, "Airflow") == ""
    assert 'href="http://127.0.0.1:18080/x"' in link("http://127.0.0.1:18080/x", "Airflow")


def test_data_never_becomes_markdown() -> None:
    assert plain("a [link](x)\n\n# `b` :red[c]") == r"a \[link\]\(x\) \# \`b\` \:red\[c\]"
