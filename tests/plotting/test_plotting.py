"""Laws of the figure style, the static player and the block diagrams."""

import base64
import io
import itertools
import json
import re
import sys
from html.parser import HTMLParser
from types import SimpleNamespace
from xml.etree import ElementTree

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from jscc import diagrams, plotting
from jscc.plotting import Link, block_diagram, player, players
from support import ROOT

DRAWINGS = ROOT / "book" / "_static" / "diagrams"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def own_style(monkeypatch):
    monkeypatch.delenv("JSCC_STATIC", raising=False)
    with mpl.rc_context():
        mpl.use("Agg")
        plotting.use_style()
        yield
    assert plt.get_fignums() == [], "a figure was left open"


def rendered(figure, dpi):
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=dpi)
    plt.close(figure)
    return np.asarray(Image.open(buffer).convert("RGB"))


# Style


def test_series_differ_without_colour():
    looks = [plotting.series(k) for k in range(35)]
    assert len({(str(look["linestyle"]), look["marker"]) for look in looks}) == 35


def test_series_differ_with_colour_for_very_many():
    assert len({str(plotting.series(k)) for k in range(210)}) == 210


def test_series_counts_from_zero():
    with pytest.raises(ValueError, match="-1"):
        plotting.series(-1)


def test_lines_of_a_plot_are_the_series_in_order():
    ax = Figure().subplots()
    for k in range(8):
        (line,) = ax.plot([0, 1])
        (expected,) = ax.plot([0, 1], **plotting.series(k))
        ax.set_prop_cycle(mpl.rcParams["axes.prop_cycle"][k + 1 :])
        assert mpl.artist.getp(line, "color") == mpl.artist.getp(expected, "color")
        assert mpl.artist.getp(line, "linestyle") == mpl.artist.getp(expected, "linestyle")
        assert mpl.artist.getp(line, "marker") == mpl.artist.getp(expected, "marker")


def test_published_points_are_told_from_every_series():
    points = plotting.paper_points(Figure().subplots(), [1, 2], [3, 4])
    assert points.get_linestyle() == "None" and points.get_label() == "paper"
    assert points.get_markerfacecolor() == "none"
    assert points.get_color() not in plotting.PALETTE
    assert points.get_marker() not in {plotting.series(k)["marker"] for k in range(35)}


def test_limits_lie_behind_the_data():
    ax = Figure().subplots()
    (data,) = ax.plot([0, 1])
    limit = plotting.limit_curve(ax, [0, 1], [0, 1], "capacity")
    assert limit.get_zorder() < data.get_zorder() and limit.get_linewidth() > 2 * data.get_linewidth()


def test_interval_bars_end_at_the_interval():
    ax = Figure().subplots()
    y, low, high = [0.5, 0.2], [0.4, 0.2], [0.9, 0.3]
    plotting.curve_with_interval(ax, [1, 2], y, low, high, k=0, label="here")
    (bars,) = ax.containers[0][2]
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    np.testing.assert_allclose(ends, np.transpose([low, high]))


def test_estimate_outside_its_interval_is_refused():
    with pytest.raises(ValueError, match="between its low and its high"):
        plotting.curve_with_interval(Figure().subplots(), [1], [0.5], [0.6], [0.7], k=0, label="x")


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_same_figure_same_bytes(tmp_path, ending):
    def written(name):
        figure = plotting.show_planes(np.eye(6, dtype=np.uint8)[None], ["unit matrix"])
        plotting.save_figure(figure, tmp_path / f"{name}.{ending}")
        return (tmp_path / f"{name}.{ending}").read_bytes()

    first = written("a")
    assert first == written("b")
    assert not re.search(rb"20\d\d-\d\d-\d\d|atplotlib v", first)


def test_other_formats_are_refused(tmp_path):
    with pytest.raises(ValueError, match=".jpg"):
        plotting.save_figure(Figure(), tmp_path / "a.jpg")


def test_planes_are_crisp():
    planes = np.random.default_rng(1).integers(0, 2, (5, 9, 7), dtype=np.uint8)
    figure = plotting.show_planes(planes, [str(k) for k in range(5)], columns=3)
    pixels = rendered(figure, figure.dpi)[::-1, :, 0]
    shown = [ax for ax in figure.axes if ax.images]
    assert len(shown) == len(planes)
    for ax, plane in zip(shown, planes, strict=True):
        box = ax.get_window_extent()
        inside = pixels[int(box.y0) + 3 : int(box.y1) - 2, int(box.x0) + 3 : int(box.x1) - 2]
        assert set(np.unique(inside)) == {0, 255}
        for row, column in itertools.product(range(9), range(7)):
            y = box.y1 - (row + 0.5) * box.height / 9
            x = box.x0 + (column + 0.5) * box.width / 7
            assert pixels[int(y), int(x)] == 255 * plane[row, column]


@pytest.mark.parametrize(
    ("planes", "titles", "complaint"),
    [
        (np.zeros((4, 4)), ["a"], "shape"),
        (np.zeros((0, 4, 4)), [], "shape"),
        (np.full((1, 4, 4), 2), ["a"], "0 and 1"),
        (np.zeros((2, 4, 4)), ["a"], "titles"),
    ],
)
def test_wrong_planes_are_refused(planes, titles, complaint):
    with pytest.raises(ValueError, match=complaint):
        plotting.show_planes(planes, titles)


# Player


def bar(height, width=0.5):
    figure = plt.figure(figsize=(1.2, 0.8))
    figure.add_artist(Rectangle((0.5 - width / 2, 0), width, height / 10))
    return figure


class _Page(HTMLParser):
    """Every start tag with its attributes, and the text inside each kind of tag."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts, self._open = [], {}, []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "input"):
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        for tag in self._open:
            self.texts[tag] = self.texts.get(tag, "") + data

    def of(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def stored(page):
    return json.loads(_Page(page).texts["script"])


def decoded(source):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source.split(",", 1)[1]))).convert("RGB"))


def test_one_frame_for_every_position():
    heights, widths = [1, 3, 5], [0.2, 0.4]
    seen = []

    def draw(height, width):
        seen.append((height, width))
        return bar(height, width)

    shown = player(draw, alt="a bar", height=heights, width=widths, start={"height": 3, "width": 0.4})
    data = stored(shown.html)
    assert seen == list(itertools.product(heights, widths))
    assert [slider["start"] for slider in data["sliders"]] == [1, 1]
    assert [len(slider["texts"]) for slider in data["sliders"]] == [3, 2]
    sources = [frame["src"] for frame in data["frames"]]
    assert sources.index(None) == 3 and sources.count(None) == 1
    assert len({frame["alt"] for frame in data["frames"]}) == 6
    sources[3] = _Page(shown.html).of("img")[0]["src"]
    assert len(set(sources)) == 6


def test_frames_look_like_the_figures():
    shown = player(bar, alt="a bar", height=[7])
    expected = rendered(bar(7), players.DPI)
    picture = decoded(_Page(shown.html).of("img")[0]["src"])
    assert picture.shape == expected.shape
    assert np.sqrt(np.mean((picture - expected.astype(float)) ** 2)) < 2


def test_colour_photographs_keep_their_colours():
    rgb = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)

    def draw(k):
        figure = Figure(figsize=(1, 1))
        figure.subplots().imshow(rgb)
        return figure

    picture = decoded(_Page(player(draw, alt="noise", k=[0]).html).of("img")[0]["src"])
    np.testing.assert_array_equal(picture, rendered(draw(0), players.DPI))


def test_same_draw_same_bytes():
    assert player(bar, alt="a", height=[1, 2]).html == player(bar, alt="a", height=[1, 2]).html


def test_alt_is_asked_for_every_position():
    shown = player(bar, alt=lambda height: f"bar {height} tall", height=[1, 2])
    assert [frame["alt"] for frame in stored(shown.html)["frames"]] == ["bar 1 tall", "bar 2 tall"]
    assert shown._repr_mimebundle_()["text/plain"] == "bar 1 tall"


NASTY = "\"'><script>alert(1)</script></script><!--<b>&amp;"


def test_texts_cannot_become_markup():
    honest = player(bar, alt="a", caption="c", labels={"height": "l"}, height=[1, 2])

    def draw(height):
        return bar(1)

    nasty = player(draw, alt=NASTY, caption=NASTY, labels={"height": NASTY}, height=[NASTY, NASTY + "2"])
    page = _Page(nasty.html)
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in _Page(honest.html).tags]
    assert page.of("img")[0]["alt"].startswith(NASTY)
    assert page.of("input")[0]["aria-valuetext"] == NASTY
    assert NASTY in page.texts["figcaption"] and NASTY in page.texts["label"]
    assert stored(nasty.html)["sliders"][0]["texts"] == [NASTY, NASTY + "2"]
    assert nasty.html.count("</script>") == 1


def test_floats_are_written_short():
    values = [0.1 + 0.2, np.float32(0.1), 1e-5, 3, np.int64(4), True, "BSC"]
    shown = player(lambda x: bar(1), alt="a", x=values)
    assert stored(shown.html)["sliders"][0]["texts"] == ["0.3", "0.1", "1e-05", "3", "4", "True", "BSC"]


def test_without_script_there_is_a_picture_and_no_dead_control():
    page = _Page(player(bar, alt="a", caption="Bars.", height=[1, 2]).html)
    assert page.of("img")[0]["src"].startswith("data:image/") and page.of("img")[0]["alt"] == "a (height = 1)"
    assert all("hidden" in attrs for attrs in page.of("div"))
    assert "Bars." in page.texts["figcaption"] and "height = 1" in page.texts["figcaption"]
    assert "http" not in player(bar, alt="a", height=[1]).html


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"alt": "a"}, "expected one to three"),
        ({"alt": "a"} | dict.fromkeys("wxyz", [1]), "expected one to three"),
        ({"alt": "a", "x": []}, "no values"),
        ({"alt": " ", "x": [1]}, "alt is ' '"),
        ({"alt": None, "x": [1]}, "alt is None"),
        ({"alt": lambda x: "", "x": [1]}, "alt is ''"),
        ({"alt": "a", "x": [1], "labels": {"y": "why"}}, "labels names"),
        ({"alt": "a", "x": [1], "start": {"y": 1}}, "start names"),
        ({"alt": "a", "x": [1], "start": {"x": 2}}, "start puts x at 2"),
    ],
)
def test_wrong_players_are_refused(options, complaint):
    with pytest.raises(ValueError, match=complaint):
        player(lambda **_: bar(1), **options)


def test_alt_cannot_be_left_out():
    with pytest.raises(TypeError, match="alt"):
        player(bar, height=[1])


def test_draw_has_to_return_figures_of_one_size():
    with pytest.raises(ValueError, match="NoneType"):
        player(lambda x: None, alt="a", x=[1])
    with pytest.raises(ValueError, match="different sizes"):
        player(lambda x: Figure(figsize=(x, 1)), alt="a", x=[1, 2])


def test_heavy_players_are_refused(monkeypatch):
    assert players.MAX_BYTES <= 2_000_000
    size = len(player(bar, alt="a bär", height=[1, 2]).html.encode())
    monkeypatch.setattr(players, "MAX_BYTES", size)
    player(bar, alt="a bär", height=[1, 2])
    monkeypatch.setattr(players, "MAX_BYTES", size - 1)
    with pytest.raises(ValueError, match="fewer values or smaller figures"):
        player(bar, alt="a bär", height=[1, 2])


@pytest.fixture
def kernel(monkeypatch):
    """Pretend that a notebook's kernel runs."""
    pytest.importorskip("ipywidgets")
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object())))


def test_kernel_gets_a_control_that_draws_anew(kernel):
    seen = []

    def draw(height):
        seen.append(height)
        return bar(height)

    shown = player(draw, alt="a", labels={"height": "bar height"}, height=[1, 2, 3], start={"height": 2})
    assert set(shown._repr_mimebundle_()) == {"text/plain", "text/html", players.WIDGET_MIME}
    control, picture = shown._widget().children
    assert control.description == "bar height" and control.label == "2"
    seen.clear()
    before = picture.value
    control.value = 2
    assert seen == [3]
    assert picture.value != before and 'alt="a (bar height = 3)"' in picture.value


def test_static_bundle_has_no_widget(kernel, monkeypatch):
    monkeypatch.setenv("JSCC_STATIC", "1")
    shown = player(bar, alt="a", height=[1, 2])
    monkeypatch.setattr(shown, "_widget", lambda: pytest.fail("a widget was made"))
    assert set(shown._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_no_widget_without_a_kernel():
    assert set(player(bar, alt="a", height=[1])._repr_mimebundle_()) == {"text/plain", "text/html"}


# Block diagrams


@pytest.mark.parametrize("name", diagrams.SYSTEMS)
def test_committed_drawings_are_what_the_code_draws(name):
    committed = (DRAWINGS / f"{name}.svg").read_bytes()
    drawn = diagrams.SYSTEMS[name]().svg.encode()
    assert committed == drawn, "run: python -m jscc.diagrams book/_static/diagrams"


def test_all_drawings_are_written(tmp_path):
    written = diagrams.write_all(tmp_path / "new")
    assert {path.stem for path in written} == set(diagrams.SYSTEMS) == {p.stem for p in DRAWINGS.iterdir()}
    for path in written:
        assert path.read_text(encoding="utf-8") == diagrams.SYSTEMS[path.stem]().svg


@pytest.mark.parametrize("name", diagrams.SYSTEMS)
def test_drawings_say_what_they_show(name):
    drawing = diagrams.SYSTEMS[name]()
    root = ElementTree.fromstring(drawing.svg)
    ids = {element.get("id"): element.text for element in root.iter() if element.get("id")}
    title, description = (ids[mark] for mark in root.get("aria-labelledby").split())
    assert root.get("role") == "img" and title and description == drawing.alt
    assert set(drawing._repr_mimebundle_()) == {"image/svg+xml", "text/plain"}


def test_drawings_share_a_page_without_sharing_names():
    svgs = [draw().svg for draw in diagrams.SYSTEMS.values()]
    ids = [mark for svg in svgs for mark in re.findall(r' id="([^"]+)"', svg)]
    assert len(ids) == len(set(ids)) == 2 * len(svgs)


CHAIN = {"a": ("data", "a"), "b": ("coder", "b"), "c": ("channel", "c"), "d": ("network", "d")}


def chain(**changes):
    description = {
        "rows": [["a", "b"], [None, "c", "d"]],
        "boxes": CHAIN,
        "links": [Link("a", "b"), Link("b", "c"), Link("c", "d")],
        "alt": "alt",
        "title": "title",
    }
    description.update(changes)
    return block_diagram(
        description["rows"],
        description["boxes"],
        description["links"],
        alt=description["alt"],
        title=description["title"],
    )


def test_texts_of_a_diagram_cannot_become_markup():
    plain = ElementTree.fromstring(chain().svg)
    drawn = ElementTree.fromstring(
        chain(alt=NASTY, title=NASTY, boxes={**CHAIN, "a": ("data", NASTY)}, links=[Link("a", "b", NASTY)]).svg
    )
    assert {element.tag for element in drawn.iter()} == {element.tag for element in plain.iter()}
    assert sum(element.text == NASTY for element in drawn.iter()) == 4


@pytest.mark.parametrize(
    ("link", "first", "last"),
    [
        (Link("a", "b"), "right", "left"),
        (Link("b", "a"), "left", "right"),
        (Link("b", "c"), "bottom", "top"),
        (Link("c", "b"), "top", "bottom"),
        (Link("a", "c", path="|-"), "bottom", "left"),
        (Link("b", "d", path="-|"), "right", "top"),
        (Link("d", "c", path="over"), "top", "top"),
        (Link("c", "d", path="under"), "bottom", "bottom"),
    ],
)
def test_links_leave_and_enter_by_the_side_they_face(link, first, last):
    boxes = {name: ("coder", name) for name in CHAIN}
    root = ElementTree.fromstring(chain(boxes=boxes, links=[link]).svg)
    frames = dict(zip(("a", "b", "c", "d"), root.findall(f"{SVG}rect")[1:], strict=True))
    points = [tuple(map(float, point.split(","))) for point in root.find(f"{SVG}g/{SVG}polyline").get("points").split()]
    for name, side, point in ((link.start, first, points[0]), (link.end, last, points[-1])):
        x, y, width, height = (float(frames[name].get(key)) for key in ("x", "y", "width", "height"))
        middle = {
            "left": (x, y + height / 2),
            "right": (x + width, y + height / 2),
            "top": (x + width / 2, y),
            "bottom": (x + width / 2, y + height),
        }[side]
        np.testing.assert_allclose(point, middle, atol=0.11)
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        assert (x0 == x1) != (y0 == y1), "every stretch stands upright or lies flat"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"alt": ""}, "alt is ''"),
        ({"title": " "}, "title is ' '"),
        ({"rows": [["a", "b", "c"]]}, "rows name"),
        ({"rows": [["a", "b", "c", "d", "a"]]}, "rows name"),
        ({"boxes": {**CHAIN, "a": ("cloud", "a")}}, "kind 'cloud'"),
        ({"links": [Link("a", "e")]}, r"no box \['e'\]"),
        ({"links": [Link("a", "b", path="round")]}, "path 'round'"),
        ({"links": [Link("a", "d")]}, "cannot take the path 'straight'"),
        ({"links": [Link("a", "b", path="-|")]}, "cannot take the path '-|'"),
        ({"links": [Link("b", "c", path="under")]}, "cannot take the path 'under'"),
        ({"rows": [["a", "b", "c", "d"]], "links": [Link("a", "c")]}, "cannot take the path 'straight'"),
        ({"links": [Link("a", "a")]}, "cannot take the path 'straight'"),
    ],
)
def test_wrong_diagrams_are_refused(changes, complaint):
    with pytest.raises(ValueError, match=complaint):
        chain(**changes)


def test_a_table_is_the_same_html_every_time_and_escapes_what_it_shows():
    frame = pd.DataFrame({"name": ["a < b", "c"], "value": [0.25, np.nan]})
    shown = plotting.table(frame, caption="x & y", formats={"value": "{:.3f}"})
    html = shown._repr_html_()
    assert html == plotting.table(frame, caption="x & y", formats={"value": "{:.3f}"})._repr_html_()
    assert "a &lt; b" in html and "<caption>x &amp; y</caption>" in html
    assert "0.250" in html and "–" in html and "nan" not in html.lower()
    assert " at 0x" not in repr(shown) and "0.250" in repr(shown)
    assert frame.value.dtype == float
    with pytest.raises(ValueError, match="columns"):
        plotting.table(frame, formats={"values": "{}"})
