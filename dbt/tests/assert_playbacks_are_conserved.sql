-- Every view of a day must have counted the same playbacks. One row a mart and day that disagrees.
{%- set marts = {
    'hourly_activity': 'cast(activity_hour as date)',
    'daily_track_charts': 'activity_date',
    'daily_artist_charts': 'activity_date',
} %}

with playbacks as (

    select
        activity_date,
        count(*) as playbacks,
        count(case when is_skip then 1 end) as skips

    from {{ ref('int_playbacks') }}
    group by activity_date

),

expected as (

    {% for mart in marts -%}
    select '{{ mart }}' as mart, activity_date, playbacks, skips from playbacks
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

counted as (

    {% for mart, day in marts.items() -%}
    select
        '{{ mart }}' as mart,
        {{ day }} as activity_date,
        sum(playbacks) as playbacks,
        sum(skips) as skips

    from {{ ref(mart) }}
    group by {{ day }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    coalesce(counted.mart, expected.mart) as mart,
    coalesce(counted.activity_date, expected.activity_date) as activity_date,
    counted.playbacks,
    expected.playbacks as expected_playbacks,
    counted.skips,
    expected.skips as expected_skips

from counted
full outer join expected
    on
        counted.mart = expected.mart
        and counted.activity_date = expected.activity_date
where
    coalesce(counted.playbacks, 0) != coalesce(expected.playbacks, 0)
    or coalesce(counted.skips, 0) != coalesce(expected.skips, 0)
