"""How the windows went, from their reports."""

from reprise_dashboard import freshness, notices
from reprise_dashboard.reports.folder import read_shelf
from reprise_dashboard.sections import windows
from reprise_dashboard.sections.header import header
from reprise_dashboard.sections.window_detail import window_detail
from reprise_dashboard.settings import read_settings
from reprise_dashboard.snapshot import serve

settings = read_settings()
freshness.remember(settings, with_reports=True)
header("Pipeline", settings, serve(settings), with_reports=True)
shelf = read_shelf(settings.reports_dir)
if shelf.problems:
    notices.malformed_reports(shelf.problems)
if shelf.reports:
    in_progress = tuple(report for report in shelf.reports if report.state == "running")
    if in_progress:
        windows.running(in_progress)
    windows.headline(shelf.reports)
    windows.windows_table(shelf.reports, shelf.older)
    windows.durations(shelf.reports)
    window_detail(shelf.reports, settings.replays_dir)
elif not shelf.problems:
    notices.no_windows()
