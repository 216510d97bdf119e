{#- Share of a whole between 0 and 1; null where the whole is nothing, because then there is no rate. -#}
{% macro rate(part, whole) -%}
    cast({{ part }} as {{ 'float64' if target.type == 'bigquery' else 'double' }}) / nullif({{ whole }}, 0)
{%- endmacro %}
