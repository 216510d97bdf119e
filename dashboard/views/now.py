"""What listeners do at this moment, from the store that the resident stream keeps."""

import streamlit as st

from reprise_dashboard.live import state as clock
from reprise_dashboard.live.reader import reader_of
from reprise_dashboard.queries.now.minutes import EVERYONE
from reprise_dashboard.sections.now import audience, figures, flow, listening, state, tracks, trouble
from reprise_dashboard.settings import Settings, read_settings

# The line with the age of the last batch goes on each second, the rest with the stream's own beat.
LINE_SECONDS = 1
BODY_SECONDS = 2


@st.fragment(run_every=LINE_SECONDS)
def line(settings: Settings) -> None:
    look = reader_of(settings.now_file).look()
    st.html(state.status_html(look, settings, clock.now()))


@st.fragment(run_every=BODY_SECONDS)
def body(settings: Settings) -> None:
    """The same elements in the same order each time: the browser changes what is in them and no more."""
    reader = reader_of(settings.now_file)
    look = reader.look()
    state.notice(look, clock.now())
    if look.picture is None:
        return
    above = st.container()
    scope = listening.pick_scope(look.picture.common.scopes)
    picture = reader.look(scope).picture
    if picture is None:
        # It broke between the two looks: what everyone does is at hand.
        picture, scope = look.picture, EVERYONE
    with above:
        figures.figures(picture)
        left, right = st.columns(2)
        with left:
            flow.pace(picture)
        with right:
            flow.delay(picture)
    listening.by_minute(picture, scope)
    left, right = st.columns(2)
    with left:
        tracks.top(picture)
    with right:
        tracks.rising(picture)
    for column, dimension in zip(st.columns(3), ("country", "device", "genre"), strict=True):
        with column:
            audience.split(picture, dimension)
    left, right = st.columns(2)
    with left:
        trouble.quarantine(picture)
    with right:
        trouble.order(picture)
        flow.lag(picture)
    trouble.newest_batches(picture)


st.title("Now", anchor=False)
settings = read_settings()
line(settings)
with st.container(key="now"):
    body(settings)
