{#-
  Writes down, in the warehouse itself and by window, whether the marts are being changed, passed their tests or failed
  them, so that nothing unaudited is published: the process that builds may die, and another one publishes. One row a
  window, because a build only tests the days that it replaces: it cannot vouch for those of another window.
-#}
{% macro create_mart_state() -%}
    {%- if execute and judges_marts() -%}
        create table if not exists {{ lake_schema() }}.mart_state (window_start timestamp, state string)
    {%- endif -%}
{%- endmacro %}


{% macro record_mart_state(state) -%}
    {%- if execute and judges_marts() -%}
        merge into {{ lake_schema() }}.mart_state as known
        using (
            select
                timestamp '{{ window_bound("start") }}' as window_start,
                '{{ state }}' as state
        ) as said
        on known.window_start = said.window_start
        when matched then update set state = said.state
        when not matched then insert (window_start, state) values (said.window_start, said.state)
    {%- endif -%}
{%- endmacro %}


{% macro judges_marts() -%}
    {{ return(flags.WHICH in ('build', 'retry')) }}
{%- endmacro %}


{% macro outcome_of(results) -%}
    {%- set bad = results | selectattr('status', 'in', ['error', 'fail', 'skipped', 'runtime error']) | list -%}
    {{ return('failed' if bad else 'audited') }}
{%- endmacro %}
