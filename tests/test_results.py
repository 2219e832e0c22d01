"""Tables that read back exactly, comparisons that say what is missing."""

import io
import json
import math
import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jscc import results
from jscc.sources import Sources
from jscc.statistics import mean_interval

BIRTH = {
    "experiment": "some_table",
    "command": "jscc run some_table --scale paper",
    "scale": "paper",
    "seed": 7,
    "points": 30,
    "point": {"rate": 0.5, "graph": "peg"},
    "tasks": 4,
    "task_seconds": 1.5,
    "date": "2026-02-03T04:05:06+00:00",
    "processor": "some processor",
    "versions": {"python": "3.11"},
    "commit": "0123456789abcdef",
    "dirty": False,
    "grid": "none",
    "data": {"mnist": "0123456789"},
    "functions": ["jscc.sources:reached"],
    "sources": {"total": "x", "definitions": {"jscc.sources:reached": "not today's"}},
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("JSCC_RESULTS", str(tmp_path / "results"))
    return tmp_path / "results"


# --- files ----------------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(allow_nan=True), st.integers(-(2**62), 2**62)), min_size=1, max_size=20))
def test_numbers_read_back_bit_for_bit(tmp_path_factory, rows):
    frame = pd.DataFrame(rows, columns=["real", "whole"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JSCC_RESULTS", str(tmp_path_factory.mktemp("results")))
        results.write("some_table", frame, BIRTH)
        back = results.load("some_table")
    wanted = frame["real"].to_numpy()
    assert np.array_equal(back["real"].to_numpy(dtype=np.float64), wanted, equal_nan=True)
    assert np.array_equal(np.signbit(back["real"]), np.signbit(wanted) & ~np.isnan(wanted))
    assert back["whole"].tolist() == frame["whole"].tolist()


def test_texts_that_look_like_nothing_stay_texts():
    names = ["None", "NA", "nan", "null", "none", "N/A", "-"]
    results.write("some_table", pd.DataFrame({"column": names}), BIRTH)
    assert results.load("some_table")["column"].tolist() == names


def test_smaller_scales_stay_out_of_the_committed_folder(folder):
    path = results.write("some_table", pd.DataFrame({"a": [1]}), BIRTH, "smoke")
    assert folder / ".work" in path.parents
    assert not results.table_path("some_table").exists()
    assert results.load("some_table", "smoke")["a"].tolist() == [1]


def test_a_write_that_fails_leaves_the_old_file_and_no_other(folder, monkeypatch):
    results.write("some_table", pd.DataFrame({"a": [1]}), BIRTH)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(before) == {"some_table.csv", "some_table.json"}

    def full(*_):
        raise OSError("no space left")

    for function in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, function, full)
            with pytest.raises(OSError, match="no space"):
                results.write("some_table", pd.DataFrame({"a": [2]}), BIRTH)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_table_that_is_not_there_names_its_command():
    for read in (results.load, results.certificate, results.provenance):
        with pytest.raises(FileNotFoundError, match="jscc run some_table$"):
            read("some_table")
        with pytest.raises(FileNotFoundError, match="jscc run some_table --scale smoke$"):
            read("some_table", "smoke")
    with pytest.raises(FileNotFoundError, match="no published table 'some_table'"):
        results.published("some_table")


def test_a_table_that_is_not_its_certificate_s_is_refused(folder):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.integers(0, 9, 20), "b": rng.random(20)})
    path = results.write("some_table", frame, BIRTH)
    whole = path.read_bytes()
    for _ in range(500):
        text = bytearray(whole)
        place = int(rng.integers(len(text)))
        kind = rng.integers(3)
        if kind == 0:
            text[place] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            del text[place:]
        else:
            text[place:place] = text[: int(rng.integers(1, 9))]
        path.write_bytes(text)
        with pytest.raises(results.Damaged, match="some_table.csv is not the table of its certificate"):
            results.load("some_table")
    path.write_bytes(whole)
    assert len(results.load("some_table")) == 20


@pytest.mark.parametrize("key", ["experiment", "seed", "points", "sources", "table", "data", "functions", "date"])
def test_what_is_no_certificate_is_refused(key):
    path = results.write("some_table", pd.DataFrame({"a": [1]}), BIRTH).with_suffix(".json")
    birth = json.loads(path.read_text())
    for wrong in ({k: v for k, v in birth.items() if k != key}, {**birth, key: None}, {**birth, key: {}}, [], 3):
        if wrong != birth and not (key == "data" and isinstance(wrong, dict) and wrong.get(key) == {}):
            path.write_text(json.dumps(wrong))
            with pytest.raises(results.Damaged, match=key if isinstance(wrong, dict) else "is missing"):
                results.certificate("some_table")


def test_provenance_tells_what_a_table_rests_on():
    results.write("some_table", pd.DataFrame({"seed": [1, 1, 2], "trials": [1000, 500, 1]}), BIRTH)
    text = str(results.provenance("some_table"))
    assert "rests on: 2 seeds and 1,501 trials, root seed 7" in text
    assert "commit: 0123456, 3 February 2026" in text and "verified" not in text
    assert "runner.compute_point(experiments.registry()[\"some_table\"], rate=0.5, graph='peg')" in text
    stamps = [
        {"sources": "older", "points": [{"rate": 0.1}], "commit": "f" * 40},
        {"sources": "x", "points": [{"rate": 0.5}, {"rate": 0.6}], "commit": "e" * 40},
        {"sources": "x", "points": [{"rate": 0.6}], "commit": "d" * 40},
    ]
    results.write(
        "some_table", pd.DataFrame({"a": ["<b>"]}), {**BIRTH, "dirty": True, "verified": stamps, "note": "n."}
    )
    text = str(results.provenance("some_table"))
    assert "note: n." in text
    assert "0123456 with changes" in text and "verified: 2 of 30 points computed again, commit ddddddd" in text
    shown = results.provenance("some_table")._repr_html_()
    assert shown.count("<tr>") == len(text.splitlines()) + 1 and "some_table.csv</a>" in shown
    results.write("some_table", pd.DataFrame({"a": [1]}), {**BIRTH, "commit": None, "dirty": None})
    assert "commit: none, 3 February 2026" in str(results.provenance("some_table"))


def test_changed_definitions_are_those_that_are_not_there_as_they_were():
    def now(**definitions):
        return Sources("now", definitions)

    then = {"total": "then", "definitions": {"a": "1", "b": "2"}}
    assert results.changed_definitions(then, Sources("then", {})) == []
    assert results.changed_definitions(then, now(a="1", b="3")) == ["b"]
    assert results.changed_definitions(then, now(a="1")) == ["b"]
    assert results.changed_definitions(then, now(a="1", b="2", c="3")) == ["c"]
    # Renamed, and so none of them; but then something is used elsewhere.
    assert results.changed_definitions(then, now(a="1", c="2")) == ["a", "c"]


def test_times_are_read_without_a_certificate(folder):
    folder.mkdir()
    (folder / "bench_some.csv").write_text("what,seconds\na,1.5\n")
    assert results.timings("some")["seconds"].tolist() == [1.5]
    with pytest.raises(FileNotFoundError, match="make bench"):
        results.timings("other")


def test_the_environment_is_plain_and_names_no_place_of_this_machine():
    text = json.dumps(results.environment())
    assert str(results._REPOSITORY) not in text
    assert {"python", "numpy", "torch"} <= results.environment()["versions"].keys()


# --- differences ----------------------------------------------------------------------------------------


def test_differences_compare_whole_numbers_exactly_and_real_ones_to_the_tolerance():
    table = pd.DataFrame({"key": ["a", "a", "b"], "n": [1, 2, 3], "x": [1.0, math.nan, 2.0]})

    def check(change, tolerance=1e-12, rows=slice(None)):
        fresh = table.copy().iloc[rows]
        for (row, column), value in change.items():
            fresh.loc[row, column] = value
        return results.differences(table, fresh, ["key"], tolerance)

    assert check({}) == {}
    assert check({}, rows=slice(2, 3)) == {}
    assert check({(0, "x"): 1 + 1e-13}) == {}
    assert list(check({(0, "x"): 1 + 1e-11})) == ["x"]
    assert check({(0, "x"): 1.01}, 0.1) == {}
    assert check({(0, "n"): 2}, 0.9) == {"n": ["key=a: n = 1 in the table, 2 computed"]}
    assert check({(1, "x"): 1.0}, 0.9) != {}
    assert check({(0, "x"): math.nan}, 0.9) != {}
    assert check({(2, "key"): "c"}) == {"rows": ["key=c: no such row in the table"]}
    assert check({}, rows=slice(1, 3)) != {}
    assert results.differences(table, table[["key", "n"]], ["key"]).keys() == {"columns"}


def test_what_scatters_is_compared_by_its_interval():
    table = pd.DataFrame({"key": ["a", "b"], "errors": [100, 100], "kept": [1, 1]})
    for errors, kept, differs in ((106, 1, set()), (105, 2, {"kept"}), (94, 1, set()), (112, 1, {"errors"})):
        fresh = table.assign(errors=[100, errors], kept=[1, kept])
        assert results.differences(table, fresh, ["key"], scatter={"errors": 1.5}).keys() == differs
    assert results.differences(table, table.assign(errors=101), ["key"]).keys() == {"errors"}
    for before, now, differs in (
        (math.nan, math.nan, set()),
        (math.nan, 1, {"errors"}),
        (1, math.nan, {"errors"}),
        ("text", math.nan, {"errors"}),
        (math.nan, "text", {"errors"}),
        ("text", "another", set()),
    ):
        table, fresh = (pd.DataFrame({"key": ["a", "b"], "errors": [2.5, errors]}) for errors in (before, now))
        assert results.differences(table, fresh, ["key"], scatter={"errors": 100.0}).keys() == differs


def test_a_row_may_scatter_more_than_another():
    table = pd.DataFrame({"key": ["a", "b"], "errors": [2.5, 2.5]})

    def scatter(row):
        return {"errors": 0.1 if row["key"] == "a" else 1.0}

    for errors, differs in (([2.5, 7.5], set()), ([7.5, 2.5], {"errors"}), ([2.9, 2.5], set())):
        fresh = table.assign(errors=errors)
        assert results.differences(table, fresh, ["key"], scatter=scatter).keys() == differs


def test_types_of_a_column_are_those_of_all_its_rows():
    """One point computed anew has whole numbers, or a text of digits, where the table's column has others besides."""
    hashes = ["0146480434740e75", "x"]
    table = pd.DataFrame({"key": ["a", "b"], "size": [3, math.nan], "hash": hashes, "n": [5e6, None]})
    table = results._read_csv(io.StringIO(results.csv_text(table)))
    fresh = pd.DataFrame({"key": ["a"], "size": [3], "hash": hashes[:1], "n": [5_000_000]})
    assert results.differences(table, fresh, ["key", "size"]) == {}
    assert results.differences(table, fresh.assign(n=5_000_001), ["key", "size"], 1e-6).keys() == {"n"}


# --- paper and here -------------------------------------------------------------------------------------

PAPER = pd.DataFrame({"set": ["m", "m", "f"], "bits": [1, 2, 1], "accuracy": [90.0, math.nan, 80.0]})
HERE = pd.DataFrame(
    {"set": ["m", "m", "m", "f", "x"], "bits": [1, 1, 2, 1, 1], "mine": [91.0, 93.0, 50.0, math.nan, 7.0]}
)


def test_compare_sets_each_key_beside_its_own():
    got = results.compare(
        PAPER, HERE, on=["set", "bits"], value=("accuracy", "mine"), why={("m", 1): "more seeds"}, digits=1
    )
    half = mean_interval([91, 93])[2] - 92
    assert got.to_dict("records") == [
        {"set": "m", "bits": 1, "paper": "90.0", "here": f"92.0 ± {half:.1f}", "gap": "+2.0", "why": "more seeds"},
        {"set": "m", "bits": 2, "paper": "–", "here": "50.0", "gap": "–", "why": ""},
        {"set": "f", "bits": 1, "paper": "80.0", "here": "–", "gap": "–", "why": ""},
        {"set": "x", "bits": 1, "paper": "–", "here": "7.0", "gap": "–", "why": ""},
    ]


def test_compare_by_one_column_takes_plain_keys():
    got = results.compare(PAPER[:1], HERE[:1].rename(columns={"mine": "accuracy"}), ["set"], "accuracy", {"m": "w"})
    assert got["why"].tolist() == ["w"]
    got = results.compare(PAPER[:1], PAPER[:1], ["set"], "accuracy", "all")
    assert got["gap"].tolist() == ["+0.00"] and got["why"].tolist() == ["all"]


def test_compare_refuses_what_is_ambiguous():
    with pytest.raises(ValueError, match=r"several rows for \[\('m',\)\]"):
        results.compare(PAPER, PAPER, ["set"], "accuracy")
    with pytest.raises(ValueError, match=r"here has no columns \['accuracy'\]"):
        results.compare(PAPER, HERE, ["set", "bits"], "accuracy")


def test_pick_keeps_the_rows_of_all_values_named():
    table = pd.DataFrame({"q": [4, 4, 64, 256], "b": [1, 5, 5, 5]})
    assert results.pick(table, q=[4, 64], b=5).index.tolist() == [1, 2]
    assert results.pick(table).equals(table)
    with pytest.raises(ValueError, match="'rate'"):
        results.pick(table, rate=0.5)
