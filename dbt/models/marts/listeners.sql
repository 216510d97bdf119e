{{ config(materialized='table') }}

with listener_days as (

    select * from {{ ref('int_listener_days') }}

),

sessions as (

    select * from {{ ref('sessions') }}

),

last_days as (

    select
        listener_id,
        country

    from listener_days
    qualify row_number() over (partition by listener_id order by activity_date desc) = 1

),

totals as (

    select
        listener_id,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        cast(sum(playbacks) as bigint) as playbacks,
        cast(sum(skips) as bigint) as skips,
        cast(sum(ms_played) as bigint) as ms_played,
        cast(sum(likes) as bigint) as likes,
        cast(sum(playlists) as bigint) as playlists

    from listener_days
    group by listener_id

),

session_totals as (

    select
        listener_id,
        count(*) as sessions

    from sessions
    group by listener_id

),

joined as (

    select
        totals.listener_id,
        totals.first_seen_at,
        totals.last_seen_at,
        last_days.country,
        totals.playbacks,
        totals.playbacks - totals.skips as plays,
        totals.skips,
        {{ rate('totals.skips', 'totals.playbacks') }} as skip_rate,
        totals.ms_played,
        coalesce(session_totals.sessions, 0) as sessions,
        totals.likes,
        totals.playlists

    from totals
    inner join last_days on totals.listener_id = last_days.listener_id
    left join session_totals on totals.listener_id = session_totals.listener_id

)

select * from joined
