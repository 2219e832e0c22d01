"""Compiling kernels for pages: what they may be given, bytes that do not depend on company, machines without linker."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from jscc import plotting
from jscc.gfq.live import substitute
from jscc.live import KERNELS, LiveFigure, build, figure, live_kernel, wasm
from jscc.live.figure import kernels_html, prepared, wanted
from jscc.live.kernels import WORDS
from live_support import built
from support import tool


def double(values: "float32[::1]", factor: "int32"):  # noqa: F722, F821
    """Not to be compiled."""


def bad_scalar(values: "float32[::1]", factor: "int64"):  # noqa: F722, F821
    """A page cannot hand over an int64."""


def bad_array(values: "float32[:]"):  # noqa: F722, F821
    """Not contiguous."""


def impossible(values: "float32[::1]"):  # noqa: F722, F821
    """Numba cannot compile it."""
    values[0] = __import__("random").random()


def test_arguments_are_read_from_the_annotations():
    assert live_kernel(double).describe() == [["values", "float32", 1], ["factor", "int32", 0]]


@pytest.mark.parametrize("function", [bad_scalar, bad_array], ids=lambda function: function.__name__)
def test_other_arguments_are_refused(function):
    with pytest.raises(ValueError, match=function.__name__):
        live_kernel(function)


def test_names_are_unique():
    assert all(name == kernel.name for name, kernel in KERNELS.items())


def test_bytes_are_the_same_compiled_alone(tmp_path, monkeypatch):
    together = built()[substitute.__name__]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kernel = live_kernel(substitute)
    assert build([kernel])[kernel.name] == together
    assert len(list(tmp_path.rglob("*.wasm"))) == 1


@pytest.fixture
def no_linker(tmp_path, monkeypatch):
    """A machine that has neither a linker nor anything compiled before."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(wasm, "linker", lambda: None)


def bar(height):
    """A picture for a player."""
    drawn, ax = plt.subplots(figsize=(1, 1))
    ax.bar([0], [height])
    return drawn


FIGURE = '<figure class="jscc-live" data-control="words" data-kernels="substitute remove_leaves">...</figure>'


LOADING = (
    '<figure class="jscc-live" data-control="drawing" data-kernels="substitute" data-stores="drawing">...</figure>'
)


class App:
    """What the extension asks of Sphinx."""

    def __init__(self, folder="/nowhere"):
        self.scripts, self.outdir = [], folder

    def add_js_file(self, name, **options):
        """Take note."""
        self.scripts.append(name)


def test_without_a_linker_a_page_stays_as_it_is_and_the_build_says_so(no_linker, capsys):
    with pytest.raises(RuntimeError, match="no wasm-ld"):
        kernels_html([KERNELS["substitute"]])
    app, context = App(), {"body": FIGURE}
    tool("book_extension").embed_kernels(app, "book/page", "page.html", context, None)
    assert context["body"] == FIGURE and not app.scripts
    assert "book/page keeps its static players: no wasm-ld" in capsys.readouterr().err


def test_a_page_gets_its_kernels_and_scripts():
    built()
    app, context = App(), {"body": FIGURE}
    tool("book_extension").embed_kernels(app, "book/page", "page.html", context, None)
    assert app.scripts == ["live/live.js", "live/words.js"]
    assert context["body"].startswith(FIGURE) and '"substitute":' in context["body"]
    plain = {"body": "<p>no figure</p>"}
    tool("book_extension").embed_kernels(app, "book/page", "page.html", plain, None)
    assert plain == {"body": "<p>no figure</p>"} and len(app.scripts) == 2


def test_a_page_is_told_where_its_stores_are(tmp_path, monkeypatch):
    built()
    extension = tool("book_extension")
    monkeypatch.setitem(extension.STORES, "drawing", lambda: {"some": np.arange(3, dtype=np.uint8)})
    app, context = App(tmp_path), {"body": LOADING, "pathto": lambda path, resource: f"../../{path}"}
    extension.embed_kernels(app, "book/room/page", "page.html", context, None)
    assert app.scripts == ["live/live.js", "live/drawing.js"]
    address = re.search(r'id="jscc-stores">\{"drawing": ?"\.\./\.\./([^?"]+)\?v=\w+"\}', context["body"])[1]
    assert '["some", "uint8", 3]' in (tmp_path / address).read_text("utf8")


def test_without_what_it_loads_a_page_stays_as_it_is(tmp_path, monkeypatch, capsys):
    built()
    monkeypatch.setenv("JSCC_MODELS", str(tmp_path))
    app, context = App(tmp_path), {"body": LOADING, "pathto": None}
    tool("book_extension").embed_kernels(app, "book/page", "page.html", context, None)
    assert context["body"] == LOADING and not app.scripts
    assert "book/page keeps its static players: no weights" in capsys.readouterr().err


def test_a_kernel_that_cannot_be_compiled_ends_the_build(monkeypatch, tmp_path):
    """Where there is a linker, a page without its kernels would be a fault that nobody sees."""
    built()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setitem(KERNELS, "substitute", live_kernel(impossible))
    with pytest.raises(RuntimeError, match="impossible cannot be compiled"):
        tool("book_extension").embed_kernels(App(), "book/page", "page.html", {"body": FIGURE}, None)


def test_what_a_page_wants_is_named_once():
    assert wanted(FIGURE + FIGURE) == (["words"], ["remove_leaves", "substitute"], [])
    assert wanted(FIGURE + LOADING) == (["drawing", "words"], ["remove_leaves", "substitute"], ["drawing"])
    assert wanted("<p>no figure</p>") == ([], [], [])


def test_prepared_arguments_keep_what_is_not_zero():
    stored = prepared({"a": np.full(3, -np.inf), "b": np.zeros((2, 2), np.uint8), "c": np.inf, "d": np.float32(0.5)})
    assert stored["shapes"] == {"a": [3], "b": [2, 2]} and list(stored["arrays"]) == ["a"]
    assert stored["scalars"] == {"c": "Infinity", "d": 0.5}


def test_a_live_notebook_gets_a_widget_and_without_a_linker_the_player(monkeypatch, tmp_path):
    pytest.importorskip("anywidget")
    built()
    shown = LiveFigure("words", WORDS, {}, plotting.player(bar, alt="a bar", height=[1, 2]), "A word.")
    assert figure.WIDGET_MIME not in shown._repr_mimebundle_()
    monkeypatch.setattr(figure, "in_live_notebook", lambda package: True)
    assert {"text/html", figure.WIDGET_MIME} <= set(shown._repr_mimebundle_())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(wasm, "linker", lambda: None)
    assert shown._repr_mimebundle_() == shown.static._repr_mimebundle_()
