"""The controls of the pages in a live notebook: the same scripts and kernels, handed over by anywidget."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["STATIC", "script", "widget"]

STATIC = Path(__file__).with_name("static")
"""The folder of the scripts and styles of the controls; the build of the book copies it."""

# The scripts leave one object behind; a second control of the notebook makes another one, so it is kept here.
_EXPORT = """
const live = globalThis.jsccLive;
export default {
  async render({ model, el }) {
    const [data, kernels, stores] = ["figure", "kernels", "stores"].map((name) => model.get(name));
    return live.show(el, data, kernels, stores);
  },
};
"""


def script(control: str) -> str:
    """The module of a control as anywidget takes it: what the pages load, and an export.

    Parameters
    ----------
    control : str
        Its name in `jsccLive.controls`.

    Examples
    --------
    >>> "jsccLive.controls.words" in script("words")
    True
    """
    parts = [(STATIC / "live" / f"{name}.js").read_text("utf8") for name in ("live", control)]
    return "\n".join([*parts, _EXPORT])


def widget(data: Mapping, kernels: Mapping, stores: Mapping, caption: str):
    """A control for a live notebook.

    Parameters
    ----------
    data : mapping
        As in the element ``jscc-live-data`` of a page's figure: control, kernels, stores, values.
    kernels, stores : mapping
        As pages store them (`jscc.live.figure.stored_kernels`, `jscc.live.figure.stored_arrays`), by name.
    caption : str

    Returns
    -------
    anywidget.AnyWidget
    """
    import anywidget
    import traitlets

    class Control(anywidget.AnyWidget):
        _esm = script(data["control"])
        _css = (STATIC / "live.css").read_text("utf8")
        figure = traitlets.Dict().tag(sync=True)
        kernels = traitlets.Dict().tag(sync=True)
        stores = traitlets.Dict().tag(sync=True)

    return Control(figure={**data, "caption": caption}, kernels=dict(kernels), stores=dict(stores))
