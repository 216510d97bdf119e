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


{#-
  What each mart held of each day when it was last audited, written by the process that audits and compared by the one that
  publishes. A build forgets the days that it is about to change: what is not recorded, nobody vouches for. By hand, for no
  window and no days, it may change all of them.
-#}
{% macro create_mart_content() -%}
    {%- if execute and judges_marts() -%}
        create table if not exists {{ lake_schema() }}.mart_content (
            mart string, day string, total string, high string, low string
        )
    {%- endif -%}
{%- endmacro %}


{% macro forget_mart_content() -%}
    {%- if execute and judges_marts() -%}
        delete from {{ lake_schema() }}.mart_content
        where {% if affected_dates() or not window_bound('start').startswith('1970') -%}
            day in ('all'{% for day in affected_dates() %}, '{{ day }}'{% endfor %})
        {%- else -%} true {%- endif %}
    {%- endif -%}
{%- endmacro %}


{% macro judges_marts() -%}
    {{ return(flags.WHICH in ('build', 'retry')) }}
{%- endmacro %}


{% macro outcome_of(results) -%}
    {%- set bad = results | selectattr('status', 'in', ['error', 'fail', 'skipped', 'runtime error']) | list -%}
    {{ return('failed' if bad else 'audited') }}
{%- endmacro %}
