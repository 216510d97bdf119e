{#- Fails on rows for which one of the conditions is not true (null counts as not true). -#}
{% test holds(model, conditions) %}

select *
from {{ model }}
where
    {% for condition in conditions -%}
    ({{ condition }}) is not true{{ ' or' if not loop.last }}
    {% endfor %}

{% endtest %}
