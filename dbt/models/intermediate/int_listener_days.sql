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

last_events as (

    select
        listener_id,
        activity_date,
        country

    from events
    qualify row_number() over (partition by listener_id, activity_date order by occurred_at desc, event_id desc) = 1

),

event_totals as (

    select
        listener_id,
        activity_date,
        min(occurred_at) as first_seen_at,
        max(occurred_at) as last_seen_at,
        count(case when event_type = 'track_liked' then 1 end) as likes,
        count(case when event_type = 'playlist_created' then 1 end) as playlists

    from events
    group by listener_id, activity_date

),

playback_totals as (

    select
        listener_id,
        activity_date,
        count(*) as playbacks,
        count(case when is_skip then 1 end) as skips,
        sum(ms_played) as ms_played

    from playbacks
    group by listener_id, activity_date

),

joined as (

    select
        last_events.listener_id,
        last_events.activity_date,
        last_events.country,
        event_totals.first_seen_at,
        event_totals.last_seen_at,
        coalesce(playback_totals.playbacks, 0) as playbacks,
        coalesce(playback_totals.skips, 0) as skips,
        cast(coalesce(playback_totals.ms_played, 0) as bigint) as ms_played,
        event_totals.likes,
        event_totals.playlists

    from last_events
    inner join event_totals
        on
            last_events.listener_id = event_totals.listener_id
            and last_events.activity_date = event_totals.activity_date
    left join playback_totals
        on
            last_events.listener_id = playback_totals.listener_id
            and last_events.activity_date = playback_totals.activity_date

)

select * from joined
