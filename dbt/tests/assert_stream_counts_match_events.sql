-- The stream counted minutes on its own; what was loaded must say the same. One row an event type that differs.
with minute_counts as (

    select
        event_type,
        sum(events) as events,
        sum(ms_played) as ms_played

    from {{ ref('stg_lake__minute_counts') }}
    where {{ has_arrived_now('window_start') }}
    group by event_type

),

events as (

    select
        event_type,
        count(*) as events,
        coalesce(sum(ms_played), 0) as ms_played

    from {{ ref('stg_lake__events') }}
    where {{ has_arrived_now('window_start') }}
    group by event_type

)

select
    coalesce(minute_counts.event_type, events.event_type) as event_type,
    minute_counts.events as counted_events,
    events.events as loaded_events,
    minute_counts.ms_played as counted_ms_played,
    events.ms_played as loaded_ms_played

from minute_counts
full outer join events on minute_counts.event_type = events.event_type
where
    coalesce(minute_counts.events, 0) != coalesce(events.events, 0)
    or coalesce(minute_counts.ms_played, 0) != coalesce(events.ms_played, 0)
