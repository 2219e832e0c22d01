"""Which library definitions a function rests on, and a hash of each.

A result is out of date when the code that made it has changed: not when a comment moved, not when a
neighbour that it never calls was rewritten, and not when a definition was renamed, moved to another
module, or says an error in other words.  `reached` therefore follows names through the syntax trees
(nothing is imported or run), from some functions to every top-level definition of the same packages that
they can reach.  Each is hashed by what it contains, without docstrings, comments, annotations, line
numbers, the texts of errors, and its own name; a name of another definition counts as the place where
that one is used.  Which definition that is goes into the hash of the whole, by its contents and in turn
those of what it uses.

What cannot be seen in the text is not followed: names made of strings (``getattr(module, name)``), and
methods of objects whose class is not named on the way.  A local variable hides a module's name as it
does in Python.  Star imports are not followed; the doors of packages (``lazy_loader.attach``) are.
`jscc.datasets` is not entered: the bytes that it gives are certified instead.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Sources", "reached"]

# How a data set is fetched and laid out is no matter: a certificate holds the hash of the bytes that were read.
_CERTIFIED_OTHERWISE = {"jscc.datasets"}
_ROUNDS = 40  # longer than any chain of calls

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Sources:
    """What some functions rest on.

    Attributes
    ----------
    total : str
        Hash of all of it (16 hexadecimal digits), equal exactly where the same code is used in the same way,
        whatever its names.
    definitions : dict[str, str]
        Hash of what each definition contains (12 digits) by its qualified name ``"package.module:name"``.
    """

    total: str
    definitions: dict[str, str]


def reached(*functions: str) -> Sources:
    """Hash every definition that some functions reach.

    Parameters
    ----------
    *functions
        Top-level functions as ``"package.module:name"``.  Definitions are followed within their
        top-level packages and within ``jscc``.

    Raises
    ------
    ValueError
        If a function is not found as a top-level definition of a module with source text.
    """
    packages = frozenset({"jscc", *(name.partition(".")[0].partition(":")[0] for name in functions)})
    place = (packages, tuple(sys.path))
    if place not in _LIBRARIES or any(_text(path) != text for path, text in _LIBRARIES[place].texts.items()):
        _LIBRARIES[place] = _Library(packages)
    library = _LIBRARIES[place]
    if functions not in library.found:
        library.found[functions] = _follow(library, functions)
    return library.found[functions]


# One for each set of packages and search path, as long as no text in it changes: describing all definitions anew
# takes seconds.
_LIBRARIES: dict[tuple, _Library] = {}


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _follow(library: _Library, functions: tuple[str, ...]) -> Sources:
    pending = []
    for function in functions:
        module_name, _, name = function.partition(":")
        module = library.module(module_name)
        if module is None or name not in module.definitions:
            raise ValueError(f"{function} is given, a top-level function of a module with source is expected")
        pending.append((module_name, name))
    texts: dict[tuple[str, str], _Text] = {}
    while pending:
        definition = pending.pop()
        if definition not in texts:
            texts[definition] = library.describe(*definition)
            pending.extend(target for targets in texts[definition].uses for target in targets)
    own = {definition: text.hash() for definition, text in texts.items()}
    labels = own
    # One step further along every use in each round; a circle of uses never ends, and needs no more of them.
    for _ in range(min(len(texts), _ROUNDS)):
        labels = {definition: text.hash(labels) for definition, text in texts.items()}
    entries = sorted(labels[tuple(function.split(":"))] for function in functions)
    definitions = {f"{module}:{name}": value for (module, name), value in sorted(own.items())}
    return Sources(_short(" ".join(entries), 16), definitions)


def _short(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


@dataclass(frozen=True)
class _Text:
    """What a definition contains: pieces of text, and between each two the definitions used there."""

    pieces: list[str]
    uses: list[tuple[tuple[str, str], ...]]

    def hash(self, labels: dict[tuple[str, str], str] | None = None) -> str:
        """Hash with every use by its label, or all uses alike."""
        parts = [self.pieces[0]]
        for targets, piece in zip(self.uses, self.pieces[1:], strict=True):
            parts.append("use" if labels is None else " ".join(sorted(labels[target] for target in targets)))
            parts.append(piece)
        return _short("\0".join(parts), 12)


@dataclass
class _Module:
    """The top level of one source file: what each name is bound to."""

    name: str
    is_package: bool
    tree: ast.Module
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for statement in _flatten(self.tree.body):
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                self.imports.update(self.import_targets(statement))
            elif self.is_package and (door := _door(statement)):
                self.imports.update({name: f"{self.name}.{target}" for name, target in door.items()})
            else:
                for name in _bound_at_top(statement):
                    self.definitions.setdefault(name, []).append(statement)

    def absolute(self, statement: ast.ImportFrom) -> str:
        """The absolute name of the module that a from-import names."""
        if not statement.level:
            return statement.module or ""
        drop = statement.level - (1 if self.is_package else 0)
        parts = self.name.split(".")
        base = parts[: len(parts) - drop]
        return ".".join([*base, statement.module] if statement.module else base)

    def import_targets(self, statement: ast.Import | ast.ImportFrom) -> dict[str, str]:
        """The dotted target of every name that an import binds."""
        targets = {}
        for alias in statement.names:
            if isinstance(statement, ast.Import):
                top = alias.name.partition(".")[0]
                targets[alias.asname or top] = alias.name if alias.asname else top
            elif alias.name != "*":
                targets[alias.asname or alias.name] = f"{self.absolute(statement)}.{alias.name}"
        return targets


@dataclass(frozen=True)
class _Meaning:
    """What a dotted name stands for: definitions, or names outside; ``rest`` are attributes behind those."""

    targets: tuple[tuple[str, str], ...] = ()
    foreign: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()


class _Library:
    """The modules of some top-level packages, parsed when first asked for."""

    def __init__(self, packages: frozenset[str]) -> None:
        self.packages = packages
        self.texts: dict[Path, str] = {}
        self.found: dict[tuple[str, ...], Sources] = {}
        self._modules: dict[str, _Module | None] = {}
        self._described: dict[tuple[str, str], _Text] = {}

    def module(self, name: str) -> _Module | None:
        if name not in self._modules:
            path = _source_path(name) if name.partition(".")[0] in self.packages else None
            if path is not None:
                self.texts[path] = path.read_text(encoding="utf-8")
                self._modules[name] = _parsed(name, path.name == "__init__.py", self.texts[path])
            else:
                self._modules[name] = None
        return self._modules[name]

    def describe(self, module_name: str, name: str) -> _Text:
        """The text to hash for one definition, and the definitions that it refers to."""
        if (module_name, name) not in self._described:
            self._described[module_name, name] = self._describe(module_name, name)
        return self._described[module_name, name]

    def _describe(self, module_name: str, name: str) -> _Text:
        module = self.module(module_name)
        statements = module.definitions[name]
        meanings: dict[int, _Meaning] = {}
        for node, chain, local_target in _Chains(module).of(statements):
            if local_target is None:
                meaning = self._from_module(module, chain, frozenset())
            else:
                meaning = self._dotted([*local_target.split("."), *chain[1:]], frozenset())
            if meaning.targets or meaning.foreign:
                meanings[id(node)] = meaning
        uses: list[tuple[tuple[str, str], ...]] = []
        text = "\n".join(_dump(statement, (module_name, name), meanings, uses) for statement in statements)
        return _Text(text.split("\0"), uses)

    def _from_module(self, module: _Module, chain: list[str], seen: frozenset) -> _Meaning:
        """Resolve ``chain[0].chain[1]...`` as seen at the top level of a module."""
        name = chain[0]
        if (module.name, name) in seen:
            return _Meaning()
        seen = seen | {(module.name, name)}
        found = _Meaning()
        if name in module.imports:
            found = self._dotted([*module.imports[name].split("."), *chain[1:]], seen)
        if name in module.definitions:
            found = _Meaning((*found.targets, (module.name, name)), found.foreign, tuple(chain[1:]))
        return found

    def _dotted(self, parts: list[str], seen: frozenset) -> _Meaning:
        """Resolve an absolute dotted name: the longest module prefix, then a name in it."""
        if parts[0] not in self.packages or ".".join(parts[:2]) in _CERTIFIED_OTHERWISE:
            return _Meaning(foreign=(".".join(parts),))
        # A name bound in a package wins over a submodule of that name, as at run time after the import.
        depth = 1
        while depth < len(parts):
            module = self.module(".".join(parts[:depth]))
            if module is not None and (parts[depth] in module.definitions or parts[depth] in module.imports):
                found = self._from_module(module, parts[depth:], seen)
                if found.targets or found.foreign:
                    return found
            deeper = parts[: depth + 1]
            if _source_path(".".join(deeper)) is None and not _is_package_folder(deeper):
                break
            depth += 1
        module = self.module(".".join(parts[:depth]))
        if module is None:
            return _Meaning()
        if depth == len(parts):
            # The module itself is a value here, so anything in it may be used.
            return _Meaning(tuple((module.name, name) for name in module.definitions))
        return self._from_module(module, parts[depth:], seen)


def _door(statement: ast.stmt) -> dict[str, str]:
    """What a package's ``... = lazy_loader.attach(__name__, submod_attrs={...})`` re-exports, and from where."""
    call = getattr(statement, "value", None)
    if not isinstance(call, ast.Call) or _chain(call.func)[0] != ["lazy_loader", "attach"]:
        return {}
    given = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    return {name: f"{module}.{name}" for module, names in given.get("submod_attrs", {}).items() for name in names}


@functools.lru_cache(maxsize=1024)
def _parsed(name: str, is_package: bool, text: str) -> _Module:
    return _Module(name, is_package, _Plain().visit(ast.parse(text, filename=name)))


def _top_location(name: str) -> tuple[Path | None, Path | None]:
    """As `_find_top`, once for a search path."""
    return _find_top(name, tuple(sys.path))


@functools.lru_cache(maxsize=1024)
def _find_top(name: str, _path) -> tuple[Path | None, Path | None]:
    """The file of a top-level module, and the folder of a top-level package (found, not imported)."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None, None
    if spec is None:
        return None, None
    origin = Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    folders = list(spec.submodule_search_locations or [])
    return origin, Path(folders[0]) if folders else None


def _source_path(name: str) -> Path | None:
    """The source file of a module, without importing any package on the way."""
    top, *rest = name.split(".")
    origin, folder = _top_location(top)
    if not rest:
        return origin
    if folder is None:
        return None
    stem = folder.joinpath(*rest)
    for path in (stem / "__init__.py", stem.with_name(stem.name + ".py")):
        if path.is_file():
            return path
    return None


def _is_package_folder(parts: list[str]) -> bool:
    """Whether a dotted name is a folder of modules without an ``__init__.py``."""
    _, folder = _top_location(parts[0])
    return folder is not None and folder.joinpath(*parts[1:]).is_dir()


def _flatten(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Top-level statements, those inside ``if``, ``try`` and ``with`` included."""
    for statement in body:
        if isinstance(statement, (ast.If, ast.Try, ast.With)):
            # The condition itself is not hashed: what it guards is, in all its branches.
            yield from _flatten(statement.body)
            yield from _flatten(getattr(statement, "orelse", []))
            yield from _flatten(getattr(statement, "finalbody", []))
            for handler in getattr(statement, "handlers", []):
                yield from _flatten(handler.body)
        else:
            yield statement


def _bound_at_top(statement: ast.stmt) -> set[str]:
    """The names whose value a top-level statement sets or changes."""
    if isinstance(statement, _DEFINITIONS):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        roots = statement.targets
    elif isinstance(statement, (ast.AugAssign, ast.AnnAssign)):
        roots = [statement.target]
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return set()
    else:
        # A bare call such as TABLE.append(...) or a loop may change any name that occurs in it.
        roots = [statement]
    return {node.id for root in roots for node in ast.walk(root) if isinstance(node, ast.Name)}


class _Plain(ast.NodeTransformer):
    """Take away what does not change what the code computes."""

    def _without_docstring(self, node):
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            if isinstance(first.value.value, str):
                node.body = node.body[1:]
        return node

    def visit_Module(self, node):
        self.generic_visit(node)
        return self._without_docstring(node)

    def visit_FunctionDef(self, node):
        node.returns = None
        self.generic_visit(node)
        return self._without_docstring(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node):
        # A bare annotation in a class body can be a dataclass field, so the name stays and its type goes.
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign):
                parts = list(ast.walk(statement.annotation))
                words = {getattr(part, "id", getattr(part, "attr", "")) for part in parts}
                statement.annotation = ast.Constant(value=bool(words & {"ClassVar", "InitVar"}))
                statement.keep = True
        # How an object is shown changes no number.
        shown = {"__repr__", "__str__", "_repr_html_"}
        node.body = [part for part in node.body if getattr(part, "name", "") not in shown]
        self.generic_visit(node)
        return self._without_docstring(node)

    def visit_arg(self, node):
        node.annotation = None
        return node

    def visit_Raise(self, node):
        # What an error says changes no number; that it is raised, and which, may.
        if isinstance(node.exc, ast.Call):
            node.exc.args, node.exc.keywords = [], []
        self.generic_visit(node)
        return node

    def visit_Assert(self, node):
        node.msg = None
        self.generic_visit(node)
        return node

    def visit_AnnAssign(self, node):
        self.generic_visit(node)
        if getattr(node, "keep", False):
            return node
        if node.value is None:
            return None
        return ast.copy_location(ast.Assign(targets=[node.target], value=node.value), node)


def _dump(node, own=("", ""), meanings=None, uses=None) -> str:
    """A syntax tree as text that is the same in every Python version: empty fields are left out.

    The name of the definition itself and its uses of others are left out as well; the latter, with a zero byte
    in their place, go to `uses`.
    """
    if isinstance(node, ast.Constant):
        return f"Constant({type(node.value).__name__} {node.value!r})"
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return "Import()"  # what it binds counts where it is used
    meaning = meanings.get(id(node)) if meanings else None
    if meaning is not None:
        others = tuple(target for target in meaning.targets if target != own)
        if others:
            uses.append(others)
        itself = "itself" if len(others) < len(meaning.targets) else ""
        return f"<{itself}{chr(0) if others else ''}{' '.join(meaning.foreign)}>{'.'.join(meaning.rest)}"
    if isinstance(node, ast.AST):
        named = {"name": "itself"} if isinstance(node, _DEFINITIONS) and node.name == own[1] else {}
        parts = [
            f"{name}={named.get(name) or _dump(value, own, meanings, uses)}"
            for name, value in ast.iter_fields(node)
            if name not in ("ctx", "type_comment", "kind") and value is not None and value != []
        ]
        return f"{type(node).__name__}({', '.join(parts)})"
    if isinstance(node, list):
        return f"[{', '.join(_dump(item, own, meanings, uses) for item in node)}]"
    return repr(node)


class _Chains:
    """Find the dotted names that a definition reads from outside itself."""

    def __init__(self, module: _Module) -> None:
        self.module = module
        self.found: list[tuple[ast.AST, list[str], str | None]] = []

    def of(self, statements: list[ast.stmt]) -> list[tuple[ast.AST, list[str], str | None]]:
        """Dotted names where they stand, with, for those bound by an import inside a function, its target."""
        for statement in statements:
            self._visit(statement, [])
        return self.found

    def _visit(self, node: ast.AST, scopes: list[dict[str, str | None]]) -> None:
        if isinstance(node, (ast.Attribute, ast.Name)):
            chain, root = _chain(node)
            if chain is not None:
                self._meet(node, chain, scopes)
            else:
                self._visit(root, scopes)
        elif isinstance(node, _FUNCTIONS):
            self._function(node, scopes)
        elif isinstance(node, _COMPREHENSIONS):
            targets = {name: None for part in node.generators for name in _stored(part.target)}
            # The first iterable is read outside the comprehension's scope.
            self._visit(node.generators[0].iter, scopes)
            for child in ast.iter_child_nodes(node):
                self._visit(child, [*scopes, targets])
        else:
            for child in ast.iter_child_nodes(node):
                self._visit(child, scopes)

    def _function(self, node, scopes) -> None:
        for default in [*node.args.defaults, *node.args.kw_defaults, *getattr(node, "decorator_list", [])]:
            if default is not None:
                self._visit(default, scopes)
        inner = [*scopes, self._locals(node)]
        body = node.body if isinstance(node.body, list) else [node.body]
        for statement in body:
            self._visit(statement, inner)

    def _locals(self, node) -> dict[str, str | None]:
        """Names local to a function, with the target of those bound by an import."""
        given = node.args
        arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        names: dict[str, str | None] = {argument.arg: None for argument in arguments if argument is not None}
        outer: set[str] = set()
        for part in _own_nodes(node):
            if isinstance(part, (ast.Import, ast.ImportFrom)):
                names.update(self.module.import_targets(part))
            elif isinstance(part, ast.Name) and isinstance(part.ctx, (ast.Store, ast.Del)):
                names.setdefault(part.id, None)
            elif isinstance(part, _DEFINITIONS):
                names.setdefault(part.name, None)
            elif isinstance(part, ast.ExceptHandler) and part.name:
                names.setdefault(part.name, None)
            elif isinstance(part, (ast.Global, ast.Nonlocal)):
                outer.update(part.names)
        return {name: target for name, target in names.items() if name not in outer}

    def _meet(self, node: ast.AST, chain: list[str], scopes: list[dict[str, str | None]]) -> None:
        for scope in reversed(scopes):
            if chain[0] in scope:
                if scope[chain[0]] is not None:
                    self.found.append((node, chain, scope[chain[0]]))
                return
        self.found.append((node, chain, None))


def _chain(node: ast.AST) -> tuple[list[str] | None, ast.AST]:
    """``a.b.c`` as ``["a", "b", "c"]``, or the expression that the attributes hang on."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        return [node.id, *reversed(names)], node
    return None, node


def _stored(target: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}


def _own_nodes(function) -> Iterator[ast.AST]:
    """The nodes of a function's body that belong to its own scope."""
    pending = list(function.body) if isinstance(function.body, list) else [function.body]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, (*_DEFINITIONS, ast.Lambda)):
            continue
        if isinstance(node, _COMPREHENSIONS):
            # Only an assignment expression inside a comprehension binds in the function around it.
            pending.extend(part.target for part in ast.walk(node) if isinstance(part, ast.NamedExpr))
            continue
        pending.extend(ast.iter_child_nodes(node))
