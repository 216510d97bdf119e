{{
    config(
        materialized='incremental',
        meta={'day_of': 'activity_date'},
        partition_by=day_partitions('activity_date', 'date'),
        partitions=affected_partitions('date'),
        cluster_by=['track_id']
    )
}}

with playbacks as (

    select * from {{ ref('int_playbacks') }}
    where {{ affected_rows('activity_date') }}

),

totals as (

    select
        activity_date,
        track_id,
        -- The catalogue of another seed may name the same track otherwise: one name a day, whichever windows ran.
        max(track_title) as track_title,
        max(artist_id) as artist_id,
        max(artist_name) as artist_name,
        max(genre) as genre,
        count(*) as playbacks,
        count(case when is_stream then 1 end) as streams,
        count(case when is_skip then 1 end) as skips,
        count(distinct listener_id) as listeners,
        cast(sum(ms_played) as bigint) as ms_played

    from playbacks
    group by activity_date, track_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by activity_date
            order by streams desc, ms_played desc, track_id
        ) as chart_rank

    from totals

)

select * from ranked
