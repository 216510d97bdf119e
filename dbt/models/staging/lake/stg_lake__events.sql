with source as (

    select * from {{ source('lake', 'events') }}

),

renamed as (

    select
        -- arrival
        window_start,
        kafka_partition,
        kafka_offset,

        -- event
        event_id,
        event_type,
        cast(occurred_at as date) as activity_date,
        {{ dbt.date_trunc('hour', 'occurred_at') }} as activity_hour,
        occurred_at,
        sent_at,
        occurred_at < window_start as is_late,

        -- listener
        listener_id,
        session_id,
        device,
        country,
        source,

        -- playback
        track_id,
        ms_played,
        reason_start,
        reason_end,
        shuffle as is_shuffle,
        offline as is_offline,
        context,

        -- playlist
        playlist_id,
        playlist_name,
        position,

        -- catalogue
        track_title,
        artist_id,
        artist_name,
        album_id,
        album_name,
        genre,
        duration_ms,
        release_date,
        is_explicit

    from source

)

select * from renamed
