with source as (

    select * from {{ source('lake', 'quarantine') }}

),

renamed as (

    select
        window_start,
        kafka_topic,
        kafka_partition,
        kafka_offset,
        reason_code,
        reason,
        field,
        event_type,
        event_id,
        reason_code = 'duplicate_event' as is_duplicate

    from source

)

select * from renamed
