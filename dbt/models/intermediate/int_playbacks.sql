{{ config(materialized='view') }}

with events as (

    select * from {{ ref('int_events_deduplicated') }}

),

playbacks as (

    select
        event_id as playback_id,
        activity_date,
        activity_hour,
        occurred_at,
        listener_id,
        session_id,
        device,
        country,
        track_id,
        coalesce(track_title, 'Unknown track') as track_title,
        coalesce(artist_id, 'unknown') as artist_id,
        coalesce(artist_name, 'Unknown artist') as artist_name,
        coalesce(genre, 'unknown') as genre,
        ms_played,
        reason_start,
        reason_end,
        is_shuffle,
        is_offline,
        context,
        case event_type when 'track_played' then 'played' else 'skipped' end as outcome,
        event_type = 'track_skipped' as is_skip,
        ms_played >= {{ var('stream_min_ms') }} as is_stream

    from events
    where event_type in ('track_played', 'track_skipped')

)

select * from playbacks
