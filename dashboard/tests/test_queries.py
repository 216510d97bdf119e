"""The queries against listening whose every playback is known."""

from datetime import date

import duckdb
import pandas as pd
import pytest
from serving_fixture import build_marts, playbacks

from reprise_dashboard.queries import activity, audience, rankings

Days = tuple[date, date]
Marts = duckdb.DuckDBPyConnection


def of(listening: pd.DataFrame, days: Days) -> pd.DataFrame:
    day = listening["occurred_at"].dt.date
    return listening[(day >= days[0]) & (day <= days[1])]


def test_span_is_the_first_and_last_day(marts: Marts) -> None:
    row = activity.span(marts).iloc[0]
    assert (row.first_day.date(), row.last_day.date()) == (date(2026, 1, 8), date(2026, 1, 11))


def test_totals_count_each_playback_once(marts: Marts, listening: pd.DataFrame, last_days: Days) -> None:
    given = of(listening, last_days)
    totals = activity.totals(marts, *last_days).iloc[0]
    assert totals.playbacks == len(given) > 100
    assert totals.skips == given["skipped"].sum() > 0
    assert totals.plays + totals.skips == totals.playbacks
    assert totals.ms_played == given["ms_played"].sum()
    assert totals.skip_rate == pytest.approx(given["skipped"].mean())


def test_a_listener_of_many_hours_counts_once(marts: Marts, listening: pd.DataFrame, last_days: Days) -> None:
    started = listening.groupby("session_id")["occurred_at"].min().dt.date
    begun = started[(started >= last_days[0]) & (started <= last_days[1])].index
    totals = activity.totals(marts, *last_days).iloc[0]
    assert totals.sessions == len(begun)
    assert totals.listeners == listening[listening["session_id"].isin(begun)]["listener_id"].nunique()
    assert totals.listeners < activity.by_hour(marts, *last_days)["listeners"].sum()


def test_totals_of_an_empty_period_are_zero(marts: Marts) -> None:
    totals = activity.totals(marts, date(2020, 1, 1), date(2020, 1, 2)).iloc[0]
    assert (totals.playbacks, totals.listeners, totals.sessions) == (0, 0, 0)
    assert pd.isna(totals.skip_rate)


def test_hours_add_up_to_the_period(marts: Marts, last_days: Days) -> None:
    hours = activity.by_hour(marts, *last_days)
    assert hours["playbacks"].sum() == activity.totals(marts, *last_days).iloc[0].playbacks
    assert hours["bucket"].is_monotonic_increasing
    assert hours["bucket"].dt.date.min() >= last_days[0]
    assert hours["bucket"].dt.date.max() <= last_days[1]


def test_the_trailing_day_looks_back_beyond_the_period(marts: Marts, listening: pd.DataFrame) -> None:
    day = date(2026, 1, 11)
    first = activity.by_hour(marts, day, day).iloc[0]
    until = first.bucket + pd.Timedelta(hours=1)
    behind = listening[
        (listening["occurred_at"] < until) & (listening["occurred_at"] >= until - pd.Timedelta(hours=24))
    ]
    assert len(behind) > first.playbacks
    assert first.skip_rate_24h == pytest.approx(behind["skipped"].mean())


def test_days_add_up_to_the_period(marts: Marts, last_days: Days) -> None:
    days = activity.by_day(marts, *last_days)
    assert len(days) == 2
    assert days["playbacks"].sum() == activity.totals(marts, *last_days).iloc[0].playbacks


def test_shares_add_up_and_the_rest_is_other(marts: Marts, last_days: Days) -> None:
    countries = audience.countries(marts, *last_days, limit=3)
    assert len(countries) == 4
    assert countries["name"].iloc[-1] == "Other"
    assert countries["share"].sum() == pytest.approx(1)
    assert set(audience.devices(marts, *last_days)["name"]) <= {
        "mobile",
        "desktop",
        "speaker",
        "web",
        "car",
        "tv",
    }


def test_an_unknown_country_is_named_so() -> None:
    rows = playbacks(days=1, per_day=60)
    rows["country"] = pd.Series(pd.NA, index=rows.index, dtype="string")
    with duckdb.connect() as connection:
        build_marts(connection, rows)
        day = date(2026, 1, 11)
        assert audience.countries(connection, day, day)["name"].tolist() == ["Unknown"]


def test_top_tracks_are_ranked_by_streams(marts: Marts, listening: pd.DataFrame, last_days: Days) -> None:
    given = of(listening, last_days)
    streams = given[given["ms_played"] >= 30_000].groupby("track_title").size()
    top = rankings.top_tracks(marts, (*last_days, date(2026, 1, 8), date(2026, 1, 9)), 5)
    assert top["place"].tolist() == [1, 2, 3, 4, 5]
    assert top["streams"].tolist() == sorted(streams, reverse=True)[:5]


def test_movement_is_places_won_since_the_period_before(marts: Marts) -> None:
    last, before = date(2026, 1, 11), date(2026, 1, 10)
    now = rankings.top_artists(marts, (last, last, before, before), 50).set_index("id")
    then = rankings.top_artists(marts, (before, before, date(2020, 1, 1), date(2020, 1, 1)), 50).set_index(
        "id"
    )
    both = now.index.intersection(then.index)
    assert len(both) > 5
    for artist in both:
        assert now.loc[artist, "moved"] == then.loc[artist, "place"] - now.loc[artist, "place"]
        assert not now.loc[artist, "is_new"]
    assert now.loc[now.index.difference(then.index), "is_new"].all()


def test_without_an_earlier_period_nothing_is_new(marts: Marts, last_days: Days) -> None:
    top = rankings.top_tracks(marts, (*last_days, date(2020, 1, 1), date(2020, 1, 2)))
    assert len(top) == 10
    assert top["moved"].isna().all()
    assert not top["is_new"].any()


def test_one_day_is_the_chart_of_that_day(marts: Marts) -> None:
    day = date(2026, 1, 11)
    top = rankings.top_tracks(marts, (day, day, date(2026, 1, 10), date(2026, 1, 10)), 20)
    chart = marts.execute(
        "select track_id from daily_track_charts where activity_date = ? order by chart_rank limit 20", [day]
    ).fetchall()
    assert top["id"].tolist() == [track for (track,) in chart]


def test_places_follow_the_top_of_the_period(marts: Marts, last_days: Days) -> None:
    places = rankings.track_places(marts, *last_days, limit=4)
    top = rankings.top_tracks(marts, (*last_days, *last_days), 4)
    assert set(places["id"]) == set(top["id"])
    assert places["day"].nunique() == 2
    assert (places["place"] >= 1).all()


def test_a_handful_of_playbacks_has_no_trend(listening: pd.DataFrame) -> None:
    with duckdb.connect() as connection:
        build_marts(connection, listening.head(activity.FEWEST_FOR_A_RATE - 1))
        assert activity.by_hour(connection, date(2026, 1, 8), date(2026, 1, 11))["skip_rate_24h"].isna().all()
