"""The link from a task to its workflow in Temporal's UI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator


class TemporalWorkflowLink(BaseOperatorLink):
    """Airflow's pages read the link from the XCom named ``xcom_key``.

    Airflow itself writes that XCom only when a task ends on a worker. The operator writes it as soon as the
    workflow has started, so that the link is there while the task is deferred and when the triggerer ends it.
    """

    @property
    def name(self) -> str:
        return "Temporal workflow"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        # At the end of a task on a worker this is the running task instance; the answer is stored again.
        pull = getattr(ti_key, "xcom_pull", None)
        return (pull(task_ids=ti_key.task_id, key=self.xcom_key) if pull else None) or ""
