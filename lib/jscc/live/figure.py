"""A figure of the book that runs kernels of the library: what is written into the page, and into a notebook."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from jscc.live.wasm import LiveKernel, build
from jscc.plotting.players import script_json

__all__ = ["LiveFigure", "kernels_html", "packed", "prepared", "wanted"]


@dataclass(frozen=True, repr=False)
class LiveFigure:
    """A control that runs in the page, and what stands there where it cannot.

    Attributes
    ----------
    control : str
        Its name in `jsccLive.controls`, and of its script in `book/_static/live`.
    kernels : sequence of LiveKernel
        What it runs; the build of the book puts them into the page.
    values : dict
        What the control begins with, as JSON has it.
    static : object
        A picture or player of `jscc.plotting` with an HTML form.
    caption : str
    """

    control: str
    kernels: Sequence[LiveKernel]
    values: dict
    static: object
    caption: str

    @property
    def html(self) -> str:
        """The figure as the page holds it: the static player, and what the control needs."""
        names = [kernel.name for kernel in self.kernels]
        data = {"control": self.control, "kernels": names, "values": self.values}
        return "\n".join(
            [
                f'<figure class="jscc-live" data-control="{escape(self.control)}" data-kernels="{" ".join(names)}">',
                f'<div class="jscc-live-static">{self.static.html}</div>',
                f"<figcaption>{escape(self.caption)}</figcaption>",
                f'<script type="application/json" class="jscc-live-data">{script_json(data)}</script>',
                "</figure>",
            ]
        )

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        static = self.static._repr_mimebundle_()
        return {"text/plain": static["text/plain"], "text/html": self.html}

    def __repr__(self) -> str:
        return f"LiveFigure({self.control}, {', '.join(kernel.name for kernel in self.kernels)})"


def wanted(html: str) -> tuple[list[str], list[str]]:
    """The controls and the kernels that the figures of a page ask for, each once."""
    figures = re.findall(r'<figure class="jscc-live" data-control="([^"]+)" data-kernels="([^"]*)">', html)
    controls = sorted({control for control, _ in figures})
    return controls, sorted({name for _, names in figures for name in names.split()})


def kernels_html(kernels: Sequence[LiveKernel]) -> str:
    """The element from which the controls of a page take their kernels.

    Raises
    ------
    RuntimeError
        If they cannot be compiled on this machine.
    """
    built = build(list(kernels))
    stored = {
        kernel.name: {"wasm": base64.b64encode(built[kernel.name]).decode("ascii"), "arguments": kernel.describe()}
        for kernel in kernels
    }
    return f'<script type="application/json" id="jscc-kernels">{script_json(stored)}</script>'


def prepared(arguments: dict) -> dict:
    """The arguments of a live kernel as a page stores them: sizes, scalars, and the arrays that are not all zero.

    Parameters
    ----------
    arguments : dict
        Arrays and numbers by their names.

    Examples
    --------
    >>> prepared({"out": np.zeros((2, 3), np.float32), "places": np.array([7, 300]), "q": 4})
    {'shapes': {'out': [2, 3], 'places': [2]}, 'scalars': {'q': 4}, 'arrays': {'places': [7, 300]}}
    """
    arrays = {name: value for name, value in arguments.items() if isinstance(value, np.ndarray)}
    scalars = {name: np.asarray(value).item() for name, value in arguments.items() if name not in arrays}
    return {
        "shapes": {name: list(value.shape) for name, value in arrays.items()},
        "scalars": {name: value if np.isfinite(value) else "Infinity" for name, value in scalars.items()},
        "arrays": {name: packed(value) for name, value in arrays.items() if value.any()},
    }


def packed(values: np.ndarray) -> list | dict:
    """An array as a page stores it: a short one as a list, others as bytes, integers in as few as they need."""
    values = np.asarray(values)
    if values.dtype.kind in "iu":
        smallest = np.promote_types(
            np.min_scalar_type(values.min(initial=0)), np.min_scalar_type(values.max(initial=0))
        )
        values = values.astype(smallest)
    if values.size <= 16 and values.dtype.kind in "iu":
        return values.ravel().tolist()
    dtype = "uint8" if values.dtype == bool else values.dtype.name
    return {"dtype": dtype, "base64": base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")}
