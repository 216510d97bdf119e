-- Over all days, sessions and listeners must add up to the hours. One row a mart that does not.
with totals as (

    select
        'hourly_activity' as mart,
        coalesce(sum(playbacks), 0) as playbacks,
        coalesce(sum(ms_played), 0) as ms_played

    from {{ ref('hourly_activity') }}

    union all

    select
        'sessions' as mart,
        coalesce(sum(playbacks), 0) as playbacks,
        coalesce(sum(ms_played), 0) as ms_played

    from {{ ref('sessions') }}

    union all

    select
        'listeners' as mart,
        coalesce(sum(playbacks), 0) as playbacks,
        coalesce(sum(ms_played), 0) as ms_played

    from {{ ref('listeners') }}

)

select
    totals.*,
    hourly.playbacks as expected_playbacks,
    hourly.ms_played as expected_ms_played

from totals
cross join (select * from totals where mart = 'hourly_activity') as hourly
where
    totals.playbacks != hourly.playbacks
    or totals.ms_played != hourly.ms_played
