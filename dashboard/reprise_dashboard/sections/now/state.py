"""Is it live: the line under the title, and what to do when it is not."""

from datetime import datetime

import streamlit as st

from reprise_dashboard import formatting
from reprise_dashboard.live.reader import Look
from reprise_dashboard.live.state import Life, Pulse, life_of
from reprise_dashboard.markup import Html, joined, link, plain, styled, text
from reprise_dashboard.settings import Settings

START = "npx reprise live start"

_WORDS: dict[Life, str] = {
    "live": "Live",
    "behind": "Live, catching up",
    "waiting": "Live, no events just now",
    "silent": "No sign of the stream",
    "stopped": "Stopped",
}


def ago(then: datetime, now: datetime) -> str:
    """To the second below a minute: on this page seconds are what is asked for."""
    elapsed = max(0, int((now - then).total_seconds()))
    return f"{elapsed} s ago" if elapsed < 60 else formatting.age(then, now)


def life(look: Look, now: datetime) -> Life | None:
    if look.pulse is None:
        return None
    return life_of(look.pulse, now, look.picture.common.pace if look.picture else 0)


def _parts(look: Look, now: datetime) -> list[Html]:
    found = life(look, now)
    good = found in ("live", "behind", "waiting") and not look.problem
    dot = Html(f'<span class="rp-dot{"" if good else " off"}"></span>')
    if look.pulse is None or found is None:
        return [joined([dot, text("No store that can be read" if look.problem else "Nothing live yet")], "")]
    parts = [joined([dot, Html(f"<b>{text(_WORDS[found])}</b>")], "")]
    commit = look.pulse.commit
    if commit:
        parts.append(styled(f"last batch {ago(commit.at, now)}", "", formatting.instant(commit.at)))
        parts.append(
            text(f"number {formatting.count(commit.number)}, took {formatting.seconds(commit.seconds)}")
        )
    if found == "behind" and commit and look.picture:
        # In the line and not in a box: it comes and goes, and the page below stays where it is.
        pace = look.picture.common.pace
        about = f", {formatting.whole_seconds(commit.lag / pace)} of work" if pace >= 1 else ""
        parts.append(styled(f"{formatting.count(commit.lag)} records wait{about}", "rp-warn"))
    if look.pulse.watermark:
        parts.append(text(f"minutes before {look.pulse.watermark[11:16]} are final"))
    return parts


def status_html(look: Look, settings: Settings, now: datetime) -> Html:
    parts = [*_parts(look, now), text("all times UTC"), link(settings.temporal_url, "Temporal")]
    return Html(f'<div class="rp-status">{"".join(f"<span>{part}</span>" for part in parts if part)}</div>')


def _absent() -> None:
    with st.container(border=True):
        st.markdown("##### Nothing is live so far")
        st.markdown(
            "A resident stream fills this page, a few seconds after an event was sent. It appears by itself "
            "once the stream has begun. To start it, with a producer of its own:"
        )
        st.code(START, language=None)


def _waiting(pulse: Pulse) -> None:
    since = f" since {pulse.started_at:%H:%M:%S} UTC" if pulse.started_at else ""
    st.info(
        f"The stream is up{since} and has not had an event yet. This page fills with the first ones. "
        "A stream that was started with `--no-producer` waits for others to write to the topic.",
        icon=":material/hourglass_empty:",
    )


def _silent(pulse: Pulse, now: datetime) -> None:
    sign = pulse.last_sign
    since = f"for {ago(sign, now).removesuffix(' ago')}, since {sign:%H:%M:%S} UTC" if sign else "at all"
    below = "What is below is its last picture. " if pulse.batch else ""
    st.warning(
        f"**The stream has given no sign {since}.** {below}If it crashed it is started again by itself, "
        "within a minute or so, and goes on where it was: no event is lost. If this lasts, "
        f"`npx reprise live status` says why; when nothing is running, `{START}` starts it.",
        icon=":material/warning:",
    )


def _stopped(pulse: Pulse) -> None:
    after = f" after batch {formatting.count(pulse.batch.number)}" if pulse.batch else ""
    below = "What is below is its last picture. " if pulse.batch else ""
    st.info(
        f"**The stream was stopped at {formatting.instant(pulse.stopped_at)}**{after}. {below}"
        f"To start it again, where it left off: `{START}`",
        icon=":material/stop_circle:",
    )


def _problem(look: Look) -> None:
    stays = "The last good picture stays on this page meanwhile." if look.picture else ""
    st.warning(
        f"**The live figures cannot be read.** {plain(look.problem or '')} {stays} This page tries again by "
        f"itself. If this lasts, `npx reprise live stop` and then `{START}` begin again where the stream "
        "was; what the dashboard found is in `npx reprise logs dashboard`.",
        icon=":material/warning:",
    )


def notice(look: Look, now: datetime) -> None:
    """A sentence or two when there is anything to be said, always in the same place of the page."""
    with st.container():
        if look.problem:
            _problem(look)
        found = life(look, now)
        if look.pulse is None or found is None:
            if not look.problem:
                _absent()
        elif found == "stopped":
            _stopped(look.pulse)
        elif found == "silent":
            _silent(look.pulse, now)
        elif found == "waiting" and look.pulse.batch is None:
            _waiting(look.pulse)
