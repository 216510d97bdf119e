{#- SQL has no empty list: when nothing is affected, this day stands in, on which nobody listened. -#}
{% macro affected_days() -%}
    {{ return(affected_dates() or ['1900-01-01']) }}
{%- endmacro %}


{#- Whether a timestamp or date falls on a day that this run replaces. -#}
{% macro is_affected(column) -%}
    cast({{ column }} as date) in (
        {%- for day in affected_days() %}cast('{{ day }}' as date){{ ', ' if not loop.last }}{% endfor -%}
    )
{%- endmacro %}


{#- The rows that an incremental model computes: everything on its first run, the affected days later. -#}
{% macro affected_rows(column) -%}
    {% if is_incremental() %}{{ is_affected(column) }}{% else %}true{% endif %}
{%- endmacro %}


{#- How BigQuery partitions a model by day; DuckDB's tables have no partitions to declare. -#}
{% macro day_partitions(column, data_type) -%}
    {%- if target.type == 'bigquery' -%}
        {{ return({'field': column, 'data_type': data_type, 'granularity': 'day'}) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}


{#- The same days as BigQuery's insert_overwrite wants them: literals of the partitioning column's own type. -#}
{% macro affected_partitions(data_type='date') -%}
    {%- if target.type != 'bigquery' -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set literals = [] -%}
    {%- for day in affected_days() -%}
        {%- do literals.append(data_type ~ " '" ~ day ~ "'") -%}
    {%- endfor -%}
    {{ return(literals) }}
{%- endmacro %}
