"""The controls that run kernels in the page, driven by keyboard in a real browser, beside the library's numbers."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from PIL import Image

from jscc import datasets, results
from jscc.arithmetic import ChaseDecoder, GuessingDecoder
from jscc.bitplanes import unpack_planes
from jscc.channels import llr
from jscc.classify import BitPrior, gray_images, luma, pad, paper_code, shipped_classifier, symbols
from jscc.experiments.arithmetic.common import QUATERNARY, link, setting_of
from jscc.gfq import leaf_removal
from jscc.ldpc import BeliefPropagation, syndromes
from jscc.live import KERNELS, LiveFigure
from jscc.live.controls import word_code
from jscc.live.widget import script
from jscc.necst import drawing_model, shipped_separate
from jscc.statistics import binomial_interval
from live_support import built, figures_of, page_of, printed_by_any_processor
from support import chromium

CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
COUNTING_MS = 1500
PAGE_BYTES = 4_000_000


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if chromium() is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Open a notebook's figures as the built page holds them, from the disk; no error and no request may come up."""
    troubles, contexts = [], []

    def open_page(notebook, before="", kernels=None, **options):
        file = page_of(notebook, tmp_path, kernels)
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on(
            "request",
            lambda request: request.url.startswith(("file:", "data:", "blob:")) or troubles.append(request.url),
        )
        if before:
            page.add_init_script(before)
        page.goto(file.as_uri())
        assert file.stat().st_size < PAGE_BYTES
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


def ready(page):
    """The figure of the page, once its control runs."""
    page.wait_for_selector("figure.jscc-live[data-ready]")
    return page.locator("figure.jscc-live")


def state_of(figure, name):
    return figure.evaluate("(figure, name) => figure.jscc.get(name)", name)


def focus_by_keyboard(page, name):
    """Go on with the Tab key until the control of this name has the focus."""
    label = "(e => e.getAttribute('aria-label') || e.textContent)(document.activeElement)"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(label) == name:
            return
    raise AssertionError(f"the Tab key does not reach {name!r}")


NOTEBOOKS = ["arithmetic/arithmetic", "lossy/lossy", "necst/draw", "syndromes/syndromes"]


@pytest.mark.parametrize("notebook", NOTEBOOKS)
@pytest.mark.parametrize(
    "before, kernels", [("delete window.WebAssembly", None), ("", ""), ("delete window.BigInt64Array", None)]
)
def test_where_nothing_can_run_the_static_player_stays(opened, notebook, before, kernels):
    page = opened(notebook, before=before, kernels=kernels)
    page.wait_for_selector("figure.jscc-player[data-ready]")
    assert page.locator("figure.jscc-live .jscc-player img").first.is_visible()
    assert page.locator(".jscc-live-control").count() == 0


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_without_script_the_first_picture_stands(opened, notebook):
    page = opened(notebook, java_script_enabled=False)
    assert page.locator("figure.jscc-live .jscc-player img").first.is_visible()


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_control_fits_a_telephone(opened, notebook):
    page = opened(notebook, viewport={"width": 360, "height": 640})
    ready(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


# -- A packet over the channel ------------------------------------------------------------------------------------


def library_decoder(setting, name):
    code = link(QUATERNARY, **setting_of(setting, QUATERNARY)).code
    kind, effort = name.split("-")
    return (ChaseDecoder if kind == "chase" else GuessingDecoder)(code, QUATERNARY.length, int(effort))


def assert_packet_is_the_library_s(figure):
    """What the page found for the packet that it shows is what the library finds for the same soft values."""
    packet, setting = state_of(figure, "packet"), state_of(figure, "setting")
    decoder = library_decoder(setting, state_of(figure, "decoder"))
    sent, length = decoder.code.encode(np.array(packet["symbols"], np.uint8))
    assert length == packet["n"] and sent.tolist() == packet["sent"]
    llr = np.array(packet["llr"], np.float32)
    found = decoder.decode(llr)
    assert packet["found"] == bool(found.converged)
    assert packet["right"] == bool((found.symbols == packet["symbols"]).all())
    if found.converged:
        assert packet["metric"] == float(found.metric)
        flips = np.flatnonzero(found.bits != (llr < 0))
        assert sorted(packet["winner"]["flips"]) == flips.tolist()
    words = np.tile((llr < 0).astype(np.uint8), (len(packet["words"]), 1))
    for i, word in enumerate(packet["words"]):
        words[i, word["flips"]] ^= 1
    assert len(np.unique(words, axis=0)) == len(words) >= int(found.queries)
    valid = decoder.code.decode(words, np.full(len(words), length), QUATERNARY.length).valid
    assert [word["valid"] for word in packet["words"]] == valid.tolist()
    text = figure.locator(".jscc-live-text").text_content()
    assert figure.locator("svg").first.get_attribute("aria-label") == text
    assert f"{int((sent != (llr < 0)).sum())} of {length} bits" in text
    return packet


def test_packets_by_keyboard_are_the_library_s(opened):
    page = opened("arithmetic/arithmetic")
    figure = ready(page)
    seen = [assert_packet_is_the_library_s(figure)]
    for setting in ("paper", "robust"):
        focus_by_keyboard(page, "code")
        page.keyboard.press("Home" if setting == "paper" else "End")
        assert state_of(figure, "setting") == setting
        focus_by_keyboard(page, "decoder")
        page.keyboard.press("Home")
        options = figure.get_by_label("decoder").locator("option").count()
        for _ in range(options):
            seen.append(assert_packet_is_the_library_s(figure))
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Home")
    page.keyboard.press("End")  # guessing with the most words
    focus_by_keyboard(page, "Eb/N0 (dB)")
    for key in ("Home", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
        seen.append(assert_packet_is_the_library_s(figure))
    focus_by_keyboard(page, "Another packet")
    for _ in range(5):
        page.keyboard.press("Enter")
        seen.append(assert_packet_is_the_library_s(figure))
    assert {packet["right"] for packet in seen} == {True, False}
    assert len({tuple(packet["symbols"]) for packet in seen}) > 5


def test_the_count_runs_on_and_comes_to_the_book_s_curve(opened):
    page = opened("arithmetic/arithmetic")
    figure = ready(page)
    focus_by_keyboard(page, "Count wrong packets")
    page.keyboard.press("Enter")
    page.wait_for_timeout(COUNTING_MS)
    during = state_of(figure, "count")
    page.wait_for_timeout(COUNTING_MS // 5)
    page.keyboard.press("Enter")
    count, level, decoder = (state_of(figure, name) for name in ("count", "ebn0_db", "decoder"))
    assert 100 < during["trials"] < count["trials"]
    page.wait_for_timeout(COUNTING_MS // 5)
    assert state_of(figure, "count") == count, "the count goes on after it was stopped"

    kind, effort = decoder.split("-")
    curve = {"figure": 2, "setting": state_of(figure, "setting"), "decoder": kind, "effort": int(effort)}
    point = results.pick(results.load("arithmetic_per"), **curve, ebn0_db=level).iloc[0]
    # Two counts of one probability: apart by more than this once in a million.
    low, high = binomial_interval(count["errors"], count["trials"], 1 - 1e-3)
    own_low, own_high = binomial_interval(point.errors, point.trials, 1 - 1e-3)
    assert low < own_high and own_low < high

    text = figure.locator(".jscc-live-count").text_content()
    low, high = binomial_interval(count["errors"], count["trials"])
    shown = re.search(r"95 %: ([\d.]+) to ([\d.]+)", text)
    assert [float(end) for end in shown.groups()] == [pytest.approx(float(end), rel=5e-3) for end in (low, high)]
    assert f"{count['trials']:,} packets" in text and f"{point.errors:,.0f} of {point.trials:,.0f}" in text


# -- A picture, its planes, and the way back ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dataset():
    """The one whose pictures the committed page shows; without it the page cannot be checked."""
    classes = json.loads(re.search(r'"values":(\{.*\})\}</script>', figures_of("syndromes/syndromes"))[1])["classes"]
    name = {"0": "mnist"}.get(classes[0])
    if name is None or not datasets.here(name):
        pytest.skip("the data set of the page is not here")
    return name


def assert_planes_are_the_library_s(figure, shipped):
    state = state_of(figure, "state")
    pixels = np.array(state["pixels"], np.uint8)
    expected = syndromes(pixels, paper_code())
    assert state["syndromes"] == expected.tolist()
    np.testing.assert_allclose(state["probabilities"], shipped.probabilities(pixels.reshape(32, 32)), atol=1e-5)
    text = figure.locator(".jscc-live-text").text_content()
    plane = state["plane"]
    ones = [int(unpack_planes(bits)[plane].sum()) for bits in (pixels, expected)]
    assert f"Plane {plane}: {ones[0]} of 1024 bits are 1, and {ones[1]} of the 512" in text
    assert shipped.classes[int(np.argmax(state["probabilities"]))] in text
    return state


def test_planes_by_keyboard_are_the_library_s(opened, dataset):
    page, shipped = opened("syndromes/syndromes"), shipped_classifier(dataset)
    figure = ready(page)
    first = assert_planes_are_the_library_s(figure, shipped)
    zero = np.flatnonzero(gray_images(dataset).test_labels == 0)[0]
    assert first["pixels"] == symbols(gray_images(dataset).test[[zero]], transform=False)[0].tolist()

    focus_by_keyboard(page, "picture")
    page.keyboard.press("ArrowDown")
    assert assert_planes_are_the_library_s(figure, shipped)["pixels"] != first["pixels"]
    focus_by_keyboard(page, "pen")
    page.keyboard.press("End")  # flips a bit
    focus_by_keyboard(page, "plane")
    for plane in (1, 2):
        page.keyboard.press("ArrowRight")
        assert assert_planes_are_the_library_s(figure, shipped)["plane"] == plane
    page.keyboard.press("Tab")
    before = np.array(state_of(figure, "state")["pixels"])
    for key in ("ArrowDown", "ArrowRight", " "):
        page.keyboard.press(key)
    state = assert_planes_are_the_library_s(figure, shipped)
    flipped = np.flatnonzero(before ^ np.array(state["pixels"]))
    assert flipped.tolist() == [14 * 32 + 14] and (state["flips"], state["changes"]) == (1, 3)
    page.keyboard.press(" ")
    assert state_of(figure, "state")["changes"] == 0
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Home")  # draws
    focus_by_keyboard(page, figure.locator("canvas[tabindex]").get_attribute("aria-label"))
    for key in ("ArrowDown", " ", "ArrowDown", " "):
        page.keyboard.press(key)
    assert len(np.flatnonzero(before ^ np.array(assert_planes_are_the_library_s(figure, shipped)["pixels"]))) > 3


def test_one_s_own_picture_and_a_line_drawn_by_hand(opened, dataset, tmp_path):
    page, shipped = opened("syndromes/syndromes"), shipped_classifier(dataset)
    figure = ready(page)
    colours = np.random.default_rng(0).integers(0, 256, (28, 28, 3), np.uint8)
    Image.fromarray(colours).save(tmp_path / "own.png")
    before = state_of(figure, "state")["pixels"]
    figure.get_by_label("your own picture").set_input_files(tmp_path / "own.png")
    page.wait_for_function(
        "before => String(document.querySelector('figure.jscc-live').jscc.get('state').pixels) !== String(before)",
        arg=before,
    )
    shown = assert_planes_are_the_library_s(figure, shipped)
    assert shown["pixels"] == pad(luma(colours)[None]).ravel().tolist()

    figure.get_by_label("picture", exact=True).select_option("blank")
    box = figure.locator("canvas[tabindex]").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=20)
    page.mouse.up()
    drawn = np.array(assert_planes_are_the_library_s(figure, shipped)["pixels"]).reshape(32, 32)
    assert (drawn.max(axis=0)[8:16] == 255).all() and not drawn[:, 20:].any()


def test_a_plane_comes_back_iteration_by_iteration(opened, dataset):
    page = opened("syndromes/syndromes")
    figure = ready(page)
    pixels = np.array(state_of(figure, "state")["pixels"], np.uint8)
    sent = syndromes(pixels, paper_code())
    prior = BitPrior(symbols(gray_images(dataset).train, transform=False), "pixels", "position")
    ratios = llr(prior.probability_of_one(pixels[None], 0)[0])
    focus_by_keyboard(page, "One iteration")
    for iterations in (1, 2, 3):
        page.keyboard.press("Enter")
        found = BeliefPropagation(paper_code(), max_iterations=iterations).decode(ratios, unpack_planes(sent)[0])
        recovery = state_of(figure, "recovery")
        assert recovery["iterations"] == found.iterations and recovery["converged"] == bool(found.converged)
        assert recovery["bits"] == found.bits.tolist()
        np.testing.assert_array_equal(np.array(recovery["llr"], np.float32), found.llr)
    focus_by_keyboard(page, "Recover the plane")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('figure.jscc-live').jscc.get('recovery').converged")
    found = BeliefPropagation(paper_code(), max_iterations=100).decode(ratios, unpack_planes(sent)[0])
    recovery = state_of(figure, "recovery")
    assert (recovery["iterations"], recovery["wrong"]) == (found.iterations, 0)
    assert f"Iteration {found.iterations}: the syndrome is met" in figure.locator(".jscc-live-count").text_content()


# -- A digit, its bits and the way back -----------------------------------------------------------------------------


def assert_wrong_pixels(found, picture, pixels):
    """As many as the library has; a probability of 1/2 may round to either side."""
    on_the_edge = (np.abs(picture - 0.5) < 1e-5).sum(axis=-1)
    assert (np.abs(((picture > 0.5) != pixels).sum(axis=-1) - found) <= on_the_edge).all()


def assert_drawing_is_the_library_s(figure):
    state = state_of(figure, "state")
    pixels, flips = np.array(state["pixels"], np.uint8), np.array(state["flips"], np.uint8)
    systems = {"learned": drawing_model(), "separate": shipped_separate(state["reckoned"])}
    for name, system in systems.items():
        word = system.encode(pixels[None])[0]
        assert state["words"][name] == word.tolist()
        picture = system.reconstruct((word ^ flips)[None])[0]
        np.testing.assert_allclose(state["pictures"][name], picture, atol=1e-5)
        assert_wrong_pixels(state["wrong"][name], picture, pixels)
    assert state["index"] == systems["separate"].index(pixels[None])[0]
    posterior = systems["separate"].posterior((word ^ flips)[None])[0]
    assert state["certainty"] == pytest.approx(posterior[state["index"]], abs=1e-5)
    text = figure.locator(".jscc-live-text").text_content()
    wrong = state["wrong"]
    assert re.match(rf"{flips.sum()} bits? (is|are) flipped of 100\.", text)
    assert f"NECST {wrong['learned']} (" in text and f"the separate code {wrong['separate']} (" in text
    return state


def test_a_digit_by_keyboard_is_the_library_s(opened):
    page = opened("necst/draw")
    figure = ready(page)
    grids = figure.locator("canvas[tabindex]")
    first = assert_drawing_is_the_library_s(figure)
    focus_by_keyboard(page, "picture")
    page.keyboard.press("ArrowDown")
    second = assert_drawing_is_the_library_s(figure)
    assert second["pixels"] != first["pixels"] and second["flips"] == first["flips"]

    focus_by_keyboard(page, grids.nth(0).get_attribute("aria-label"))
    for key in ("ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowLeft", " "):
        page.keyboard.press(key)
    drawn = np.flatnonzero(np.array(assert_drawing_is_the_library_s(figure)["pixels"]) ^ np.array(second["pixels"]))
    assert 0 < len(drawn) <= 5 and set(drawn) <= {12 * 28 + 10 + step for step in (0, 1, -1, 28, -28)}

    focus_by_keyboard(page, "eps")
    page.keyboard.press("Home")
    assert not any(assert_drawing_is_the_library_s(figure)["flips"])
    for grid, bit in ((1, 45), (2, 54)):
        focus_by_keyboard(page, grids.nth(grid).get_attribute("aria-label"))
        for key in ("ArrowRight" if grid == 1 else "ArrowDown", " "):
            page.keyboard.press(key)
        assert f"bit {bit}," in grids.nth(grid).get_attribute("aria-label")
    assert np.flatnonzero(assert_drawing_is_the_library_s(figure)["flips"]).tolist() == [45, 54]
    page.keyboard.press(" ")
    assert np.flatnonzero(assert_drawing_is_the_library_s(figure)["flips"]).tolist() == [45]
    focus_by_keyboard(page, "Undo my flips")
    page.keyboard.press("Enter")
    assert not any(assert_drawing_is_the_library_s(figure)["flips"])

    focus_by_keyboard(page, "eps")
    page.keyboard.press("End")
    half = assert_drawing_is_the_library_s(figure)
    assert half["reckoned"] == 0.1
    focus_by_keyboard(page, "Bayes' rule reckons with")
    page.keyboard.press("ArrowDown")
    told = assert_drawing_is_the_library_s(figure)
    assert told["reckoned"] == 0.5 and told["flips"] == half["flips"] and told["pictures"] != half["pictures"]
    focus_by_keyboard(page, "New errors")
    page.keyboard.press("Enter")
    assert assert_drawing_is_the_library_s(figure)["flips"] != half["flips"]


def test_a_digit_sent_a_hundred_times(opened):
    page = opened("necst/draw")
    figure = ready(page)
    focus_by_keyboard(page, "Send it 100 times")
    page.keyboard.press("Enter")
    state, sent = state_of(figure, "state"), state_of(figure, "count")
    flips, pixels = np.array(sent["flips"], np.uint8), np.array(state["pixels"], np.uint8)
    assert flips.shape == (100, 100) and 0.08 < flips.mean() < 0.12
    text = figure.locator(".jscc-live-count").text_content()
    systems = {"learned": ("NECST", drawing_model()), "separate": ("the separate code", shipped_separate(0.1))}
    for key, (name, system) in systems.items():
        assert_wrong_pixels(sent[key], system.reconstruct(np.array(state["words"][key], np.uint8) ^ flips), pixels)
        shares = np.array(sent[key]) / 784
        half = 1.96 * shares.std(ddof=1) / 10
        assert f"{name} {shares.mean():.4f} ± {half:.4f}" in text
    assert_drawing_is_the_library_s(figure)


def test_a_digit_drawn_and_a_bit_flipped_by_the_pointer(opened):
    page = opened("necst/draw")
    figure = ready(page)
    figure.get_by_label("picture", exact=True).select_option("blank")
    assert not any(assert_drawing_is_the_library_s(figure)["pixels"])
    grids = figure.locator("canvas[tabindex]")
    box = grids.nth(0).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 3 / 4, box["y"] + box["height"] / 2)  # at once: no gap may be left
    page.mouse.up()
    drawn = assert_drawing_is_the_library_s(figure)
    ink = np.array(drawn["pixels"]).reshape(28, 28)
    assert ink.any(axis=0)[8:20].all() and ink.any(axis=1).sum() == 3
    box = grids.nth(1).bounding_box()
    grids.nth(1).click(position={"x": box["width"] * 0.95, "y": box["height"] * 0.05})
    flipped = np.array(drawn["flips"]) ^ np.array(assert_drawing_is_the_library_s(figure)["flips"])
    assert np.flatnonzero(flipped).tolist() == [9]


def test_what_is_large_is_loaded_only_when_its_figure_is_near(opened):
    page = opened("necst/draw", before="const away = 'figure.jscc-live { margin-top: 5000px }'; "
        "addEventListener('DOMContentLoaded', () => document.head.append("
        "Object.assign(document.createElement('style'), { textContent: away })))")  # fmt: skip
    page.wait_for_timeout(300)
    assert page.evaluate("[typeof jsccStores, document.querySelectorAll('[data-ready=true].jscc-live').length]") == [
        "undefined",
        0,
    ]
    page.locator("figure.jscc-live").scroll_into_view_if_needed()
    assert_drawing_is_the_library_s(ready(page))
    assert page.evaluate("Object.keys(jsccStores)") == ["drawing"]


# -- A word that freezes ---------------------------------------------------------------------------------------------


# The library's trial on the page's word, iteration by iteration.
TRIAL = """
import json
import numpy as np
from jscc.gfq import Trial
from jscc.live import KERNELS, LiveFigure
from jscc.live.controls import word_code
from jscc.live.widget import script
source, seed, gamma0, prior = {}, {}, {}, {}
trial, steps = Trial(word_code(), prior=prior), []
trial.load((np.array(source)[:, None] >> np.arange(3, -1, -1) & 1).ravel(), seed)
trial.start()
while not steps or steps[-1]["unsatisfied"]:
    unsatisfied = trial.sweep([1 - gamma0])[1]
    values = dict(symbols=trial.symbols(), largest=trial.marginals().max(axis=1).astype(float))
    values = {{name: value.tolist() for name, value in values.items()}}
    steps.append(values | dict(unsatisfied=unsatisfied, distortion=trial.distortion()))
print(json.dumps(steps))
"""


def test_a_word_freezes_as_in_the_library(opened):
    page = opened("lossy/lossy")
    figure = ready(page)
    focus_by_keyboard(page, "gamma0")
    for key in ("Home", "ArrowRight"):
        page.keyboard.press(key)
    gamma0, prior, seed = (state_of(figure, name) for name in ("gamma0", "prior", "seed"))
    assert gamma0 == 0.8
    code = word_code()
    source = np.array(state_of(figure, "trial")["source"])
    expected = json.loads(printed_by_any_processor(TRIAL.format(source.tolist(), seed, gamma0, prior)))
    focus_by_keyboard(page, "One iteration")
    for k in range(5):
        page.keyboard.press("Enter")
        shown = state_of(figure, "trial")
        assert shown["symbols"] == expected[k]["symbols"]
        np.testing.assert_array_equal(np.float32(shown["largest"]), np.float32(expected[k]["largest"]))
    focus_by_keyboard(page, "Run")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('figure.jscc-live').jscc.get('trial').unsatisfied.at(-1) === 0")
    shown = state_of(figure, "trial")
    symbols_found = np.array(shown["symbols"])
    assert len(expected) == len(shown["unsatisfied"]) and expected[-1]["symbols"] == shown["symbols"]
    for name in ("unsatisfied", "distortion"):
        assert shown[name] == [step[name] for step in expected]
    assert not code.syndrome(symbols_found).any()
    wrong = np.bitwise_count((symbols_found ^ source).astype(np.uint8)).sum() / code.n_bits
    assert f"distortion {wrong:.4f}" in figure.locator(".jscc-live-text").text_content()

    focus_by_keyboard(page, "Remove the leaves")
    page.keyboard.press("Enter")
    removal, shown = leaf_removal(code), state_of(figure, "removal")
    assert sorted(shown["pivots"]) == sorted(removal.pivots.tolist())
    assert (shown["core"], shown["information"], shown["again"]) == (0, len(removal.information_set), True)


# -- In a live notebook ----------------------------------------------------------------------------------------------


# What a notebook does with a widget: every cell's module is loaded, then one of them shown.
HOST = """
async ({ modules, values }) => {
  document.body.replaceChildren(document.createElement("div"));
  const addresses = modules.map((text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  const [control] = await Promise.all(addresses.map((address) => import(address)));
  await control.default.render({ model: { get: (name) => values[name] }, el: document.body.firstChild });
}
"""


@pytest.mark.parametrize(
    "notebook, assert_alike",
    [("arithmetic/arithmetic", assert_packet_is_the_library_s), ("necst/draw", assert_drawing_is_the_library_s)],
)
def test_the_same_control_runs_in_a_live_notebook(opened, notebook, assert_alike):
    pytest.importorskip("anywidget")
    page = opened(notebook, kernels="")
    data = json.loads(re.search(r'class="jscc-live-data">(\{.*\})</script>', figures_of(notebook))[1])
    kernels = [KERNELS[name] for name in data["kernels"]]
    figure = LiveFigure(data["control"], kernels, data["values"], None, "What it shows.", data.get("stores", ()))
    built()
    state = figure.widget().get_state()
    page.evaluate(HOST, {"modules": [state["_esm"], script("words")], "values": state})
    shown = ready(page)
    assert_alike(shown)
    assert shown.locator("figcaption").last.text_content() == "What it shows."
