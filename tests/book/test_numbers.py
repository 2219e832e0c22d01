"""The numbers of a page's boxes, and of whole chapters' text, are those of its outputs.

Every number with a decimal point and at least two digits that count, in a box (Result, Summary) of a notebook, and
anywhere in the text, the captions and the alternative texts of the chapters of `WHOLE`, must occur, rounded to its
digits, in what a cell of the notebook shows, or among the numbers that its chapter's papers print. Signs do not count.
Whatever is a difference of shown numbers, is shown on another page, or stands in a table alone, is listed below
(boxes) or in `numbers_in_text` (text) with what it is made of, and made again. The lists are also what to look at when
a table changes.

Counts such as "35 of 50 words", whose numbers are often of one digit or words, are counted again from the tables where
the chapter's integers are tied: each must lie in a phrase of `counts_in_text`. So must magnitudes of one digit or in
words with a unit, such as "five points worse", which are measured again.

This is a net and not a proof: a wrong number may be a right one of something else. A test below counts how often one
whose last digit is changed gets through; of a number of one digit nearly always, so these are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import counts_in_text
import nbformat
import numbers_in_text
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from sphinx_external_toc.parsing import parse_toc_yaml

from jscc import results
from jscc.datasets import DataUnavailable
from support import ROOT

NUMBER = re.compile(r"(?<![\w.,{^])(\d*\.\d+)(?![\w.]*\w)")
# Of two digits and more; no exponents, and no parts of names such as "(3,6)".
INTEGER = re.compile(r"(?<![\w.,{^$/-])(?<!GF\()(\d{1,3}(?:,\d{3})+|\d{2,})(?![\w.,]*\w)(?!\.\d)")
SHOWN = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?|(?<![\w.])\.\d+")
BOX = re.compile(r"(`{3,}|:{3,})\{admonition\} (?:Result|Summary)[^\n]*\n(.*?)\n\1", re.DOTALL)
WORDS = (
    "none one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
VALUES = {word: value for value, word in enumerate(WORDS)} | {"neither": 0, "thirty": 30, "forty": 40, "fifty": 50}
WORD = rf"(?<![\w-])(?:{'|'.join(VALUES)})(?![\w-])"
WHOLE_NUMBER = r"(?<![\w.,/-])(?:\d{1,3}(?:,\d{3})+|\d+)(?!\w|[.,]?\d)"
# "35 of 50", "none of the six", "three cells of six".
COUNT = re.compile(
    rf"(?:{WORD}|{WHOLE_NUMBER}) (?:(?:bits|cells|edges|points|rows) )?of (?:(?:the|these|those|its|their|whose) )?"
    rf"(?:other )?(?:{WORD}|{WHOLE_NUMBER})",
    re.IGNORECASE,
)
# "five points", ".7 of a point", "eight times", "4 ns".
MEASURED = re.compile(
    rf"(?:{WORD}|(?<![\w.,/-])\.?\d)(?: of a)? "
    r"(?:points?|%|times|dB|standard (?:errors|deviations)|µs|ns|bit/pixel|bit per pixel)(?!\w)",
    re.IGNORECASE,
)
TOKEN = re.compile(rf"{WORD}|{WHOLE_NUMBER}|(?<![\w.,])\d*\.\d+(?![\w.]*\w)", re.IGNORECASE)
CODE = re.compile(r"\{\w+\}`[^`]*`|`[^`]*`")  # and references
PYTHON = re.compile(r"^`{3,}(?:\{code[^}]*\}|python)[^\n]*\n(.*?)^`{3,}", re.DOTALL | re.MULTILINE)
# Of a paper: in the text, and first in a row of a table of claims.
SECTION = re.compile(r"[Ss]ections? \d[\d.]*(?: and \d[\d.]*)?|^\| \d\.\d(?:, \d\.\d)* (?=\|)", re.MULTILINE)
# Numbers that no output of their page shows: the shown numbers that they are made of, and the page with these.
MADE = {
    "book/arithmetic/guessing.ipynb": {
        "0.86": ("7.35 - 6.49", "arithmetic/guessing"),  # gains over q = 4, and not over as many words
        "1.1": ("7.35 - 6.24", "arithmetic/guessing"),
    },
    "book/arithmetic/turbo.ipynb": {
        "2.1": ("6.25 - 4.20", "arithmetic/turbo"),  # the tandem less Chase, q = 4, at 1e-3
        "2.3": ("6.98 - 4.70", "arithmetic/turbo"),  # at 1e-4
    },
    "book/jpeg2000/beyond.ipynb": {
        "3.6": ("29.51 - 25.94", "jpeg2000/beyond"),  # 256 guesses less Chase
        "4.1": ("30.03 - 25.94", "jpeg2000/beyond"),  # with predictable termination
    },
    "book/jpeg2000/colour.ipynb": {
        "7.5": ("32.6 - 25.1", "jpeg2000/colour"),  # Lena's worst 5 %, unequal less equal protection
    },
    "book/jpeg2000/figures.ipynb": {
        "4.6": ("4.56", "jpeg2000/jpeg2000"),  # the verdicts on the chapter's first page
        "8.3": ("8.33", "jpeg2000/jpeg2000"),
        "8.7": ("8.71", "jpeg2000/jpeg2000"),
        "1.2": ("1.23", "jpeg2000/jpeg2000"),
    },
    "book/lossy/compressor.ipynb": {  # the chapter's summary
        ".23": (".228", "lossy/beyond"),  # dB
        ".31": (".311", "lossy/beyond"),
        ".1859": (".1859", "lossy/figures"),
        ".1845": (".1845", "lossy/figures"),
        ".1814": (".1814", "lossy/figures"),
        ".3331": (".3331", "lossy/figures"),
        ".3362": (".3362", "lossy/figures"),
        ".1830": (".1830", "lossy/figures"),
    },
    "book/syndromes/matrix.ipynb": {
        "2.6": ("100 * 0.4023 - 0.3762", "syndromes/matrix"),  # points, printed less GRU12
        ".781": (".781", "syndromes/claim"),  # 24 neighbours in a row
    },
    "book/syndromes/rate.ipynb": {  # leads at half a bit, over all qualities
        "1.6": ("100 * 0.9164 - 0.9008", "syndromes/rate"),
        "1.8": ("100 * 0.8394 - 0.8214", "syndromes/rate"),
        "5.8": ("100 * 0.4186 - 0.3604", "syndromes/rate"),
    },
    "book/syndromes/recovery.ipynb": {
        "1.97": ("1.97", "syndromes/rivals"),  # bit/pixel of a Huffman code
    },
    "book/syndromes/syndromes.ipynb": {
        "1.5": ("100 * 0.0151", "syndromes/tables"),
    },
}
# Numbers that stand in a table alone: its name, the row, the column.
TABLED = {
    "book/jpeg2000/figures.ipynb": {
        "35.5": ("jpeg2000_psnr", {"image": "lena", "bpp": 1, "block": 64, "ebn0_db": 5, "iteration": 5}, "psnr_p05"),
    },
    "book/necst/separate.ipynb": {
        ".0603": ("necst_effective_bits", {"system": "vq", "bits": 12}, "wrong_pixels"),
    },
}

WHOLE = ("arithmetic", "jpeg2000", "lossy", "necst", "syndromes")
INTEGERS = ("lossy", "syndromes")  # chapters of which the text's integers are tied, too

PAGES = sorted(path for page in parse_toc_yaml(ROOT / "_toc.yml") if (path := ROOT / f"{page}.ipynb").exists())


def boxes(source: str) -> list[str]:
    """The texts of the boxes in a Markdown cell, without code and targets of links."""
    return [CODE.sub("", match[2]) for match in BOX.finditer(source)]


def prose(source: str) -> str:
    """A Markdown cell without code, references, targets of links and numbers of sections."""
    source = re.sub(r"^(`{3,})(?:\{code[^}]*\}|python)[^\n]*\n.*?^\1", "", source, flags=re.DOTALL | re.MULTILINE)
    source = re.sub(r"^`{3,}.*$", "", source, flags=re.MULTILINE)
    return SECTION.sub("", re.sub(r"\]\([^)]*\)", "", CODE.sub("", source)))


def numbers(text: str) -> list[str]:
    """Numbers with a decimal point and two digits that count, as they are written."""
    return [number for number in NUMBER.findall(text) if len(number.replace(".", "").lstrip("0")) > 1]


def places(number: str) -> int:
    """Digits after the decimal point."""
    return len(number.partition(".")[2])


def shown(notebook: nbformat.NotebookNode) -> np.ndarray:
    """All numbers that outputs say in words; what a live figure or a player carries along is left out."""
    said_by = []
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        said_by.append(output.get("text", ""))
        said_by.append(output.get("data", {}).get("text/plain", ""))
        soup = BeautifulSoup(output.get("data", {}).get("text/html", ""), "html.parser")
        for element in soup(["script", "style"]):
            element.decompose()
        said_by.append(soup.get_text(" "))
    return np.array([float(match.replace(",", "")) for text in said_by for match in SHOWN.findall(text)])


def printed(path: Path) -> np.ndarray:
    """All numbers that the papers of a page's chapter print."""
    paths = sorted((ROOT / "data/published").glob(f"{path.parent.name}_*.csv"))
    return np.concatenate([np.zeros(0), *(pd.read_csv(p).select_dtypes("number").to_numpy().ravel() for p in paths)])


def occurs(number: str, values) -> bool:
    """Whether a number is one of the values, rounded to its digits."""
    near = np.abs(np.abs(values) - float(number.replace(",", ""))) <= 0.5 * 10.0 ** -places(number) * (1 + 1e-9)
    return bool(np.any(near))


@cache
def said(path: Path) -> list[str]:
    """The numbers of a page's boxes."""
    cells = nbformat.read(path, as_version=4).cells
    texts = [box for cell in cells if cell.cell_type == "markdown" for box in boxes(cell.source)]
    return [number for text in texts for number in numbers(text)]


@cache
def ground(path: Path) -> np.ndarray:
    """What the numbers of a page's boxes may be."""
    return np.concatenate([shown(nbformat.read(path, as_version=4)), printed(path)])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_number_of_a_box_is_shown_or_listed(path):
    name = path.relative_to(ROOT).as_posix()
    listed = MADE.get(name, {}).keys() | TABLED.get(name, {}).keys()
    missing = {number for number in said(path) if not occurs(number, ground(path))}
    assert sorted(missing - listed) == []
    assert sorted(listed - missing) == [], "listed, and shown or not said at all"


@cache
def texts(path: Path) -> list[str]:
    """A page's text, and what is said below its figures and of them for those who do not see them."""
    cells = nbformat.read(path, as_version=4).cells
    found = [cell.source for cell in cells if cell.cell_type == "markdown"]
    for output in (cell.metadata.get("mystnb", {}) for cell in cells if cell.cell_type == "code"):
        found += [output.get("figure", {}).get("caption", ""), output.get("image", {}).get("alt", "")]
    return [prose(text) for text in found]


def written(path: Path) -> list[str]:
    """The numbers with a decimal point of a page's texts."""
    return [number for text in texts(path) for number in numbers(text)]


def integers(path: Path) -> list[str]:
    """The integers of a page's texts, where its chapter's are tied."""
    if path.parent.name not in INTEGERS:
        return []
    return [number for text in texts(path) for number in INTEGER.findall(text)]


@cache
def in_code(path: Path) -> frozenset[str]:
    """The integers of a page's own cells, and of the code in its solutions."""
    cells = nbformat.read(path, as_version=4).cells
    parts = [cell.source for cell in cells if cell.cell_type == "code"]
    parts += [block for cell in cells if cell.cell_type == "markdown" for block in PYTHON.findall(cell.source)]
    code = "\n".join(parts)
    return frozenset(re.findall(r"(?<![\w.])\d+(?![\w.])", code.replace("_", "")))


def untied(path: Path) -> set[str]:
    """Numbers of a page's text that it neither shows nor sets."""
    of_code = in_code(path)
    reals = {number for number in written(path) if not occurs(number, ground(path))}
    whole = {number.replace(",", ""): number for number in integers(path)}
    return reals | {
        text for number, text in whole.items() if number not in of_code and not occurs(number, ground(path))
    }


@pytest.mark.parametrize("path", [p for p in PAGES if p.parent.name in WHOLE], ids=lambda path: path.stem)
def test_every_number_of_the_text_is_shown_or_listed(path):
    name = path.relative_to(ROOT).as_posix()
    lists = (numbers_in_text.MADE, numbers_in_text.SET, numbers_in_text.EXERCISES)
    listed = {number for part in lists for number in part.get(name, ())}
    in_boxes = MADE.get(name, {}).keys() | TABLED.get(name, {}).keys()
    assert sorted(untied(path) - listed - in_boxes) == []
    assert sorted(listed - {*written(path), *integers(path)}) == [], "listed and not said at all"


def made(make: Callable) -> np.ndarray:
    """What makes numbers of a text, made; without its data set the test is skipped."""
    try:
        return np.ravel(make())
    except DataUnavailable as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    ("name", "number"), [(name, number) for name, made in numbers_in_text.MADE.items() for number in made]
)
def test_what_the_text_says_is_what_the_tables_make(name, number):
    values = made(numbers_in_text.MADE[name][number])
    assert all(occurs(number, value) for value in values), values


@pytest.mark.parametrize(
    ("name", "number"), [(name, number) for name, made in numbers_in_text.SET.items() for number in made]
)
def test_what_is_set_is_set_there(name, number):
    text = (ROOT / numbers_in_text.SET[name][number]).read_text()
    if numbers_in_text.SET[name][number].endswith(".ipynb"):
        text = "\n".join(cell.source for cell in nbformat.reads(text, as_version=4).cells if cell.cell_type == "code")
    assert re.search(rf"(?<![\w.]){re.escape(number)}(?![\w.])", text)


@pytest.mark.parametrize(("name", "number"), [(name, number) for name, made in MADE.items() for number in made])
def test_what_is_made_of_shown_numbers_is_what_they_make(name, number):
    parts, where = MADE[name][number]
    factor = 100 if parts.startswith("100 * ") else 1
    first, *others = parts.removeprefix("100 * ").split(" - ")
    assert all(occurs(part, ground(ROOT / f"book/{where}.ipynb")) for part in (first, *others))
    # What it is made of is rounded, too.
    rounded = 0.5 * 10.0 ** -places(number) + factor * sum(0.5 * 10.0 ** -places(part) for part in (first, *others))
    made = factor * (float(first) - sum(map(float, others)))
    assert abs(made - float(number)) <= rounded * (1 + 1e-9)


@pytest.mark.parametrize(("name", "number"), [(name, number) for name, rows in TABLED.items() for number in rows])
def test_what_stands_in_a_table_alone_stands_there(name, number):
    table, row, column = TABLED[name][number]
    (value,) = results.pick(results.load(table), **row)[column]
    assert occurs(number, value)


def test_most_changes_of_a_last_digit_are_noticed():
    """Every number that is shown, with each other last digit: most of these stand nowhere on the page."""
    tied = [(path, number) for path in PAGES for number in said(path) if occurs(number, ground(path))]
    through = [
        occurs(number[:-1] + digit, ground(path))
        for path, number in tied
        for digit in "0123456789"
        if digit != number[-1]
    ]
    assert np.mean(through) < 0.4


def test_numbers_are_found_as_they_are_written():
    inside = ".055 ± .04 dB at $10^{-2}$, 1,024 guesses of `a.ipynb 1.55`: **1.24**, 98.5 %."
    assert [numbers(box) for box in boxes(f"```{{admonition}} Result\n:class: tip\n{inside}\n```")] == [
        [".055", "1.24", "98.5"]
    ]
    assert boxes("```{note}\n1.55\n```") == []
    values = np.array([0.0605, -1.239])
    assert occurs(".061", values) and occurs("1.24", values)
    assert not occurs(".062", values) and not occurs("1.23", values)


@cache
def running(path: Path) -> list[str]:
    """A page's texts, each as one line."""
    return [" ".join(text.split()) for text in texts(path)]


def outside(text: str, phrases: Iterable[str], pattern: re.Pattern = COUNT) -> list[str]:
    """Counts in a text, or what another pattern finds, that lie in none of the phrases."""
    spans = [match.span() for phrase in phrases for match in re.finditer(re.escape(phrase), text)]
    return [
        match[0]
        for match in pattern.finditer(text)
        if not any(start <= match.start() and match.end() <= end for start, end in spans)
    ]


def tokens(phrase: str) -> list[str]:
    """The numbers of a phrase, words among them, as they are written."""
    return TOKEN.findall(phrase)


def holds(token: str, value: float) -> bool:
    """Whether a number of a phrase is a value: exactly, but for decimals, which are rounded."""
    if "." in token:
        return occurs(token, value)
    return float(VALUES.get(token.lower(), token.replace(",", ""))) == value


def rounds(token: str, value: float) -> bool:
    """Whether a number of a phrase is a value, rounded to its digits."""
    return occurs(str(VALUES.get(token.lower(), token)), value)


def counted(phrase: str, values, how: Callable[[str, float], bool] = holds) -> bool:
    """Whether all numbers of a phrase are the values, in their order."""
    said_there = tokens(phrase)
    return len(said_there) == len(values) and all(map(how, said_there, values))


@pytest.mark.parametrize("path", [p for p in PAGES if p.parent.name in INTEGERS], ids=lambda path: path.stem)
def test_every_count_of_the_text_is_listed(path):
    name = path.relative_to(ROOT).as_posix()
    phrases = {*counts_in_text.COUNTS.get(name, ()), *counts_in_text.NO_COUNTS.get(name, ())}
    assert [count for text in running(path) for count in outside(text, phrases)] == []
    assert sorted(p for p in phrases if not any(p in text for text in running(path))) == [], "listed and not said"


@pytest.mark.parametrize(
    ("name", "phrase"), [(name, phrase) for name, made in counts_in_text.COUNTS.items() for phrase in made]
)
def test_what_the_text_counts_is_what_the_tables_count(name, phrase):
    values = made(counts_in_text.COUNTS[name][phrase])
    assert counted(phrase, values), values


def test_counts_are_found_as_they_are_written():
    text = "None of the six, 12 of 1,067 checks, three cells of six, five of the other 36; 2.9 of the 3.7, one of 2.5"
    assert COUNT.findall(text) == ["None of the six", "12 of 1,067", "three cells of six", "five of the other 36"]
    assert outside(text, ["None of the six", "cells of six", "12 of 1,067 checks, three cells of six"]) == [
        "five of the other 36"
    ]
    phrase = "of 120,000 bits 2 and 6 of eight words, of a million none of two at 0.97 or .5"
    assert tokens(phrase) == ["120,000", "2", "6", "eight", "none", "two", "0.97", ".5"]
    assert [VALUES[word] for word in ("none", "twelve", "nineteen", "twenty")] == [0, 12, 19, 20]


def test_a_count_that_is_changed_is_noticed():
    assert counted("35 of fifty words, .23 dB", [35, 50, 0.2282])
    assert not counted("36 of fifty words, .23 dB", [35, 50, 0.2282])
    assert not counted("35 of forty words, .23 dB", [35, 50, 0.2282])
    assert not counted("35 of fifty words, .24 dB", [35, 50, 0.2282])
    assert not counted("35 words, .23 dB", [35, 50, 0.2282])
    assert not counted("35 of fifty words, .23 dB", [35.4, 50, 0.2282])


@pytest.mark.parametrize("path", [p for p in PAGES if p.parent.name in INTEGERS], ids=lambda path: path.stem)
def test_every_measured_magnitude_of_the_text_is_listed(path):
    name = path.relative_to(ROOT).as_posix()
    phrases = {*counts_in_text.MEASURED.get(name, ()), *counts_in_text.NOT_MEASURED.get(name, ())}
    known = phrases | counts_in_text.COUNTS.get(name, {}).keys()
    assert [found for text in running(path) for found in outside(text, known, MEASURED)] == []
    assert sorted(p for p in phrases if not any(p in text for text in running(path))) == [], "listed and not said"


@pytest.mark.parametrize(
    ("name", "phrase"), [(name, phrase) for name, made in counts_in_text.MEASURED.items() for phrase in made]
)
def test_what_the_text_measures_is_what_the_tables_measure(name, phrase):
    values = made(counts_in_text.MEASURED[name][phrase])
    assert counted(phrase, values, rounds), values


def test_measured_magnitudes_are_found_as_they_are_written():
    text = (
        "Five points *worse*, .7 of a point, 1.4 points, 15 and 6 points; eight times, a point, 3 to 4 ns, 12 %, 4 bits"
    )
    assert MEASURED.findall(text) == ["Five points", ".7 of a point", "6 points", "eight times", "4 ns"]
    assert outside(text, ["Five points", "15 and 6 points", "eight times", "to 4 ns"], MEASURED) == [".7 of a point"]


def test_a_measured_magnitude_that_is_changed_is_noticed():
    assert counted("15 and six points, .3 of 1,200", [14.76, 5.93, 0.2546, 1200], rounds)
    assert not counted("15 and seven points, .3 of 1,200", [14.76, 5.93, 0.2546, 1200], rounds)
    assert not counted("14 and six points, .3 of 1,200", [14.76, 5.93, 0.2546, 1200], rounds)
    assert not counted("15 and six points, .2 of 1,200", [14.76, 5.93, 0.2546, 1200], rounds)
    assert not counted("15 and six points", [14.76], rounds)


def test_bounds_hold_in_both_directions():
    assert counts_in_text.at_most(2, [-1.89, 0.3]) == 2
    assert counts_in_text.at_most(2, [2.2], slack=0.5) == 2
    assert counts_in_text.at_most(0.7, [0.67], unit=0.1) == 0.7
    assert counts_in_text.at_least(7, [7.1, 11.0]) == 7
    for values in ([2.2], [0.9]):
        with pytest.raises(AssertionError):
            counts_in_text.at_most(2, values)
    for values in ([6.9], [8.1]):
        with pytest.raises(AssertionError):
            counts_in_text.at_least(7, values)
