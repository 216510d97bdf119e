{#-
  Writes down, in the warehouse itself, whether the marts are being changed, passed their tests or failed them, so that
  nothing unaudited is published: the process that builds may die, and another one publishes.
-#}
{% macro record_mart_state(state) -%}
    {%- if execute and flags.WHICH in ('build', 'retry') -%}
        create or replace table {{ lake_schema() }}.mart_state as
        select
            timestamp '{{ var("window_start") }}' as window_start,
            '{{ state }}' as state
    {%- endif -%}
{%- endmacro %}


{% macro outcome_of(results) -%}
    {%- set bad = results | selectattr('status', 'in', ['error', 'fail', 'skipped', 'runtime error']) | list -%}
    {{ return('failed' if bad else 'audited') }}
{%- endmacro %}
