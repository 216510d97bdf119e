{#-
  Lets a test's `where` name the rows of this run, in either dialect: `affected(<date or timestamp column>)` for the days
  that were replaced, `arrived(<window column>)` for the window that was loaded. Old days were tested when they were built.
-#}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get('where', '') -%}
    {%- if not where -%}
        {{ return(relation) }}
    {%- endif -%}
    {%- set rows = modules.re.match('^(affected|arrived)\\((\\w+)\\)$', where) -%}
    {%- if rows and rows.group(1) == 'affected' -%}
        {%- set where = is_affected(rows.group(2)) if affected_dates() else 'true' -%}
    {%- elif rows -%}
        {%- set where = has_arrived_now(rows.group(2)) -%}
    {%- endif -%}
    {{ return('(select * from ' ~ relation ~ ' where ' ~ where ~ ') as tested_rows') }}
{%- endmacro %}


{#- Whether a row belongs to the window that this run loaded. -#}
{% macro has_arrived_now(column) -%}
    {{ column }} >= timestamp '{{ window_bound("start") }}' and {{ column }} < timestamp '{{ window_bound("end") }}'
{%- endmacro %}
