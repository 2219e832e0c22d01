"""The book builds without a warning, and every page of it works in a real browser with the network off."""

from __future__ import annotations

import functools
import http.server
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from sphinx_external_toc.parsing import parse_toc_yaml

from jscc.live import linker
from support import ROOT, chromium

HOST = "127.0.0.1"
NARROW_PX = 400
WIDE_PX = 1300
SLACK_PX = 2
WAIT_MS = 30_000
PAGE_BYTES = 4_000_000
LEAST_CONTRAST = 4.5
PAGES = sorted(parse_toc_yaml(ROOT / "_toc.yml"))
OWN_MATHJAX = (ROOT / "book/_static/vendor/mathjax/.complete").exists()
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Should a request slip past the watch below, its host does not exist.
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}",
]

# Once all formulas are typeset and all pictures loaded, what the page shows. Formulas are the elements that
# Sphinx wrote for MathJax; whatever delimiter is left outside code is a formula that was not typeset.
LOOK = r"""
async () => {
  if (window.MathJax && MathJax.startup) await MathJax.startup.promise;
  const images = [...document.querySelectorAll("img")];
  for (const image of images) {
    image.loading = "eager";
    if (image.getAttribute("src")) await image.decode().catch(() => {});
  }
  const formulas = [...document.querySelectorAll("article .math.notranslate, .bd-article .math.notranslate")];
  const text = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const raw = [];
  while (text.nextNode()) {
    const parent = text.currentNode.parentElement;
    if (!parent.closest("pre, code, script, style, mjx-container") && /\\[(\[]/.test(text.currentNode.data))
      raw.push(text.currentNode.data.trim().slice(0, 80));
  }
  return {
    formulas: formulas.length,
    typeset: formulas.filter(element => element.querySelector("mjx-container")).length,
    raw,
    mathErrors: [...document.querySelectorAll("mjx-merror, mjx-assistive-mml mtext")]
      .filter(element => element.localName === "mjx-merror" || element.textContent.startsWith("\\"))
      .map(element => element.textContent),
    brokenFonts: [...document.fonts].filter(font => font.status === "error").map(font => font.family),
    brokenImages: images.filter(image => !image.naturalWidth).map(image => image.src.slice(0, 120)),
    mute: images.filter(image => !(image.alt || "").trim()).map(image => image.src.slice(0, 120)),
    players: document.querySelectorAll("figure.jscc-player").length,
  };
}
"""


# What is wider than the box that it scrolls in, or than the column of the text.
CUT = r"""
() => {
  const name = element => element.localName + "." + [...element.classList].join(".") + ": "
    + element.textContent.trim().replace(/\s+/g, " ").slice(0, 60);
  const article = document.querySelector("article.bd-article, .bd-article");
  const right = article.getBoundingClientRect().right;
  const cut = [];
  for (const element of article.querySelectorAll("*")) {
    if (element.closest("details:not([open]), .toggle-hidden, mjx-assistive-mml")) continue;
    if (!element.getClientRects().length || element.closest("svg")) continue;
    const scrolls = !element.closest("span.math") && getComputedStyle(element).overflowX !== "visible";
    if (scrolls && element.scrollWidth > element.clientWidth + SLACK) cut.push("scrolls: " + name(element));
    else if (element.getBoundingClientRect().right > right + SLACK) cut.push("sticks out: " + name(element));
  }
  return cut;
}
"""


# The contrast of a text with what lies behind it, as WCAG has it.
CONTRAST = r"""
element => {
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
  const numbers = text => text.match(/[\d.]+/g).map(Number);
  let behind = element;
  while (behind && (numbers(getComputedStyle(behind).backgroundColor)[3] ?? 1) === 0) behind = behind.parentElement;
  const [a, b] = [light(numbers(getComputedStyle(element).color)),
    light(behind ? numbers(getComputedStyle(behind).backgroundColor) : [255, 255, 255])];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}
"""


@pytest.fixture(scope="module")
def html(tmp_path_factory) -> Path:
    """The book, built from nothing with every warning an error."""
    target = tmp_path_factory.mktemp("book")
    program = Path(sys.executable).with_name("jupyter-book")
    command = [str(program), "build", str(ROOT), "--path-output", str(target)]
    flags = ["--all", "-W", "-n", "--keep-going", "-q"]
    done = subprocess.run([*command, *flags], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).splitlines()
        causes = [line for line in said if re.search("WARNING|ERROR|CRITICAL|Error", line)] or said[-60:]
        pytest.fail("\n".join(["the book does not build:", *causes]), pytrace=False)
    html = target / "_build" / "html"
    missing = [page for page in PAGES if not (html / f"{page}.html").is_file()]
    if missing or not PAGES:
        pytest.fail(f"the build left out {missing} of {len(PAGES)} pages", pytrace=False)
    return html


def test_no_page_of_the_folder_is_left_out(html):
    """Every page source below ``book`` is in the table of contents, and so in the built book."""
    sources = [path for suffix in ("md", "rst", "ipynb") for path in (ROOT / "book").rglob(f"*.{suffix}")]
    names = [path.relative_to(ROOT).with_suffix("").as_posix() for path in sources]
    assert sorted(name for name in names if ".ipynb_checkpoints" not in name) == PAGES


def pages_of(html: Path) -> list[Path]:
    """Every page of the built book; what lies in ``_static`` are the theme's own templates."""
    return sorted(path for path in html.rglob("*.html") if path.relative_to(html).parts[0] != "_static")


@functools.cache
def soup_of(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf8"), "html.parser")


@functools.cache
def anchors_of(path: Path) -> frozenset[str]:
    return frozenset(tag.get("id") or tag.get("name") for tag in soup_of(path).select("[id], a[name]"))


def test_internal_links_and_anchors_lead_somewhere(html):
    broken = []
    for page in pages_of(html):
        for tag in soup_of(page).select("a[href], link[href], script[src], img[src]"):
            target = tag.get("href") or tag.get("src")
            parts = urlsplit(target)
            if parts.scheme or parts.netloc or not target:
                continue
            path = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            anchor = unquote(parts.fragment)
            if not path.is_file():
                broken.append(f"{page.relative_to(html)}: {target} (no such file)")
            elif anchor and path.suffix == ".html" and anchor not in anchors_of(path):
                broken.append(f"{page.relative_to(html)}: {target} (no such anchor)")
    assert not broken, "\n".join(broken)


def test_no_page_names_a_resource_from_outside(html):
    if not OWN_MATHJAX:
        pytest.skip("MathJax could not be installed here: the pages load it from a CDN")
    named = []
    for page in pages_of(html):
        for tag in soup_of(page).select("script[src], img[src], iframe[src], link[href], source[src], video[src]"):
            target = tag.get("src") or tag.get("href")
            if urlsplit(target).netloc and tag.get("rel") != ["canonical"]:
                named.append(f"{page.relative_to(html)}: <{tag.name}> {target}")
    for sheet in sorted(html.rglob("*.css")):
        for target in re.findall(r"(?:@import\s+|url\()\s*['\"]?((?:https?:)?//[^'\")]+)", sheet.read_text("utf8")):
            named.append(f"{sheet.relative_to(html)}: {target}")
    assert not named, "\n".join(named)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that keeps its log to itself."""

    def log_message(self, *args) -> None:
        pass


@pytest.fixture(scope="module")
def site(html) -> Iterator[str]:
    """The address at which the built book is served."""
    handler = functools.partial(Quiet, directory=str(html))
    with http.server.ThreadingHTTPServer((HOST, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://{HOST}:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium."""
    if chromium() is None:
        pytest.skip("no Chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), headless=True, args=BROWSER_FLAGS)
        yield running
        running.close()


@dataclass
class Visit:
    """An open page and what it complained of or asked for."""

    page: object
    complaints: list[str]
    outside: list[str]


def is_ours(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"data", "blob", "about", "file"} or parts.hostname == HOST


@pytest.fixture
def visit(browser) -> Iterator:
    """A function that opens an address in a fresh context, every other host blocked and watched."""
    contexts = []

    def open_page(url: str) -> Visit:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        seen = Visit(page, [], [])

        def watch(route):
            if is_ours(route.request.url):
                route.continue_()
            else:
                route.abort()

        def note_request(request):
            # Where MathJax could not be installed it is the one thing that a page may ask another host for.
            if not is_ours(request.url) and (OWN_MATHJAX or "/mathjax@" not in request.url):
                seen.outside.append(request.url)

        def note_failure(request):
            if is_ours(request.url):
                seen.complaints.append(f"not loaded: {request.url} ({request.failure})")

        def note_console(message):
            if message.type == "error" and is_ours(message.location.get("url") or "about:blank"):
                seen.complaints.append(f"console: {message.text}")

        context.route("**/*", watch)
        page.on("request", note_request)
        page.on("websocket", lambda socket: seen.outside.append(socket.url))
        page.on("requestfailed", note_failure)
        page.on("console", note_console)
        page.on("pageerror", lambda error: seen.complaints.append(f"script error: {error}"))
        page.goto(url, wait_until="load")
        return seen

    yield open_page
    for context in contexts:
        context.close()


def check_maths(state: dict, source: str) -> None:
    assert not state["mathErrors"], "formulas with errors or unknown macros"
    assert not state["raw"], "formulas left as text"
    written = len(BeautifulSoup(source, "html.parser").select(".math.notranslate"))
    assert state["formulas"] == state["typeset"] == written


def move_players(page) -> None:
    """Walk every slider of every player from end to end by the keyboard, and see its picture follow."""
    for player in page.query_selector_all("figure.jscc-player"):
        if player.evaluate("player => player.closest('.jscc-live') !== null"):
            continue  # it gives way to what runs in the page
        sliders = player.query_selector_all("input[type=range]")
        assert sliders, "a player without a slider"
        for slider in sliders:
            slider.focus()
            page.keyboard.press("Home")
            first, last = int(slider.get_attribute("min")), int(slider.get_attribute("max"))
            pictures, positions = [], range(first, last + 1)
            for position in positions:
                assert int(slider.input_value()) == position, "an arrow key does not move the slider"
                picture = player.query_selector("img")
                assert picture.get_attribute("alt").strip(), "a frame without alternative text"
                pictures.append(picture.get_attribute("src"))
                page.keyboard.press("ArrowRight")
            assert len(set(pictures)) > 1 or len(positions) == 1, "the picture does not follow the slider"


@pytest.mark.parametrize("name", PAGES)
def test_page_works_with_the_network_off(name, html, site, visit):
    seen = visit(f"{site}/{name}.html")
    state = seen.page.evaluate(LOOK)
    if OWN_MATHJAX:
        check_maths(state, (html / f"{name}.html").read_text(encoding="utf8"))
    assert not seen.outside, "requests to other hosts"
    assert not state["brokenFonts"]
    assert not state["brokenImages"]
    assert not state["mute"], "images without alternative text"
    move_players(seen.page)

    seen.page.set_viewport_size({"width": NARROW_PX, "height": 800})
    width = seen.page.evaluate("document.documentElement.scrollWidth")
    assert width <= NARROW_PX + SLACK_PX, f"the page is {width} px wide on a screen of {NARROW_PX} px"
    assert not seen.complaints, "\n".join(seen.complaints)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_at_the_right_edge(name, site, visit):
    """No code line, output, table, formula or picture is wider than its box in a window of 1300 pixels."""
    seen = visit(f"{site}/{name}.html")
    seen.page.set_viewport_size({"width": WIDE_PX, "height": 900})
    seen.page.evaluate(LOOK)
    cut = seen.page.evaluate(CUT.replace("SLACK", str(SLACK_PX)))
    assert not cut, "\n".join(cut)


def test_the_logo_shows_all_of_its_letters(site, visit):
    """Whatever font stands in for the named ones, no word leaves the picture."""
    seen = visit(f"{site}/_static/logo.svg")
    ends = seen.page.evaluate("[...document.querySelectorAll('text')].map(t => t.getBBox().x + t.getBBox().width)")
    width = seen.page.evaluate("document.documentElement.viewBox.baseVal.width")
    assert ends and max(ends) <= width


LIVE = [name for name in PAGES if (path := ROOT / f"{name}.ipynb").exists() and "jscc-live" in path.read_text("utf8")]


@pytest.mark.parametrize("where", ["served", "from the disk"])
@pytest.mark.parametrize("name", LIVE)
def test_live_figures_run_in_the_built_page(name, where, html, site, visit):
    """Every control comes up with the network off, in both colour schemes, and the page stays small."""
    if linker() is None:
        pytest.skip("no wasm-ld on this machine: the pages keep their static players")
    file = html / f"{name}.html"
    assert file.stat().st_size < PAGE_BYTES
    seen = visit(f"{site}/{name}.html" if where == "served" else file.as_uri())
    figures = seen.page.locator("figure.jscc-live")
    assert figures.count() > 0
    for figure in figures.all():
        figure.scroll_into_view_if_needed()  # what is large is loaded when it is near
        figure.locator(".jscc-live-control").wait_for()
        assert figure.get_attribute("data-ready") == "true" and figure.locator(".jscc-live-static").count() == 0
        for theme in ("light", "dark"):
            seen.page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            assert figure.locator(".jscc-live-text").first.evaluate(CONTRAST) > LEAST_CONTRAST
    assert not seen.outside
    assert not seen.complaints, "\n".join(seen.complaints)


def test_search_finds_a_word(site, visit):
    seen = visit(f"{site}/search.html?q=syndrome")
    seen.page.wait_for_selector("#search-results ul.search li a")
    assert seen.page.locator("#search-results ul.search li a").count() > 0
    assert not seen.complaints
    assert not seen.outside


def test_front_address_leads_to_the_first_page(site, visit):
    seen = visit(f"{site}/index.html")
    seen.page.wait_for_url("**/book/index.html")
    assert seen.page.title()


def test_page_works_from_the_disk(html, visit):
    """The book can be read by opening its files, with no server at all."""
    with_maths = [page for page in PAGES if 'class="math notranslate' in (html / f"{page}.html").read_text("utf8")]
    assert with_maths
    name = with_maths[0]
    seen = visit((html / f"{name}.html").as_uri())
    state = seen.page.evaluate(LOOK)
    if OWN_MATHJAX:
        check_maths(state, (html / f"{name}.html").read_text(encoding="utf8"))
    assert not seen.outside
    assert not state["brokenImages"]
    assert not seen.complaints
