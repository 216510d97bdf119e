"""Reprise's dashboard: three pages on what the platform publishes and what it hears just now."""

from pathlib import Path

import streamlit as st

ASSETS = Path(__file__).parent / "assets"

st.set_page_config(page_title="Reprise", page_icon=str(ASSETS / "icon.svg"), layout="wide")
st.logo(str(ASSETS / "logo.svg"), size="large")
st.html(ASSETS / "style.css")
# The folder is not called `pages`: Streamlit would run a page in it alone when its address is opened first.
st.navigation(
    [
        st.Page("views/overview.py", title="Overview", icon=":material/graphic_eq:", default=True),
        st.Page("views/now.py", title="Now", icon=":material/sensors:", url_path="now"),
        st.Page("views/pipeline.py", title="Pipeline", icon=":material/conveyor_belt:", url_path="pipeline"),
    ],
    position="top",
).run()
