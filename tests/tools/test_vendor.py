"""A built book is published only if it brings everything that its pages load."""

import pytest

from support import tool

vendor = tool("vendor")
PAGE = """<!doctype html><html><head><link rel="canonical" href="https://book.example/">{}</head>
<body><a href="https://paper.example/">a paper</a><img src="https://host.example/a.png"></body></html>"""
OWN = '<script defer src="../_static/vendor/mathjax/tex-chtml-full.js"></script><link rel="stylesheet" href="a.css">'


@pytest.fixture
def site(tmp_path):
    """A book of one page with MathJax in it."""
    for pattern in vendor.WANTED:
        path = tmp_path / "_static/vendor/mathjax" / pattern.replace("*", "some")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "page.html").write_text(PAGE.format(OWN), encoding="utf8")
    return tmp_path


def test_a_book_that_brings_its_mathjax_is_published(site, capsys):
    assert vendor.main(["--check", str(site)]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "foreign",
    [
        '<script defer="defer" src="https://cdn.example/mathjax@3/es5/tex-mml-chtml.js"></script>',
        "<SCRIPT SRC=//cdn.example/a.js></SCRIPT>",
        '<link rel="stylesheet" href="http://cdn.example/a.css">',
        '<link as="font" rel="preload" href="https://cdn.example/a.woff2">',
        '<iframe src="https://cdn.example/"></iframe>',
    ],
)
def test_a_page_that_loads_from_another_host_is_refused(site, capsys, foreign):
    (site / "other.html").write_text(PAGE.format(OWN + foreign), encoding="utf8")
    assert vendor.main(["--check", str(site)]) == 1
    assert "other.html loads" in capsys.readouterr().err


@pytest.mark.parametrize("pattern", vendor.WANTED)
def test_a_book_without_a_part_of_mathjax_is_refused(site, capsys, pattern):
    (site / "_static/vendor/mathjax" / pattern.replace("*", "some")).unlink()
    assert vendor.main(["--check", str(site)]) == 1
    assert pattern in capsys.readouterr().err


def test_no_book_at_all_is_refused(tmp_path):
    assert vendor.main(["--check", str(tmp_path / "absent")]) == 1


@pytest.mark.parametrize("arguments", [["--check"], ["--other", "folder"], ["a", "b", "c"]])
def test_other_arguments_are_refused(arguments):
    assert vendor.main(arguments) == 2
