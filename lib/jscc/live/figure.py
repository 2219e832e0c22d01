"""A figure of the book that runs kernels of the library: what is written into the page, and into a notebook."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from jscc.live.wasm import LiveKernel, NoLinkerError, build
from jscc.live.widget import widget
from jscc.plotting.players import WIDGET_MIME, in_live_notebook, script_json

__all__ = [
    "LiveFigure",
    "kernels_html",
    "packed",
    "prepared",
    "store_script",
    "stored_arrays",
    "stored_kernels",
    "stores_html",
    "wanted",
]


@dataclass(frozen=True, repr=False)
class LiveFigure:
    """A control that runs in the page, and what stands there where it cannot.

    Attributes
    ----------
    control : str
        Its name in `jsccLive.controls`, and of its script in `jscc.live.widget.STATIC`.
    kernels : sequence of LiveKernel
        What it runs; the build of the book puts them into the page.
    values : dict
        What the control begins with, as JSON has it.
    static : object
        A picture or player of `jscc.plotting` with an HTML form.
    caption : str
    stores : sequence of str
        Names of `jscc.live.kernels.STORES`: arrays too large for the page, which it loads when the figure comes into
        view. The control finds them as the model's value ``stores``.
    """

    control: str
    kernels: Sequence[LiveKernel]
    values: dict
    static: object
    caption: str
    stores: Sequence[str] = ()

    @property
    def html(self) -> str:
        """The figure as the page holds it: the static player, and what the control needs."""
        data = self._data
        wants = f'data-kernels="{" ".join(data["kernels"])}" data-stores="{" ".join(self.stores)}"'
        return "\n".join(
            [
                f'<figure class="jscc-live" data-control="{escape(self.control)}" {wants}>',
                f'<div class="jscc-live-static">{self.static.html}</div>',
                f"<figcaption>{escape(self.caption)}</figcaption>",
                f'<script type="application/json" class="jscc-live-data">{script_json(data)}</script>',
                "</figure>",
            ]
        )

    @property
    def _data(self) -> dict:
        names = [kernel.name for kernel in self.kernels]
        return {"control": self.control, "kernels": names, "stores": list(self.stores), "values": self.values}

    def widget(self):
        """The control for a live notebook, where its kernels and arrays come from this process.

        Returns
        -------
        anywidget.AnyWidget

        Raises
        ------
        NoLinkerError, RuntimeError
            As of `jscc.live.wasm.build`.
        FileNotFoundError
            If what the control loads is not here.
        """
        from jscc.live.kernels import STORES  # which loads the rooms of all kernels

        stores = {name: stored_arrays(STORES[name]()) for name in self.stores}
        return widget(self._data, stored_kernels(self.kernels), stores, self.caption)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        static = self.static._repr_mimebundle_()
        bundle = {"text/plain": static["text/plain"], "text/html": self.html}
        if in_live_notebook("anywidget"):
            try:
                bundle[WIDGET_MIME] = self.widget()._repr_mimebundle_()[0][WIDGET_MIME]
            except (NoLinkerError, FileNotFoundError) as error:
                print(f"a stored player stands for the control: {error}")
                bundle |= static
        return bundle

    def __repr__(self) -> str:
        return f"LiveFigure({self.control}, {', '.join(kernel.name for kernel in self.kernels)})"


def wanted(html: str) -> tuple[list[str], list[str], list[str]]:
    """The controls, the kernels and the stores that the figures of a page ask for, each once."""
    figures = re.findall(
        r'<figure class="jscc-live" data-control="([^"]+)" data-kernels="([^"]*)"(?: data-stores="([^"]*)")?>', html
    )
    columns = list(zip(*figures, strict=True)) or [(), (), ()]
    return tuple(sorted({name for names in column for name in names.split()}) for column in columns)


def kernels_html(kernels: Sequence[LiveKernel]) -> str:
    """The element from which the controls of a page take their kernels.

    Raises
    ------
    NoLinkerError, RuntimeError
        As of `jscc.live.wasm.build`.
    """
    return f'<script type="application/json" id="jscc-kernels">{script_json(stored_kernels(kernels))}</script>'


def stored_kernels(kernels: Sequence[LiveKernel]) -> dict:
    """Compiled kernels as a control takes them, by name: the bytes in base64, and the arguments.

    Raises
    ------
    NoLinkerError, RuntimeError
        As of `jscc.live.wasm.build`.
    """
    built = build(list(kernels))
    return {
        kernel.name: {"wasm": base64.b64encode(built[kernel.name]).decode("ascii"), "arguments": kernel.describe()}
        for kernel in kernels
    }


def stores_html(places: Mapping[str, str]) -> str:
    """The element from which the controls of a page know where their stores are: addresses by name."""
    return f'<script type="application/json" id="jscc-stores">{script_json(dict(places))}</script>'


def store_script(name: str, arrays: Mapping[str, np.ndarray]) -> str:
    """A script that gives a page arrays: a page from a disk may load a script, and no other file.

    Parameters
    ----------
    name : str
    arrays : mapping of str to ndarray
    """
    return f"(globalThis.jsccStores ??= {{}})[{json.dumps(name)}] = {json.dumps(stored_arrays(arrays))};\n"


def stored_arrays(arrays: Mapping[str, np.ndarray]) -> dict:
    """Arrays as a store holds them: name, dtype and size of each, and the bytes of all, compressed, in base64."""
    arrays = {key: np.ascontiguousarray(value) for key, value in arrays.items()}
    content = zlib.compress(b"".join(value.tobytes() for value in arrays.values()), 9)
    return {
        "arrays": [[key, value.dtype.name, value.size] for key, value in arrays.items()],
        "base64": base64.b64encode(content).decode("ascii"),
    }


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
