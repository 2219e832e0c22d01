"""What the book asks of Sphinx beyond ``_config.yml``.

* MathJax is served by the book itself where ``tools/vendor.py`` has put it, and by a CDN otherwise.
* The scripts and styles of ``book/_static``, and the styles of the live controls, are linked to every page.
* A page whose figures run kernels of the library gets these as WebAssembly, and the scripts of their controls; large
  arrays that they need lie beside those scripts, each store in a file of its own.
* ``.. rooms:: ROOM ...`` documents every module of some rooms of the library, found by walking the package, so
  that a new module needs no new page; a new room has to be named on one of them.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import pkgutil
import sys
from pathlib import Path

import click
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from jscc.live.figure import kernels_html, store_script, stores_html, wanted
from jscc.live.kernels import KERNELS, STORES
from jscc.live.wasm import NoLinkerError
from jscc.live.widget import STATIC as LIVE

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "book" / "_static"
MATHJAX = "vendor/mathjax/tex-chtml-full.js"
REFERENCE = "book/reference/"


def public_modules() -> list[str]:
    """Every module of the library whose name has no part with a leading underscore, in reading order."""
    package = importlib.import_module("jscc")
    names = [info.name for info in pkgutil.walk_packages(package.__path__, "jscc.")]
    return sorted(name for name in names if not any(part.startswith("_") for part in name.split(".")))


def command_help(command: click.Command, path: str) -> list[str]:
    """The help texts of a command and of all its subcommands, as lines of reStructuredText."""
    context = click.Context(command, info_name=path)
    lines = [".. code-block:: text", ""]
    lines += [f"   {line}" for line in command.get_help(context).splitlines()] + [""]
    for name, child in sorted(getattr(command, "commands", {}).items()):
        lines += command_help(child, f"{path} {name}")
    return lines


def modules_of(room: str) -> list[str]:
    """The public modules of a room: itself, and those behind its door."""
    return [name for name in public_modules() if f"{name}.".startswith(f"jscc.{room}.")]


class Rooms(SphinxDirective):
    """A section for each public module of the rooms named, written from its docstrings."""

    required_arguments = 1
    optional_arguments = 20

    def run(self) -> list[nodes.Node]:
        lines: list[str] = []
        for room in self.arguments:
            modules = modules_of(room)
            if not modules:
                raise self.error(f"room {room!r} given, one of the library is expected")
            for name in modules:
                lines += self.room(name)
        container = nodes.section()
        container.document = self.state.document
        self.state.nested_parse(StringList(lines, source="rooms"), 0, container, match_titles=True)
        return container.children

    def room(self, name: str) -> list[str]:
        module = importlib.import_module(name)
        self.env.note_dependency(inspect.getsourcefile(module))
        lines = [f"``{name}``", "-" * (len(name) + 4), "", f".. automodule:: {name}", "   :ignore-module-all:"]
        commands = [item for item in vars(module).values() if isinstance(item, click.Group)]
        if not commands:
            return [*lines, "   :members:", ""]
        return [*lines, "", *command_help(commands[0], "jscc")]


def serve_scripts(app: Sphinx, config) -> None:
    """Point the pages at the book's own scripts, and say so where MathJax has to come from outside."""
    if (STATIC / MATHJAX).exists():
        config.mathjax_path = MATHJAX
    else:
        # Printed, for a warning would end a build that is sound and an info is not seen in a quiet one.
        print("No MathJax in book/_static/vendor: the pages load it from a CDN and need the network", file=sys.stderr)
    for path in sorted((*STATIC.glob("*.css"), *LIVE.glob("*.css"))):
        app.add_css_file(path.name)
    for path in sorted(STATIC.glob("*.js")):
        app.add_js_file(path.name, loading_method="defer")


def embed_kernels(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Put into a page what its live figures run.

    Where there is no linker, or what a figure loads is not there, they keep their static players; a kernel that cannot
    be compiled is an error.
    """
    controls, names, stores = wanted(context.get("body", ""))
    if not controls:
        return
    try:
        kernels = kernels_html([KERNELS[name] for name in names])
        places = {name: context["pathto"](written(app, name), 1) for name in stores}
    except (NoLinkerError, FileNotFoundError) as error:
        print(f"{pagename} keeps its static players: {error}", file=sys.stderr)
        return
    context["body"] += kernels + stores_html(places)
    for name in ("live", *controls):
        app.add_js_file(f"live/{name}.js", loading_method="defer")


def written(app: Sphinx, name: str) -> str:
    """The place in the built book of a script with the arrays of a store, which is written there."""
    text = store_script(name, STORES[name]())
    place = Path("_static", "live", f"store_{name}.js")
    target = Path(app.outdir) / place
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf8")
    return f"{place.as_posix()}?v={hashlib.sha256(text.encode()).hexdigest()[:8]}"


def pages_with_other_rooms(app: Sphinx, env, added, changed, removed) -> list[str]:
    """The pages to be read again because modules have come or gone since the last build."""
    modules, before = public_modules(), getattr(env, "jscc_modules", None)
    env.jscc_modules = modules
    return [] if modules == before else [name for name in env.found_docs if name.startswith(REFERENCE)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and the scripts with Sphinx."""
    app.connect("config-inited", serve_scripts)
    app.connect("html-page-context", embed_kernels)
    app.connect("env-get-outdated", pages_with_other_rooms)
    app.add_directive("rooms", Rooms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
