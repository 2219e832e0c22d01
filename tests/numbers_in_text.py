"""Numbers in the text of whole chapters that no output of their page shows, each with how it is made again.

`MADE` computes them from tables or by a formula. `SET` are settings, with the file that sets them. `EXERCISES` are what
a reader's own code prints, in a solution, at another seed or at a smaller scale: they are tied to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, norm, ttest_ind, ttest_rel
from scipy.stats import t as student

from jscc import datasets, results
from jscc.bitplanes import unpack_planes
from jscc.classify import COLUMNS, SIDE, gray_images, open_matrix, paper_code, symbols
from jscc.experiments.arithmetic.common import BINARY, QUATERNARY, link
from jscc.experiments.lossy.beyond import LENGTHS
from jscc.experiments.lossy.common import N_BITS, REDUCTION, TRADEOFF
from jscc.experiments.lossy.rates import GAMMAS, MOST_ITERATIONS, PRIORS, SHORTLIST
from jscc.experiments.lossy.views import coder_times, in_db, over_words
from jscc.experiments.necst import EPOCHS, by_system, effective_bits, yardstick
from jscc.experiments.syndromes import chosen_held_out, table2_trainings
from jscc.experiments.syndromes.common import DATASETS
from jscc.experiments.syndromes.design import DESIGNS, SOURCES
from jscc.gfq import ReinforcedBP, ultra_sparse
from jscc.information import binary_entropy, distortion_rate
from jscc.jpeg import luminance_table
from jscc.live.figure import stored_arrays
from jscc.necst import binarized_mnist_labels
from jscc.necst.live import drawing_arrays
from jscc.statistics import crossing, mean_half_width, prediction_interval

TABLE2 = ["dataset", "column", "model"]
PERCEPTRON = {"reader": "perceptron64"}
UNCODED_RESNET = {"method": "none", "model": "URESNET18"}
LONG = {"n_bits": 12_000, "gamma0": 0.92}  # the paper's length in the table of lengths
WIDE = {"keep": 8, "code_rate": 0.5}  # the paper's reading of Setup 2 in the table of rates


def mean(table: str, quantity: str = "accuracy", **row) -> float:
    """Mean of a quantity over the rows of a table that are picked."""
    picked = results.pick(results.load(table), **row)[quantity]
    assert len(picked)
    return float(picked.mean())


def uncoded(dataset: str, model: str = "GRU12") -> float:
    """Accuracy on the planes of the pixels."""
    return float(table2_trainings(dataset=dataset, column="none", model=model).accuracy.mean())


def uncoded_runs(model: str) -> pd.Series:
    """The same on YCIFAR-10, of each training."""
    return table2_trainings(dataset="cifar10", column="none", model=model).accuracy


def uncoded_gray_runs(model: str, dataset: str = "cifar10") -> pd.Series:
    """Accuracies on the planes of a Gray code of the pixels."""
    row = {"dataset": dataset, "setup": "pixels", "matrix": "none", "levels": "gray", "model": model}
    return results.pick(results.load("syndromes_gray"), **row).accuracy


def uncoded_gray(model: str, dataset: str = "cifar10") -> float:
    """Their mean."""
    return float(uncoded_gray_runs(model, dataset).mean())


def welch(some: pd.Series, others: pd.Series) -> float:
    """Two-sided p of Welch's test."""
    return float(ttest_ind(some, others, equal_var=False).pvalue)


def runs_in_a_row(dataset: str) -> float:
    """Accuracy on checks of six neighbours in a row."""
    return mean("syndromes_row_weight", dataset=dataset, column="ldpc", arrangement="local", weight=6)


def held_out(dataset: str, matrix: str, levels: str = "binary", reading: str = "planes") -> float:
    """Accuracy of Setup 1 on held-out images."""
    row = {"dataset": dataset, "matrix": matrix, "levels": levels, "reading": reading}
    return mean("syndromes_matrices", **row)


def pooled_deviation(table: str, **row) -> float:
    """Standard deviation of accuracies over the seeds of a cell, over all cells."""
    cells = results.pick(results.load(table), **row).groupby(TABLE2).accuracy
    return float(np.sqrt(cells.var(ddof=1).mean()))


def controls(dataset: str, code: str) -> float:
    """Points of accuracy by which a code of the same size is behind the paper's, Setup 1."""
    row = {"dataset": dataset, "column": "ldpc"}
    return 100 * (mean("syndromes_controls", code="paper", **row) - mean("syndromes_controls", code=code, **row))


def behind_random(dataset: str, matrix: str) -> float:
    """Points of held-out accuracy by which a matrix of Setup 1 is behind random ones."""
    return 100 * (held_out(dataset, "random") - held_out(dataset, matrix))


def lead_of_half(dataset: str, column: str = "jl_8bp", n_planes: int = 8) -> float:
    """Points by which random single bits of the first planes are ahead of checks of six."""
    row = {"dataset": dataset}
    if n_planes == 8:
        table, row = "syndromes_row_weight", row | {"column": column, "arrangement": "random"}
    else:
        setup = {"ldpc": "pixels", "jl_8bp": "jpeg"}[column]
        table, row = "syndromes_first_planes", row | {"setup": setup, "n_planes": n_planes}
    return 100 * (mean(table, weight=1, **row) - mean(table, weight=6, **row))


def told(dataset: str, setup: str, code: str, plane: int = 0) -> float:
    """Bits on the class in a bit of a plane (code "none"), or in a check of it."""
    row = {"dataset": dataset, "setup": setup, "code": code, "plane": plane}
    return mean("syndromes_statistics", "class_information", **row)


def picked_over_magnitude(dataset: str) -> float:
    """Points at quality 95 by which two planes of the lowest 4 x 4 are ahead of the first magnitude plane's checks."""
    alone = results.pick(results.load("syndromes_one_plane"), dataset=dataset, quality=95, plane=1, weight=[3, 6, 12])
    chosen = results.pick(alone, split="held_out").groupby("weight").accuracy.mean().idxmax()
    picked = {"dataset": dataset, "quality": 95, "keep": 4, "code_rate": 1.0, "split": "test"}
    there = mean("syndromes_half_a_bit", **picked)
    return 100 * (there - results.pick(alone, split="test", weight=chosen).accuracy.mean())


def met_and_odd(matrix: str) -> tuple[float, float]:
    """Of the checks of MNIST's first plane: per cent that meet ink, and of these, with an odd number of bits."""
    planes = unpack_planes(symbols(gray_images("mnist").train[:3000], transform=False), 1)[:, 0]
    ones = planes[:, open_matrix(matrix, 0).check_variables.reshape(-1, 6)].sum(axis=-1)
    return 100 * (ones > 0).mean(), 100 * (ones[ones > 0] % 2).mean()


def over_readout(dataset: str, column: str, readout: str = "logistic") -> float:
    """Points of accuracy by which GRU12 is ahead of a readout of the same bits."""
    row = {"dataset": dataset, "column": column}
    ours = table2_trainings(model="GRU12", **row).accuracy.mean()
    return 100 * float(ours - mean("syndromes_readouts", code="paper", readout=readout, **row))


def tested(dataset: str, model: str) -> float:
    """Accuracy on the test set by a regular matrix of neighbours and a Gray code."""
    row = {"dataset": dataset, "matrix": "rows_columns_rows", "levels": "gray", "model": model}
    return mean("syndromes_matrices_tested", **row)


def random_rows(dataset: str, weight: int) -> float:
    """Accuracy on checks of random pixels."""
    row = {"dataset": dataset, "weight": weight}
    return mean("syndromes_row_weight", column="ldpc", arrangement="random", **row)


def decoded_first(sees: str, dataset: str, setup: str = "jpeg", reader: str = "GRU12") -> pd.Series:
    """Accuracies of networks on what a receiver has of an image."""
    row = {"sees": sees, "dataset": dataset, "setup": setup, "reader": reader}
    return results.pick(results.load("syndromes_decode_first"), **row).accuracy


def gained_by_decoding(dataset: str) -> float:
    """Points by which recovered planes of the coefficients are read better than their syndromes."""
    return 100 * float(decoded_first("recovered", dataset).mean() - decoded_first("syndromes", dataset).mean())


def decoding_is_level(dataset: str) -> float:
    """Two-sided p of Welch's test of the same."""
    return welch(decoded_first("recovered", dataset), decoded_first("syndromes", dataset))


def first_plane(dataset: str, weight: int) -> float:
    """Accuracy on random checks of so many pixels of the first plane."""
    return mean("syndromes_first_planes", dataset=dataset, setup="pixels", n_planes=1, weight=weight)


def sign_plane_checks_lead(quality: int) -> list[float]:
    """Points by which checks of six are ahead of single bits of the sign plane, by data set."""
    row = {"plane": 0, "quality": quality, "split": "test"}
    runs = results.pick(results.load("syndromes_one_plane"), **row).groupby(["dataset", "weight"]).accuracy.mean()
    return [100 * (runs[dataset, 6] - runs[dataset, 1]) for dataset in DATASETS]


def unpenalised(dataset: str, weight: int) -> pd.Series:
    """Accuracies on random checks of so many pixels without the penalty."""
    return results.pick(results.load("syndromes_without_penalty"), dataset=dataset, weight=weight).accuracy


def without_penalty(dataset: str) -> pd.Series:
    """Accuracies on two planes of Setup 2 without the penalty."""
    row = {"dataset": dataset, "column": "jl_msb1", "variant": "no_l2"}
    return results.pick(results.load("syndromes_variants"), **row).accuracy


def cost_of_six(dataset: str, model: str) -> float:
    """Points by which two planes of Setup 2 are behind eight."""
    eight, two = (table2_trainings(dataset=dataset, model=model, column=column) for column in ("jl_8bp", "jl_msb1"))
    return 100 * float(eight.accuracy.mean() - two.accuracy.mean())


def printed_cost_of_six(dataset: str, model: str) -> float:
    """The same in the paper."""
    rows = results.pick(results.published("syndromes_table2"), dataset=dataset, model=model).set_index("column")
    return 100 * float(rows.accuracy["jl_8bp"] - rows.accuracy["jl_msb1"])


def rate(dataset: str, **row) -> float:
    """Accuracy in the table of rates."""
    return mean("syndromes_rate", dataset=dataset, **row)


def uncoded_at_10(dataset: str) -> float:
    """The best accuracy at half a bit per pixel without a code, at quality 10."""
    row = {"dataset": dataset, "quality": 10, "code_rate": 1.0, "split": "test"}
    return results.pick(results.load("syndromes_half_a_bit"), **row).groupby(["keep", "n_planes"]).accuracy.mean().max()


def lead_at_half_a_bit(dataset: str, **row) -> float:
    """Points by which no code leads, each setting chosen on held-out images."""
    best = chosen_held_out(results.pick(results.load("syndromes_half_a_bit"), dataset=dataset, **row))
    test = best.set_index("sent").test
    return 100 * float(test["no code"] - test["syndromes"])


def sign_plane(dataset: str, quality: int) -> float:
    """Accuracy on the test set of the sign plane's syndrome at half a bit."""
    row = {"dataset": dataset, "quality": quality, "code_rate": 0.5, "n_planes": 1, "split": "test"}
    return mean("syndromes_half_a_bit", **row)


def designed(dataset: str, name: str) -> float:
    """Accuracy of GRU12 on the 512 bits of a design."""
    return mean("syndromes_design", dataset=dataset, design_name=name, reader="GRU12", n_checks=512)


def chosen_over_random(dataset: str) -> float:
    """Points by which single bits of the coefficients that the labels choose are read better than random ones."""
    random = mean("syndromes_random_bits", dataset=dataset, source="coefficients")
    return 100 * (designed(dataset, "coefficients_bits") - random)


def behind_quality_10(planes: Iterable[int]) -> np.ndarray:
    """Points from quality 10 to 100, with each of these numbers of planes."""
    return np.array(
        [
            100 * (rate(dataset, quality=10, n_planes=k, **WIDE) - rate(dataset, quality=100, n_planes=k, **WIDE))
            for dataset in ("mnist", "fashion_mnist")
            for k in planes
        ]
    )


def picked_leads(quality: int) -> np.ndarray:
    """Points by which picked bits lead syndromes at a quality, two data sets and four numbers of planes."""
    return np.array(
        [
            100
            * (
                rate(dataset, quality=quality, n_planes=k, keep=4, code_rate=1.0)
                - rate(dataset, quality=quality, n_planes=k, **WIDE)
            )
            for dataset in ("mnist", "fashion_mnist")
            for k in (1, 2, 4, 8)
        ]
    )


def from_paper(column: str, datasets: Iterable[str], models: Iterable[str] = ("GRU12", "GRU32")) -> np.ndarray:
    """Points of accuracy from the printed Table II to the mean of our trainings."""
    ours = table2_trainings().groupby(TABLE2).accuracy.mean()
    printed = results.published("syndromes_table2").set_index(TABLE2).accuracy
    keys = [(dataset, column, model) for dataset in datasets for model in models]
    return 100 * np.array([ours[key] - printed[key] for key in keys])


def huffman_resnet(dataset: str) -> np.ndarray:
    """Accuracies of URESNET18 on Huffman bytes."""
    row = {"dataset": dataset, "method": "huffman", "model": "URESNET18"}
    return results.pick(results.load("syndromes_rivals"), **row).accuracy.to_numpy()


def from_printed_by(matrix: str, column: str) -> float:
    """Points by which another matrix misses a column of Setup 2, GRU12, mean of the data sets."""
    ours = results.pick(results.load("syndromes_matrices_jpeg"), matrix=matrix, column=column)
    ours = ours.groupby("dataset").accuracy.mean()
    printed = results.pick(results.published("syndromes_table2"), model="GRU12", column=column).set_index("dataset")
    return float(100 * (ours - printed.accuracy).abs().mean())


def checks_of_blocks() -> np.ndarray:
    """How many checks of the paper's code see each block of eight pixels by eight."""
    graph = paper_code()
    blocks = graph.check_variables // SIDE // 8 * (SIDE // 8) + graph.check_variables % SIDE // 8
    return np.array([len(np.unique(graph.edge_checks[blocks == block])) for block in range((SIDE // 8) ** 2)])


def sent_with_margin(dataset: str, setup: str) -> float:
    """Bits per pixel of all planes at the margin of the (3, 6) code, at most one for a plane."""
    planes = results.pick(results.load("syndromes_recovery"), dataset=dataset, setup=setup, prior="context")
    return float(np.minimum(1, planes.entropy_per_bit * 0.5 / 0.416).sum())


def compressed(column: str = "mended", **row) -> float:
    """Gap to D(R) at the actual rate in dB of Figure 3: of all words, or of those that converged."""
    (point,) = results.pick(results.load("lossy_rate_distortion"), gamma1=1.0, **row).itertuples()
    return float(in_db(getattr(point, column), point.limit))


def random_less_peg(rate_: float) -> float:
    """Distortion over GF(256) on random graphs less that on PEG graphs."""
    row = {"p": 8, "rate": rate_, "b": 5, "gamma1": 1.0}
    return mean("lossy_rate_distortion", "mended", graph="random", **row) - mean(
        "lossy_rate_distortion", "mended", graph="peg", **row
    )


def unconverged() -> tuple[float, float, float]:
    """Distortion of the words that fail in a line of the table on patience, the limit, and what time-sharing leaves."""
    (row,) = over_words(patient(0.9, 1.0, 0.96), ["multiple", "gamma1", "gamma0"]).itertuples()
    rest = (row.n * row.mended - row.converged * row.distortion) / (row.n - row.converged)
    return rest, row.limit, (1 - row.rate) / 2


def patient(multiple: float, gamma1: float, gamma0: float) -> pd.DataFrame:
    """The codes of a line of that table."""
    settings = {"multiple": multiple, "gamma1": gamma1, "gamma0": gamma0}
    return results.pick(results.load("lossy_patience"), **settings)


def longer_iterations() -> list[float]:
    """Time of an iteration at R = .7 over that at 1/2, over GF(16), GF(64) and GF(256)."""
    encode = results.pick(coder_times(results.timings("lossy")), scheme="RBP").set_index(["size", "rate"]).encode

    def seconds(p: int, rate_: float) -> float:
        row = {"graph": "peg", "p": p, "rate": rate_, "b": 5, "gamma1": 1.0}
        return 1 / encode[1 << p, rate_] / mean("lossy_rate_distortion", "iterations", **row)

    return [seconds(p, 0.7) / seconds(p, 0.5) for p in (4, 6, 8)]


def scheduled(variant: str, gamma0: float) -> float:
    """Distortion with a variant less that of the default."""
    mended = [mean("lossy_scheduling", "mended", variant=name, gamma0=gamma0) for name in (variant, "default")]
    return mended[0] - mended[1]


def scheduled_between(gamma0: float) -> np.ndarray:
    """Distortions of the orders of updates, and of a reinforcement that grows a little."""
    names = ("default", "fixed", "check", "flooding", "gamma1_0.9999")
    return np.array([mean("lossy_scheduling", "mended", variant=name, gamma0=gamma0) for name in names])


def once_and_mended() -> pd.Series:
    """Distortion by code of one trial that is mended, the least first."""
    rows = results.pick(results.load("lossy_mending"), gamma0=0.96, max_iterations=300)
    return rows.mended.sort_values()


def left_to_mend(iterations: int, gamma0: float) -> float:
    """Checks that are unsatisfied after so many iterations."""
    return mean("lossy_mending", "unsatisfied", gamma0=gamma0, max_iterations=iterations)


def converging(gamma0: float, b: int) -> float:
    """Share of runs on PEG graphs that converge in their first trial with b checks taken away."""
    rows = results.pick(results.load("lossy_reduction"), graph="peg", gamma0=gamma0, b=b)
    return float(rows.converged.sum() / rows.n.sum())


def of_the_converged(rows: pd.DataFrame, most: int) -> pd.Series:
    """Iterations of the words that converge, by code; the others have the most."""
    return (rows.iterations * rows.n - most * (rows.n - rows.converged)) / rows.converged


def where_it_converges(variant: str, gamma0: float) -> float:
    """The same of all words with a schedule."""
    rows = scheduled_codes(variant, gamma0)
    return float(np.average(of_the_converged(rows, 1000), weights=rows.converged))


def on_random_graphs(gamma0: float) -> float:
    """The same on random graphs at the points of Figure 2."""
    rows = results.pick(results.load("lossy_tradeoff_codes"), graph="random", gamma0=gamma0)
    return float(np.average(of_the_converged(rows, 1500), weights=rows.converged))


def scheduled_codes(variant: str, gamma0: float) -> pd.DataFrame:
    """The codes of a schedule, in their order."""
    return results.pick(results.load("lossy_scheduling"), variant=variant, gamma0=gamma0).sort_values("number")


def restarted_or_mended() -> float:
    """The p of a paired test over codes of the distortion at .96."""
    once = results.pick(results.load("lossy_mending"), gamma0=0.96, max_iterations=300)
    again = results.pick(results.load("lossy_tradeoff"), gamma0=0.96, prior=1.4)
    return float(ttest_rel(once.sort_values("number").mended, again.sort_values("number").mended).pvalue)


def growing_saves(iterations: Callable[[pd.DataFrame], pd.Series]) -> float:
    """The p of a paired test over codes of iterations at .96: default, and a reinforcement that grows a little."""
    pair = [iterations(scheduled_codes(variant, 0.96)) for variant in ("default", "gamma1_0.9999")]
    return float(ttest_rel(*(values.to_numpy() for values in pair)).pvalue)


def flooding_is_slower() -> list[float]:
    """The p of paired tests over codes of what converges: flooding against each sequential order."""
    found = []
    for gamma0 in (0.92, 0.96):
        flooded, *others = (
            of_the_converged(scheduled_codes(variant, gamma0), 1000).to_numpy()
            for variant in ("flooding", "default", "fixed", "check")
        )
        found += [float(ttest_rel(flooded, other).pvalue) for other in others]
    return found


def gaps_of_peg(gamma0: float, b: tuple[int, ...]) -> np.ndarray:
    """Gaps to the limits at their own rates of the kinds of PEG codes of Figure 2."""
    rows = results.pick(results.load("lossy_tradeoff_codes"), graph="peg", gamma0=gamma0, b=list(b))
    means = rows.groupby(["rate", "b"])[["mended", "limit"]].mean()
    return in_db(means.mended, means.limit).to_numpy()


def of_a_larger_l() -> float:
    """The p of a paired test over codes: L = 1.6 and 1.4 at .92 in Figure 2."""
    rows = results.pick(results.load("lossy_tradeoff"), gamma0=0.92)
    by_code = rows.pivot(index="number", columns="prior", values="mended")
    return float(ttest_rel(by_code[1.6], by_code[1.4]).pvalue)


def codes_of_length_differ(n_bits: int, gamma0: float) -> float:
    """The p of a chi-square test: whether codes of a length differ in how many of their words converge."""
    rows = results.pick(results.load("lossy_scaling"), n_bits=n_bits, gamma0=gamma0)
    return float(chi2_contingency(np.c_[rows.converged, rows.n - rows.converged]).pvalue)


def work_of_length(gamma0: float) -> float:
    """The p of Welch's test: the work for a bit at 3,000 and at 12,000 bits."""
    parts = (results.pick(results.load("lossy_scaling"), n_bits=n, gamma0=gamma0) for n in (3000, 12_000))
    return float(ttest_ind(*(part.edge_iterations_per_bit for part in parts), equal_var=False).pvalue)


def growing(rate_: float) -> float:
    """Gap in dB of a reinforcement that grows, GF(256)."""
    (row,) = results.pick(results.load("lossy_rate_distortion"), p=8, rate=rate_, gamma1=0.9999).itertuples()
    return float(in_db(row.mended, row.limit))


def slower_than_rbp(degree: int, rate_: float) -> float:
    """Time of the encoder with a sparse generator over that of RBP over GF(256)."""
    times = results.pick(coder_times(results.timings("lossy")), rate=rate_).set_index(["scheme", "size"]).encode
    return float(times["RBP", 256] / times["ldgm", degree])


def of_length(n_bits: int) -> float:
    """Gap in dB of words of a length with the slower setting, mended, over codes."""
    runs = results.pick(results.load("lossy_scaling"), n_bits=n_bits)
    runs = runs[runs.gamma0 == runs.gamma0.max()]
    return float(in_db(runs.mended.mean(), runs.limit.mean()))


def last_at_rest(p: int, rate_: float) -> np.ndarray:
    """The greatest L / L* at which each code's belief propagation comes to rest."""
    curves = results.pick(results.load("lossy_weight_enumerator"), p=p, rate=rate_)
    return curves[curves.converged].groupby("number").multiple.max().to_numpy()


def at_the_end(column: str, *, converged: bool) -> np.ndarray:
    """Distance or entropy of each code over GF(2) at R = 1/2 at its greatest L, or the greatest where it rests."""
    curves = results.pick(results.load("lossy_weight_enumerator"), p=1, rate=0.5)
    curves = curves[curves.converged] if converged else curves
    return curves.sort_values("multiple").groupby("number")[column].last().to_numpy()


def zero_of_4() -> np.ndarray:
    """Distance at which the entropy of each code over GF(4) at R = 1/2 falls to zero, come to rest or not."""
    curves = results.pick(results.load("lossy_weight_enumerator"), p=2, rate=0.5).sort_values("multiple")
    return np.array([np.interp(0, c.entropy[::-1], c.distance[::-1]) for _, c in curves.groupby("number")])


def one_trial(gamma0: float) -> tuple[float, int]:
    """Distortion at which the word of the page *lossy* freezes, and the iterations until then."""
    rng = np.random.default_rng(3)
    code = ultra_sparse(1600, 0.33, 6, rng, reduction=5)
    source = rng.integers(0, 2, code.n_bits, dtype=np.uint8)
    trace = ReinforcedBP(code, gamma0=gamma0, prior=1.4).trace(source, np.random.default_rng(0))
    assert trace.unsatisfied[-1] == 0
    return float(trace.distortion[-1]), len(trace.unsatisfied)


def figure3(**row) -> pd.DataFrame:
    """Points of Figure 3: both kinds of graph with five checks taken away, and the reinforcement that grows."""
    return results.pick(results.load("lossy_rate_distortion"), **row)


def varied() -> pd.DataFrame:
    """Points of Figure 3 of which more than one L was tried."""
    return results.load("lossy_rate_distortion")[lambda t: t.settings_tried > len(GAMMAS) + SHORTLIST]


def broken_by_iterations() -> float:
    """The fewest mean iterations of a point on PEG graphs that the paper's conditions do not allow."""
    points = figure3(graph="peg", b=5, gamma1=1.0)
    return points.iterations[points.iterations >= MOST_ITERATIONS].min()


def exact_at_1200():
    """The rows of the longest PEG codes with their nearest codewords."""
    return results.pick(results.load("lossy_exact"), graph="peg", n_bits=1200).itertuples()


def behind_zeros(p: int) -> list[float]:
    """Gap of RBP less that of the mean zero of the entropy, by rate, in dB, each to the limit at its own rate."""
    curves = results.load("lossy_weight_enumerator")
    curves = results.pick(curves[curves.converged], p=p)
    out = []
    for rate_, of_rate in curves.groupby("rate"):
        codes = [code.sort_values("distance") for _, code in of_rate.groupby("number")]
        zeros = [np.interp(0, code.entropy, code.distance) for code in codes if code.entropy.min() < 0]
        gap = np.mean([in_db(zero, distortion_rate(rate_)) for zero in zeros])
        out.append(compressed(graph="peg", p=p, rate=rate_, b=5) - gap)
    return out


LENA = {"image": "lena", "bpp": 0.4, "ebn0_db": 4.5}
CAMERA = {"image": "camera", "bpp": 0.4, "ebn0_db": 4.0}


def picture(quantity: str = "psnr_mean", **row) -> float:
    """PSNR or another quantity of a picture over the channel; without a decoder named, Chase with q = 4 by bytes."""
    tables = ["jpeg2000_guessing"] if "decoder" in row else ["jpeg2000_psnr", "jpeg2000_small_one_bit"]
    both = pd.concat([results.load(name) for name in tables])
    (value,) = results.pick(both, **{"block": 64, "decoder": "chase", "iteration": 5} | row)[quantity]
    return float(value)


def guessed(decoder: str) -> float:
    """Gain of guessing on Chase for the camera man at 4 dB."""
    return picture(decoder=decoder, **CAMERA) - picture(**CAMERA)


def more_words(q: int, rule: str) -> float:
    """The same of Chase with more words."""
    return mean("jpeg2000_chase", "psnr_mean", q=q, rule=rule, iteration=5, **CAMERA) - picture(**CAMERA)


def kodak_loss(bpp: float, ebn0_db: float, iteration: int) -> pd.Series:
    """Decibels that each picture of the Kodak set loses by the channel."""
    name = {0.4: "jpeg2000_kodak", 1.0: "jpeg2000_kodak_one_bit"}[bpp]
    part = results.pick(results.load(name), ebn0_db=ebn0_db, iteration=iteration)
    return part.error_free - part.psnr_mean


def turns(bpp: float, ebn0_db: float, iteration: int) -> float:
    """Mean gain of iterations on the tandem over the Kodak set."""
    return float(kodak_loss(bpp, ebn0_db, 0).mean() - kodak_loss(bpp, ebn0_db, iteration).mean())


def turns_of(image: str, bpp: float, iteration: int, block: int) -> float:
    """Gain of iterations on the tandem at 4.5 dB."""
    at = {"image": image, "bpp": bpp, "ebn0_db": 4.5, "block": block}
    return picture(**at, iteration=iteration) - picture(**at, iteration=0)


def small_blocks(image: str, bpp: float, ebn0_db: float) -> float:
    """Gain of small blocks after five iterations."""
    at = {"image": image, "bpp": bpp, "ebn0_db": ebn0_db}
    return picture(**at, block=32) - picture(**at, block=64)


def unequal(image: str, ebn0_db: float, quantity: str = "concealed_mean") -> float:
    """Gain of unequal on equal protection after five iterations."""
    at = results.pick(results.load("jpeg2000_protection"), image=image, ebn0_db=ebn0_db, iteration=5)
    return float(at[quantity][at.moved > 0].item() - at[quantity][at.moved == 0].item())


def layered() -> float:
    """The greatest gain in the tandem of a layer to fall back on, with equal protection."""
    gains = [
        results.pick(
            results.load("jpeg2000_protection"), image=image, ebn0_db=ebn0_db, iteration=0, moved=0
        ).concealed_mean.item()
        - picture("concealed_mean", image=image, bpp=0.4, ebn0_db=ebn0_db, iteration=0)
        for image in ("lena", "camera")
        for ebn0_db in (3.5, 4.5, 5.0)
    ]
    return max(gains)


TRELLIS = {  # of Figure 3: table, and the curve in it; none knows L
    "p = 6": ("arithmetic_trellis", {"kind": "ml", "precision": 6, "forbidden": 0.2}),
    "p = 7": ("arithmetic_trellis", {"kind": "ml", "precision": 7, "forbidden": 0.2}),
    "no EoB": ("arithmetic_trellis_without_eob", {"convolutional": False, "kind": "ml", "forbidden": 0.2}),
    "neither": ("arithmetic_trellis_without_eob", {"convolutional": False, "kind": "ml", "forbidden": 0.0}),
}


def levels(table: str, **row) -> pd.DataFrame:
    """A curve of packet error rates."""
    return results.pick(results.load(table), **row).sort_values("ebn0_db")


def reached(table: str, error_rate: float, **row) -> float:
    """Eb/N0 in dB at which a curve reaches an error rate."""
    part = levels(table, **row)
    return crossing(part.ebn0_db, part.errors, part.trials, error_rate)[0]


def chased(error_rate: float, q: int = 4, setting: str = "paper", figure: int = 3) -> float:
    """The same of Chase-like decoding without further coding."""
    return reached("arithmetic_per", error_rate, figure=figure, setting=setting, decoder="chase", effort=q)


def gained(error_rate: float, q: int, setting: str) -> float:
    """Gain over hard decoding in Figure 2, in dB."""
    return chased(error_rate, 0, setting, 2) - chased(error_rate, q, setting, 2)


def lead_in_figure_3(error_rate: float, trellis: str) -> float:
    """How much less Chase needs than a trellis, in dB."""
    table, curve = TRELLIS[trellis]
    return reached(table, error_rate, **curve) - chased(error_rate)


def lead_on_the_best() -> float:
    """How much less Chase needs than the best trellis with p = 6 and EoB at 1e-3, in dB."""
    return reached("arithmetic_trellis", 1e-3, kind="ml", precision=6, forbidden=0.0) - chased(1e-3)


def crosses(trellis: str) -> float:
    """Eb/N0 in dB at which a trellis falls behind Chase."""
    table, curve = TRELLIS[trellis]
    lines, grid = [], np.arange(4, 11, 0.01)
    rival = levels("arithmetic_per", figure=3, setting="paper", decoder="chase", effort=4)
    for part in (levels(table, **curve), rival):
        lines.append(np.interp(grid, part.ebn0_db, np.log(part.errors / part.trials), np.nan, np.nan))
    return float(grid[np.flatnonzero(np.diff(np.sign(lines[0] - lines[1])) > 0)[0]])


def in_turns(error_rate: float, decoder: str = "chase", effort: int = 4) -> float:
    """Eb/N0 in dB that a receiver of Figure 5 needs, paper-like setting."""
    return reached("arithmetic_turbo", error_rate, setting="paper", decoder=decoder, effort=effort)


def trellis_in_turns(error_rate: float, kind: str, forbidden: float) -> float:
    """Eb/N0 in dB that a trellis in the loop needs."""
    return reached("arithmetic_trellis_turbo", error_rate, kind=kind, forbidden=forbidden)


def behind_trellis(error_rate: float) -> list[float]:
    """How much more Chase needs in the loop than the trellis with SOVA and with List-SOVA, in dB."""
    return [in_turns(error_rate) - trellis_in_turns(error_rate, kind, 0.2) for kind in ("sova", "list_sova")]


def learned(figure: int) -> float:
    """What adapting costs Chase at 1e-2, in dB."""
    return chased(1e-2, setting="robust_adaptive", figure=figure) - chased(1e-2, setting="robust", figure=figure)


def at_precision(q: int, error_rate: float = 1e-2, *, eob: bool, least: int = 10) -> np.ndarray:
    """Gains over hard decoding from some bits of precision on, with an EoB of whatever probability or without."""
    table = results.load("arithmetic_precision")
    table = table[(table.precision >= least) & ((table.eob_bits > 0) == eob)]
    return np.array(
        [
            reached("arithmetic_precision", error_rate, precision=p, eob_bits=e, q=0)
            - reached("arithmetic_precision", error_rate, precision=p, eob_bits=e, q=q)
            for p, e in sorted(set(zip(table.precision, table.eob_bits, strict=True)))
        ]
    )


def decoded(decoder: str, effort: int) -> float:
    """Symbols decoded for a packet over its length, robust setting of Figure 3 at 7 dB."""
    (row,) = levels(
        "arithmetic_per", figure=3, setting="robust", decoder=decoder, effort=effort, ebn0_db=7.0
    ).itertuples()
    return row.decoded / row.trials / 512


def come_true(decoder: str) -> float:
    """Of bits with a posterior between .9 and .95, how many are right where a word was found, paper-like setting."""
    row = {"setting": "paper", "decoder": decoder, "kind": "bits_found", "low": 0.9, "high": 0.95}
    part = results.pick(results.load("arithmetic_calibration"), **row)
    return part.right.sum() / part.n.sum()


def cautious(ebn0_db: float) -> float:
    """Errors that a list of four claims of its packets over those that there are, paper-like setting."""
    row = {"kind": "packets", "setting": "paper", "decoder": "guessing_list", "ebn0_db": ebn0_db}
    part = results.pick(results.load("arithmetic_calibration"), **row)
    part = part[(part.n > 0) & (part.low > 0)]  # in the lowest bin no valid word was found
    return ((1 - part.claimed) * part.n).sum() / (part.n - part.right).sum()


def eight_bits_more(effort: int) -> float:
    """Slope of what 1e-2 takes in the number of redundant bits, in dB for eight of them, over all places."""
    table = results.pick(results.load("arithmetic_redundancy"), effort=effort)
    found = [
        (bits, crossing(part.ebn0_db, part.errors, part.trials, 1e-2)[0])
        for (_, bits, _), part in table.groupby(["place", "bits", "parity"])
    ]
    return 8 * float(np.polyfit(*np.array(found).T, 1)[0])


def eob_bits(probability: float) -> float:
    """What an EoB of this probability adds to a packet of 512 symbols."""
    return -512 * np.log2(1 - probability) - np.log2(probability)


def floor() -> float:
    """Packet error rate at 10 dB by nine words at distance one, quaternary source, p = 6; times 1e5."""
    rate_ = link(QUATERNARY, precision=6).rate
    return 1e5 * 9 * norm.sf(np.sqrt(2 * rate_ * 10))


def where_it_ends() -> np.ndarray:
    """Packet error rates at 10 dB of Chase with q from 2 on, paper-like setting of Figure 2; times 1e5."""
    part = levels("arithmetic_per", figure=2, setting="paper", decoder="chase", ebn0_db=10.0)
    part = part[part.effort >= 2]
    return 1e5 * (part.errors / part.trials).to_numpy()


def rate_of(**setting) -> float:
    """Rate of the binary source's code."""
    return link(BINARY, **setting).rate


def separate_rate(channel_code: str) -> float:
    """Total rate of a separate design."""
    part = results.pick(results.load("arithmetic_separate"), channel_code=channel_code)
    return BINARY.entropy * BINARY.length * part.trials.sum() / part.bits_sent.sum()


def lost_with(beta: float) -> float:
    """Packets in a hundred that Chase in the loop loses at 3.5 dB with a beta."""
    part = levels("arithmetic_loop_output", decoder="chase", beta=beta, ebn0_db=3.5)
    return 100 * (part.errors / part.trials).item()


def benchmark(task: str, system: str) -> float:
    """A figure of the benchmark of arithmetic decoders."""
    table = results.timings("arithmetic")
    (value,) = table[table.task.str.contains(task, regex=False) & (table.system == system)]["median"]
    return float(value)


def entropies(quantity: str) -> np.ndarray:
    """Of the planes of MNIST's pixels: of a syndrome's bit, or by the formula from the plane itself."""
    code = "none" if quantity == "independent_check_entropy" else "paper"
    planes = results.load("syndromes_statistics")
    return results.pick(planes, dataset="mnist", setup="pixels", code=code)[quantity].to_numpy()


def least_iterations() -> np.ndarray:
    """The two gamma0 of Figure 2 with the fewest iterations."""
    return results.load("lossy_tradeoff").groupby("gamma0").iterations.mean().nsmallest(2).index.to_numpy()


def trained_for(eps: float, epochs: int) -> pd.Series:
    """Wrong pixels of NECST by (6) at the noise of its training, binary MNIST, a training each."""
    row = {"dataset": "binarized_mnist", "system": "necst", "noise": eps, "eps": eps, "epochs": epochs}
    return results.pick(results.load("necst_reconstruction"), **row).wrong_pixels


def scatter_of_a_step() -> float:
    """How far apart, in points, trainings lie of what a network loses one step of noise beyond its own."""
    table = results.pick(results.load("necst_reconstruction"), dataset="binarized_mnist", system="necst", epochs=20)
    eps = [0.0, 0.1, 0.2, 0.3, 0.4]
    own = table[table.noise == table.eps].groupby("eps").wrong_pixels.mean()
    lost = [
        100 * results.pick(table, noise=low, eps=high).wrong_pixels / own[high]
        for low, high in zip(eps, eps[1:], strict=False)
    ]
    return max(map(np.ptp, lost))


def dispersion(eps: float) -> float:
    """Of the symmetric channel, bits squared."""
    return eps * (1 - eps) * np.log2((1 - eps) / eps) ** 2


def carried(capacity: float, variance: float, more: float) -> float:
    """Bits that 100 uses carry with one error in ten, by the normal approximation."""
    return 100 * capacity - np.sqrt(100 * variance) * norm.isf(0.1) + more


def half_widths() -> float:
    """The greatest of the intervals of the page on drawing."""
    tables = [results.load(name) for name in ("necst_codebook", "necst_weights")]
    return max((table.ci_high - table.ci_low).max() / 2 for table in tables)


def in_the_chain(noise: float, digit: int) -> float:
    """Share of a digit in the pictures of the chain from step 1,000 on."""
    chain = results.load("necst_chain")
    return float(chain[(chain.step >= 1000) & (chain.noise == noise)][f"share_{digit}"].mean())


def of_the_tests(digit: int) -> float:
    """Share of a digit in the test images."""
    return float(np.mean(binarized_mnist_labels("test") == digit))


def quadratic(seed: int) -> float:
    """Accuracy on clean digits of the unguarded QDA on a code learned at .1."""
    row = {"classifier": "QDA_unguarded", "tested": "clean", "noise": 0.1, "seed": seed}
    return mean("necst_downstream", features="code", **row)


def mean_image(power: int) -> float:
    """Mean absolute or squared error of the mean training image, test images of binary MNIST."""
    images = datasets.load("binarized_mnist")
    return float(np.mean(np.abs(images["x_test"] - images["x_train"].mean(axis=0)) ** power))


def arriving(runs: pd.DataFrame) -> float:
    """Effective bits of some trainings, their mean."""
    straight, ideal = results.load("necst_straight_through"), results.load("necst_effective_bits")
    known = [results.pick(ideal, system=system) for system in ("necst", "vq")]
    known.append(results.pick(straight, noise=0.0, eps=0.0))
    known = pd.concat([family.groupby("bits").wrong_pixels.mean() for family in known])
    constant = results.pick(results.load("necst_reconstruction"), dataset="binarized_mnist", system="constant")
    envelope = yardstick(known.index, known, constant.wrong_pixels.iloc[0])
    return float(np.mean(effective_bits(runs.wrong_pixels, envelope)))


def untold(eps: float) -> float:
    """Effective bits of straight-through gradients without noise in training."""
    return arriving(results.pick(results.load("necst_straight_through"), bits=100, noise=0.0, eps=eps))


def share_arriving(system: str, eps: float) -> float:
    """Effective bits of a system over what the channel carries."""
    table, straight = results.load("necst_reconstruction"), results.load("necst_straight_through")
    made = by_system(table, EPOCHS, straight)
    runs = results.pick(made, dataset="binarized_mnist", system=system, eps=eps)
    return arriving(runs) / (100 * (1 - float(binary_entropy(eps))))


def neighbours_behind() -> np.ndarray:
    """Points by which six and more neighbouring coefficients in a check are behind random ones."""
    weights = results.pick(results.load("syndromes_row_weight"), column="jl_8bp", weight=[6, 12, 24])
    runs = weights.groupby(["weight", "dataset", "arrangement"]).accuracy.mean().unstack()
    return 100 * (runs.random - runs.local).to_numpy()


def along_lines() -> int:
    """Checks of the thirds along rows and columns whose six pixels are neighbours in a row or in a column."""
    pixels = open_matrix("rows_columns_rows", 0).check_variables.reshape(-1, 6)
    spans = np.sort([np.ptp(place, axis=1) for place in np.divmod(pixels, SIDE)], axis=0)
    return int(((spans[0] == 0) & (spans[1] == 5)).sum())


def step_of_all() -> float:
    """Weights of a GRU12 that reads all planes in one step, in full thousands."""
    return float(np.round(mean("syndromes_matrices", "parameters", reading="one_step"), -3))


def gru_weights(units: int, biases: int) -> int:
    """Weights of a GRU on 512 bits a step with so many biases for each gate, and of its output."""
    return 3 * units * (SIDE**2 // 2 + units + biases) + 10 * (units + 1)


def size_of(model: str, **row) -> float:
    """Weights of a network in the table of rivals."""
    return mean("syndromes_rivals", "parameters", model=model, **row)


def printed_size(model: str) -> float:
    """Weights of a network over those of GRU12, as Table III prints them."""
    printed = results.published("syndromes_table3").set_index("model").parameters
    return printed[model] / printed["GRU12"]


def n_images(dataset: str, part: str) -> int:
    """Images of a part of a data set."""
    return datasets.info(dataset).arrays[f"x_{part}"].shape[0]


def inexact(part: str) -> int:
    """Images of CIFAR-10 that are not bit-exact in the copy that the tables rest on."""
    return datasets.info("cifar10").copies[0].inexact[part]


def gray_levels() -> int:
    """Different levels in scikit-learn's digits."""
    return len(np.unique(gray_images("digits").train))


def reproduced(seeds: Iterable[int] = (3, 10)) -> np.ndarray:
    """Of each printed number for the GRU: is it where one further run of ours would fall? Cells of so many seeds."""
    printed = results.published("syndromes_table2").set_index(TABLE2).accuracy
    found = []
    for key, runs in table2_trainings().groupby(TABLE2).accuracy:
        _, low, high = prediction_interval(runs)
        found += [low <= printed[key] <= high] * (len(runs) in seeds)
    return np.array(found)


def half_explained(*names: str) -> list[int]:
    """How many checks of each learned code explain half of what all of them do."""
    codes = results.pick(results.load("syndromes_design_checks"), dataset=list(names)).sort_values("order")
    shares = [code.explained.to_numpy() for _, code in codes.groupby(["dataset", "design_name"])]
    return [int(np.searchsorted(share, share[-1] / 2)) + 1 for share in shares]


def drifted() -> pd.Series:
    """Share, in per cent, of each learned code's checks with two bits more than three rows or columns apart."""

    def apart(bits: str) -> bool:
        places = np.array([[int(n) for n in bit.split(".")[1:]] for bit in bits.split()])
        return np.ptp(places, axis=0).max() > 3

    checks = results.load("syndromes_design_checks")
    return 100 * checks.assign(far=checks.bits.map(apart)).groupby(["dataset", "design_name"]).far.mean()


def unused(*, first_plane: bool) -> np.ndarray:
    """Share, in per cent, of a source's bits in no check of a design, of the first pixel plane or another; all sets."""
    codes = results.pick(results.load("syndromes_design"), reader="GRU12", n_checks=512)
    codes = codes[(codes.design_name == "learned") == first_plane]
    n_planes = codes.design_name.map(lambda name: len(SOURCES[DESIGNS[name][0]].planes))
    return 100 * (codes.bits_unused / (n_planes * SIDE**2)).to_numpy()


def recovered(**row) -> pd.Series:
    """Share of planes recovered, in per cent."""
    planes = results.pick(results.load("syndromes_recovery"), **row)
    return 100 * planes.recovered / planes.n_words


def recovered_by_entropy(low: float, high: float) -> pd.Series:
    """The same of planes with an entropy in a range."""
    entropy = results.load("syndromes_recovery").entropy_per_bit
    return recovered()[(entropy >= low) & (entropy < high)]


def of_what_fits(prior: str) -> float:
    """Planes recovered, in per cent of those that need less than 512 bits."""
    planes = results.pick(results.load("syndromes_recovery"), prior=prior)
    return 100 * planes.recovered.sum() / planes.below_limit.sum()


def whole_images() -> pd.Series:
    """Of a thousand images how many come back whole, by data set and set-up."""
    planes = results.pick(results.load("syndromes_recovery"), prior="context", n_words=1000)
    return planes.groupby(["dataset", "setup"]).all_so_far.min()


def come_back(dataset: str, setup: str) -> np.ndarray:
    """Test images that come back whole, and how many these are, of every training."""
    rows = results.pick(results.load("syndromes_decode_first"), dataset=dataset, setup=setup)
    return rows[["whole", "n_test"]].drop_duplicates().to_numpy().ravel()


def behind_printed(dataset: str, method: str, model: str, n_train: int = 6000) -> float:
    """Points by which a rival is behind the printed number."""
    row = {"dataset": dataset, "model": model}
    (printed,) = results.pick(results.published("syndromes_table2"), column=method, **row).accuracy
    return 100 * (printed - mean("syndromes_rivals", method=method, n_train=n_train, **row))


def arithmetic_gaps() -> list[float]:
    """The same of arithmetic coding on MNIST and Fashion-MNIST."""
    pairs = [(dataset, model) for dataset in ("mnist", "fashion_mnist") for model in ("VGG11", "URESNET18")]
    return [behind_printed(dataset, "arithmetic", model) for dataset, model in pairs]


def scatter_of_folded() -> float:
    """Points over which three trainings of VGG11 on Huffman bytes of MNIST range."""
    row = {"dataset": "mnist", "method": "huffman", "model": "VGG11", "n_train": 6000}
    return 100 * float(np.ptp(results.pick(results.load("syndromes_rivals"), **row).accuracy))


BITS = {  # of 512 single bits chosen by the labels
    ".941": lambda: designed("mnist", "coefficients_bits"),
    ".860": lambda: designed("fashion_mnist", "coefficients_bits"),
    ".499": lambda: designed("cifar10", "coefficients_bits"),
}
NEIGHBOURS = {  # by thirds along rows, columns and rows, Gray code
    ".376": lambda: tested("cifar10", "GRU12"),
    ".407": lambda: tested("cifar10", "GRU32"),
}
COPY = {  # of CIFAR-10
    "86": lambda: inexact("train"),
    "25": lambda: inexact("test"),
    "60,000": lambda: sum(n_images("cifar10", part) for part in ("train", "test")),
}
VERDICTS = {  # on Table II
    "13": lambda: reproduced().sum(),
    "36": lambda: reproduced().size,
}
ON_CIFAR10 = {  # Setup 1 below the paper
    "23": lambda: -from_paper("ldpc", ["cifar10"]).max(),
    "24": lambda: -from_paper("ldpc", ["cifar10"]).min(),
}
GRU12 = {"19,030": lambda: mean("syndromes_table2", "parameters", model="GRU12", column="ldpc")}
MADE: dict[str, dict[str, Callable]] = {  # a number, or all of the numbers that are so written
    "book/arithmetic/arithmetic.ipynb": {
        "1.06": lead_on_the_best,
        "1.24": lambda: gained(1e-3, 1, "paper"),
        "1.39": lambda: gained(1e-3, 1, "robust"),
        "1.62": lambda: gained(1e-3, 4, "paper"),
        "2.47": lambda: gained(1e-3, 4, "robust"),
        "1.99": lambda: gained(1e-2, 8, "paper"),
        "2.58": lambda: gained(1e-2, 8, "robust"),
        "7.1": lambda: crosses("p = 6"),
        "7.6": lambda: crosses("p = 7"),
        "7.9": lambda: crosses("no EoB"),
        "1.7": lambda: [lead_in_figure_3(1e-3, "p = 6"), in_turns(1e-2, "tandem", 0) - in_turns(1e-2)],
        "1.4": lambda: (
            reached("arithmetic_same_code_uncoded", 1e-2, decoder="chase", precision=6, forbidden=0.2)
            - reached("arithmetic_trellis", 1e-2, kind="ml", precision=6, forbidden=0.2)
        ),
        ".17": lambda: learned(2),
        "2.9": lambda: benchmark("p16 binary", "jscc (Chase q = 4, soft)") / benchmark("101 states", "jscc (max-log)"),
        "2.1": lambda: in_turns(1e-3, "tandem", 0) - in_turns(1e-3),
        "2.3": lambda: in_turns(1e-4, "tandem", 0) - in_turns(1e-4),
        "2.2": lambda: behind_trellis(1e-2),
        "2.4": lambda: behind_trellis(1e-3),
        "10.4": lambda: np.log2(513) + np.log2(np.e),
    },
    "book/arithmetic/guessing.ipynb": {
        "2.05": lambda: decoded("guessing", 256),
        "4.36": lambda: decoded("chase", 8),
        ".997": lambda: come_true("guessing"),
        ".98": lambda: come_true("guessing_list"),
        "1.9": lambda: cautious(5.5),
        ".11": lambda: [eight_bits_more(256), eight_bits_more(4096)],
        "3.6": lambda: eob_bits(2**-14) - eob_bits(2**-9),
    },
    "book/arithmetic/packets.ipynb": {
        "1.06": lead_on_the_best,
        "0.83": lambda: 0.722 / 0.87,
        "9.9": lambda: [chased(1e-4, q, figure=2) for q in (2, 4, 8, 10)],
        "8.6": floor,
        "8.4": lambda: where_it_ends().min(),
        "8.7": lambda: where_it_ends().max(),
        "2.1": lambda: at_precision(4, eob=True).max(),
        "1.97": lambda: at_precision(8, eob=False).min(),
        "1.1": lambda: at_precision(1, 1e-3, eob=False, least=16),
        ".61": lambda: rate_of(precision=6, forbidden=0.2),
        ".65": lambda: rate_of(precision=7, forbidden=0.2),
        ".85": lambda: rate_of(precision=6),
        ".69": lambda: rate_of(precision=6, forbidden=0.2, eob=0),
        ".99": lambda: rate_of(precision=6, eob=0),
        "1.5": lambda: lead_in_figure_3(1e-2, "neither"),
        "2.3": lambda: [
            reached("arithmetic_trellis", rate_, kind="ml", precision=6, forbidden=0.2)
            - reached("arithmetic_trellis", rate_, kind="length", precision=6, forbidden=0.2)
            for rate_ in (1e-3, 1e-4)
        ],
        ".17": lambda: learned(2),
        "6.2": lambda: np.log2(2 * np.pi * np.e * 18**2) / 2,
        "1.03": lambda: 1 + 12 / 385,
    },
    "book/arithmetic/turbo.ipynb": {
        ".25": lambda: (
            reached("arithmetic_trellis_without_eob", 1e-2, convolutional=True, kind="max_log", forbidden=0.05)
            - trellis_in_turns(1e-2, "max_log", 0.05)
        ),
        ".497": lambda: separate_rate("memory_6"),
        ".480": lambda: rate_of(precision=16, eob=2**-14) / 2,
        "0.997": lambda: rate_of(precision=16, eob=0),
        "2.25": lambda: levels("arithmetic_separate", channel_code="ldpc").ebn0_db.iloc[-2],
        "7.9": lambda: lost_with(0.5),
        "5.6": lambda: lost_with(1.0),
    },
    "book/syndromes/planes.ipynb": {
        "1024": lambda: [column.width for column in COLUMNS.values() if not column.coded],
        "512": lambda: [column.width for column in COLUMNS.values() if column.coded],
        "28": lambda: [datasets.info(name).arrays["x_test"].shape[1:] for name in ("mnist", "fashion_mnist")],
        "17": gray_levels,
        **COPY,
        "0.79": lambda: entropies("entropy").min(),
        "0.95": lambda: entropies("independent_check_entropy").max(),
    },
    "book/syndromes/claim.ipynb": {
        "1,999,000": lambda: 2000 * 1999 / 2,
        "11": lambda: neighbours_behind().max(),
        "14": lambda: controls("fashion_mnist", "weight_12"),
        "256": lambda: SIDE**2 * mean("syndromes_rate", "bits_per_pixel", keep=4, code_rate=1.0, n_planes=1),
        "37": lambda: picked_leads(95).max(),
        **GRU12,
        **COPY,
        "0.51": lambda: (1 - 2 * 0.1) ** 3,
        "3.2": lambda: over_readout("fashion_mnist", "ldpc"),
        "1.9": lambda: over_readout("fashion_mnist", "jl_8bp"),
        "4.6": lambda: over_readout("fashion_mnist", "none"),
        "2.8": lambda: over_readout("cifar10", "jl_8bp"),
        "12.9": lambda: over_readout("cifar10", "none"),
        "8.8": lambda: over_readout("cifar10", "none", "perceptron64"),
        "1.5": lambda: lead_of_half("mnist"),
        "3.4": lambda: controls("fashion_mnist", "quasi_cyclic"),
        "5.0": lambda: controls("fashion_mnist", "per_plane"),
        "3.0": lambda: behind_random("mnist", "double_circulant"),
        "4.7": lambda: behind_random("fashion_mnist", "double_circulant"),
        "2.0": lambda: over_readout("cifar10", "ldpc"),
        "2.1": lambda: over_readout("fashion_mnist", "none", "perceptron64"),
        "6.0": lambda: lead_of_half("cifar10"),
        "16": lambda: lead_of_half("cifar10", "ldpc"),
        "2.4": lambda: [lead_of_half("fashion_mnist", "ldpc", 2), min(sign_plane_checks_lead(10))],
        "36": lambda: lead_of_half("fashion_mnist", "jl_8bp", 1),
        "23": lambda: lead_of_half("cifar10", "jl_8bp", 1),
        ".049": lambda: told("mnist", "pixels", "none"),
        ".075": lambda: told("mnist", "pixels", "paper"),
        ".077": lambda: told("fashion_mnist", "pixels", "paper"),
        ".0015": lambda: told("cifar10", "pixels", "paper"),
        ".106": lambda: told("fashion_mnist", "jpeg", "none"),
        ".038": lambda: told("mnist", "jpeg", "weight_24", 1),
        ".066": lambda: told("fashion_mnist", "jpeg", "weight_24", 1),
        "2.2": lambda: np.abs(picked_leads(25)).max(),
        ".112": lambda: unpenalised("cifar10", 12).min(),
        "1.7": lambda: [
            controls("mnist", "quasi_cyclic"),
            100 * (first_plane("fashion_mnist", 2) - first_plane("fashion_mnist", 1)),
        ],
        "2.5": lambda: controls("mnist", "per_plane"),
        "7.5": lambda: max(sign_plane_checks_lead(5)),
        "1.8": lambda: 100 * (unpenalised("fashion_mnist", 24).mean() - random_rows("fashion_mnist", 24)),
        ".123": lambda: unpenalised("cifar10", 12).max(),
        ".941": BITS[".941"],
        ".860": BITS[".860"],
        ".499": BITS[".499"],
        ".262": lambda: (1 - 2 * 0.1) ** 6,
    },
    "book/syndromes/matrix.ipynb": {
        "437": along_lines,
        "22": lambda: met_and_odd("rows_columns_rows")[0],
        "47": lambda: met_and_odd("random")[0],
        "51": lambda: met_and_odd("rows_columns_rows")[1],
        "78": lambda: met_and_odd("random")[1],
        "496": lambda: mean("syndromes_matrices_tested", "rank", matrix="patches"),
        "1,702": lambda: mean("syndromes_matrices_tested", "four_cycles", matrix="rows_columns_rows"),
        "1024": lambda: SIDE**2,
        "148,000": step_of_all,
        **COPY,
        ".879": lambda: runs_in_a_row("mnist"),
        ".812": lambda: runs_in_a_row("fashion_mnist"),
        ".269": lambda: runs_in_a_row("cifar10"),
        "2.3": lambda: 100 * (held_out("fashion_mnist", "rows_columns_rows", "gray") - 0.8166),
        "2.8": lambda: 100 * (uncoded_gray("GRU32") - uncoded("cifar10", "GRU32")),
        "3.7": lambda: 100 * (tested("cifar10", "GRU32") - uncoded("cifar10", "GRU32")),
        "2.1": lambda: 100 * (tested("fashion_mnist", "GRU32") - 0.8306),
        ".16": lambda: welch(uncoded_gray_runs("GRU12"), uncoded_runs("GRU12")),
        ".323": lambda: unpack_planes(symbols(gray_images("digits").train, transform=False), 1).mean(),
        "2.6": lambda: 100 * (0.4023 - tested("cifar10", "GRU12")),
        ".781": lambda: mean("syndromes_row_weight", dataset="mnist", column="ldpc", arrangement="local", weight=24),
        "1.4": lambda: from_printed_by("gallager", "jl_msb1"),
        "1.5": lambda: np.abs(from_paper("jl_8bp", DATASETS, ("GRU12",))).mean(),
        "1.7": lambda: np.abs(from_paper("jl_msb1", DATASETS, ("GRU12",))).mean(),
        "1.8": lambda: from_printed_by("rows_columns_rows", "jl_8bp"),
        "3.5": lambda: from_printed_by("rows_columns_rows", "jl_msb1"),
        ".320": lambda: uncoded("cifar10"),
        ".370": lambda: uncoded("cifar10", "GRU32"),
        **NEIGHBOURS,
    },
    "book/syndromes/rate.ipynb": {
        ".051": lambda: told("mnist", "jpeg", "paper", 1),
        ".105": lambda: told("fashion_mnist", "jpeg", "paper", 1),
        ".034": lambda: told("fashion_mnist", "jpeg", "none", 1),
        ".0100": lambda: told("cifar10", "jpeg", "paper", 1),
        ".0031": lambda: told("cifar10", "jpeg", "none", 1),
        ".039": lambda: told("mnist", "jpeg", "none"),
        ".106": lambda: told("fashion_mnist", "jpeg", "none"),
        ".0063": lambda: told("cifar10", "jpeg", "none"),
        "32": lambda: 100 * mean("syndromes_statistics", "ones", dataset="cifar10", setup="jpeg", code="none", plane=0),
        "8.5": lambda: picked_over_magnitude("mnist"),
        "4.3": lambda: picked_over_magnitude("fashion_mnist"),
        "19": lambda: chosen_over_random("mnist"),
        "10": lambda: chosen_over_random("fashion_mnist"),
        "15": lambda: chosen_over_random("cifar10"),
        "20": lambda: max(half_explained("mnist", "fashion_mnist")),
        "51": lambda: min(half_explained("cifar10")),
        "61": lambda: max(half_explained("cifar10")),
        "22": lambda: 100 * mean("syndromes_statistics", "ones", dataset="mnist", setup="jpeg", code="none", plane=0),
        "26": lambda: drifted().min(),
        "70": lambda: drifted().max(),
        "34": lambda: behind_quality_10([1]).min(),
        "47": lambda: behind_quality_10([1]).max(),
        "49": lambda: unused(first_plane=True).max(),
        "83": lambda: unused(first_plane=False).min(),
        "94": lambda: unused(first_plane=False).max(),
        **COPY,
        "12.1": lambda: lead_at_half_a_bit("mnist", quality=95),
        "6.4": lambda: lead_at_half_a_bit("fashion_mnist", quality=95),
        "6.1": lambda: picked_over_magnitude("cifar10"),
        "5.8": lambda: lead_at_half_a_bit("cifar10"),
        "9.0": lambda: lead_at_half_a_bit("cifar10", quality=95),
        "1.6": lambda: lead_at_half_a_bit("mnist"),
        "1.8": lambda: lead_at_half_a_bit("fashion_mnist"),
        "1.9": lambda: max(100 * (uncoded_at_10(d) - sign_plane(d, 10)) for d in DATASETS),
        ".826": lambda: uncoded_at_10("fashion_mnist"),
        ".381": lambda: uncoded_at_10("cifar10"),
        "0.883": lambda: rate("mnist", quality=95, keep=8, code_rate=1.0, n_planes=1),
        "1.3": lambda: 100 * (0.8325 - rate("fashion_mnist", quality=10, n_planes=1, **WIDE)),
        "2.8": lambda: behind_quality_10(range(2, 9)).min(),
        "7.1": lambda: behind_quality_10(range(2, 9)).max(),
        ".967": lambda: mean("syndromes_design", dataset="mnist", design_name="learned", n_checks=512, **PERCEPTRON),
        "4.1": lambda: 100 * (designed("fashion_mnist", "coefficients_learned") - designed("fashion_mnist", "learned")),
        "0.866": lambda: rate("mnist", quality=95, keep=4, code_rate=1.0, n_planes=1),
        "0.25": lambda: 4 * 4 / 64,
        "1.7": lambda: (
            100
            * (
                rate("mnist", quality=95, keep=8, code_rate=1.0, n_planes=1)
                - rate("mnist", quality=95, keep=4, code_rate=1.0, n_planes=1)
            )
        ),
        "12.5": lambda: 100 * (designed("cifar10", "coefficients_learned") - designed("cifar10", "learned")),
        "7.5": lambda: 100 * (designed("cifar10", "coefficients_learned") - designed("cifar10", "pixels_learned")),
    },
    "book/syndromes/recovery.ipynb": {
        "2.3": lambda: gained_by_decoding("mnist"),
        "1.4": lambda: gained_by_decoding("fashion_mnist"),
        "4.4": lambda: gained_by_decoding("cifar10"),
        ".13": lambda: decoding_is_level("mnist"),
        ".15": lambda: decoding_is_level("fashion_mnist"),
        "997": lambda: whole_images()["mnist", "pixels"],
        "37,462": lambda: mean("syndromes_decode_first", "parameters", sees="recovered", reader="GRU12"),
        "19,030": lambda: mean("syndromes_decode_first", "parameters", sees="syndromes", reader="GRU12"),
        "10,000": lambda: mean("syndromes_table2", "n_test", dataset="mnist"),
        "1024": lambda: SIDE**2,
        "32": lambda: [SIDE, 127 * luminance_table(95)[0, 0] / 8],
        "96": lambda: recovered_by_entropy(0, 0.3).min(),
        "26": lambda: [
            recovered_by_entropy(0.5, 2).max(),
            *recovered(dataset="fashion_mnist", setup="jpeg", plane=0, prior="context"),
        ],
        "49": lambda: recovered(
            dataset="fashion_mnist", setup="pixels", plane=list(range(1, 8)), prior="context"
        ).min(),
        "66": lambda: recovered(
            dataset="fashion_mnist", setup="pixels", plane=list(range(1, 8)), prior="context"
        ).max(),
        "87": lambda: of_what_fits("context"),
        "60": lambda: of_what_fits("iid"),
        "578,810": lambda: mean("syndromes_decode_first", "parameters", reader="VGG11"),
        "12": lambda: from_paper("ldpc", ["mnist"]).max(),
        **ON_CIFAR10,
        **VERDICTS,
        **COPY,
        "1.97": lambda: mean("syndromes_rivals", "bits_per_pixel", dataset="mnist", method="huffman"),
        ".926": lambda: mean("syndromes_rivals", n_train=60_000, model="CNN1D"),
        ".940": lambda: mean("syndromes_rivals", n_train=60_000, method="ldpc"),
        "1.34": lambda: sent_with_margin("mnist", "pixels"),
        "2.88": lambda: sent_with_margin("mnist", "jpeg"),
        "4.02": lambda: sent_with_margin("fashion_mnist", "pixels"),
        "3.88": lambda: sent_with_margin("fashion_mnist", "jpeg"),
        "7.93": lambda: sent_with_margin("cifar10", "pixels"),
        "4.11": lambda: sent_with_margin("cifar10", "jpeg"),
        "1.5": lambda: -from_paper("jl_8bp", DATASETS).mean(),
        ".846": lambda: random_rows("fashion_mnist", 1),
        ".807": lambda: random_rows("fashion_mnist", 6),
        ".164": lambda: random_rows("cifar10", 6),
        ".898": lambda: first_plane("mnist", 1),
        ".921": lambda: first_plane("mnist", 6),
        **BITS,
        **NEIGHBOURS,
    },
    "book/syndromes/rivals.ipynb": {
        ".986": lambda: decoded_first("true", "mnist", "pixels", "VGG11").mean(),
        ".904": lambda: decoded_first("true", "fashion_mnist", "pixels", "VGG11").mean(),
        ".702": lambda: decoded_first("true", "cifar10", "pixels", "VGG11").mean(),
        "15": lambda: behind_printed("mnist", "huffman", "VGG11", 60_000),
        "33": lambda: behind_printed("mnist", "huffman", "VGG11"),
        "36": lambda: max(arithmetic_gaps()),
        "22": lambda: [min(arithmetic_gaps()), 100 * whole_images().drop(("mnist", "pixels")).max() / 1000],
        "17": lambda: [gray_levels(), scatter_of_folded()],
        "160": lambda: checks_of_blocks().min(),
        "169": lambda: checks_of_blocks().max(),
        "256": lambda: 2**8,
        "512": lambda: SIDE**2 / 2,
        "4096": lambda: 8 * SIDE**2 / 2,
        "578,810": lambda: size_of("VGG11"),
        "243,418": lambda: size_of("URESNET18"),
        "1,059,850": lambda: size_of("FullyConn"),
        "37,462": lambda: size_of("GRU12", method="none"),
        "9,889": lambda: come_back("mnist", "pixels")[0],
        "10,000": lambda: come_back("mnist", "pixels")[1],
        "20": lambda: 100 * np.divide(*come_back("mnist", "jpeg")),
        "86": COPY["86"],
        "0.016": lambda: 16 / 32**2,
        ".9422": lambda: table2_trainings(dataset="mnist", column="ldpc", model="GRU12").accuracy.mean(),
        "1.4": lambda: 100 * (0.9875 - mean("syndromes_rivals", dataset="mnist", method="none", model="URESNET18")),
        "1.5": lambda: (
            100 * (0.8497 - mean("syndromes_rivals", dataset="fashion_mnist", method="none", model="URESNET18"))
        ),
        "2.5": lambda: 100 * np.ptp(huffman_resnet("mnist")),
        "3.7": lambda: 100 * (0.6862 - huffman_resnet("fashion_mnist").mean()),
        ".42": lambda: mean("syndromes_rivals", "train_loss", dataset="cifar10", method="huffman", model="VGG11"),
    },
    "book/syndromes/syndromes.ipynb": {
        **GRU12,
        **VERDICTS,
        ".944": lambda: uncoded("mnist"),
        ".855": lambda: uncoded("fashion_mnist"),
        ".320": lambda: uncoded("cifar10"),
    },
    "book/syndromes/tables.ipynb": {
        **COPY,
        "10,000": lambda: [n_images(dataset, "test") for dataset in DATASETS],
        "50,000": lambda: n_images("cifar10", "train"),
        "86": lambda: [
            inexact("train"),
            100 * n_images("mnist", "train") / sum(n_images("mnist", part) for part in ("train", "test")),
        ],
        "1437": lambda: len(gray_images("digits").train),
        "360": lambda: len(gray_images("digits").test),
        "1024": lambda: [column.width for column in COLUMNS.values() if not column.coded],
        "18,994": lambda: gru_weights(12, 0),
        "52,554": lambda: gru_weights(32, 0),
        "19,066": lambda: gru_weights(12, 2),
        "52,746": lambda: gru_weights(32, 2),
        "148,000": step_of_all,
        "7263": lambda: printed_size("VGG11"),
        "3158": lambda: printed_size("URESNET18"),
        "53": lambda: printed_size("FullyConn"),
        "15": lambda: [results.load(f"syndromes_{name}").epochs.unique() for name in ("controls", "row_weight")],
        "23": ON_CIFAR10["23"],
        "24": ON_CIFAR10["24"],
        "1.7": lambda: -from_paper("jl_8bp", ["mnist"], ("GRU32",)),
        ".865": lambda: prediction_interval(without_penalty("mnist"))[1],
        "2.7": lambda: printed_cost_of_six("mnist", "GRU12"),
        "3.9": lambda: printed_cost_of_six("mnist", "GRU32"),
        "7.7": lambda: printed_cost_of_six("cifar10", "GRU32"),
        "3.8": lambda: cost_of_six("mnist", "GRU32"),
        "5.5": lambda: cost_of_six("cifar10", "GRU12"),
        ".781": lambda: mean("syndromes_row_weight", dataset="mnist", column="ldpc", arrangement="local", weight=24),
        "7.1": lambda: cost_of_six("cifar10", "GRU32"),
        ".775": lambda: mean("syndromes_controls", dataset="fashion_mnist", column="ldpc", code="quasi_cyclic"),
        ".809": lambda: mean("syndromes_controls", dataset="fashion_mnist", column="ldpc", code="paper"),
        ".0063": lambda: pooled_deviation("syndromes_table2"),
        ".0115": lambda: pooled_deviation("syndromes_table2", column="jl_8bp", model="GRU32"),
        "6.5": lambda: 100 * (0.8842 - 0.8192),
        "4.97": lambda: student.ppf(0.975, 2) * np.sqrt(1 + 1 / 3),
        "2.3": lambda: -from_paper("jl_8bp", ["cifar10"])[0],
        "2.37": lambda: student.ppf(0.975, 9) * np.sqrt(1 + 1 / 10),
        "1.5": lambda: -from_paper("jl_8bp", DATASETS).mean(),
        "1.6": lambda: -from_paper("jl_8bp", ["mnist"])[0],
        "2.5": lambda: from_paper("none_msb", ["mnist"]).min(),
        "3.6": lambda: from_paper("none_msb", ["mnist"]).max(),
        "3.1": lambda: -from_paper("none_msb", ["fashion_mnist", "cifar10"]).min(),
        **NEIGHBOURS,
    },
    "book/lossy/lossy.ipynb": {
        "0.201": lambda: one_trial(0.8)[0],
        "0.184": lambda: one_trial(0.96)[0],
        "57": lambda: one_trial(0.8)[1],
        "220": lambda: one_trial(0.96)[1],
        "0.125": lambda: (1 - 0.5) / 4,
        "0.110": lambda: distortion_rate(0.5),
    },
    "book/lossy/compressor.ipynb": {
        "16": lambda: results.pick(results.load("lossy_rivals"), scheme="trellis")["size"].max(),
        "512": lambda: datasets.image("camera").shape,
        "262,144": lambda: datasets.image("camera").size,
        "30": lambda: len(figure3(graph="random")),
    },
    "book/lossy/beyond.ipynb": {
        "0.1888": lambda: once_and_mended().iloc[-1],
        "0.1830": lambda: once_and_mended().iloc[0],
        "0.1837": lambda: once_and_mended().iloc[-2],
        "183": lambda: left_to_mend(50, 0.96),
        "45": lambda: left_to_mend(30, 0.9),
        "294": lambda: left_to_mend(30, 0.96),
        "560": lambda: round(left_to_mend(300, 0.99), -1),
        "1,067": lambda: round(TRADEOFF["n_symbols"] * (1 - TRADEOFF["rate"])) - REDUCTION,
        "66": lambda: 100 * converging(0.92, 1),
        "88": lambda: 100 * converging(0.92, 2),
        "96": lambda: 100 * converging(0.92, 5),
        "51": lambda: mean("lossy_scaling", "edge_iterations_per_bit", n_bits=3000, gamma0=0.97),
        "42": lambda: 100 * (converging(0.92, 1) - converging(0.92, 0)),
        "50": lambda: 100 * (converging(0.95, 1) - converging(0.95, 0)),
        "22": lambda: [100 * (converging(gamma0, 2) - converging(gamma0, 1)) for gamma0 in (0.92, 0.95)],
        "83,328": lambda: max(LENGTHS["paper"]) // 6 // 2 - REDUCTION,
        "166,666": lambda: max(LENGTHS["paper"]) // 6,
        "2,048": lambda: results.pick(coder_times(results.timings("lossy")), scheme="polar")["size"].min(),
        "1.2": lambda: min(longer_iterations()),
        "1.4": lambda: max(longer_iterations()),
        "202": lambda: where_it_converges("default", 0.96),
        "75": lambda: [where_it_converges(variant, 0.92) for variant in ("default", "gamma1_0.9999")],
        ".015": lambda: growing_saves(lambda rows: rows.iterations),
        "125": lambda: where_it_converges("flooding", 0.92),
        "279": lambda: where_it_converges("flooding", 0.96),
        "69": lambda: where_it_converges("fixed", 0.92),
        "83": lambda: where_it_converges("check", 0.92),
        "188": lambda: where_it_converges("fixed", 0.96),
        ".18": lambda: [growing_saves(lambda rows: of_the_converged(rows, 1000)), codes_of_length_differ(600, 0.92)],
        ".023": lambda: max(flooding_is_slower()),
        ".31": lambda: work_of_length(0.97),
        "28": lambda: mean("lossy_scaling", "edge_iterations_per_bit", n_bits=3000, gamma0=0.92),
        "41": lambda: mean("lossy_scaling", "edge_iterations_per_bit", **LONG),
        "54": lambda: mean("lossy_scaling", "edge_iterations_per_bit", n_bits=12_000, gamma0=0.97),
        ".85": lambda: np.divide(*results.pick(results.load("lossy_scaling"), **LONG)[["converged", "n"]].sum()),
        ".26": restarted_or_mended,
        "0.55": lambda: mean("lossy_scaling", "rate", n_bits=600),
        ".160": lambda: growing(0.3),
        ".223": lambda: growing(0.5),
        ".318": lambda: growing(0.7),
        "1.3": lambda: slower_than_rbp(8, 0.5),
        ".28": lambda: of_length(30_000),
        ".0017": lambda: scheduled("gamma1_0.999", 0.92),
        ".0025": lambda: scheduled("gamma1_0.999", 0.96),
        "0.014": lambda: max(in_db(1 + row.excess_bits / row.n_bits / row.least, 1) for row in exact_at_1200()),
    },
    "book/lossy/figures.ipynb": {
        "32": lambda: len(results.load("lossy_patience").groupby(["multiple", "gamma1", "gamma0"])),
        "567": lambda: on_random_graphs(0.92),
        "75": lambda: mean_half_width(patient(1.0, 0.9998, 0.98).iterations.std(), 5),
        "199": lambda: mean_half_width(patient(1.0, 1.0, 0.96).iterations.std(), 5),
        ".13": of_a_larger_l,
        ".22": lambda: gaps_of_peg(0.96, (3, 5, 8)),
        ".29": lambda: gaps_of_peg(0.92, (1, 2, 3, 5, 8)),
        "713": lambda: on_random_graphs(0.96),
        "0.88": lambda: least_iterations().min(),
        "12,000": lambda: N_BITS,
        "1600": lambda: TRADEOFF["n_symbols"],
        "18": lambda: len(results.load("lossy_rate_distortion")[lambda t: t.gamma1 < 1]),
        "61": lambda: len(varied()),
        "13": lambda: (varied().multiple == max(PRIORS)).sum(),
        "311": broken_by_iterations,
        "15": lambda: next(
            b for b in range(99) if in_db(distortion_rate(0.33), distortion_rate(0.33 + b / 1600)) > 0.1
        ),
        "2.1": lambda: compressed(graph="peg", p=1, rate=0.8),
        "5.8": lambda: compressed(graph="peg", p=1, rate=0.9),
        "2.5": lambda: last_at_rest(1, 0.5).max(),
        "2.25": lambda: last_at_rest(2, 0.5).max(),
        ".141": lambda: at_the_end("distance", converged=False).min(),
        ".011": lambda: at_the_end("entropy", converged=False).max(),
        ".131": lambda: zero_of_4().mean(),
        ".15": lambda: max(behind_zeros(8)),
        ".16": lambda: max(behind_zeros(6)),
        ".1754": lambda: distortion_rate(0.33),
        ".1830": lambda: scheduled_between(0.96).min(),
        ".1858": lambda: scheduled_between(0.92).min(),
        ".1854": lambda: scheduled_between(0.96).max(),
        ".1863": lambda: scheduled_between(0.92).max(),
        "0.15": lambda: in_db(0.1815, 0.1754),
        "0.1754": lambda: distortion_rate(0.33),
        "0.3331": lambda: mean("lossy_tradeoff", "rate"),
        "0.1740": lambda: distortion_rate(mean("lossy_tradeoff", "rate")),
        "0.48": lambda: compressed(graph="peg", p=8, rate=0.9, b=5),
        "0.5033": lambda: mean("lossy_rate_distortion", "actual_rate", graph="peg", p=8, rate=0.5, b=5),
        ".0033": lambda: mean("lossy_rate_distortion", "actual_rate", graph="peg", p=8, rate=0.5, b=5) - 0.5,
        ".0014": lambda: random_less_peg(0.9),
        ".035": lambda: 5 * 0.007,
        ".2156": lambda: unconverged()[0],
        "3.0": lambda: in_db(*unconverged()[:2]),
        "41": lambda: patient(0.9, 1.0, 0.96).n.sum() - patient(0.9, 1.0, 0.96).converged.sum(),
        ".248": lambda: unconverged()[2],
    },
    "book/necst/beyond.ipynb": {
        "1.7": scatter_of_a_step,
        ".361": lambda: 0.722 / 2,
        ".53": lambda: 1 - binary_entropy(0.1),
        ".64": lambda: dispersion(0.2),
        ".201": lambda: 0.722 * (1 - 0.722),
        ".278": lambda: 1 - binary_entropy(0.2),
        "20.9": lambda: carried(1 - binary_entropy(0.2), dispersion(0.2), np.log2(100) / 2),
        "22.1": lambda: carried(1 - 0.722, 0.722 * (1 - 0.722), 0),
    },
    "book/necst/downstream.ipynb": {
        ".577": lambda: quadratic(1),
        ".901": lambda: quadratic(2),
        ".897": lambda: mean("necst_downstream", features="pixels", classifier="KNN", tested="unseen"),
    },
    "book/necst/draw.ipynb": {
        ".0010": half_widths,
        "1.1": lambda: (784 * 500 + 500 * 100 + 100 * 500 + 500 * 500 + 500 * 784) / 1e6,
        "1.46": lambda: len(stored_arrays(drawing_arrays())["base64"]) / 1e6,
        "1.5": lambda: 0.6 / 0.4,
    },
    "book/necst/images.ipynb": {
        ".122": lambda: in_the_chain(0.1, 0),
        ".146": lambda: in_the_chain(0.1, 1),
        ".098": lambda: of_the_tests(0),
        ".114": lambda: of_the_tests(1),
        ".126": lambda: in_the_chain(0.2, 8),
    },
    "book/necst/necst.ipynb": {
        ".0656": lambda: trained_for(0.1, 5),
        ".0586": lambda: trained_for(0.1, 10),
        ".0689": lambda: trained_for(0.2, 20).min(),
        ".0692": lambda: trained_for(0.2, 20).max(),
        ".172": lambda: mean_image(1),
        ".0860": lambda: mean_image(2),
    },
    "book/necst/separate.ipynb": {
        "35.9": lambda: untold(0.1),
        "8.2": lambda: untold(0.2),
        "3.5": lambda: untold(0.3),
        ".73": lambda: share_arriving("necst", 0.0),
        ".55": lambda: share_arriving("necst_straight", 0.4),
        ".23": lambda: share_arriving("raw_bits", 0.4),
    },
    "book/jpeg2000/beyond.ipynb": {
        "2.2": lambda: guessed("guessing_64"),
        "3.6": lambda: [guessed("guessing_256_window"), turns(1.0, 4.5, 1)],
        "4.1": lambda: guessed("guessing_256_predictable"),
        "4.6": lambda: guessed("guessing_1024_predictable"),
        "2.3": lambda: more_words(8, "window"),
        "8.3": lambda: kodak_loss(0.4, 4.5, 0).mean(),
        "4.3": lambda: turns(0.4, 4.5, 1),
        "6.8": lambda: turns(0.4, 4.5, 5),
        "3.9": lambda: kodak_loss(0.4, 4.0, 5).min(),
        "12.7": lambda: kodak_loss(0.4, 4.0, 5).max(),
        "7.9": lambda: turns(1.0, 4.5, 5),
        "8.4": lambda: turns(1.0, 5.0, 5),
    },
    "book/jpeg2000/colour.ipynb": {
        "7.7": lambda: [unequal("camera", 3.5), unequal("lena", 3.5, "concealed_p05")],
        "9.4": lambda: unequal("camera", 3.5, "concealed_p05"),
        "1.8": lambda: unequal("camera", 4.0),
        "1.9": lambda: unequal("lena", 5.0, "concealed_p05"),
        "2.8": layered,
        ".344": lambda: 0.344136,  # the transform of ISO/IEC 15444-1, annex G
        ".714": lambda: 0.714136,
        "1.402": lambda: 1.402,
        "1.772": lambda: 1.772,
        "1.09": lambda: (0.344**2 + 1.772**2) / 3,
        ".83": lambda: (1.402**2 + 0.714**2) / 3,
    },
    "book/jpeg2000/figures.ipynb": {
        "5.4": lambda: small_blocks("lena", 0.4, 4.0),
        "1.3": lambda: small_blocks("lena", 0.4, 4.5),
        "6.7": lambda: turns_of("lena", 0.4, 5, 32),
        "7.3": lambda: small_blocks("lena", 1.0, 4.0),
        "6.8": lambda: small_blocks("camera", 1.0, 4.0),
        "5.9": lambda: turns_of("lena", 1.0, 1, 32),
        "9.3": lambda: turns_of("lena", 1.0, 5, 32),
        "3.7": lambda: picture("psnr_std", **LENA),
        "32.6": lambda: picture(**LENA) - np.log(10) * picture("psnr_std", **LENA) ** 2 / 20,
    },
}
SET = {
    "book/syndromes/planes.ipynb": {"128": "lib/jscc/classify/columns.py"},
    "book/syndromes/claim.ipynb": {"25": "lib/jscc/experiments/syndromes/tables.py"},
    "book/syndromes/matrix.ipynb": {"24": "lib/jscc/experiments/syndromes/row_weight.py"},
    "book/syndromes/rate.ipynb": {"64": "lib/jscc/experiments/syndromes/design.py"},
    "book/syndromes/recovery.ipynb": {
        "100": "lib/jscc/classify/recovery.py",
        "127": "lib/jscc/bitplanes.py",
        "128": "lib/jscc/classify/columns.py",
    },
    "book/syndromes/rivals.ipynb": {"95": "lib/jscc/experiments/syndromes/rivals.py"},
    "book/syndromes/tables.ipynb": {"24": "lib/jscc/experiments/syndromes/row_weight.py"},
    "book/arithmetic/arithmetic.ipynb": {"1.1": "data/published/claims.csv"},
    "book/arithmetic/turbo.ipynb": {"4.5": "lib/jscc/experiments/arithmetic/trellis.py"},
    "book/arithmetic/packets.ipynb": {"1.1": "data/published/claims.csv"}
    | dict.fromkeys(("0.25", "0.15"), "lib/jscc/experiments/arithmetic/common.py"),
    "book/jpeg2000/beyond.ipynb": {
        "2.5": "lib/jscc/experiments/jpeg2000/separate.py",
        "5.5": "lib/jscc/experiments/jpeg2000/kodak.py",
    },
    "book/jpeg2000/figures.ipynb": {"5.5": "lib/jscc/experiments/jpeg2000/psnr.py"},
    "book/jpeg2000/jpeg2000.ipynb": {"2.5": "lib/jscc/experiments/jpeg2000/common.py"},
    "book/lossy/lossy.ipynb": {name: "book/lossy/lossy.ipynb" for name in ("0.97", "0.98")},
    "book/lossy/beyond.ipynb": {"0.9997": "lib/jscc/experiments/lossy/beyond.py"},
    "book/lossy/compressor.ipynb": {"0.33": "book/lossy/compressor.ipynb"},
    "book/lossy/figures.ipynb": {"0.995": "lib/jscc/experiments/lossy/rates.py"},
}
EXERCISES = {
    "book/necst/downstream.ipynb": {
        *(".147", ".162", ".786", ".791"),
        *(".889", ".892", ".823", ".893", ".622", ".685"),
    },
    "book/necst/files.ipynb": {".054"},
    "book/necst/gradients.ipynb": {".1131", ".0996", ".25"},
    "book/necst/images.ipynb": {".16"},
    "book/necst/separate.ipynb": {".0925", ".0928", ".1299", ".1356", ".1782", ".1961"},
    "book/lossy/figures.ipynb": {".1189", ".1343", ".1826"},
    "book/lossy/compressor.ipynb": {".050", ".096", ".118", ".29", ".47", ".036"},
    "book/lossy/lossy.ipynb": {"20"},
    "book/syndromes/claim.ipynb": {".260", ".66", ".22"},
    "book/syndromes/matrix.ipynb": {
        *(".498", ".332", ".167", ".128", ".047", ".528", ".489"),
        *(".098", ".644", ".798"),
    },
    "book/syndromes/planes.ipynb": {".676", ".992", ".991"},
    "book/syndromes/recovery.ipynb": {".250", "98.5", "20.5", "100", "90", "58"},
    "book/syndromes/rate.ipynb": {"0.22"},
    "book/syndromes/rivals.ipynb": {".156", ".141"},
    "book/syndromes/tables.ipynb": {"1600", "95"},  # the first is the paper's own, quoted
}
