"""Small tables as HTML: they can be read by a screen reader, searched in the browser, and fit a phone.

Everything that comes from data goes through `text` or `link`.
"""

import html
import re
from collections.abc import Sequence
from typing import NamedTuple, NewType

Html = NewType("Html", str)

_STATES = {
    "completed": ("rp-good", "✓"),
    "failed": ("rp-bad", "✕"),
    "cancelled": ("rp-warn", "⊘"),
    "kept": ("rp-muted", "○"),
    "running": ("rp-busy", "▸"),
}


class Column(NamedTuple):
    label: str
    kind: str = ""
    """CSS classes: `r` right-aligned, `wrap`, `grow`, `narrow-hide`."""
    note: str = ""


def text(value: str) -> Html:
    return Html(html.escape(value))


def plain(value: str) -> str:
    """For the places that read Markdown: what stands in data is said as it stands there, on one line."""
    return re.sub(r"([\\`*_{}\[\]()#+!|~$<>:])", r"\\\1", " ".join(value.split()))


def styled(value: str, kind: str, note: str = "") -> Html:
    title = f' title="{html.escape(note)}"' if note else ""
    return Html(f'<span class="{kind}"{title}>{html.escape(value)}</span>')


def titled(title: str, subtitle: str = "") -> Html:
    below = f'<span class="sub">{html.escape(subtitle)}</span>' if subtitle else ""
    return Html(f"{html.escape(title)}{below}")


def state(name: str) -> Html:
    """Never by colour alone: a sign and the word go with it."""
    kind, sign = _STATES.get(name, ("rp-muted", "·"))
    return styled(f"{sign} {name}", f"rp-state {kind}")


def bar(share: float, label: str) -> Html:
    width = max(0.0, min(1.0, share)) * 100
    return Html(f'{html.escape(label)}<span class="rp-bar" style="width:{width:.1f}%"></span>')


def link(url: str | None, label: str) -> Html:
    """Only to the web: a report is data, and data names no other scheme."""
    if not url or not url.startswith(("http://", "https://")):
        return Html("")
    return Html(f'<a href="{html.escape(url)}" target="_blank" rel="noopener">{html.escape(label)}</a>')


def joined(parts: Sequence[Html], separator: str = " · ") -> Html:
    return Html(separator.join(part for part in parts if part))


def table(label: str, columns: Sequence[Column], rows: Sequence[Sequence[Html]], kind: str = "") -> Html:
    head = "".join(
        f'<th scope="col" class="{column.kind}" title="{html.escape(column.note)}">'
        f"{html.escape(column.label)}</th>"
        for column in columns
    )
    body = "".join(
        "<tr>"
        + "".join(f'<td class="{column.kind}">{cell}</td>' for column, cell in zip(columns, row, strict=True))
        + "</tr>"
        for row in rows
    )
    return Html(
        f'<div class="rp-scroll"><table class="rp-table {kind}" aria-label="{html.escape(label)}">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
