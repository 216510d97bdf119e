"""A framed part of a page: a title that states its subject, its units, and how it is computed on request."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from reprise_dashboard.markup import Html, styled, text


def _legend(entries: Sequence[tuple[str, int]]) -> Html:
    return Html(
        "".join(f'<span class="rp-key rp-hue-{hue}">{text(name)}</span>' for name, hue in entries),
    )


@contextmanager
def card(title: str, units: str, how: str, legend: Sequence[tuple[str, int]] = ()) -> Iterator[None]:
    """`legend`: a name and the number of its colour in the theme, from 0."""
    with st.container(border=True):
        st.markdown(f"##### {title}", help=how)
        st.html(Html(f'<div class="rp-units">{styled(units, "")}{_legend(legend)}</div>'))
        yield
