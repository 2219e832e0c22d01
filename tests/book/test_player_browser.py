"""The static player in a real browser: keys move it, texts follow, and nothing leaves the page."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.patches import Rectangle

from jscc import diagrams
from jscc.plotting import player
from support import ROOT, chromium

STATIC = ROOT / "book" / "_static"
CHROMIUM_ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
STEP_MS = 1000  # a little more than one step of player.js


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    executable = chromium()
    if executable is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Open a page with the given body; when the test ends, no error and no request must have come up."""
    troubles, contexts = [], []

    def open_page(body, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on(
            "request",
            lambda request: request.url.startswith(("file:", "data:")) or troubles.append(request.url),
        )
        page.clock.install()
        file = tmp_path / "page.html"
        file.write_text(
            "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Test</title>"
            f'<link rel="stylesheet" href="{(STATIC / "player.css").as_uri()}">'
            f'<script src="{(STATIC / "player.js").as_uri()}"></script></head><body>{body}</body></html>',
            encoding="utf-8",
        )
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


def bar(height, width=0.5):
    figure = plt.figure(figsize=(1.2, 0.8))
    figure.add_artist(Rectangle((0.5 - width / 2, 0), width, height / 10))
    return figure


@pytest.fixture(scope="module", autouse=True)
def no_window():
    with mpl.rc_context():
        mpl.use("Agg")
        yield


@pytest.fixture(scope="module")
def one():
    return player(bar, alt=lambda height: f"a bar {height} tall", caption="A bar.", height=[1, 4, 9])


@pytest.fixture(scope="module")
def two():
    return player(
        bar,
        alt="a bar",
        labels={"width": "bar width"},
        start={"width": 0.6},
        height=[1, 5],
        width=[0.2, 0.6, 1],
    )


def assert_shows(figure, frame):
    """The picture, its alternative text, the spoken text and the printed text are those of one frame."""
    picture = figure.locator("img")
    assert picture.get_attribute("src") == frame.source
    assert picture.get_attribute("alt") == frame.alt
    assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == frame.size[0]
    assert figure.locator(".jscc-player-shown").text_content() == frame.shown
    assert figure.locator(".jscc-player-description").text_content() in ("", frame.alt)


def test_keys_move_the_slider(opened, one):
    page = opened(one.html)
    figure, slider = page.locator(".jscc-player"), page.get_by_role("slider", name="height")
    assert_shows(figure, one.frames[0])
    slider.focus()
    for key, index, text in [
        ("ArrowRight", 1, "4"),
        ("ArrowRight", 2, "9"),
        ("ArrowRight", 2, "9"),
        ("Home", 0, "1"),
        ("End", 2, "9"),
        ("ArrowLeft", 1, "4"),
    ]:
        slider.press(key)
        assert_shows(figure, one.frames[index])
        assert slider.get_attribute("aria-valuetext") == text
        assert figure.locator(".jscc-player-value").text_content() == text
    assert figure.locator(".jscc-player-description").text_content() == "a bar 4 tall"


def test_keyboard_alone_reaches_every_control(opened, two):
    page = opened(two.html)
    reached = []
    for _ in range(3):
        page.keyboard.press("Tab")
        control = "document.activeElement.closest('label, button')"
        reached.append(page.evaluate(f"{control}.firstChild.textContent"))
    assert reached == ["Play", "height", "bar width"]


def test_two_sliders_move_apart(opened, two):
    page = opened(two.html)
    figure = page.locator(".jscc-player")
    height, width = page.get_by_role("slider", name="height"), page.get_by_role("slider", name="bar width")
    assert_shows(figure, two.frames[1])
    height.press("ArrowRight")
    assert_shows(figure, two.frames[4])
    width.press("ArrowRight")
    assert_shows(figure, two.frames[5])
    height.press("Home")
    assert_shows(figure, two.frames[2])
    width.press("Home")
    assert_shows(figure, two.frames[0])
    width.press("ArrowRight")  # back to the picture that the page began with
    assert_shows(figure, two.frames[1])


def test_three_sliders_move_apart(opened):
    def draw(height, width, shade):
        figure = bar(height, width)
        figure.artists[0].set_facecolor(shade)
        return figure

    three = player(draw, alt="a bar", height=[1, 5], width=[0.2, 0.6, 1], shade=["black", "grey"])
    page = opened(three.html)
    figure = page.locator(".jscc-player")
    for name, index in (("height", 6), ("width", 8), ("shade", 9)):
        page.get_by_role("slider", name=name).press("ArrowRight")
        assert_shows(figure, three.frames[index])


def test_players_in_one_page_are_independent(opened, one, two):
    page = opened(one.html + two.html + one.html)
    figures = page.locator(".jscc-player")
    figures.nth(2).get_by_role("slider").press("End")
    assert_shows(figures.nth(0), one.frames[0])
    assert_shows(figures.nth(1), two.frames[1])
    assert_shows(figures.nth(2), one.frames[2])


def test_play_runs_once_and_can_be_paused(opened, one):
    page = opened(one.html)
    figure, button = page.locator(".jscc-player"), page.get_by_role("button")
    page.clock.run_for(10 * STEP_MS)
    assert_shows(figure, one.frames[0])  # it never starts by itself
    button.click()
    assert button.text_content() == "Pause"
    assert figure.locator("[aria-live]").get_attribute("aria-live") == "off"
    page.clock.run_for(STEP_MS)
    assert_shows(figure, one.frames[1])
    button.click()
    page.clock.run_for(10 * STEP_MS)
    assert_shows(figure, one.frames[1])
    assert figure.locator("[aria-live]").get_attribute("aria-live") == "polite"
    button.click()
    page.clock.run_for(10 * STEP_MS)
    assert_shows(figure, one.frames[2])
    assert button.text_content() == "Play"
    button.click()
    assert_shows(figure, one.frames[0])  # from the end it begins anew


def test_a_hand_on_the_slider_stops_the_play(opened, one):
    page = opened(one.html)
    page.get_by_role("button").click()
    page.get_by_role("slider").press("End")
    page.get_by_role("slider").press("Home")
    page.clock.run_for(10 * STEP_MS)
    assert_shows(page.locator(".jscc-player"), one.frames[0])


def test_less_motion_plays_more_calmly(opened, one):
    page = opened(one.html, reduced_motion="reduce")
    page.get_by_role("button").click()
    page.clock.run_for(STEP_MS)
    assert_shows(page.locator(".jscc-player"), one.frames[0])
    page.clock.run_for(2 * STEP_MS)
    assert_shows(page.locator(".jscc-player"), one.frames[1])


def test_without_script_the_first_picture_stands(opened, one):
    page = opened(one.html, java_script_enabled=False)
    assert page.locator("img").is_visible() and page.locator("img").get_attribute("alt") == "a bar 1 tall"
    assert page.get_by_text("A bar.").is_visible() and page.get_by_text("height = 1").is_visible()
    assert not page.get_by_role("slider").is_visible() and not page.get_by_role("button").is_visible()


def test_printed_page_says_which_picture_it_shows(opened, one):
    page = opened(one.html)
    page.get_by_role("slider").press("End")
    assert not page.get_by_text("height = 9").is_visible()
    page.emulate_media(media="print")
    assert page.get_by_text("height = 9").is_visible() and page.locator("img").is_visible()
    assert not page.get_by_role("slider").is_visible()


def test_single_picture_has_no_play_button(opened):
    page = opened(player(bar, alt="a bar", height=[3]).html)
    assert page.get_by_role("slider").is_visible() and not page.get_by_role("button").is_visible()


def test_page_without_players_is_left_alone(opened):
    assert opened("<p>Nothing moves here.</p>").locator("p").text_content() == "Nothing moves here."


def test_texts_cannot_run(opened):
    nasty = "\"'><img src=x onerror='window.ran=1'></script><script>window.ran=1</script><!--"
    values = [nasty, nasty + "2"]
    shown = player(lambda k: bar(1), alt=nasty, caption=nasty, labels={"k": nasty}, k=values)
    page = opened(shown.html)
    page.get_by_role("slider").press("End")
    assert_shows(page.locator(".jscc-player"), shown.frames[1])
    assert page.locator("img").count() == 1
    assert page.evaluate("window.ran") is None


def test_player_fits_a_telephone(opened, two):
    wide = player(
        lambda k: plt.figure(figsize=(7, 1)),
        alt="a",
        labels={"k": "a rather long name of a slider"},
        k=[1, 2],
    )
    page = opened(wide.html + two.html, viewport={"width": 360, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for slider in page.get_by_role("slider").all():
        assert slider.bounding_box()["width"] >= 90


OVERLAPS = """() => {
  const inside = (a, b) => a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom;
  const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
  const box = element => element.getBoundingClientRect();
  const texts = [...document.querySelectorAll("svg text")];
  const frames = [...document.querySelectorAll("svg rect")];
  const troubles = [];
  texts.forEach((text, k) => {
    frames.forEach(frame => {
      if (!inside(box(text), box(frame)) && !apart(box(text), box(frame))) {
        troubles.push(text.textContent + " crosses a frame");
      }
    });
    texts.slice(k + 1).forEach(other => {
      const [a, b] = [box(text), box(other)];
      const common = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (!apart(a, b) && common > 0.2 * Math.min(a.height, b.height)) {
        troubles.push(text.textContent + " lies on " + other.textContent);
      }
    });
  });
  return troubles;
}"""


@pytest.mark.parametrize("name", diagrams.SYSTEMS)
def test_diagrams_can_be_read_and_heard(opened, name):
    drawing = diagrams.SYSTEMS[name]()
    page = opened(drawing.svg)
    assert page.get_by_role("img", name=drawing.alt).count() == 1
    assert page.locator("svg text").count() > 5
    assert page.evaluate(OVERLAPS) == []

    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    smallest = page.locator("svg").evaluate(
        """svg => svg.getScreenCTM().a
           * Math.min(...[...svg.querySelectorAll("text")].map(text => text.getAttribute("font-size")))"""
    )
    assert smallest >= 10  # CSS pixels
