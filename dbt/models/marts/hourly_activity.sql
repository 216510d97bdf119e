{{
    config(
        materialized='incremental',
        meta={'day_of': 'activity_hour'},
        partition_by=day_partitions('activity_hour', 'timestamp'),
        partitions=affected_partitions('timestamp')
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

event_totals as (

    select
        activity_hour,
        count(distinct listener_id) as listeners,
        count(distinct session_id) as sessions,
        count(case when event_type = 'track_liked' then 1 end) as likes,
        count(case when event_type = 'playlist_created' then 1 end) as playlists_created

    from events
    group by activity_hour

),

playback_totals as (

    select
        activity_hour,
        count(*) as playbacks,
        count(case when not is_skip then 1 end) as plays,
        count(case when is_skip then 1 end) as skips,
        count(case when is_stream then 1 end) as streams,
        sum(ms_played) as ms_played

    from playbacks
    group by activity_hour

),

joined as (

    select
        event_totals.activity_hour,
        coalesce(playback_totals.playbacks, 0) as playbacks,
        coalesce(playback_totals.plays, 0) as plays,
        coalesce(playback_totals.skips, 0) as skips,
        coalesce(playback_totals.streams, 0) as streams,
        event_totals.listeners,
        event_totals.sessions,
        event_totals.likes,
        event_totals.playlists_created,
        cast(coalesce(playback_totals.ms_played, 0) as bigint) as ms_played,
        {{ rate('playback_totals.skips', 'playback_totals.playbacks') }} as skip_rate

    from event_totals
    left join playback_totals on event_totals.activity_hour = playback_totals.activity_hour

)

select * from joined
