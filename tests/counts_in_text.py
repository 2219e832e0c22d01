"""Counts in the text of chapters, such as "35 of 50 words" or "none of six", each with how it is counted again.

`COUNTS` has for each page phrases as they stand in its text, and what gives all the numbers of each in their order,
from tables, settings or a formula. `NO_COUNTS` are phrases that look like counts and are none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import nbformat
import numpy as np
import pandas as pd
from numbers_in_text import (
    TABLE2,
    along_lines,
    checks_of_blocks,
    come_back,
    figure3,
    left_to_mend,
    patient,
    picked_leads,
    reproduced,
    welch,
)

from jscc import results
from jscc.classify import MATRICES, SIDE, paper_code
from jscc.experiments.lossy.beyond import LENGTHS
from jscc.experiments.lossy.common import REDUCTION, TRADEOFF
from jscc.experiments.lossy.views import in_db, keeps_conditions, over_words
from jscc.experiments.syndromes import chosen_held_out, table2_trainings
from jscc.experiments.syndromes.common import DATASETS
from jscc.gfq import leaf_removal, ultra_sparse
from jscc.statistics import prediction_interval
from support import ROOT


def the_one(values: Iterable) -> float:
    """What all values are."""
    (value,) = set(np.ravel(values).tolist())
    return value


def set_on(page: str, pattern: str) -> str:
    """What a pattern finds once in the cells of a page."""
    cells = nbformat.read(ROOT / f"book/{page}.ipynb", as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    (found,) = re.findall(pattern, code)
    return found


def converged(table: str, **row) -> tuple[int, int]:
    """How many words converge in the rows of a table that are picked, and of how many."""
    rows = results.pick(results.load(table), **row)
    assert len(rows)
    return int(rows.converged.sum()), int(rows.n.sum())


def failed(table: str, **row) -> tuple[int, int]:
    """How many do not, and of how many."""
    good, n = converged(table, **row)
    return n - good, n


def far_off(table: str, **row) -> pd.DataFrame:
    """The codes of the kind of Figure 2 whose words together leave a tenth of a code's checks and more."""
    rows = results.pick(results.load(table), **row)
    return rows[rows.unsatisfied * rows.n > TRADEOFF["n_symbols"] * (1 - TRADEOFF["rate"]) / 10]


MENDED_ONCE = {"gamma0": 0.96, "max_iterations": 300}  # in the table of what is mended


def one_word_far_off() -> tuple[int, int, int, int]:
    """Words and codes that end far off at .96, of how many codes and words; the code has one word that fails."""
    rows = results.pick(results.load("lossy_mending"), **MENDED_ONCE)
    far = far_off("lossy_mending", **MENDED_ONCE)
    return (far.n - far.converged).sum(), len(far), len(rows), rows.n.sum()


def leads_of_rbp() -> tuple[int, int]:
    """At how many rates RBP is the nearest to the limit of all schemes, with any settings, and of how many rates."""
    rivals = [results.load(name) for name in ("lossy_rivals", "lossy_sparse_generator")]
    rivals = pd.concat([table.assign(gap=in_db(table.distortion, table.limit)) for table in rivals])
    settings = ["multiple", "gamma1", "gamma0"]
    here = over_words(results.load("lossy_patience"), settings).assign(nominal_rate=0.5)  # the table has one rate
    there = over_words(results.load("lossy_patience_at"), ["nominal_rate", *settings])
    patience = pd.concat([here, there]).drop(columns="rate").rename(columns={"nominal_rate": "rate"})
    rbp = pd.concat([patience, figure3(graph="peg")])
    best = rbp.assign(gap=in_db(rbp.mended, rbp.limit)).groupby("rate").gap.min()
    least = rivals.groupby("rate").gap.min()
    return int((best[least.index] < least).sum()), len(least)


def better_with_20() -> tuple[int, int]:
    """PEG codes of which more runs converge at .92 with 20 checks taken away than with 5, and of how many."""
    rows = results.pick(results.load("lossy_reduction"), graph="peg", gamma0=0.92)
    by_code = rows.pivot(index="number", columns="b", values="converged")
    return int((by_code[20] > by_code[5]).sum()), len(by_code)


def random_converging() -> list[float]:
    """Of random graphs the fewest and the most runs that converge, over b, of how many, and the gamma0, twice."""
    rows = results.pick(results.load("lossy_reduction"), graph="random")
    sums = rows.groupby(["gamma0", "b"])[["converged", "n"]].sum()
    (low, first), (high, second) = sums.groupby("gamma0")
    ends = [(part.converged.min(), part.converged.max()) for part in (first, second)]
    return [*ends[0], the_one(sums.n), low, *ends[1], high]


def flooding_and_others() -> list[int]:
    """Words that converge at .96 by flooding, of how many, and the fewest and most by the other orders."""
    others = [converged("lossy_scheduling", variant=name, gamma0=0.96)[0] for name in ("default", "fixed", "check")]
    return [*converged("lossy_scheduling", variant="flooding", gamma0=0.96), min(others), max(others)]


def with_leaves() -> list[int]:
    """Runs that converge with two in a hundred symbols of degree one at .92 and .96, of how many, and without."""
    few, none = (
        [converged("lossy_scheduling", variant=name, gamma0=gamma0) for gamma0 in (0.92, 0.96)]
        for name in ("degree_one_0.02", "default")
    )
    return [few[0][0], few[1][0], the_one([n for _, n in few + none]), none[0][0], none[1][0]]


def growing_is_nearer() -> tuple[int, int, int]:
    """Points of Figure 3 at which a reinforcement that grows is nearer to the limit, of how many, and farther."""
    points = figure3(graph="peg", b=REDUCTION)
    by_point = points.pivot(index=["p", "rate"], columns="gamma1", values="mended").dropna()
    more = by_point[by_point.columns.min()] - by_point[1.0]
    return int((more < 0).sum()), len(more), int((more > 0).sum())


def far_beyond_the_wall() -> list[float]:
    """Checks that are unsatisfied after 300 iterations from .97 on, fewest and most, in full tens, and of how many."""
    gammas = results.load("lossy_mending").gamma0.unique()
    left = [round(left_to_mend(300, gamma0), -1) for gamma0 in gammas if gamma0 >= 0.97]
    return [min(left), max(left), round(TRADEOFF["n_symbols"] * (1 - TRADEOFF["rate"])) - REDUCTION]


def long_words() -> list[float]:
    """Bits of the longest words but one, how many converge with each setting, and of how many; so of the longest."""
    *_, long, longest = LENGTHS["paper"]
    sums = results.load("lossy_scaling").groupby(["n_bits", "gamma0"])[["converged", "n"]].sum()
    some, none = sums.loc[long], sums.loc[longest]
    return [long, *some.converged, the_one(some.n), the_one(none.converged), the_one(none.n)]


def left_of_a_million() -> list[float]:
    """Checks that the longest words leave unsatisfied, by setting, and of how many."""
    longest = max(LENGTHS["paper"])
    left = results.pick(results.load("lossy_scaling"), n_bits=longest).groupby("gamma0").unsatisfied.mean()
    return [*left, longest // TRADEOFF["p"] // 2 - REDUCTION]  # GF(64), at R = 1/2


def plain_labels() -> list[int]:
    """Of six edges how many have the label 1: one of a symbol's two, and both along a spanning forest."""
    return [round(6 * (1 + (1 - TRADEOFF["rate"])) / 2), 6]


def broken(**row) -> tuple[int, int]:
    """Points of Figure 3 at which one of the paper's conditions is broken, and of how many."""
    points = figure3(**row)
    return int((~keeps_conditions(points)).sum()), len(points)


PEG = {"graph": "peg", "b": REDUCTION, "gamma1": 1.0}
GROWING = {"gamma1": 0.9999}  # of all settings in Figure 3 the one that is not 1


def kept_by_random() -> tuple[int, int]:
    """Points of Figure 3 on random graphs that keep the paper's conditions, and of how many."""
    lost, points = broken(graph="random")
    return points - lost, points


def at_the_largest_l(**row) -> tuple[int, int]:
    """Points of Figure 3 at the largest L that was tried, and of how many."""
    points = figure3(**row)
    return int((points.multiple == results.load("lossy_rate_distortion").multiple.max()).sum()), len(points)


def random_within_five() -> list[float]:
    """Words of a point on random graphs that converge, fewest and most, of how many, the trials, and points without."""
    points = figure3(graph="random")
    some = points.converged[points.converged > 0]
    return [
        some.min(),
        some.max(),
        the_one(points.n),
        points.trials.max(),
        (points.converged == 0).sum(),
        points.converged.min(),
    ]


def with_a_core() -> list[int]:
    """Random codes over GF(16) and GF(64) that keep a core at the rates where some do, and of how many."""
    points = figure3(graph="random", p=[4, 6])
    points = points[points.cores > 0]
    return [points.cores.min(), points.cores.max(), the_one(points.codes)]


def most_that_fail() -> list[int]:
    """At points on PEG graphs that keep the conditions the most words that fail, and of how many."""
    points = figure3(**PEG)
    points = points[keeps_conditions(points)]
    return [(points.n - points.converged).max(), the_one(points.n)]


def the_wall() -> list[float]:
    """What stands of convergence at .97 with L = 1.4, there and in the table of what is mended."""
    here = converged("lossy_tradeoff", gamma0=0.97, prior=1.4)
    return [0.97, *here, *converged("lossy_mending", gamma0=0.97, max_iterations=300)]


def other_walls() -> list[float]:
    """The same at .96 with L = 1.3, and at .97 with 1.5 and 1.6."""
    more = [converged("lossy_tradeoff", gamma0=0.97, prior=prior)[0] for prior in (1.5, 1.6)]
    return [1.3, *converged("lossy_tradeoff", gamma0=0.96, prior=1.3), 0.96, 1.5, 1.6, *more, 0.97]


def random_at_the_points() -> list[int]:
    """Words on random graphs that converge at the two points of Figure 2, and of how many."""
    both = [converged("lossy_tradeoff_codes", graph="random", gamma0=gamma0) for gamma0 in (0.92, 0.96)]
    return [both[0][0], both[1][0], the_one([n for _, n in both])]


def two_checks_taken() -> list[int]:
    """Words that fail on PEG codes of rate 1/3 with two checks taken away at .96, of how many, and far off."""
    row = {"graph": "peg", "rate": 0.3333, "b": 2, "gamma0": 0.96}
    far = far_off("lossy_tradeoff_codes", **row)
    return [*failed("lossy_tradeoff_codes", **row), (far.n - far.converged).sum()]


def hollow() -> list[float]:
    """Words below which a point of Figure 2 is drawn hollow, and of how many."""
    (n,) = set(results.load("lossy_tradeoff").groupby(["prior", "gamma0"]).n.sum())
    return [float(set_on("lossy/figures", r"part\.converged < ([\d.]+) \* part\.n")) * n, n]


def most_patient() -> list[float]:
    """Words that converge with the setting of .19 dB, of how many, and trials."""
    rows = patient(1.1, 0.9998, 0.985)
    return [rows.converged.sum(), rows.n.sum(), rows.trials.mean()]


def patient_few() -> list[int]:
    """Words that converge in the line of an exercise, and of how many."""
    rows = patient(0.9, 1.0, 0.96)
    return [rows.converged.sum(), rows.n.sum()]


def cores_at_a_tenth() -> list[int]:
    """Random codes at R = .1 of which leaf removal leaves a core, of how many, and their symbols; seeds of a solution.

    The solution of the page draws them, over GF(2); a core depends on the graph alone.
    """
    symbols, seeds = 1500, range(20)
    codes = [ultra_sparse(symbols, 0.1, 1, seed, graph="random", reduction=REDUCTION) for seed in seeds]
    return [sum(leaf_removal(code).core.size > 0 for code in codes), len(seeds), symbols]


def reach_the_paper() -> list[float]:
    """Matrices by which GRU12 reaches the paper's number for Setup 1 on YCIFAR-10, of how many, and the number."""
    row = {"dataset": "cifar10", "column": "ldpc"}
    printed = the_one(results.pick(results.published("syndromes_table2"), model="GRU12", **row).accuracy)
    means = results.pick(results.load("syndromes_controls"), **row).groupby("code").accuracy.mean()
    return [(means >= printed).sum(), len(means), printed]


def coded_is_ahead() -> list[int]:
    """Comparisons of neighbours' checks with no code, on Gray planes, that they win with p below .05; of how many."""
    neighbours = {"matrix": "rows_columns_rows", "levels": "gray"}
    plain = {"setup": "pixels", "matrix": "none", "levels": "gray"}
    won = []
    for dataset in DATASETS:
        for model in ("GRU12", "GRU32"):
            row = {"dataset": dataset, "model": model}
            coded = results.pick(results.load("syndromes_matrices_tested"), **neighbours, **row).accuracy
            bare = results.pick(results.load("syndromes_gray"), **plain, **row).accuracy
            won.append(coded.mean() > bare.mean() and welch(coded, bare) < 0.05)
    return [sum(won), len(won)]


def of_the_checks(*values: float) -> list[float]:
    """Numbers of checks, and of how many of the paper's code."""
    return [*values, paper_code().n_checks]


def drawn_checks() -> list[int]:
    """Checks of each matrix that a picture shows, of how many, and of how many matrices."""
    shown = set_on("syndromes/matrix", r"shown = \[([\d, ]+)\]  # checks")
    return [*of_the_checks(len(shown.split(","))), len(MATRICES)]


def column_weight() -> int:
    """Checks that see a bit of the paper's code."""
    return the_one(paper_code().variable_degrees)


def of_a_syndrome() -> list[int]:
    """Bits of an image's syndromes that a flipped bit changes, and of how many in eight planes."""
    return [column_weight(), 8 * paper_code().n_checks]


def chosen_and_best() -> list[float]:
    """Lines in which what held-out images choose is not the best of the test set, of how many, and by how much."""
    table = results.load("syndromes_half_a_bit")
    lines = pd.concat([chosen_held_out(part) for part in (results.pick(table, quality=95), table)])
    behind = (lines.most - lines.test).to_numpy()
    return [(behind > 0).sum(), len(lines), *np.sort(behind[behind > 0])]


def planes_of_2_by_2() -> list[int]:
    """Planes of the lowest 2 x 2 coefficients that make half a bit per pixel, without a code."""
    rows = results.pick(results.load("syndromes_rate"), keep=2, code_rate=1.0, bits_per_pixel=0.5)
    return [the_one(rows.n_planes), 2, 2]


def first_planes_found() -> list[float]:
    """Images of MNIST whose first plane is found from its learned checks, of how many, and of the other sets."""
    codes = results.pick(results.load("syndromes_design"), design_name="learned", reader="GRU12", n_checks=512)
    found = codes.groupby("dataset").recovered.max()
    return [found["mnist"], the_one(codes.n_words), the_one(found.drop("mnist"))]


def seeds_of_the_table() -> list[int]:
    """Seeds of GRU12 in Setup 1, and in Setup 2 with its number, which is a name."""
    runs = table2_trainings(model="GRU12").groupby(["column", "dataset"]).size()
    return [the_one(runs["ldpc"]), 2, the_one(runs["jl_8bp"])]


def rows_below_4_bits() -> tuple[int, int]:
    """Rows of the table of whole images with less information, under contexts, than is sent, and of how many."""
    planes = results.pick(results.load("syndromes_recovery"), prior="context")
    rows = planes.groupby(["dataset", "setup"])[["entropy_per_bit", "rate"]].sum()
    return int((rows.entropy_per_bit < rows.rate).sum()), len(rows)


def rows_recovered() -> int:
    """The rows of which nearly all images come back."""
    planes = results.pick(results.load("syndromes_recovery"), prior="context")
    share = planes.groupby(["dataset", "setup"]).all_so_far.min() / planes.n_words.max()
    return int((share > 0.9).sum())


def of_column(column: str) -> tuple[int, int]:
    """Cells of a column of Table II whose printed number is where one further run would fall, and of how many."""
    printed = results.published("syndromes_table2").set_index(TABLE2).accuracy
    inside = []
    for key, runs in table2_trainings(column=column).groupby(TABLE2).accuracy:
        _, low, high = prediction_interval(runs)
        inside.append(low <= printed[key] <= high)
    return sum(inside), len(inside)


def by_seeds() -> list[int]:
    """The same of all cells with ten seeds, and with three."""
    return [number for seeds in (10, 3) for number in (reproduced([seeds]).sum(), reproduced([seeds]).size, seeds)]


def turned() -> list[int]:
    """Cells of Table II with ten seeds, how many were added, and how many cells three of them had inside."""
    printed = results.published("syndromes_table2").set_index(TABLE2).accuracy
    cells, added, out = 0, set(), 0
    for key, runs in results.load("syndromes_seeds").groupby(TABLE2).accuracy:
        first = results.pick(results.load("syndromes_table2"), **dict(zip(TABLE2, key, strict=True))).accuracy
        then, now = (
            low <= printed[key] <= high for _, low, high in map(prediction_interval, (first, pd.concat([first, runs])))
        )
        cells, out = cells + 1, out + (then and not now)
        assert then or not now
        added.add(len(runs))
    return [cells, the_one(list(added)), out]


EIGHT_PLANES = {"three of six cells": lambda: of_column("jl_8bp")}


def at_chance_with_penalty() -> list[float]:
    """Chance; of the matrices of weight 12 how many GRU12 reads no better on YCIFAR-10, with the penalty; all."""
    row = {"dataset": "cifar10", "column": "ldpc", "arrangement": "random", "weight": 12}
    runs = results.pick(results.load("syndromes_row_weight"), **row).accuracy
    return [0.1, (runs.round(3) == 0.1).sum(), len(runs)]


COUNTS: dict[str, dict[str, Callable]] = {
    "book/lossy/beyond.ipynb": {
        "nearest to the limit at none of three rates": leads_of_rbp,
        "RBP is nearest at none of the three rates": leads_of_rbp,
        "none of the five does better than with 5": lambda: [*better_with_20(), REDUCTION],
        "12 to 19 of 50 at 0.92, 1 to 8 at 0.95": random_converging,
        "35 of 50 words by flooding, 37 to 44 by the others": flooding_and_others,
        "nearer at 12 of the 18 points of and farther at six": growing_is_nearer,
        "43 and 18 of 50 runs converge (49 and 39 without)": with_leaves,
        "four of 50 are mended": lambda: failed("lossy_mending", gamma0=0.95, max_iterations=300),
        "twelve have to be mended": lambda: failed("lossy_mending", **MENDED_ONCE)[:1],
        "a word of one of the five codes": lambda: one_word_far_off()[1:3],
        "One word of fifty makes the difference": lambda: one_word_far_off()[::3],
        "400 to 560 of the 1,067 checks are unsatisfied": far_beyond_the_wall,
        "of 120,000 bits 2 and 6 of eight words converge, of a million none of two": long_words,
        "10.5 and 10 of 83,328 checks are unsatisfied": left_of_a_million,
        "five edges of six": plain_labels,
    },
    "book/lossy/compressor.ipynb": {
        "RBP is nearest at none of three rates": leads_of_rbp,
        "hold at 5 points of 30": kept_by_random,
    },
    "book/lossy/figures.ipynb": {
        "as at five of 36 points": lambda: broken(**PEG),
        "hold at 5 points of 30": kept_by_random,
        "at 0.97 none of 50 words here, two of 50 in": the_wall,
        "with $L = 1.3$ one of 50 words converges at 0.96, with 1.5 and 1.6 48 and 47 still do at 0.97": other_walls,
        "but then one of 50 words converges at 0.96": lambda: other_walls()[1:4],
        "two of 60 words do not converge, of which one ends far off": two_checks_taken,
        "40 and 25 of 60 words": random_at_the_points,
        "broken at three of its 18 points": lambda: broken(**GROWING),
        "Seven of these 18 end at the largest $L$ that was tried, five of the other 36": lambda: [
            *at_the_largest_l(**GROWING),
            *at_the_largest_l(**PEG),
        ],
        "between ten and 49 of 50 words converge within five trials, fewest at low rates, but for one point at which "
        "none does": random_within_five,
        "kept at 5 of the 30 points": kept_by_random,
        "two or three of five codes": with_a_core,
        "Five of the 36 points on PEG graphs": lambda: broken(**PEG),
        "three over GF(256) and one over GF(64)": lambda: [broken(**PEG, p=8)[0], 2**8, broken(**PEG, p=6)[0], 2**6],
        "at most one word in 50 fails": most_that_fail,
        "49 of 50 words converged in 1.6 trials": most_patient,
        "nine of 50 words converge": patient_few,
        "fewer than 45 of 50 words converge": hollow,
    },
    "book/lossy/lossy.ipynb": {
        "3 of 20 random codes of 1500 symbols": cores_at_a_tenth,
    },
    "book/syndromes/claim.ipynb": {
        "None of the eleven reaches the paper's 0.4023": reach_the_paper,
        "lead in six of eight": lambda: [(picked_leads(25) > 0).sum(), picked_leads(25).size],
        "In all eight comparisons": lambda: [(picked_leads(95) > 0).sum()],
        "stays at .100 with eight of nine": at_chance_with_penalty,
    },
    "book/syndromes/matrix.ipynb": {
        "437 of the 512": lambda: of_the_checks(along_lines()),
        "one of six comparisons": coded_is_ahead,
        "one of six such comparisons": coded_is_ahead,
        "eight of the 512 checks (a marker each) of seven matrices": drawn_checks,
    },
    "book/syndromes/planes.ipynb": {
        "512 bits drawn as 16 rows of 32": lambda: [*of_the_checks(), paper_code().n_checks / SIDE, SIDE],
    },
    "book/syndromes/rate.ipynb": {
        "eight of 2 x 2": planes_of_2_by_2,
        "all but two of the twelve lines, and there .002 and .006 from it": chosen_and_best,
        "117 of 1,000 images of MNIST, and for none of the other sets": first_planes_found,
    },
    "book/syndromes/recovery.ipynb": {
        "9,889 of 10,000 MNIST images": lambda: come_back("mnist", "pixels"),
        "one of 10,000 on Fashion-MNIST": lambda: come_back("fashion_mnist", "jpeg"),
        "mean of three seeds, in Setup 2 of ten": seeds_of_the_table,
        "five of the six rows hold less information": rows_below_4_bits,
        "five rows of six, and recovers nearly all images in one": lambda: [*rows_below_4_bits(), rows_recovered()],
        **EIGHT_PLANES,
    },
    "book/syndromes/rivals.ipynb": {
        "three bits of the 4096": of_a_syndrome,
        "three bits of 4096": of_a_syndrome,
        "160 to 169 of the 512 checks": lambda: of_the_checks(checks_of_blocks().min(), checks_of_blocks().max()),
        "9,889 of 10,000 MNIST images": lambda: come_back("mnist", "pixels"),
    },
    "book/syndromes/syndromes.ipynb": {
        "three of the 512 bits": lambda: of_the_checks(column_weight()),
        # Of a dense matrix a pixel is in half of the checks.
        "16 of the 32 checks": lambda: np.array([0.5, 1]) * int(set_on("syndromes/syndromes", r"tanner\.peg\((\d+),")),
        **EIGHT_PLANES,
    },
    "book/syndromes/tables.ipynb": {
        "5 of the 15 with ten seeds, 8 of the 21 with three": by_seeds,
        "three cells of six": lambda: of_column("jl_8bp"),
        "Three of the six printed numbers": lambda: of_column("jl_8bp"),
        "two of six cells reproduce, with the sign plane alone one": lambda: [
            *of_column("jl_msb1"),
            of_column("jl_msb")[0],
        ],
        "two cells of six are inside": lambda: of_column("jl_msb1"),
        "five of six inside": lambda: of_column("none"),
        "of the fifteen cells that were given seven more, four turned": turned,
        "none of six inside": lambda: of_column("none_msb"),
    },
}
NO_COUNTS = {
    "book/lossy/beyond.ipynb": {"what one of 2 does"},  # a field
}
