{#-
  DuckDB's counterpart of insert_overwrite with named partitions: the affected days are deleted and inserted in the
  transaction that dbt has open. The built-in delete+insert only deletes days that have new rows, so a day whose last
  event moved elsewhere would keep its old ones.
-#}
{% macro get_incremental_replace_days_sql(arg_dict) %}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}

    delete from {{ arg_dict['target_relation'] }}
    where {{ is_affected(config.meta_require('day_of')) }};

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{% endmacro %}
