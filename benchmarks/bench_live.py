"""Kernels in the page (WebAssembly in Chromium) beside the same calls in Python, and how soon a control answers."""

from _timing import write  # first: it holds every library to one thread

import sys  # isort: skip
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np
import psutil
from numba import njit
from playwright.sync_api import sync_playwright

from jscc.arithmetic import ArithmeticCode, ChaseDecoder, GuessingDecoder
from jscc.arithmetic import live as packets
from jscc.channels import awgn, awgn_llr, bpsk
from jscc.classify import paper_code, shipped_classifier
from jscc.classify.live import gru_scores, scores_arguments
from jscc.gfq.live import sweep, sweep_arguments
from jscc.ldpc import BeliefPropagation, syndromes
from jscc.ldpc.live import propagate, propagate_arguments, syndromes_arguments, syndromes_of_planes
from jscc.live import KERNELS
from jscc.live.controls import word_code
from jscc.live.figure import kernels_html, prepared
from jscc.live.kernels import STORES
from jscc.necst.live import (
    decoder_arguments,
    encoder_arguments,
    learned_picture,
    learned_word,
    separate_picture,
    separate_picture_arguments,
    separate_word,
    separate_word_arguments,
)

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from live_support import SCRIPT, page_of  # noqa: E402
from support import chromium  # noqa: E402

REPEATS = 5
SECONDS = 0.3  # of the processor, that one timing takes at least
WARM_UP = 3  # timings that do not count: the browser compiles once more what runs often
# Run a kernel some times on arguments that were laid out before.
PREPARE = """async ([name, call]) => {
  const stored = JSON.parse(document.getElementById("jscc-kernels").textContent)[name];
  window.kernel = await jsccLive.instantiate(stored);
  window.kernel.prepare(call);
}"""
RUN = "runs => { for (let k = 0; k < runs; k++) { window.kernel.run(); } }"
# Take down when the first control of a page is ready.
READY = """new MutationObserver((_changes, observer) => {
  if (document.querySelector("figure.jscc-live[data-ready]")) {
    window.answered = performance.now();
    observer.disconnect();
  }
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-ready"] });"""


def cases() -> dict:
    """Tasks: the function that pages call, its arguments, and the units of work of a run."""
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
    drawing = STORES["drawing"]()
    digits = np.random.default_rng(1).integers(0, len(drawing["levels"]), words)
    digits = (drawing["levels"][digits] > 7).astype(np.uint8)
    bits = rng.integers(0, 2, (words, 100), np.uint8)
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
            syndromes_of_planes,
            syndromes_arguments(graph, pictures),
            words,
        ),
        "GRU12 on eight syndromes: pictures": (
            gru_scores,
            scores_arguments(shipped_classifier("digits").model, packed),
            words,
        ),
        "belief propagation, 1024 bits: iterations": (
            propagate,
            propagate_arguments(BeliefPropagation(graph), ratios, syndrome),
            1,
        ),
        "reinforced BP, 300 symbols of GF(16): iterations": (
            sweep,
            sweep_arguments(one_word, source, 1, prior=1.4, gammas=np.full(10, 0.04)),
            10,
        ),
        "NECST's encoder: digits": (learned_word, encoder_arguments(drawing, digits), words),
        "NECST's decoder: words of 100 bits": (learned_picture, decoder_arguments(drawing, bits), words),
        "nearest of 1,024 images: digits": (
            separate_word,
            separate_word_arguments(drawing, digits) | {"first": 0},
            words,
        ),
        "Bayes' rule over 1,024 words: words of 100 bits": (
            separate_picture,
            separate_picture_arguments(drawing, bits, 0.1) | {"first": 0},
            words,
        ),
    }


def fresh(arguments: dict) -> dict:
    """The arguments, every array a copy."""
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in arguments.items()}


def seconds_a_run(run, clock) -> float:
    """Median of the processor's seconds that a run takes; `run` is called with how many."""
    runs, seconds = 1, []
    while len(seconds) < WARM_UP + REPEATS:
        start = clock()
        run(runs)
        spent = clock() - start
        if spent < SECONDS:
            runs = max(2 * runs, int(1.5 * runs * SECONDS / max(spent, 0.01)))
        else:
            seconds.append(spent / runs)
    return median(seconds[WARM_UP:])


def in_python(function, arguments: dict):
    """What runs the compiled function some times."""
    compiled, given = njit(error_model="numpy")(function), fresh(arguments)

    def run(runs: int) -> None:
        for _ in range(runs):
            compiled(**given)

    return run


def of_renderers(browser_process: psutil.Process) -> float:
    """Processor time of the browser's processes: other processes on the machine do not count."""
    return sum(sum(child.cpu_times()[:2]) for child in browser_process.children(recursive=True))


def first_answer(browser, notebook: str) -> float:
    """Seconds from opening a page on the disk until its control can be used."""
    with tempfile.TemporaryDirectory() as folder:
        file = page_of(notebook, Path(folder))
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
            here = work / seconds_a_run(in_python(function, arguments), time.process_time)
            page.evaluate(PREPARE, [function.__name__, prepared(arguments)])
            there = work / seconds_a_run(lambda runs: page.evaluate(RUN, runs), lambda: of_renderers(psutil.Process()))
            rows.append(row(task, "jscc", version("jscc"), here, "1/s", 1))
            rows.append(row(task, "jscc in the page", chrome, there, "1/s", there / here))
        for notebook in ("arithmetic/arithmetic", "lossy/lossy", "necst/draw", "syndromes/syndromes"):
            seconds = median(first_answer(browser, notebook) for _ in range(5))
            rows.append(row(f"page {notebook}: opened until it answers", "jscc in the page", chrome, seconds, "s", 1))
        browser.close()
    write("live", rows)


if __name__ == "__main__":
    main()
