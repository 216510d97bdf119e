-- Every event of the window that was loaded is in the marts, and the hours have counted what is there. Only of this
-- window: others may be loaded meanwhile, and are built later. One row an event type that differs.
{%- set days = is_affected('activity_date') if affected_dates() else 'true' %}
{%- set counts = {
    'track_played': 'plays',
    'track_skipped': 'skips',
    'track_liked': 'likes',
    'playlist_created': 'playlists_created',
} %}

with arrived as (

    select
        window_start,
        event_id,
        event_type

    from {{ ref('stg_lake__events') }}
    where {{ has_arrived_now('window_start') }}

),

made as (

    select
        window_start,
        event_id,
        event_type,
        activity_date

    from {{ ref('int_events_deduplicated') }}

),

-- Another window may have brought the event first, and then it is that one's copy that counts.
missing as (

    select
        arrived.event_type,
        count(*) as events

    from arrived
    left join made
        on
            arrived.event_id = made.event_id
            and (arrived.window_start != made.window_start or arrived.event_type = made.event_type)
    where made.event_id is null
    group by arrived.event_type

),

expected as (

    select
        event_type,
        count(distinct event_id) as events

    from made
    where {{ days }}
    group by event_type

),

hours as (

    select
        cast(activity_hour as date) as activity_date,
        {{ counts.values() | join(', ') }}

    from {{ ref('hourly_activity') }}

),

counted as (

    {% for event_type, count in counts.items() -%}
    select '{{ event_type }}' as event_type, sum({{ count }}) as events from hours where {{ days }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    counted.event_type,
    counted.events,
    expected.events as expected_events

from counted
left join expected on counted.event_type = expected.event_type
where coalesce(counted.events, 0) != coalesce(expected.events, 0)

union all

select
    event_type,
    0 as events,
    events as expected_events

from missing
