"""A player for static pages: precomputed pictures that a slider chooses, with no kernel behind them."""

from __future__ import annotations

import base64
import importlib.util
import io
import itertools
import json
import math
import numbers
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

MAX_BYTES = 2_000_000
"""Size above which a player is refused: a page is read on telephones, too."""

DPI = 110
_MAX_COLOURS = 256
# Root mean square error, in grey levels of 255, up to which 256 colours pass for the picture itself.
_PALETTE_ERROR = 1.5
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class _Slider:
    name: str
    label: str
    values: list
    start: int

    @property
    def texts(self) -> list[str]:
        return [_text(value) for value in self.values]


@dataclass(frozen=True)
class _Frame:
    source: str  # data URI
    size: tuple[int, int]
    alt: str
    shown: str  # "p = 0.1, n = 8"


def player(
    draw: Callable[..., Figure],
    /,
    *,
    alt: str | Callable[..., str],
    caption: str | None = None,
    labels: Mapping[str, str] | None = None,
    start: Mapping[str, object] | None = None,
    **sliders: Sequence,
) -> Player:
    """Draw one picture for every position of one to three sliders.

    As the last line of a notebook cell, the result is shown twice over: as a static player (all pictures
    are drawn beforehand and stored in the page; ``book/_static/player.js`` makes the sliders move), and,
    where a kernel runs, as a control that calls `draw` anew. With the environment variable ``JSCC_STATIC=1``
    only the former is given; that is how the committed notebooks are made.

    Parameters
    ----------
    draw : callable
        ``draw(**values)`` returns a new matplotlib figure, of the same size for all values. It is closed
        here.
    alt : str or callable
        What the picture shows, for those who cannot see it. A callable is asked for every picture,
        ``alt(**values)``; to a string the positions of the sliders are added.
    caption : str, optional
        Plain text below the picture.
    labels : mapping, optional
        What to call a slider in the page, by its name.
    start : mapping, optional
        Where a slider stands at first, by its name; else at its first value.
    **sliders : sequence
        One to three sliders: the name of an argument of `draw` and the values it takes. The button in the page moves
        the first.

    Returns
    -------
    Player
        Shows itself in a notebook; its ``html`` is the static player.

    Raises
    ------
    ValueError
        If there are no sliders or more than three, one is empty, `labels` or `start` name something else,
        there is no alternative text, `draw` returns anything but a figure, its figures differ in size, or the
        player would weigh more than `MAX_BYTES`.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> def draw(power):
    ...     figure, ax = plt.subplots(figsize=(2, 1))
    ...     ax.plot([x**power for x in range(5)])
    ...     return figure
    >>> curve = player(draw, alt="x to a power", power=[1, 2, 3])
    >>> len(curve.frames)
    3
    """
    return Player(draw, _checked_sliders(sliders, labels or {}, start or {}), alt, caption)


class Player:
    """Pictures and the sliders that choose among them; made by `player`.

    Attributes
    ----------
    frames : list
        The pictures, the last slider moving fastest.
    html : str
        The static player.
    """

    def __init__(self, draw, sliders: list[_Slider], alt, caption: str | None):
        self._draw, self._sliders, self._alt, self._caption = draw, sliders, alt, caption
        self.frames = [self._frame(values) for values in itertools.product(*(s.values for s in sliders))]
        sizes = sorted({frame.size for frame in self.frames})
        if len(sizes) > 1:
            raise ValueError(f"draw returns figures of different sizes (pixels): {sizes}; expected one size")
        self.html = self._html()
        size = len(self.html.encode())
        if size > MAX_BYTES:
            raise ValueError(
                f"the player weighs {size / 1e6:.2f} MB with its {len(self.frames)} pictures; at most "
                f"{MAX_BYTES / 1e6:.0f} MB are allowed: give fewer values or smaller figures"
            )

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        bundle = {"text/plain": self._first.alt, "text/html": self.html}
        if in_live_notebook("ipywidgets"):
            bundle[WIDGET_MIME] = self._widget()._repr_mimebundle_()[WIDGET_MIME]
        return bundle

    @property
    def _first(self) -> _Frame:
        return self.frames[_flat_index(self._sliders)]

    def _frame(self, values: tuple) -> _Frame:
        by_name = {slider.name: value for slider, value in zip(self._sliders, values, strict=True)}
        shown = ", ".join(f"{s.label} = {_text(v)}" for s, v in zip(self._sliders, values, strict=True))
        alt = self._alt(**by_name) if callable(self._alt) else self._alt
        if not isinstance(alt, str) or not alt.strip():
            raise ValueError(f"alt is {alt!r} for {shown}; expected a text that says what the picture shows")
        if not callable(self._alt):
            alt = f"{alt.strip()} ({shown})"
        source, size = _picture(self._draw(**by_name))
        return _Frame(source, size, alt.strip(), shown)

    def _html(self) -> str:
        first = self._first
        width, height = first.size
        data = {
            "sliders": [{"start": slider.start, "texts": slider.texts} for slider in self._sliders],
            # The first picture is in the page already; the script takes it from there.
            "frames": [
                {"src": None if frame is first else frame.source, "alt": frame.alt, "shown": frame.shown}
                for frame in self.frames
            ],
        }
        caption = f"{escape(self._caption)} " if self._caption else ""
        return "\n".join(
            [
                '<figure class="jscc-player">',
                f'<img class="jscc-player-picture" src="{first.source}" width="{width}" height="{height}"'
                f' alt="{escape(first.alt)}">',
                '<div class="jscc-player-controls" hidden>',
                '<button type="button" class="jscc-player-play">Play</button>',
                *(_slider_html(slider) for slider in self._sliders),
                "</div>",
                '<p class="jscc-player-description" aria-live="polite"></p>',
                "<figcaption>",
                f'{caption}<span class="jscc-player-shown">{escape(first.shown)}</span>',
                "</figcaption>",
                f'<script type="application/json" class="jscc-player-data">{script_json(data)}</script>',
                "</figure>",
            ]
        )

    def _widget(self):
        """Make the control that draws anew in a live kernel."""
        import ipywidgets

        picture = ipywidgets.HTML()
        controls = [
            ipywidgets.SelectionSlider(
                options=list(zip(slider.texts, range(len(slider.values)), strict=True)),
                value=slider.start,
                description=slider.label,
                continuous_update=False,
                style={"description_width": "initial"},
                layout={"width": "32em", "max_width": "100%"},
            )
            for slider in self._sliders
        ]

        def show(_change=None):
            values = (s.values[control.value] for s, control in zip(self._sliders, controls, strict=True))
            frame = self._frame(tuple(values))
            picture.value = (
                f'<img src="{frame.source}" alt="{escape(frame.alt)}" style="max-width: 100%; height: auto">'
            )

        for control in controls:
            control.observe(show, names="value")
        show()
        caption = [ipywidgets.HTML(escape(self._caption))] if self._caption else []
        return ipywidgets.VBox([*controls, picture, *caption])


def _checked_sliders(sliders: dict, labels: Mapping, start: Mapping) -> list[_Slider]:
    if not 1 <= len(sliders) <= 3:
        raise ValueError(f"{len(sliders)} sliders given ({', '.join(sliders) or 'none'}); expected one to three")
    for option, names in (("labels", labels), ("start", start)):
        if unknown := sorted(set(names) - set(sliders)):
            raise ValueError(f"{option} names {unknown}; the sliders are {sorted(sliders)}")
    checked = []
    for name, values in sliders.items():
        values = list(values)
        if not values:
            raise ValueError(f"slider {name} has no values; expected at least one")
        first = start.get(name, values[0])
        if first not in values:
            raise ValueError(f"start puts {name} at {first!r}; its values are {values}")
        checked.append(_Slider(name, labels.get(name, name), values, values.index(first)))
    return checked


def _flat_index(sliders: list[_Slider]) -> int:
    index = 0
    for slider in sliders:
        index = index * len(slider.values) + slider.start
    return index


def _text(value: object) -> str:
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
        return f"{value:g}"
    return str(value)


def _picture(figure: object) -> tuple[str, tuple[int, int]]:
    """Turn a figure into a data URI, as small as it gets without being seen; closes the figure."""
    if not isinstance(figure, Figure):
        raise ValueError(f"draw returned {type(figure).__name__}; expected a matplotlib Figure")
    stored = io.BytesIO()
    try:
        # A tight box would give every frame another size, and the page would jump.
        with mpl.rc_context({"savefig.bbox": None}):
            figure.savefig(stored, format="png", dpi=DPI, facecolor="white")
    finally:
        plt.close(figure)
    picture = Image.open(stored).convert("RGB")
    return _smallest(_with_palette(picture)), picture.size


def _with_palette(picture: Image.Image) -> Image.Image:
    """Reduce a picture to 256 colours, unless that would be seen (as in colour photographs)."""
    reduced = picture.quantize(_MAX_COLOURS, dither=Image.Dither.NONE)
    error = np.asarray(picture, dtype=float) - np.asarray(reduced.convert("RGB"), dtype=float)
    return reduced if math.sqrt(np.mean(error**2)) <= _PALETTE_ERROR else picture


def _smallest(picture: Image.Image) -> str:
    png, webp = io.BytesIO(), io.BytesIO()
    picture.save(png, format="PNG", optimize=True)
    picture.convert("RGB").save(webp, format="WEBP", lossless=True, quality=60, method=4)
    kind, stored = min((("png", png), ("webp", webp)), key=lambda pair: len(pair[1].getvalue()))
    return f"data:image/{kind};base64,{base64.b64encode(stored.getvalue()).decode('ascii')}"


def _slider_html(slider: _Slider) -> str:
    start = escape(slider.texts[slider.start])
    widest = max(map(len, slider.texts))  # room for it from the start, or the slider would move under the hand
    return (
        f'<label class="jscc-player-slider"><span>{escape(slider.label)}</span>'
        f'<input type="range" min="0" max="{len(slider.values) - 1}" step="1" value="{slider.start}"'
        f' autocomplete="off" aria-valuetext="{start}">'
        f'<span class="jscc-player-value" aria-hidden="true" style="min-width: {widest}ch">{start}</span></label>'
    )


def script_json(data: object) -> str:
    """Write JSON that cannot end the script element it stands in."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def in_live_notebook(package: str) -> bool:
    """Whether a notebook's kernel is there to draw anew, and the package that its widgets need."""
    if os.environ.get("JSCC_STATIC") == "1" or "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return hasattr(shell, "kernel") and importlib.util.find_spec(package) is not None
