"""The command: what it prints, and what it answers to a wrong call."""

import subprocess
import sys

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
