{{
    config(
        materialized='incremental',
        meta={'day_of': 'activity_date'},
        partition_by=day_partitions('activity_date', 'date'),
        partitions=affected_partitions('date')
    )
}}

with events as (

    select * from {{ ref('int_events_deduplicated') }}
    where {{ affected_rows('activity_date') }}

),

playbacks as (

    select * from {{ ref('int_playbacks') }}
    where {{ affected_rows('activity_date') }}

),

first_events as (

    select
        session_id,
        activity_date,
        listener_id,
        device,
        country

    from events
    qualify row_number() over (partition by session_id, activity_date order by occurred_at, event_id) = 1

),

event_totals as (

    select
        session_id,
        activity_date,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        count(case when event_type = 'track_liked' then 1 end) as likes

    from events
    group by session_id, activity_date

),

playback_totals as (

    select
        session_id,
        activity_date,
        count(*) as playbacks,
        count(case when is_skip then 1 end) as skips,
        sum(ms_played) as ms_played

    from playbacks
    group by session_id, activity_date

),

joined as (

    select
        first_events.session_id,
        first_events.activity_date,
        first_events.listener_id,
        first_events.device,
        first_events.country,
        event_totals.started_at,
        event_totals.ended_at,
        coalesce(playback_totals.playbacks, 0) as playbacks,
        coalesce(playback_totals.skips, 0) as skips,
        cast(coalesce(playback_totals.ms_played, 0) as bigint) as ms_played,
        event_totals.likes

    from first_events
    inner join event_totals
        on
            first_events.session_id = event_totals.session_id
            and first_events.activity_date = event_totals.activity_date
    left join playback_totals
        on
            first_events.session_id = playback_totals.session_id
            and first_events.activity_date = playback_totals.activity_date

)

select * from joined
