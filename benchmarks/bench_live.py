"""Kernels in the page (WebAssembly in Chromium) beside the same calls in Python, and how soon a control answers."""

from _timing import write  # first: it holds every library to one thread

import sys  # isort: skip
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np
from numba import njit
from playwright.sync_api import sync_playwright

from jscc.arithmetic import ArithmeticCode, ChaseDecoder, GuessingDecoder
from jscc.channels import awgn, awgn_llr, bpsk
from jscc.classify import paper_code, shipped_classifier
from jscc.gfq.stepwise import sweep, sweep_arguments
from jscc.ldpc import BeliefPropagation, syndromes
from jscc.ldpc.stepwise import propagate, propagate_arguments
from jscc.live import KERNELS, packets, planes
from jscc.live.controls import word_code
from jscc.live.figure import kernels_html, prepared

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from live_support import SCRIPT, page_of  # noqa: E402
from support import chromium  # noqa: E402

REPEATS = 21
# Run a kernel on arguments that are laid out afresh each time; milliseconds of the calls alone.
TIME = """async ([name, call, repeats]) => {
  const stored = JSON.parse(document.getElementById("jscc-kernels").textContent)[name];
  const kernel = await jsccLive.instantiate(stored);
  const times = [];
  for (let k = 0; k < repeats; k++) {
    kernel.prepare(call);
    const start = performance.now();
    kernel.run();
    times.push(performance.now() - start);
  }
  return times;
}"""


# Take down when the first control of a page is ready.
READY = """new MutationObserver((_changes, observer) => {
  if (document.querySelector("figure.jscc-live[data-ready]")) {
    window.answered = performance.now();
    observer.disconnect();
  }
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-ready"] });"""


def cases() -> dict:
    """Tasks: the function that pages call, its arguments, and how many units of work a call does."""
    rng = np.random.default_rng(0)
    words = 50
    code = ArithmeticCode([0.5, 0.25, 0.15, 0.1], precision=16, eob=2.0**-14)
    symbols = code.sample(words, 128, rng)
    bits, lengths = code.encode(symbols)
    llr = awgn_llr(awgn(bpsk(bits), 6.0, 0.88, rng), 6.0, 0.88)
    chase, guess = ChaseDecoder(code, 128, 4), GuessingDecoder(code, 128, 256)
    graph, pictures = paper_code(), rng.integers(0, 256, (words, 1024), np.uint8)
    packed = syndromes(pictures, graph)
    plane = (rng.random(1024) < 0.07).astype(np.uint8)
    ratios = np.full(1024, np.log(0.93 / 0.07))
    syndrome = syndromes(plane << 7, graph) >> 7
    one_word = word_code()
    source = rng.integers(0, 16, one_word.n_symbols)
    return {
        "Chase, q = 4, 6 dB: packets of 128 symbols": (
            packets.chase_words,
            packets.chase_arguments(chase, llr, lengths),
            words,
        ),
        "guessing, 256 words, 6 dB: packets of 128 symbols": (
            packets.guess_words,
            packets.guess_arguments(guess, llr, lengths),
            words,
        ),
        "syndromes of eight planes: pictures": (
            planes.syndromes_of_planes,
            planes.syndromes_arguments(graph, pictures),
            words,
        ),
        "GRU12 on eight syndromes: pictures": (
            planes.gru_scores,
            planes.scores_arguments(shipped_classifier("digits").model, packed),
            words,
        ),
        "belief propagation, 1024 bits: iterations": (
            propagate,
            propagate_arguments(BeliefPropagation(graph), ratios, syndrome),
            1,
        ),
        "reinforced BP, 300 symbols of GF(16): iterations": (
            sweep,
            sweep_arguments(one_word, source, 1, prior=1.4, gammas=np.full(50, 0.04)),
            50,
        ),
    }


def fresh(arguments: dict) -> dict:
    """The arguments, every array a copy."""
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in arguments.items()}


def in_python(function, arguments: dict) -> list[float]:
    """Seconds of each call of the compiled function."""
    compiled, seconds = njit(error_model="numpy")(function), []
    for _ in range(REPEATS + 1):  # the first compiles
        given = fresh(arguments)
        start = time.perf_counter()
        compiled(**given)
        seconds.append(time.perf_counter() - start)
    return seconds[1:]


def first_answer(browser, notebook: str) -> float:
    """Seconds from opening a page on the disk until its control can be used."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(page_of(notebook), encoding="utf8")
        page = browser.new_page()
        page.add_init_script(READY)
        page.goto(file.as_uri())
        page.wait_for_selector("figure.jscc-live[data-ready]")
        milliseconds = page.evaluate("window.answered")
        page.close()
        return milliseconds / 1000


def row(task: str, system: str, number: str, value: float, unit: str, ratio: float) -> dict:
    """A row of the table of timings."""
    values = {"median": f"{value:.6g}", "unit": unit, "ratio": f"{ratio:.4g}"}
    return {"task": task, "system": system, "version": number, **values}


def main() -> None:
    """Time each task in Python and in the page, and how soon the controls answer."""
    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        chrome = f"Chromium {browser.version}"
        page = browser.new_page()
        page.set_content(f"<script>{SCRIPT.read_text('utf8')}</script>{kernels_html(list(KERNELS.values()))}")
        for task, (function, arguments, work) in cases().items():
            here = work / median(in_python(function, arguments))
            times = page.evaluate(TIME, [function.__name__, prepared(arguments), REPEATS])
            there = 1000 * work / median(times)
            rows.append(row(task, "jscc", version("jscc"), here, "1/s", 1))
            rows.append(row(task, "jscc in the page", chrome, there, "1/s", there / here))
        for notebook in ("arithmetic/arithmetic", "lossy/lossy", "syndromes/syndromes"):
            seconds = median(first_answer(browser, notebook) for _ in range(5))
            rows.append(row(f"page {notebook}: opened until it answers", "jscc in the page", chrome, seconds, "s", 1))
        browser.close()
    write("live", rows)


if __name__ == "__main__":
    main()
