from datetime import date

import pytest

from reprise_dashboard.period import ALL_DAYS, CHOSEN_DAYS, LATEST_DAY, SEVEN_DAYS, Period, period_for

FIRST, LAST = date(2025, 12, 1), date(2026, 1, 11)


@pytest.mark.parametrize(
    ("choice", "chosen", "expected"),
    [
        (LATEST_DAY, (), Period(LAST, LAST)),
        (SEVEN_DAYS, (), Period(date(2026, 1, 5), LAST)),
        (None, (), Period(date(2026, 1, 5), LAST)),
        (ALL_DAYS, (), Period(FIRST, LAST)),
        (
            CHOSEN_DAYS,
            (date(2025, 12, 24), date(2025, 12, 26)),
            Period(date(2025, 12, 24), date(2025, 12, 26)),
        ),
        (CHOSEN_DAYS, (date(2025, 12, 24),), Period(date(2025, 12, 24), date(2025, 12, 24))),
        (CHOSEN_DAYS, (), Period(date(2026, 1, 5), LAST)),
    ],
)
def test_choices(choice: str | None, chosen: tuple[date, ...], expected: Period) -> None:
    assert period_for(choice, chosen, FIRST, LAST) == expected


def test_a_named_period_does_not_begin_before_the_data() -> None:
    assert period_for(SEVEN_DAYS, (), date(2026, 1, 10), LAST) == Period(date(2026, 1, 10), LAST)


def test_the_period_before_has_the_same_length_and_touches() -> None:
    before = Period(date(2026, 1, 5), LAST).before()
    assert before == Period(date(2025, 12, 29), date(2026, 1, 4))
    assert before.days == 7


@pytest.mark.parametrize(
    ("period", "label"),
    [
        (Period(LAST, LAST), "11 January 2026"),
        (Period(date(2026, 1, 5), LAST), "5–11 January 2026"),
        (Period(date(2026, 1, 5), date(2026, 2, 1)), "5 Jan – 1 Feb 2026"),
        (Period(FIRST, LAST), "1 Dec 2025 – 11 Jan 2026"),
    ],
)
def test_labels(period: Period, label: str) -> None:
    assert period.label() == label
