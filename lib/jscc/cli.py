"""The command ``jscc``: run experiments, see how they stand, check the data sets, compress a file for trial."""

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

# As in jscc.runner, which is imported only where it is needed: it loads pandas.
SCALES = ("smoke", "quick", "paper")
SUFFIX = ".jscc"
MOST_BYTES = 1 << 24  # what `jscc.gfq.decompress` gives back, in bits, unless it is told otherwise


def _experiments(context: click.Context) -> dict:
    from jscc import experiments

    return experiments.registry(context.obj["modules"])


def _chosen(context: click.Context, names: tuple[str, ...], every: bool = False) -> list:
    """The experiments with these names, or a usage error that lists what there is."""
    known = _experiments(context)
    if every == bool(names):
        raise click.UsageError("name one or more experiments, or give --all")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.UsageError(f"no experiment {', '.join(unknown)}; there are: {', '.join(known) or 'none'}")
    return list(known.values()) if every else [known[name] for name in names]


@click.group()
@click.option("--module", "modules", multiple=True, help="A further module with a list EXPERIMENTS.")
@click.version_option(package_name="jscc")
@click.pass_context
def main(context: click.Context, modules: tuple[str, ...]) -> None:
    """Experiments of the book "Coding beyond separation"."""
    modules = (*filter(None, os.environ.get("JSCC_MODULES", "").split(",")), *modules)
    if modules and "" not in sys.path and os.getcwd() not in sys.path:
        # As with python -m, a module of the present folder can be named.
        sys.path.insert(0, os.getcwd())
    context.obj = {"modules": modules}


@main.command("list")
@click.pass_context
def list_command(context: click.Context) -> None:
    """List the experiments."""
    rows = [(name, experiment.title) for name, experiment in _experiments(context).items()]
    _echo_columns(("experiment", "title"), rows)


def _echo_columns(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print rows of texts in columns."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        line = "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


@contextlib.contextmanager
def _clean_errors() -> Iterator[None]:
    """Say an expected error in one line, without a traceback."""
    from jscc import datasets, runner

    try:
        yield
    except (
        runner.Busy,
        datasets.DataUnavailable,
        ConnectionError,
        FileNotFoundError,
        ValueError,
    ) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        # A full or read-only disk: the system's words and the file, without the way there.
        raise click.ClickException(f"{error.strerror or error}: {error.filename or 'no file named'}") from error


def _settings(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict:
    pairs = {}
    for value in values:
        key, equals, wanted = value.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{value!r} given, key=value is expected")
        pairs[key] = wanted
    return pairs


@main.command("run")
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Run every experiment.")
@click.option("--scale", type=click.Choice(SCALES), default="paper", show_default=True)
@click.option("--workers", type=click.IntRange(min=0), help="Worker processes [one per core]; 0: none.")
@click.option("--scheduler", help="Address of a Dask cluster, tcp://host:port.")
@click.option("--only", multiple=True, callback=_settings, help="Run only points with key=value.")
@click.pass_context
def run_command(context, names, every, scale, workers, scheduler, only) -> None:
    """Run experiments; a run that was stopped continues, and a fresh table is left as it is."""
    from jscc import results, runner

    failed = False
    for experiment in _chosen(context, names, every):
        try:
            with _clean_errors():
                frame = runner.run(
                    experiment,
                    scale,
                    workers=workers,
                    scheduler=scheduler,
                    only=only,
                    progress=sys.stderr.isatty(),
                )
        except runner.Failed as error:
            failed = True
            _echo_failures(error)
            continue
        standing = runner.standing(experiment, scale)
        line = f"{experiment.name} at scale {scale}: "
        if standing.state == "fresh":
            line += f"{len(frame)} rows in {results.table_path(experiment.name, scale)}"
        else:
            line += f"{standing.done} of {standing.total} points, table {standing.state}"
            line += f" ({_changes(standing.changed, full=False)})" if standing.changed else ""
        click.echo(line)
    if failed:
        sys.exit(1)


def _echo_failures(error) -> None:
    for arguments, text in error.failures:
        click.echo(f"\nfailed: {arguments}\n{text}", err=True)
    click.echo(f"{error}; the finished tasks are stored.", err=True)


@main.command("status")
@click.option("--full", is_flag=True, help="Name every changed definition.")
@click.pass_context
def status_command(context: click.Context, full: bool) -> None:
    """Show how far experiments are, and which tables are older than their code.

    The scale "paper" is always listed, the others where something of them is stored.
    """
    from jscc import runner
    from jscc.runner.memory import remembered

    rows = []
    with _clean_errors(), remembered() as memory:
        for name, experiment in _experiments(context).items():
            for scale in SCALES:
                standing = runner.standing(experiment, scale, memory.reached, memory.fingerprint)
                if scale != "paper" and standing.state == "missing":
                    continue
                done = f"{standing.done}/{standing.total}"
                verified = f"{standing.verified}/{standing.total}" if standing.verified else ""
                rows.append((name, scale, done, verified, standing.state, _changes(standing.changed, full)))
    _echo_columns(("experiment", "scale", "points", "verified", "state", "changed"), rows)


def _changes(names: tuple[str, ...], full: bool) -> str:
    """Changed definitions by name; many of them, by module."""
    if full or len(names) <= 3:
        return ", ".join(names)
    modules = Counter(name.partition(":")[0] for name in names)
    return ", ".join(f"{count} in {module}" for module, count in modules.items())


@main.command("report")
@click.argument("name")
@click.option("--scale", type=click.Choice(SCALES), default="paper", show_default=True)
@click.pass_context
def report_command(context, name: str, scale: str) -> None:
    """Print an experiment's table and where it comes from."""
    from jscc import results

    _chosen(context, (name,))
    with _clean_errors():
        click.echo(results.load(name, scale).to_string(index=False))
        click.echo(results.provenance(name, scale))


@main.command("verify")
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Verify every experiment.")
@click.option("--scale", type=click.Choice(SCALES), default="paper", show_default=True)
@click.option("-n", "--points", type=click.IntRange(min=1), help="How many [a tenth of the grid, at least 3].")
@click.option("--tolerance", type=click.FloatRange(min=0), default=1e-6, show_default=True, help="Of real numbers.")
@click.option("--only", multiple=True, callback=_settings, help="Draw among points with key=value.")
@click.option("--stamp/--no-stamp", default=True, show_default=True, help="Whether to write it into the certificate.")
@click.pass_context
def verify_command(context, names, every, scale, points, tolerance, only, stamp) -> None:
    """Recompute some points drawn at random; if they equal the table's, stamp it with the present code."""
    from jscc import results, runner

    failed = False
    for experiment in _chosen(context, names, every):
        try:
            with _clean_errors():
                recomputed = runner.verify(experiment, scale, points, tolerance=tolerance, only=only, stamp=stamp)
        except runner.Failed as error:
            failed = True
            _echo_failures(error)
            continue
        except runner.Differs as error:
            failed = True
            for lines in error.differences.values():
                for line in lines:
                    click.echo(line, err=True)
            click.echo(f"columns that differ: {', '.join(error.differences)}", err=True)
            click.echo(f"columns that agree: {', '.join(error.agreeing) or 'none'}", err=True)
            table = results.table_path(experiment.name, scale)
            store = results.results_folder() / ".work" / experiment.name / scale
            click.echo(
                f"{error}; to compute it anew, remove {table}, {table.with_suffix('.json').name} and {store}, then: "
                f"jscc run {experiment.name} --scale {scale}",
                err=True,
            )
            continue
        for params in recomputed:
            click.echo(f"equal: {params}")
        click.echo(f"{experiment.name}: {'stamped with the present code' if stamp else 'verified, not stamped'}")
    if failed:
        sys.exit(1)


@main.command("data")
def data_command() -> None:
    """List the data sets: what is here, what is missing, where it would come from, its licence."""
    from jscc import datasets

    rows = [
        (row.name, row.state, row.size, row.path or row.home, row.licence)
        for row in datasets.report().itertuples(index=False)
    ]
    _echo_columns(("name", "state", "size", "where", "licence"), rows)


FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
output_option = click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write [FILE with or without .jscc].",
)
force_option = click.option("--force", is_flag=True, help="Overwrite the output if it is there.")


@main.command("compress")
@click.argument("file", type=FILE)
@output_option
@click.option("--rate", type=click.FloatRange(0.1, 0.9), default=0.5, show_default=True, help="Bits stored per bit.")
@click.option(
    "--field",
    type=click.Choice([str(1 << p) for p in range(1, 9)]),
    default="64",
    show_default=True,
    help="q of GF(q).",
)
@click.option("--seed", type=click.IntRange(0, (1 << 63) - 1), default=0, show_default=True, help="Of the code.")
@force_option
def compress_command(file: Path, output: Path | None, rate: float, field: str, seed: int, force: bool) -> None:
    """Compress the bits of FILE with loss, by a code over GF(q).

    LOSSY, and for trial only: some of the file's bits come back wrong, anywhere in it (with the usual options about
    one in eight or nine), so that most kinds of file no longer open. How many is measured and said at the end. FILE
    itself is left as it is. At most 16 MiB; the same file, options and version give the same bytes.
    """
    output = _free(output or file.with_name(file.name + SUFFIX), file, force)
    if (size := file.stat().st_size) > MOST_BYTES:
        raise click.ClickException(f"{file} of {size} bytes given, at most {MOST_BYTES} are expected")
    from tqdm.auto import tqdm

    from jscc import results
    from jscc.gfq import compressor_for, decompress
    from jscc.information import distortion_rate

    with _clean_errors():
        content = file.read_bytes()
        compressor = compressor_for(8 * len(content), rate, int(field), seed)
        total = -(-8 * len(content) // compressor.code.n_bits) * compressor.code.n_bits
        with tqdm(total=total, desc=file.name, unit="bit", unit_scale=True, disable=not sys.stderr.isatty()) as bar:
            container, report = compressor.compress(content, 0, progress=bar.update)
        wrong = _wrong_bits(decompress(container), content)
        results.write_atomically(output, container, like=file, overwrite=force)
    blocks, mended = len(report.mended), int((report.mended > 0).sum())
    click.echo(f"{file}: {len(content)} bytes, {output}: {len(container)} bytes, of which 51 are no data")
    click.echo(f"code: {compressor.code!r}, {blocks} blocks, {mended} of them mended")
    if content:
        limit = float(distortion_rate(compressor.code.rate))
        click.echo(f"LOSSY: {wrong:.2%} of the bits come back wrong, measured (fair bits: {limit:.2%} at least)")


@main.command("decompress")
@click.argument("file", type=FILE)
@output_option
@click.option("--original", type=FILE, help="Count the wrong bits against this file.")
@force_option
def decompress_command(file: Path, output: Path | None, original: Path | None, force: bool) -> None:
    """Undo `jscc compress`, but for the bits that it lost.

    What comes back is as long as the file that was compressed, with wrong bits anywhere in it; with --original
    their share is measured. A container that is damaged, or ends early, writes nothing.
    """
    if output is None and file.suffix != SUFFIX:
        raise click.UsageError(f"{file} given, a name that ends in {SUFFIX} is expected, or --output")
    output = _free(output or file.with_suffix(""), file, force, original)
    import numpy as np

    from jscc import results
    from jscc.gfq import ContainerError, decompress

    with _clean_errors():
        try:
            bits = decompress(file.read_bytes())
        except ContainerError as error:
            raise click.ClickException(f"{file}, {error}") from error
        if len(bits) % 8:
            raise click.ClickException(f"{file} of {len(bits)} bits given, whole bytes are expected")
        wrong = None if original is None else _wrong_bits(bits, original.read_bytes())
        results.write_atomically(output, np.packbits(bits).tobytes(), like=file, overwrite=force)
    click.echo(f"{output}: {len(bits) // 8} bytes")
    told = "some bits are wrong; --original FILE counts them"
    click.echo(f"LOSSY: {told if wrong is None else f'{wrong:.2%} of the bits differ from {original}, measured'}")


def _free(output: Path, source: Path, force: bool, original: Path | None = None) -> Path:
    """The file to write, if it may be written."""
    for taken in (source, *([original] if original else [])):
        if output.exists() and output.samefile(taken):
            raise click.UsageError(f"{output} given as the output, another file than {taken} is expected")
    if output.exists() and not output.is_file():
        raise click.UsageError(f"{output} given as the output, an ordinary file is expected")
    if output.exists() and not force:
        raise click.UsageError(f"{output} is there; another name (--output), or --force to overwrite it, is expected")
    if not output.parent.is_dir():
        raise click.UsageError(f"{output} given as the output, a folder that is there is expected")
    return output


def _wrong_bits(bits, content: bytes) -> float:
    """The share of a file's bits that are others; nan for an empty one."""
    import numpy as np

    expected = np.unpackbits(np.frombuffer(content, np.uint8))
    if len(bits) != len(expected):
        raise ValueError(f"{len(expected)} bits to compare with given, {len(bits)} are expected")
    return float(np.mean(bits != expected)) if len(bits) else float("nan")


if __name__ == "__main__":
    main()
