"""A screened register on one page: who is flagged and why, as pictures a paper could print. Computes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from soleus.core.assessment import URGENCIES
from soleus.core.proportion import wilson_interval
from soleus.core.screening import AGE_BANDS, BINS, ScreeningSummary
from soleus.knowledge.schema import Evidence
from soleus.report import words

WIDTH, LABEL, ROW = 900, 370, 26
MOST_BARS = 15  # choice: what one looks at; the manifest has all

_STYLE = """
body{font:17px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;color:#20262c;background:#fcfbf8;
max-width:54rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem}figure{margin:0}.soft,figcaption{color:#55606b}
svg{width:100%;height:auto}svg text{font:15px system-ui,"DejaVu Sans",sans-serif;fill:#20262c}.bar{fill:#4a6d99}
.second{fill:#9db3cf}.axis{stroke:#8a8f95}
@media(prefers-color-scheme:dark){body{color:#dcd9d2;background:#15171b}.soft,figcaption{color:#a3a7ad}
svg text{fill:#dcd9d2}.bar{fill:#8fb0d8}.second{fill:#45597a}}
"""


def render_screening(summary: ScreeningSummary, evidence: Evidence) -> str:
    """Return one self-contained page: no script, no font, no picture from elsewhere.

    Parameters
    ----------
    summary : ScreeningSummary
    evidence : Evidence
        For the names of causes and red flags.
    """
    n = max(summary.screened, 1)
    flags = _largest(summary.red_flags)
    causes = _largest({key: count / 1000 for key, count in summary.expected.items()})
    pictures = [
        _figure(
            "Urgency",
            f"How soon the {summary.screened:,} people should be seen, by red flags and probabilities together.",
            _bars([(words.URGENCY_SHORT[u], summary.urgency.get(u, 0), n) for u in URGENCIES]),
        ),
        _figure(
            "Red flags",
            "People in whom each danger rule holds. What is unknown raises none.",
            _bars([(evidence.red_flags[key].label, count, n) for key, count in flags]) if flags else _nothing("none"),
        ),
        _figure(
            "What explains the complaint",
            "Expected number of people: the sum of each person's probability. One person may have several causes.",
            _bars([(_cause(key, evidence), count, n) for key, count in causes]),
        ),
        _figure(
            "Is it a true cramp?",
            "People by the probability of a true muscle cramp, in steps of 5 %.",
            _histogram(summary.cramp),
        ),
        _figure(
            "Who should be seen soon or sooner, by age and sex",
            "Share of each group that is called emergency, same day or soon, with its 95 % interval (Wilson).",
            _groups(summary.groups),
        ),
        _figure(
            "Rows that could not be read",
            "Rejects by column and reason; rejects.csv lists each of them.",
            _bars([(key, count, max(summary.read, 1)) for key, count in _largest(summary.rejected_columns)])
            if summary.rejected
            else _nothing("none"),
        ),
    ]
    counts = f"{summary.read:,} rows: {summary.screened:,} screened, {summary.rejected:,} rejected."
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Soleus: a screened register</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main><h1>A screened register</h1><p>{counts}</p>"
        f'<p class="soft">{escape(str(words.DISCLAIMER))} A register holds what was written down, not what is there: '
        f"unknown is not absent.</p>{''.join(pictures)}</main></body></html>\n"
    )


def _largest(counts: Mapping[str, float]) -> list[tuple[str, float]]:
    shown = sorted(((key, count) for key, count in counts.items() if count), key=lambda one: (-one[1], one[0]))
    return shown[:MOST_BARS]


def _cause(key: str, evidence: Evidence) -> str:
    return evidence.causes[key].plain_name if key in evidence.causes else "Something not in the evidence base"


def _figure(title: str, caption: str, svg: str) -> str:
    return (
        f"<section><h2>{escape(title)}</h2><figure>{svg}<figcaption>{escape(caption)}</figcaption></figure></section>"
    )


def _nothing(word: str) -> str:
    return f"<p>{word}</p>"


def _svg(height: float, title: str, body: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(title, quote=True)}">{body}</svg>'


def _bars(rows: Sequence[tuple[str, float, int]]) -> str:
    """Draw one bar a row: its name, its count, and its share of all people."""
    top = max((count for _, count, _ in rows), default=0) or 1
    body, spoken = [], []
    for i, (name, count, of) in enumerate(rows):
        y = i * ROW
        shown = name if len(name) <= 40 else f"{name[:39]}…"
        width = (WIDTH - LABEL - 170) * count / top
        said = f"{count:,.{1 if count % 1 else 0}f} ({100 * count / of:.2g} %)"
        body.append(
            f'<text x="{LABEL - 10}" y="{y + 18}" text-anchor="end">{escape(shown)}</text>'
            f'<rect class="bar" x="{LABEL}" y="{y + 4}" width="{width:.1f}" height="{ROW - 8}"/>'
            f'<text x="{LABEL + width + 8:.1f}" y="{y + 18}">{said}</text>'
        )
        spoken.append(f"{name}: {said}")
    return _svg(len(rows) * ROW + 6, "; ".join(spoken), "".join(body))


def _histogram(bins: Sequence[int]) -> str:
    top, step, height = max(bins) or 1, (WIDTH - 80) / BINS, 180
    body = [
        f'<rect class="bar" x="{40 + k * step + 1:.1f}" y="{height - 150 * count / top:.1f}" width="{step - 2:.1f}" '
        f'height="{150 * count / top:.1f}"/>'
        for k, count in enumerate(bins)
    ]
    body.append(f'<line class="axis" x1="40" x2="{WIDTH - 40}" y1="{height}" y2="{height}"/>')
    for percent in (0, 25, 50, 75, 100):
        x = 40 + (WIDTH - 80) * percent / 100
        body.append(f'<text x="{x:.0f}" y="{height + 22}" text-anchor="middle">{percent} %</text>')
    said = ", ".join(f"{5 * k} to {5 * k + 5} %: {count:,}" for k, count in enumerate(bins) if count)
    return _svg(height + 30, said, "".join(body))


def _groups(groups: Mapping[str, Mapping[str, int]]) -> str:
    rows: list[tuple[str, int, int]] = []
    for sex in ("female", "male", "unknown"):
        for band, end in zip(("unknown", *AGE_BANDS), (None, *AGE_BANDS[1:], None), strict=True):
            counts = groups.get(f"{sex} {band}", {})
            total = sum(counts.values())
            if total:
                flagged = sum(counts.get(urgency, 0) for urgency in ("emergency", "same_day", "soon"))
                ages = "age unknown" if band == "unknown" else f"{band} to {end - 1}" if end else f"{band} and over"
                rows.append((f"{'sex unknown' if sex == 'unknown' else sex}, {ages}", flagged, total))
    if not rows:
        return _nothing("nobody was screened")
    intervals = [wilson_interval(flagged / total, total) for _, flagged, total in rows]
    top = max(high for _, high in intervals) or 1
    scale = (WIDTH - LABEL - 220) / top
    body, spoken = [], []
    for i, ((name, flagged, total), (low, high)) in enumerate(zip(rows, intervals, strict=True)):
        y, share = i * ROW + 14, flagged / total
        said = f"{100 * share:.1f} % ({100 * low:.1f} to {100 * high:.1f}), n {total:,}"
        body.append(
            f'<text x="{LABEL - 10}" y="{y + 5}" text-anchor="end">{name}</text>'
            f'<rect class="second" x="{LABEL + low * scale:.1f}" y="{y - 3}" '
            f'width="{max((high - low) * scale, 1):.1f}" height="6"/>'
            f'<circle class="bar" cx="{LABEL + share * scale:.1f}" cy="{y}" r="5"/>'
            f'<text x="{LABEL + high * scale + 10:.1f}" y="{y + 5}">{said}</text>'
        )
        spoken.append(f"{name}: {said}")
    return _svg(len(rows) * ROW + 6, "; ".join(spoken), "".join(body))
