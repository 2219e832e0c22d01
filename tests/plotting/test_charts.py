"""Laws of the charts and of the texts of tables."""

import math

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from jscc import diagrams, plotting, tanner
from jscc.gfq import leaf_removal, ultra_sparse
from jscc.statistics import binomial_interval, mean_interval


@pytest.fixture(autouse=True)
def closed_figures():
    with mpl.rc_context():
        mpl.use("Agg")
        plotting.use_style()
        yield
        plt.close("all")


def bar_ends(ax, k=0):
    (bars,) = ax.containers[k][2]
    return np.array([segment[:, 1] for segment in bars.get_segments() if np.ndim(segment) == 2])


def test_panels_are_titled_by_column_and_row_and_labelled_at_the_edge():
    titles = {"a": "A", "b": "B"}
    _, axes = plotting.panels(titles, ["one", "two"], xlabel="x", ylabel="y", yscale="log")
    assert axes.shape == (2, 2)
    assert [[ax.get_title() for ax in row] for row in axes] == [["A, one", "B, one"], ["A, two", "B, two"]]
    assert [[ax.get_xlabel() for ax in row] for row in axes] == [["", ""], ["x", "x"]]
    assert [[ax.get_ylabel() for ax in row] for row in axes] == [["y", ""], ["y", ""]]
    assert {ax.get_yscale() for ax in axes.flat} == {"log"}


def test_a_single_row_of_panels_has_one_axis():
    _, axes = plotting.panels(["A", "B", "C"], ylabel=["u", "v", "w"])
    assert axes.shape == (3,)
    assert [ax.get_ylabel() for ax in axes] == ["u", "v", "w"]


@pytest.mark.parametrize(("columns", "ylabel"), [([], ""), (["A", "B"], ["only one"])])
def test_wrong_panels_are_refused(columns, ylabel):
    with pytest.raises(ValueError, match="expected"):
        plotting.panels(columns, ylabel=ylabel)


def test_ticks_are_those_asked_for_on_a_logarithmic_axis_too():
    ax = Figure().subplots()
    ax.set(xscale="log", xlim=(0.01, 10))
    plotting.ticks(ax, {0.125: "1/8", 2: "2"})
    assert ax.get_xticks().tolist() == [0.125, 2]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["1/8", "2"]
    assert ax.xaxis.get_minorticklocs().size == 0


def test_one_legend_names_every_series_once():
    figure, axes = plotting.panels(["A", "B"])
    for ax in axes:
        ax.plot([0, 1], label="both")
    axes[1].plot([1, 0], label="second only")
    plotting.legend_below(figure)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["both", "second only"]


def test_runs_are_drawn_with_the_interval_of_their_mean():
    table = pd.DataFrame({"x": [1, 1, 1, 2, 3, 3], "y": [0.1, 0.2, 0.6, 0.5, 0.4, 0.8]})
    ax = Figure().subplots()
    plotting.runs_curve(ax, table.groupby("x").y, k=0, label="here")
    ends = bar_ends(ax)
    for place, x in enumerate((1, 3)):
        np.testing.assert_allclose(ends[[0, -1][place]], mean_interval(table.y[table.x == x])[1:])
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [0.3, 0.5, 0.6])


def test_bars_stand_in_the_order_of_their_titles():
    table = pd.DataFrame({"c": ["a", "a", "b", "b"], "y": [0.1, 0.3, 0.6, 0.8]})
    ax = Figure().subplots()
    plotting.runs_bars(ax, table.groupby("c").y, {"b": "B", "a": "A"})
    np.testing.assert_allclose([bar.get_height() for bar in ax.patches], [0.7, 0.2])
    assert [text.get_text() for text in ax.get_xticklabels()] == ["B", "A"]


def test_shares_have_wilson_s_interval():
    ax = Figure().subplots()
    plotting.share_curve(ax, [1, 2], [0, 7], [10, 10], k=1, label="x")
    np.testing.assert_allclose(bar_ends(ax), np.transpose(binomial_interval([0, 7], [10, 10])))


def test_an_error_rate_of_no_errors_is_an_arrow_and_no_point():
    ax = Figure().subplots()
    plotting.error_rate_curve(ax, [1, 2, 3], [50, 2, 0], [100, 100, 100], k=0, label="x")
    assert ax.get_yscale() == "log"
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [[1, 0.5], [2, 0.02]])
    limit = binomial_interval(0, 100)[1]
    assert any(np.allclose(line.get_xydata()[:1], [[3, limit]]) for line in ax.lines[1:])


def test_an_error_rate_curve_with_errors_everywhere_has_no_arrow():
    ax = Figure().subplots()
    plotting.error_rate_curve(ax, [1, 2], [50, 2], [100, 100], k=0, label="x")
    assert len(ax.containers) == 1


def test_points_have_no_line_and_are_hollow_on_demand():
    ax = Figure().subplots()
    full, hollow = (plotting.points(ax, [1], [2], k=3, hollow=hollow) for hollow in (False, True))
    assert full.get_linestyle() == hollow.get_linestyle() == "None"
    assert full.get_markerfacecolor() == full.get_color() != hollow.get_markerfacecolor() == "white"


def test_frames_lie_around_their_pixels():
    ax = Figure().subplots()
    plotting.picture(ax, np.eye(4), white=1, frames=[(1, 3)])
    (frame,) = ax.patches
    assert frame.get_bbox().bounds == (2.5, 0.5, 1, 1)


def test_marked_bits_keep_their_places():
    ax = Figure().subplots()
    plotting.marked_bits(ax, [1, 0, 0, 1, 1], (2, 4))
    assert ax.images[0].get_array().tolist() == [[1, 0, 0, 1], [1, 2, 2, 2]]
    with pytest.raises(ValueError, match="9 bits"):
        plotting.marked_bits(ax, np.zeros(9), (2, 4))


def test_letters_at_one_place_stand_together():
    ax = Figure().subplots()
    ax.set_xscale("log")
    plotting.letters_above(ax, [4.0, 4.1, 1.0, 4.0], ["L", "J", "A", "L"])
    assert sorted(text.get_text() for text in ax.texts) == ["A", "LJ"]


def test_an_estimate_and_its_interval_as_text():
    assert plotting.plus_minus(1 / 3, 0.02, 2) == "0.33 ± 0.02"
    assert plotting.plus_minus([1.0, math.nan], math.nan, 1) == ["1.0", "–"]
    assert plotting.runs_text([0.25]) == "0.2500"


def test_a_table_shows_the_columns_asked_for_in_order_under_their_titles():
    frame = pd.DataFrame({"a": [1.0, None], "b": ["x", "y"], "c": [0, 0]})
    shown = plotting.table(frame, columns={"b": "B", "a": ("A", "{:.2f}")}).frame
    assert shown.columns.tolist() == ["B", "A"]
    assert shown.to_numpy().tolist() == [["x", "1.00"], ["y", "–"]]
    with pytest.raises(ValueError, match="columns given for"):
        plotting.table(frame, columns={"d": "D"})


def test_a_leaf_tree_draws_every_symbol_and_check():
    whole = ultra_sparse(24, 1 / 3, 2, np.random.default_rng(8))
    small = whole.reduced(1, np.random.default_rng(0))
    removal = leaf_removal(small)
    figure = diagrams.leaf_tree(small.graph, removal.order, removal.pivots)
    (ax,) = figure.axes
    assert isinstance(small.graph, tanner.TannerGraph)
    assert len(ax.texts) == small.n_symbols
    assert len(ax.lines) == whole.n_checks
    solid = [text for text in ax.texts if text.arrow_patch.get_linestyle() in ("-", "solid")]
    assert len(solid) == len(removal.pivots)
