"""Result tables with their birth certificates, and the papers' numbers beside them.

A result is a tidy table ``<name>.csv`` with one row per parameter point, and ``<name>.json``, its birth
certificate: the command, seed, scale, versions, commit, times, a hash of every library definition that the
numbers rest on (see `jscc.sources`) and of every data set that was read, and the hash of the table itself,
without which a table that was changed by hand would still bear a good certificate.  Tables at the scale
``paper`` lie in ``data/results``;
those of the smaller scales in its folder ``.work``, which is not committed.
"""

import contextlib
import datetime
import errno
import hashlib
import html
import importlib.metadata
import io
import json
import math
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from jscc import sources
from jscc.statistics import mean_interval

__all__ = [
    "Damaged",
    "Provenance",
    "certificate",
    "changed_definitions",
    "compare",
    "csv_text",
    "differences",
    "environment",
    "load",
    "pick",
    "provenance",
    "published",
    "results_folder",
    "table_path",
    "timings",
    "unsettled",
    "verified_points",
    "write",
    "write_atomically",
    "write_certificate",
]

_REPOSITORY = Path(__file__).parents[2]
_PACKAGES = (
    "jscc",
    "numpy",
    "scipy",
    "numba",
    "torch",
    "pandas",
    "scikit-learn",
    "scikit-image",
    "pillow",
    "dask",
    "distributed",
)
_MISSING = "–"
_HOME = "https://github.com/beyond-separation/book/blob/main/data/results"


class Damaged(ValueError):
    """A table or certificate on the disk is not what was written; the message names the file."""


def results_folder() -> Path:
    """Where result tables lie: ``$JSCC_RESULTS``, or ``data/results`` of the repository."""
    chosen = os.environ.get("JSCC_RESULTS")
    return Path(chosen) if chosen else _REPOSITORY / "data" / "results"


def unsettled() -> bool:
    """Whether a table written now would name a commit that is not the code: the library has uncommitted changes.

    Asked of the repository's own tables only.
    """
    own = results_folder().resolve().is_relative_to(_REPOSITORY.resolve())
    return own and bool(_git_state()[1])


def table_path(name: str, scale: str = "paper") -> Path:
    """The CSV file of an experiment's table; its certificate has the suffix ``.json``."""
    if scale == "paper":
        return results_folder() / f"{name}.csv"
    return results_folder() / ".work" / name / f"{name}.{scale}.csv"


def write(name: str, frame: pd.DataFrame, birth: Mapping, scale: str = "paper") -> Path:
    """Write a table and its birth certificate, each atomically.

    Parameters
    ----------
    name
        Stem of the two files.
    frame
        Tidy table; floats are written so that they read back exactly.
    birth
        The certificate, plain enough for JSON.
    scale
        ``"paper"`` writes to `results_folder`, any other scale to its work folder.

    Returns
    -------
    pathlib.Path
        The CSV file.
    """
    path = table_path(name, scale)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = csv_text(frame)
    write_atomically(path, text)
    bound = {"sha256": hashlib.sha256(text.encode()).hexdigest(), "rows": len(frame)}
    write_certificate(name, {**birth, "table": bound}, scale)
    return path


def write_certificate(name: str, birth: Mapping, scale: str = "paper") -> None:
    """Write the birth certificate alone; `write` gives the arguments."""
    path = table_path(name, scale).with_suffix(".json")
    write_atomically(path, json.dumps(birth, indent=2, ensure_ascii=False) + "\n")


def csv_text(frame: pd.DataFrame) -> str:
    """A table as the text of its CSV file: floats in the shortest form that reads back exactly."""
    return frame.to_csv(index=False, lineterminator="\n")


def load(name: str, scale: str = "paper") -> pd.DataFrame:
    """Read an experiment's table.

    Raises
    ------
    FileNotFoundError
        If it has not been computed; the message names the command that does.
    Damaged
        If the file is not the one that its certificate is for.
    """
    path = _existing(table_path(name, scale), name, scale)
    bound = certificate(name, scale)["table"]
    text = path.read_bytes()
    if hashlib.sha256(text).hexdigest() != bound["sha256"]:
        raise Damaged(f"{path} is not the table of its certificate; compute it with: {_command(name, scale)}")
    return _read_csv(io.StringIO(text.decode("utf-8")))


def timings(name: str) -> pd.DataFrame:
    """Read the times that a script of ``benchmarks/`` has measured, ``data/results/bench_<name>.csv``.

    They belong to the machine that they were taken on, and so have no certificate.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    path = results_folder() / f"bench_{name}.csv"
    if not path.is_file():
        raise FileNotFoundError(f"no times {path}; measure them with: make bench")
    return _read_csv(path)


# What every certificate must say, with the type of it.
_CERTIFIED = {
    "experiment": str,
    "seed": int,
    "points": int,
    "tasks": int,
    "date": str,
    "command": str,
    "task_seconds": float,
    "processor": str,
    "versions": dict,
    "grid": str,
    "functions": list,
    "sources": dict,
    "table": dict,
    "data": dict,
}


def certificate(name: str, scale: str = "paper") -> dict:
    """Read the birth certificate of an experiment's table.

    Raises
    ------
    FileNotFoundError
        If the table has not been computed; the message names the command that does.
    Damaged
        If the file is no certificate, or that of another experiment.
    """
    path = _existing(table_path(name, scale).with_suffix(".json"), name, scale)
    try:
        birth = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Damaged(f"{path} is no certificate: {error}") from None
    wrong = [key for key, kind in _CERTIFIED.items() if not isinstance(birth, dict) or type(birth.get(key)) is not kind]
    if not wrong and not {"total", "definitions"} <= birth["sources"].keys():
        wrong = ["sources"]
    if not wrong and not {"sha256", "rows"} <= birth["table"].keys():
        wrong = ["table"]
    if wrong or birth["experiment"] != name:
        what = ", ".join(wrong) or "experiment"
        raise Damaged(f"{path} is not the certificate of {name}: its {what} is missing or of another kind")
    return birth


def published(name: str) -> pd.DataFrame:
    """Read the papers' own numbers from ``data/published/<name>.csv``.

    Raises
    ------
    FileNotFoundError
        If there is no such file; the message lists those there are.
    """
    folder = _REPOSITORY / "data" / "published"
    path = folder / f"{name}.csv"
    if not path.is_file():
        known = ", ".join(sorted(entry.stem for entry in folder.glob("*.csv"))) or "none"
        raise FileNotFoundError(f"no published table {name!r} in {folder}; there are: {known}")
    return _read_csv(path)


def pick(table: pd.DataFrame, **values) -> pd.DataFrame:
    """The rows of a table whose columns have these values.

    Parameters
    ----------
    table
        Such as `load` gives.
    **values
        Value of a column, or a list of values, any of which will do.

    Raises
    ------
    ValueError
        If the table does not have such a column.

    Examples
    --------
    >>> pick(pd.DataFrame({"q": [4, 16, 64], "b": [5, 5, 1]}), q=[4, 64], b=5).q.tolist()
    [4]
    """
    unknown = [name for name in values if name not in table.columns]
    if unknown:
        raise ValueError(f"columns {unknown} given, some of {list(table.columns)} are expected")
    for name, value in values.items():
        table = table[table[name].isin(value) if isinstance(value, (list, tuple)) else table[name] == value]
    return table


def changed_definitions(then: Mapping, now: sources.Sources) -> list[str]:
    """Name what differs between the ``sources`` of a certificate and those of today.

    A definition that was renamed or moved is none of them.  Where each is as it was and only another is used in
    its place, all are named.
    """
    if then["total"] == now.total:
        return []
    before, after = then["definitions"], now.definitions
    known, there = set(before.values()), set(after.values())
    changed = {name for name, value in after.items() if value not in known}
    changed |= {name for name, value in before.items() if value not in there}
    return sorted(changed or after)


def differences(
    table: pd.DataFrame,
    fresh: pd.DataFrame,
    keys: Sequence[str],
    tolerance: float = 1e-12,
    scatter: Mapping[str, float] | Callable[[Mapping], Mapping[str, float]] | None = None,
) -> dict[str, list[str]]:
    """Say where rows computed anew differ from a table's.

    Parameters
    ----------
    table
        The table as read from its file.
    fresh
        Some of its rows, or all, computed anew.
    keys
        Columns that single out a point; of several rows of a point the order counts.
    tolerance
        Largest relative difference of two real numbers; counts and texts must be equal.
    scatter
        Standard deviation of the columns that a repetition need not give again to the digit; two values of such a
        column may be four standard deviations of their difference apart, two texts may be any. Or a function that
        gives it for a row, where points scatter differently.

    Returns
    -------
    dict[str, list[str]]
        For each column that differs (or ``"rows"``, ``"columns"``) one line for each difference; empty where there
        is none.
    """
    # Together through text and back, so that a column has one type in both.
    together = pd.concat([table.astype(object), fresh.astype(object)], ignore_index=True)
    both = _read_csv(io.StringIO(csv_text(together)))
    table, fresh = both[: len(table)][list(table.columns)], both[len(table) :][list(fresh.columns)]
    if list(fresh.columns) != list(table.columns):
        return {"columns": [f"{list(table.columns)} in the table, {list(fresh.columns)} computed"]}
    keys = [key for key in keys if key in table.columns]
    known: dict[str, list[dict]] = {}
    for row in table.to_dict("records"):
        known.setdefault(_point_text(row, keys), []).append(row)
    found: dict[str, list[str]] = {}
    for row in fresh.to_dict("records"):
        point = _point_text(row, keys)
        if not known.get(point):
            found.setdefault("rows", []).append(f"{point}: no such row in the table")
            continue
        before = known[point].pop(0)
        scatters = scatter(row) if callable(scatter) else scatter or {}
        for column, value in row.items():
            equal = _equal(before[column], value, tolerance)
            if column in scatters and not equal:
                # A value that is missing in one of them alone is no scatter: its difference is no number.
                texts = isinstance(value, str) + isinstance(before[column], str)
                most = 4 * math.sqrt(2) * scatters[column]
                equal = texts == 2 or (not texts and abs(before[column] - value) <= most)
            if not equal:
                line = f"{point}: {column} = {before[column]!r} in the table, {value!r} computed"
                found.setdefault(column, []).append(line)
    for point in sorted({_point_text(row, keys) for row in fresh.to_dict("records")}):
        if known.get(point):
            found.setdefault("rows", []).append(f"{point}: {len(known[point])} rows not computed")
    return found


def _point_text(row: Mapping, keys: Sequence[str]) -> str:
    return ", ".join(f"{key}={row[key]}" for key in keys)


def _equal(before, now, tolerance: float) -> bool:
    numbers = isinstance(before, (int, float)) and isinstance(now, (int, float))
    if not numbers or (isinstance(before, int) and isinstance(now, int)):
        return before == now or (pd.isna(before) and pd.isna(now))
    if float(before).is_integer() and float(now).is_integer():
        return before == now  # counts, in a column that is empty elsewhere
    return math.isclose(before, now, rel_tol=tolerance) or (math.isnan(before) and math.isnan(now))


@dataclass(frozen=True)
class Provenance:
    """Where a table comes from: rows of a name and a text, shown as a small table."""

    name: str
    rows: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "\n".join(f"{key}: {text}" for key, text in self.rows)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        code = {"command", "one point again"}
        lines = []
        for key, text in self.rows:
            shown = f"<code>{html.escape(text)}</code>" if key in code else html.escape(text)
            lines.append(f"<tr><th>{key}</th><td>{shown}</td></tr>")
        links = ", ".join(
            f'<a href="{_HOME}/{self.name}.{suffix}">{self.name}.{suffix}</a>' for suffix in ("csv", "json")
        )
        return f'<table class="provenance">{"".join(lines)}<tr><th>files</th><td>{links}</td></tr></table>'


def provenance(name: str, scale: str = "paper") -> Provenance:
    """What a caption says of a table: command, what it rests on, commit, verified share, how to make a point again.

    Raises
    ------
    FileNotFoundError
        If the table has not been computed.
    """
    born = certificate(name, scale)
    frame = load(name, scale)
    rests_on = []
    if "seed" in frame:
        count = frame["seed"].nunique()
        rests_on.append(f"{count} seed{'s' if count != 1 else ''}")
    if "n" in frame:  # `trials` is then a mean of something
        rests_on.append(f"{int(frame['n'].sum()):,} samples")
    elif "trials" in frame:
        rests_on.append(f"{int(frame['trials'].sum()):,} trials")
    if not rests_on:
        rests_on.append(f"{born['tasks']} task{'s' if born['tasks'] != 1 else ''}")
    date = datetime.datetime.fromisoformat(born["date"])
    stages = born.get("grown", [])
    # A table that grew from one of a tree with changes counts as one itself; the commit of the new rows was clean.
    own = born.get("own_dirty", born["dirty"] and not any(stage["dirty"] for stage in stages))
    commit = _short(born["commit"], own)
    rows = [
        ("command", born["command"]),
        ("rests on", f"{' and '.join(rests_on)}, root seed {born['seed']}"),
        ("commit", f"{commit}, {date.day} {date:%B %Y}"),
    ]
    if stages:
        earlier = ", ".join(f"{_short(stage['commit'], stage['dirty'])} ({stage['points']} points)" for stage in stages)
        rows.append(("grown from", earlier))
    verified = verified_points(born)
    if verified:
        last = born["verified"][-1]
        text = f"{verified} of {born['points']} points computed again, commit {_short(last['commit'], False)}"
        rows.append(("verified", text + (", what scatters within its scatter" if last.get("scatter") else "")))
    if born.get("note"):
        rows.append(("note", born["note"]))
    if born["data"]:
        rows.append(("data", ", ".join(f"{key} ({value[:8]})" for key, value in born["data"].items())))
    if born.get("point"):
        words = ", ".join(f"{key}={value!r}" for key, value in born["point"].items())
        rows.append(("one point again", f'runner.compute_point(experiments.registry()["{name}"], {words})'))
    return Provenance(name, tuple(rows))


def _short(commit: str | None, dirty: bool) -> str:
    return (commit[:7] if commit else "none") + (" with changes" if dirty else "")


def verified_points(birth: Mapping) -> int:
    """How many points of a table were computed again by the code that its certificate names, and were equal."""
    total = birth["sources"]["total"]
    stamps = [stamp for stamp in birth.get("verified", []) if stamp.get("sources") == total]
    return len({json.dumps(point, sort_keys=True) for stamp in stamps for point in stamp["points"]})


def environment() -> dict:
    """What a result depends on beside its own code: versions, commit, processor."""
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    commit, dirty = _git_state()
    return {
        "commit": commit,
        "dirty": dirty,
        "versions": versions,
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def compare(
    published: pd.DataFrame,
    here: pd.DataFrame,
    on: Sequence[str],
    value: str | tuple[str, str],
    why: str | Mapping | None = None,
    digits: int = 2,
) -> pd.DataFrame:
    """Set a paper's numbers beside ours: the table "paper / here / gap / why".

    Parameters
    ----------
    published
        The paper's numbers, one row per key; a missing value is shown as a dash.
    here
        Our numbers; several rows of one key (seeds) become their mean ± half the 95 % interval.
    on
        Columns that make the key, in both tables.
    value
        Column of the number, or one name for each table (published, here), in the same unit.
    why
        What explains a gap: one text for all rows, or a text per key (tuple of the key's values, or the
        value itself for a single key column).
    digits
        Digits after the decimal point.

    Returns
    -------
    pandas.DataFrame
        Key columns, then ``paper``, ``here``, ``gap`` (here minus paper, signed) and ``why``, as text;
        keys in the order of ``published``, then those that only ``here`` has.

    Raises
    ------
    ValueError
        If a column is missing, or ``published`` has two rows for one key.
    """
    on = list(on)
    paper_column, here_column = (value, value) if isinstance(value, str) else value
    for label, frame, column in (("published", published, paper_column), ("here", here, here_column)):
        missing = [name for name in [*on, column] if name not in frame.columns]
        if missing:
            raise ValueError(f"{label} has no columns {missing}, its columns are {list(frame.columns)}")
    paper_values = _values_by_key(published, on, paper_column)
    here_values = _values_by_key(here, on, here_column)
    twice = [key for key, values in paper_values.items() if len(values) > 1]
    if twice:
        raise ValueError(f"published has several rows for {twice}, one row per key is expected")
    rows = []
    for key in dict.fromkeys([*paper_values, *here_values]):
        paper = next((number for number in paper_values.get(key, []) if not pd.isna(number)), None)
        ours = [number for number in here_values.get(key, []) if not pd.isna(number)]
        mean, low, high = mean_interval(ours) if ours else (None, math.nan, math.nan)
        spread = f" ± {(high - low) / 2:.{digits}f}" if not math.isnan(low) else ""
        both = paper is not None and mean is not None
        rows.append(
            {
                **dict(zip(on, key, strict=True)),
                "paper": _MISSING if paper is None else f"{paper:.{digits}f}",
                "here": _MISSING if mean is None else f"{mean:.{digits}f}{spread}",
                "gap": f"{mean - paper:+.{digits}f}" if both else _MISSING,
                "why": _reason(why, key),
            }
        )
    return pd.DataFrame(rows, columns=[*on, "paper", "here", "gap", "why"])


def write_atomically(path: Path, content: str | bytes, *, like: Path | None = None, overwrite: bool = True) -> None:
    """Write a file that is either the old or the new one, whenever the power fails.

    The content goes to a temporary file in the same folder, is forced to the disk, and takes the name of
    the old file in one step.

    Parameters
    ----------
    path
        Where it goes.
    content
        Text, written in UTF-8 as it is, or bytes.
    like
        A file whose rights the new one gets; by default everybody may read it.
    overwrite
        Whether a file that is there by then is replaced.

    Raises
    ------
    FileExistsError
        If there is one that may not be replaced; nothing is written.
    """
    handle, temporary = tempfile.mkstemp(prefix=".tmp-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files that only their owner reads; results are for everybody.
        if like is None:
            os.chmod(temporary, 0o644)
        else:
            shutil.copymode(like, temporary)
        if not overwrite and path.exists():
            raise FileExistsError(errno.EEXIST, "File exists", str(path))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Force a rename to the disk, where the system can open a folder."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _command(name: str, scale: str) -> str:
    return f"jscc run {name}" + ("" if scale == "paper" else f" --scale {scale}")


def _existing(path: Path, name: str, scale: str) -> Path:
    if not path.is_file():
        raise FileNotFoundError(f"no result {path}; compute it with: {_command(name, scale)}")
    return path


def _read_csv(path: Path | io.StringIO) -> pd.DataFrame:
    # Only an empty field is missing: "None" and "NA" can be names of a setting.
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def _values_by_key(frame: pd.DataFrame, on: list[str], column: str) -> dict[tuple, list[float]]:
    values: dict[tuple, list[float]] = {}
    for *key, number in frame[[*on, column]].itertuples(index=False, name=None):
        values.setdefault(tuple(key), []).append(number)
    return values


def _reason(why: str | Mapping | None, key: tuple) -> str:
    if isinstance(why, Mapping):
        return why.get(key, why.get(key[0], "") if len(key) == 1 else "")
    return why or ""


def _git_state() -> tuple[str | None, bool | None]:
    """The commit of the repository that holds the library, and whether its code has changes."""
    try:
        root = _git("rev-parse", "--show-toplevel")
        if Path(root).resolve() != _REPOSITORY.resolve():
            return None, None
        commit = _git("rev-parse", "HEAD")
        return commit, bool(_git("status", "--porcelain", "--", "lib"))
    except (OSError, subprocess.CalledProcessError):
        return None, None


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(_REPOSITORY), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _processor() -> str:
    """The processor's kind, as the system names it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
