{#- Fails on rows for which the condition is not true (null counts as not true). -#}
{% test holds(model, condition) %}

select *
from {{ model }}
where ({{ condition }}) is not true

{% endtest %}
