{{ config(materialized='table') }}

with session_days as (

    select * from {{ ref('int_session_days') }}

),

first_days as (

    select
        session_id,
        listener_id,
        device,
        country

    from session_days
    qualify row_number() over (partition by session_id order by activity_date) = 1

),

totals as (

    select
        session_id,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        cast(sum(playbacks) as bigint) as playbacks,
        cast(sum(skips) as bigint) as skips,
        cast(sum(ms_played) as bigint) as ms_played,
        cast(sum(likes) as bigint) as likes

    from session_days
    group by session_id

),

joined as (

    select
        first_days.session_id,
        first_days.listener_id,
        totals.started_at,
        totals.ended_at,
        cast(totals.started_at as date) as session_date,
        first_days.device,
        first_days.country,
        totals.playbacks,
        totals.skips,
        totals.ms_played,
        totals.likes

    from first_days
    inner join totals on first_days.session_id = totals.session_id

)

select * from joined
