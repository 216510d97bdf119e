"""SET (a[, b]) = (SELECT AS STRUCT ...), which the scripts of dbt-bigquery's incremental strategies use."""

import sqlglot
from local_bigquery.sql import script
from sqlglot import exp


def install() -> None:
    original_set = script.Interpreter.set

    def set_(self, statement):
        tree = sqlglot.parse_one(statement.text, dialect=script.BigQueryDialect)
        item = tree.expressions[0].this if len(tree.expressions) == 1 else None
        target, value = (item.this, item.expression) if item is not None else (None, None)
        select = value.unnest() if isinstance(value, exp.Subquery | exp.Paren) else None
        if not isinstance(target, exp.Paren | exp.Tuple) or not isinstance(select, exp.Select):
            return original_set(self, statement)
        targets = target.expressions if isinstance(target, exp.Tuple) else [target.this]
        for index, name in enumerate(targets):
            single = select.copy()
            single.set("kind", None)
            single.set("expressions", [single.expressions[index]])
            self.assign(self.variable(name.name), exp.Subquery(this=single))
        return None

    script.Interpreter.set = set_
