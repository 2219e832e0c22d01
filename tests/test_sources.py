"""The hash of what a function rests on: blind to words, sharp on what is reached."""

import ast
import itertools

import pytest

from jscc import sources

FILES = {
    "__init__.py": "from .kernels import double as exported\nLIMIT = 3\n",
    "kernels.py": '''
"""Kernels."""
import math
from dataclasses import dataclass
from math import sin as wave

TABLE = [1, 2]
TABLE.append(3)
if math.pi > 3:
    SCALE = 2
else:
    SCALE = 4


def decorate(function):
    return function


class Base:
    def area(self):
        return TABLE[0]


@dataclass
class Settings(Base):
    """Settings."""

    rate: float = 1.0
    size: int = 2


@decorate
def double(x: int) -> float:
    """Twice a sine."""
    y: float = wave(x)
    return SCALE * y


def unreached():
    return double(2)
''',
    "tasks.py": '''
import hashed.kernels
import hashed as package
from hashed import kernels as k


def by_alias(seed):
    return k.double(seed)


def by_export(seed):
    return package.exported(seed)


def by_path(seed):
    return hashed.kernels.double(seed)


def inside(seed):
    from .kernels import Settings as Chosen

    return Chosen(rate=package.LIMIT)


def hidden(double, unreached=1):
    """Its parameters bear the names of functions, and are none."""
    from numpy import cos

    exported = [unreached for unreached in range(3)]
    return double, exported, cos(0)


def whole(seed):
    return vars(k)


def nested(seed):
    def helper(x):
        return k.double(x)

    return [helper(value) for value in range(seed)]
''',
}
DOUBLE = {"kernels:double", "kernels:decorate", "kernels:SCALE"}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package on the path; the function rewrites one of its files."""
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "hashed"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)

    def edit(name, old, new):
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return edit


def reached(name):
    found = sources.reached(f"hashed.tasks:{name}").definitions
    return {key.removeprefix("hashed."): value for key, value in found.items()}


def total(name):
    return sources.reached(f"hashed.tasks:{name}").total


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("by_alias", DOUBLE),
        ("by_export", DOUBLE),
        ("by_path", DOUBLE),
        ("nested", DOUBLE),
        ("inside", {"kernels:Settings", "kernels:Base", "kernels:TABLE", "hashed:LIMIT"}),
        ("hidden", set()),
        ("whole", DOUBLE | {"kernels:Settings", "kernels:Base", "kernels:TABLE", "kernels:unreached"}),
    ],
)
def test_names_are_followed_to_their_definitions(package, task, expected):
    assert set(reached(task)) == expected | {f"tasks:{task}"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""Twice a sine."""', '"""Another docstring."""'),
        ('    """Twice a sine."""\n', ""),
        ("    return SCALE * y", "    # A remark.\n\n    return SCALE * y"),
        ("(x: int) -> float:", "(x):"),
        ("y: float = wave(x)", "y = wave(x)"),
        ("return SCALE * y", "return (SCALE *\n        y)"),
        ("return double(2)", "return double(3)"),
        ("rate: float = 1.0", "rate: float = 5.0"),
        ("import math\n", "import math\nimport json\n"),
        ("def decorate", "OTHER = 3\n\n\ndef decorate"),
    ],
)
def test_what_does_not_matter_does_not_count(package, old, new):
    before, total_before = reached("by_alias"), total("by_alias")
    package("kernels.py", old, new)
    assert reached("by_alias") == before and total("by_alias") == total_before


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("return SCALE * y", "return y * SCALE", {"kernels:double"}),
        ("SCALE = 4", "SCALE = 5", {"kernels:SCALE"}),
        ("return function", "return print(function) or function", {"kernels:decorate"}),
        ("import sin as wave", "import cos as wave", {"kernels:double"}),
        ("def double(x: int)", "def double(x: int = 1)", {"kernels:double"}),
        ("@decorate\n", "", {"kernels:double", "kernels:decorate"}),
    ],
)
def test_what_matters_is_named(package, old, new, changed):
    before, total_before = reached("by_alias"), total("by_alias")
    package("kernels.py", old, new)
    after = reached("by_alias")
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} == changed
    assert total("by_alias") != total_before


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("TABLE.append(3)", "TABLE.append(4)", {"kernels:TABLE"}),
        ("rate: float = 1.0", "rate: int = 1.0", set()),
        ("rate: float = 1.0", "rate: float = 2.0", {"kernels:Settings"}),
        ("size: int = 2", "size: int = 2\n    more: int = 3", {"kernels:Settings"}),
        ("return TABLE[0]", "return TABLE[1]", {"kernels:Base"}),
    ],
)
def test_classes_keep_their_fields_and_bases(package, old, new, changed):
    before = reached("inside")
    package("kernels.py", old, new)
    after = reached("inside")
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} == changed


def test_the_text_of_a_tree_tells_trees_apart_and_needs_no_positions():
    texts = ["x = 1", "x = 1.0", "x = '1'", "x = b'1'", "x = None", "x = ()", "x = []", "x = {**a}", "x = {a: a}"]
    texts += ["x = a[:1]", "x = a[1:]", "x = True", "x: int", "x = -0.0", "x = 0.0", "x = f'{a}'", "x = f'{a!r}'"]
    dumps = [sources._dump(ast.parse(text)) for text in texts]
    for (first, one), (second, other) in itertools.combinations(zip(texts, dumps, strict=True), 2):
        assert one != other, (first, second)
    assert all(sources._dump(ast.parse(f"\n\n{text}  # end")) == one for text, one in zip(texts, dumps, strict=True))


def test_what_is_no_function_is_refused():
    for name in ("jscc.sources:nothing", "jscc.nowhere:f", "math:sin"):
        with pytest.raises(ValueError, match=name):
            sources.reached(name)


RENAMED = {
    "kernels.py": (("def double(", "def twice("), ("return double(2)", "return twice(2)"), ("SCALE", "FACTOR")),
    "__init__.py": (("double as exported", "twice as exported"),),
    "tasks.py": (("k.double", "k.twice"), ("kernels.double", "kernels.twice"), ("seed):", "seed):  # as before")),
}


@pytest.mark.parametrize("task", ["by_alias", "by_export", "by_path", "nested", "inside", "whole"])
def test_a_renamed_definition_leaves_every_total_as_it_was(package, task):
    before = total(task)
    for file, changes in RENAMED.items():
        for change in changes:
            package(file, *change)
    assert ("kernels:twice" in reached(task)) == (task != "inside") and total(task) == before


@pytest.mark.parametrize("task", ["by_alias", "by_export", "by_path", "nested"])
def test_a_definition_moved_to_another_module_leaves_every_total_as_it_was(package, tmp_path, task):
    before = total(task)
    (tmp_path / "hashed" / "kernels.py").rename(tmp_path / "hashed" / "core.py")
    package("__init__.py", "from .kernels", "from .core")
    for old, new in (
        ("import hashed.kernels", "import hashed.core"),
        ("import kernels as", "import core as"),
        ("hashed.kernels.double(seed)", "hashed.core.double(seed)"),
    ):
        package("tasks.py", old, new)
    assert "core:double" in reached(task) and total(task) == before


def test_the_words_of_an_error_do_not_count_but_its_kind_does(package):
    package(
        "kernels.py", "    return SCALE * y", "    if y > 9:\n        raise ValueError(f'no {y}')\n    return SCALE * y"
    )
    before = total("by_alias")
    package("kernels.py", "f'no {y}'", "f'y={y} given, at most 9 is expected' + str(TABLE)")
    assert total("by_alias") == before
    package("kernels.py", "raise ValueError", "raise KeyError")
    assert total("by_alias") != before


def test_two_helpers_that_change_places_are_told_apart(package):
    """Their texts are alike but for what they use, so that no definition's own hash changes."""
    package(
        "kernels.py",
        "def unreached",
        "ONE = 1\nTWO = 2\n\n\ndef one():\n    return ONE\n\n\ndef two():\n    return TWO\n\n\ndef unreached",
    )
    package("kernels.py", "return SCALE * y", "return SCALE * y + one() ** two()")
    before, own = total("by_alias"), sorted(reached("by_alias").values())
    package("kernels.py", "one() ** two()", "two() ** one()")
    assert sorted(reached("by_alias").values()) == own and total("by_alias") != before


def test_the_door_of_a_package_is_followed(package):
    before = total("by_export")
    package(
        "__init__.py",
        "from .kernels import double as exported\n",
        "import lazy_loader\n\n__getattr__, __dir__, __all__ = lazy_loader.attach(\n"
        "    __name__, submodules=['tasks'], submod_attrs={'kernels': ['double']}\n)\n",
    )
    package("tasks.py", "package.exported", "package.double")
    assert total("by_export") == before
