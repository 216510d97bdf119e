with source as (

    select * from {{ source('lake', 'minute_counts') }}

),

renamed as (

    select
        window_start,
        minute as activity_minute,
        event_type,
        country,
        device,
        events,
        ms_played

    from source

)

select * from renamed
