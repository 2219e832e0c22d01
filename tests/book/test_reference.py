"""The reference documents every room of the library, once."""

from __future__ import annotations

import pkgutil
import re
from collections import Counter

import jscc
from support import ROOT

PAGES = sorted((ROOT / "book" / "reference").glob("*.rst"))
ROOMS = [room for page in PAGES for room in " ".join(re.findall(r"\.\. rooms:: (.+)", page.read_text("utf8"))).split()]


def test_every_room_of_the_library_is_on_one_page():
    library = {module.name for module in pkgutil.iter_modules(jscc.__path__) if not module.name.startswith("_")}
    assert Counter(ROOMS) == Counter(library)


def test_pages_are_titled_by_subject():
    titles = [page.read_text("utf8").splitlines()[0] for page in PAGES]
    assert titles
    assert not [title for title in titles if "floor" in title.lower()]
    assert len(set(titles)) == len(titles)
