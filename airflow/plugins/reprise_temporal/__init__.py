"""Bridge from Airflow to Temporal: a task starts a window's workflow, and the triggerer waits for it.

Nothing here imports ``temporalio`` at module level: DAG files are parsed often, and that import takes about a
second.
"""
