{{
    config(
        materialized='incremental',
        meta={'day_of': 'activity_date'},
        partition_by=day_partitions('activity_date', 'date'),
        partitions=affected_partitions('date'),
        cluster_by=['event_type', 'listener_id']
    )
}}

with events as (

    select * from {{ ref('stg_lake__events') }}

),

-- A copy on an unaffected day can still be the one that wins, so every copy of an affected event is a contender.
contenders as (

    select * from events
    {% if is_incremental() -%}
    where event_id in (select affected.event_id from events as affected where {{ is_affected('affected.activity_date') }})
    {%- endif %}

),

first_arrivals as (

    select * from contenders
    qualify
        row_number() over (
            partition by event_id
            order by window_start, kafka_partition, kafka_offset
        ) = 1

)

select * from first_arrivals
where {{ affected_rows('activity_date') }}
