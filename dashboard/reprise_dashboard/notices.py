"""What a reader is told when there is nothing to show or something is broken: what, and what to do."""

import streamlit as st

from reprise_dashboard.markup import plain

RUN = "npx reprise run --start 2026-01-05T08:00Z --windows 3"


def no_snapshot() -> None:
    with st.container(border=True):
        st.markdown("##### Nothing published so far")
        st.markdown(
            "The first window that runs through publishes one, and this page then fills by itself. "
            "To run windows:"
        )
        st.code(RUN, language=None)


def no_windows() -> None:
    with st.container(border=True):
        st.markdown("##### No window has run yet")
        st.markdown("Its report appears here as soon as it starts. To run windows:")
        st.code(RUN, language=None)


def empty_snapshot() -> None:
    st.info(
        "The snapshot holds no activity: the windows so far had no valid playback.",
        icon=":material/hourglass_empty:",
    )


def empty_period() -> None:
    st.info("No activity in this period. Choose another one above.", icon=":material/event_busy:")


def broken_snapshot(problem: str, standing_in: bool) -> None:
    stays = (
        "The last good snapshot stays on this page meanwhile."
        if standing_in
        else "There is no earlier snapshot to show instead."
    )
    st.warning(
        f"**The newest snapshot cannot be used.** {plain(problem)} {stays} "
        "To publish another, run the newest window again: `npx reprise run --start …`. "
        "What the dashboard found is in `npx reprise logs dashboard`.",
        icon=":material/warning:",
    )


def unreadable_snapshot() -> None:
    st.error(
        "**The snapshot could not be read just now.** This page tries again when the next one is published, "
        "or when you reload it. The reason is in `npx reprise logs dashboard`.",
        icon=":material/error:",
    )


def malformed_reports(problems: tuple[str, ...]) -> None:
    number = len(problems)
    heading = "A window report" if number == 1 else f"{number} window reports"
    listing = "\n".join(f"- {plain(problem)}" for problem in problems[:5])
    st.warning(
        f"**{heading} cannot be read and {'is' if number == 1 else 'are'} left out below.** "
        f"Running the window again writes a new one.\n{listing}",
        icon=":material/warning:",
    )
