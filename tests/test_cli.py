"""The command: what it prints, and what it answers to a wrong call."""

import os
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

import toy_experiments as toy
from jscc import cli, experiments, results, runner
from support import ROOT


@pytest.fixture(autouse=True)
def _results(tmp_path, monkeypatch):
    monkeypatch.setenv("JSCC_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("JSCC_MODULES", "toy_experiments")


def call(*words, code=0):
    answer = CliRunner().invoke(cli.main, words)
    assert answer.exit_code == code, answer.output
    return answer.output


def test_list_names_every_experiment():
    lines = call("list").splitlines()
    for experiment in experiments.registry(["toy_experiments"]).values():
        assert any(line.split()[0] == experiment.name and experiment.title in line for line in lines)


def test_run_status_report_verify():
    assert "toy_means" in call("status") and "fresh" not in call("status")
    assert "3 of 6 points" in call("run", "toy_means", "--scale", "quick", "--workers", "0", "--only", "kind=None")
    assert ["toy_means", "quick", "3/6", "partial"] in [line.split() for line in call("status").splitlines()]
    call("report", "toy_means", "--scale", "quick", code=1)
    assert "6 rows" in call("run", "toy_means", "--scale", "quick", "--workers", "0")
    assert ["toy_means", "quick", "6/6", "fresh"] in [line.split() for line in call("status").splitlines()]
    assert "not stamped" in call("verify", "toy_means", "--scale", "quick", "--no-stamp")
    assert "stamped" in call("verify", "toy_means", "--scale", "quick", "-n", "2")
    assert ["toy_means", "quick", "6/6", "2/6", "fresh"] in [line.split() for line in call("status").splitlines()]
    report = call("report", "toy_means", "--scale", "quick")
    assert str(results.load("toy_means", "quick")["draw"][0]) in report and "verified: 2 of 6 points" in report


@pytest.mark.parametrize("harm", ["cut", "other", "row", "gone"])
def test_a_damaged_certificate_or_table_is_named_and_costs_only_itself(harm):
    call("run", "toy_means", "toy_errors", "--scale", "smoke", "--workers", "0")
    path = results.table_path("toy_means", "smoke")
    birth = path.with_suffix(".json")
    if harm == "cut":
        birth.write_bytes(birth.read_bytes()[:200])
    elif harm == "other":
        birth.write_bytes(results.table_path("toy_errors", "smoke").with_suffix(".json").read_bytes())
    elif harm == "row":
        path.write_text(path.read_text().replace("None", "some", 1))
    else:
        path.unlink()
    lines = {line.split()[0]: line for line in call("status").splitlines() if " smoke " in line}
    assert " fresh" in lines["toy_errors"] and " fresh" not in lines["toy_means"]
    assert harm == "gone" or (" damaged" in lines["toy_means"] and str(path.with_suffix("")) in lines["toy_means"])
    assert "toy_means" in call("report", "toy_means", "--scale", "smoke", code=1)
    call("verify", "toy_means", "--scale", "smoke", code=1)
    # What is stored makes it whole again.
    call("run", "toy_means", "--scale", "smoke", "--workers", "0")
    assert runner.standing(toy.MEANS, "smoke").state == "fresh"


def test_the_system_s_refusal_is_one_line(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", "some.file")

    monkeypatch.setattr(results, "write_atomically", full)
    output = call("run", "toy_means", "--scale", "smoke", "--workers", "0", code=1)
    assert output.splitlines()[-1] == "Error: No space left on device: some.file" and "Traceback" not in output


def test_a_failing_task_is_reported_and_the_exit_code_tells():
    words = [sys.executable, "-m", "jscc.cli", "run", "toy_failure", "toy_errors", "--scale", "smoke"]
    folder = str(ROOT / "tests")
    done = subprocess.run([*words, "--workers", "0"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1
    assert "'index': 2" in done.stderr and "no such thing as two" in done.stderr
    assert "1 task of toy_failure failed" in done.stderr
    # The next experiment still ran.
    assert "toy_errors at scale smoke: 5 rows" in done.stdout


def test_verify_shows_differences(monkeypatch):
    call("run", "toy_means", "--scale", "smoke", "--workers", "0")
    frame = results.load("toy_means", "smoke")
    results.write("toy_means", frame.assign(draw=0), results.certificate("toy_means", "smoke"), "smoke")
    output = call("verify", "toy_means", "--scale", "smoke", code=1)
    assert "draw = 0 in the table" in output and "columns that differ: draw" in output
    assert "columns that agree: mean, label" in output and "code, data and machine are the same" in output


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("run",), 2, "or give --all"),
        (("run", "toy_means", "--all"), 2, "or give --all"),
        (("run", "nothing"), 2, "no experiment nothing; there are: "),
        (("run", "toy_means", "--scale", "huge"), 2, "huge"),
        (("run", "toy_means", "--workers", "-1"), 2, "-1"),
        (("run", "toy_means", "--only", "kind"), 2, "key=value is expected"),
        (("run", "toy_means", "--only", "sort=1", "--workers", "0"), 1, "known are"),
        (("report", "toy_means"), 1, "jscc run toy_means"),
        (("verify", "toy_means"), 1, "jscc run toy_means"),
    ],
)
def test_a_wrong_call_gets_one_clear_line(words, code, message):
    output = call(*words, code=code)
    assert message in output and "Traceback" not in output


def test_a_module_without_experiments_or_with_a_taken_name_is_refused(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "module_of_nothing.py").write_text("")
    (tmp_path / "module_of_twins.py").write_text(
        "import dataclasses\nimport toy_experiments as toy\nEXPERIMENTS = [dataclasses.replace(toy.MEANS)]\n"
    )
    with pytest.raises(ValueError, match="no list EXPERIMENTS"):
        experiments.registry(["module_of_nothing"])
    with pytest.raises(ValueError, match="two experiments are named 'toy_means'"):
        experiments.registry(["toy_experiments", "module_of_twins"])


def said_share(output: str) -> float:
    """The share of wrong bits that a run tells, from its line LOSSY."""
    (line,) = [line for line in output.splitlines() if line.startswith("LOSSY: ")]
    return float(line.split()[1].rstrip("%")) / 100


def bits_of(content: bytes) -> np.ndarray:
    return np.unpackbits(np.frombuffer(content, np.uint8))


@pytest.mark.parametrize("length", [0, 1, 50, 1500, 3001])
@pytest.mark.parametrize("options", [(), ("--rate", "0.9", "--field", "16"), ("--rate", "0.1", "--field", "256")])
def test_a_file_comes_back_with_as_many_wrong_bits_as_are_told(tmp_path, length, options):
    content = np.random.default_rng(length).bytes(length)
    (tmp_path / "a.bin").write_bytes(content)
    told = call("compress", str(tmp_path / "a.bin"), *options)
    assert (tmp_path / "a.bin").read_bytes() == content
    container = (tmp_path / "a.bin.jscc").read_bytes()
    call("compress", str(tmp_path / "a.bin"), *options, "-o", str(tmp_path / "again"))
    assert (tmp_path / "again").read_bytes() == container
    back = tmp_path / "back"
    counted = call("decompress", str(tmp_path / "a.bin.jscc"), "--original", str(tmp_path / "a.bin"), "-o", str(back))
    assert len(back.read_bytes()) == length
    if length:
        wrong = np.mean(bits_of(back.read_bytes()) != bits_of(content))
        assert said_share(told) == said_share(counted) == pytest.approx(wrong, abs=5e-5)
    assert sorted(path.name for path in tmp_path.glob("*")) == ["a.bin", "a.bin.jscc", "again", "back"]


def test_the_usual_names_and_what_is_there_already(tmp_path):
    file, packed = tmp_path / "a.txt", tmp_path / "a.txt.jscc"
    file.write_bytes(b"text" * 100)
    file.chmod(0o640)
    call("compress", str(file))
    assert packed.stat().st_mode & 0o777 == 0o640
    stored = packed.read_bytes()
    assert "is there" in call("compress", str(file), "--rate", "0.9", code=2) and packed.read_bytes() == stored
    call("compress", str(file), "--rate", "0.9", "--force")
    assert len(packed.read_bytes()) > len(stored)
    assert "is there" in call("decompress", str(packed), code=2) and file.read_bytes() == b"text" * 100
    assert "compare with given" in call(
        "decompress", str(packed), "--original", str(packed), "-o", str(file) + "2", code=1
    )
    assert "another file" in call("decompress", str(packed), "--original", str(file), "--force", code=2)
    assert "another file" in call("compress", str(file), "-o", str(file), "--force", code=2)
    assert "--output" in call("decompress", str(file), code=2)
    assert "a folder" in call("compress", str(file), "-o", str(tmp_path / "none" / "b"), code=2)
    assert "ordinary" in call("compress", str(file), "-o", os.devnull, "--force", code=2)
    assert "is a directory" in call("compress", str(tmp_path), code=2)
    assert sorted(path.name for path in tmp_path.glob("*.*")) == ["a.txt", "a.txt.jscc"]
    call("decompress", str(packed), "--force")
    assert len(file.read_bytes()) == 400


def test_a_damaged_container_leaves_nothing(tmp_path):
    file, packed = tmp_path / "a", tmp_path / "a.jscc"
    file.write_bytes(bytes(range(256)))
    call("compress", str(file))
    whole = packed.read_bytes()
    file.unlink()
    for damaged, complaint in (
        (
            whole[:-9],
            f"a.jscc, offset {len(whole) - 9}: the container ends at {len(whole) - 9} of the {len(whole)} bytes",
        ),
        (whole[:20], "ends at 20 of at least 51 bytes"),
        (whole[:-9] + b"x" + whole[-8:], "is damaged"),
        (b"PK" + whole[2:], "offset 0: "),
        (b"", "ends at 0 of"),
    ):
        packed.write_bytes(damaged)
        output = call("decompress", str(packed), code=1)
        assert complaint in output and "Traceback" not in output
        assert [path.name for path in tmp_path.iterdir() if path.name != "results"] == ["a.jscc"]


def test_what_is_too_large_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(2**24 + 1)
    assert "16777217 bytes given, at most 16777216" in call("compress", str(tmp_path / "large"), code=1)


@pytest.mark.parametrize("where", ["jscc.gfq.Compressor.compress", "jscc.cli.os.fsync", "jscc.cli.os.replace"])
@pytest.mark.parametrize("what", [KeyboardInterrupt(), OSError(28, "No space left on device", "a.jscc")])
def test_an_end_in_the_middle_leaves_nothing_half_done(tmp_path, monkeypatch, where, what):
    (tmp_path / "a").write_bytes(b"text")
    (tmp_path / "a.jscc").write_bytes(b"before")

    def ends(*_, **__):
        raise what

    monkeypatch.setattr(where, ends)
    output = call("compress", str(tmp_path / "a"), "--force", code=1)
    assert ("No space left" in output) == isinstance(what, OSError) and "Traceback" not in output
    assert (tmp_path / "a.jscc").read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "results") == ["a", "a.jscc"]


def test_data_lists_every_set():
    datasets = pytest.importorskip("jscc.datasets")
    output = call("data")
    assert all(any(line.split()[0] == name for line in output.splitlines()) for name in datasets.names())


def test_listing_loads_no_heavy_library():
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom jscc import cli\n"
        "assert CliRunner().invoke(cli.main, ['list']).exit_code == 0\n"
        "print([name for name in ('torch', 'distributed', 'scipy.stats', 'sklearn') if name in sys.modules])"
    )
    folder = str(ROOT / "tests")
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_experiment_of_the_book_is_well_formed():
    for experiment in experiments.registry().values():
        sizes = [len(experiment.points(scale)) for scale in runner.SCALES]
        assert 0 < sizes[0] <= sizes[1] <= sizes[2], experiment.name
        assert all(runner.seed_of(experiment, params, 0) >= 0 for params in experiment.points("smoke"))
        assert runner.standing(experiment, "smoke").state == "missing"
