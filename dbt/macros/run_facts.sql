{#-
  What this run is about. The build step says it by environment variables and not by --vars: other vars make dbt parse the
  whole project anew, which costs more than the build of a small window. A person may give the vars of the same names.
-#}
{% macro affected_dates() -%}
    {%- set named = var('affected_dates') or env_var('REPRISE_AFFECTED_DATES', '').split(',') -%}
    {{ return(named | select | list) }}
{%- endmacro %}


{#- `start` or `end` of the window that was loaded, UTC. Without one, all windows are meant. -#}
{% macro window_bound(name) -%}
    {%- set ever = {'start': '1970-01-01 00:00:00', 'end': '9999-12-31 00:00:00'} -%}
    {{ return(var('window_' ~ name) or env_var('REPRISE_WINDOW_' ~ name | upper, '') or ever[name]) }}
{%- endmacro %}
