{#- BigQuery has no schemas inside a dataset, so each layer is a dataset of its own beside the configured one. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name is none -%}
        {{ target.schema }}
    {%- elif target.type == 'bigquery' -%}
        {{ target.schema }}_{{ custom_schema_name | trim }}
    {%- else -%}
        {{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}


{#- Where the load step puts the lake's tables. -#}
{% macro lake_schema() -%}
    {{ generate_schema_name('lake', none) }}
{%- endmacro %}
