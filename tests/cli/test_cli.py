"""The verbs of the command line, their help, and what they print."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from cyclopts import App
from tools.servers.processes import CONVBIAS

from command_line import TINY, files_below, finished_study
from convbias import __version__
from convbias.cli import main
from convbias.cli.app import VERBS, make_app
from convbias.cli.choices import choose_profile, choose_store
from convbias.data.idx_files import IdxFiles
from convbias.errors import AbsentDataError
from convbias.experiments.studies import load_study
from convbias.findings.claims import claims
from convbias.report.coverage import Coverage
from convbias.runs.record import Run
from convbias.runs.store import Store, read_run
from convbias.runs.sweep import SweepResult
from convbias.spec.arms import Arm, Convolutional, Dense
from convbias.spec.recipes import classic, scheduled
from documented import check_command
from factories import make_arm, make_run
from mirrors import CONTENTS, LABELS, PUBLISHED, fill, replace_published

ROOT = Path(__file__).parents[2]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def study(
    here: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The working folder holds a finished study, which may be spoilt; training is an error."""

    def no_training(*_: object) -> None:
        raise AssertionError("something was trained")

    monkeypatch.setattr("convbias.runs.missing.sweep", no_training)
    return shutil.copytree(finished_study(tmp_path_factory.getbasetemp()), here, dirs_exist_ok=True)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """Run a command; what it printed to the standard output."""
    assert main(arguments) == code
    return capsys.readouterr().out


# Help


def leaves(app: App, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], App]]:
    """Every verb with its path, groups and the whole included."""
    yield path, app
    for name in app:
        if not name.startswith("-"):
            yield from leaves(app[name], (*path, name))


COMMANDS = dict(leaves(make_app(overview=False)))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example_that_works(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    text = printed(capsys, *path, "--help")
    [wrapped] = re.findall(r"^Example: (.*?)\n\s*$", text, flags=re.MULTILINE | re.DOTALL)
    example = " ".join(wrapped.split())
    assert example.startswith(" ".join(["convbias", *path]))
    check_command(example)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_is_described(path: tuple[str, ...]) -> None:
    command = COMMANDS[path].default_command
    if command is not None:
        described = re.findall(r"^ {8}(\w+): ", command.__doc__ or "", flags=re.MULTILINE)
        assert described == list(inspect.signature(command).parameters)


@pytest.mark.parametrize("verb", VERBS)
def test_the_overview_says_what_the_verbs_say(verb: str) -> None:
    assert make_app(overview=True)[verb].help == COMMANDS[verb,].help.strip().splitlines()[0]


def test_the_overview_imports_no_verb_and_no_large_library() -> None:
    heavy = "{'altair', 'jax', 'keras', 'numpy', 'pandas', 'requests', 'scipy'}"
    program = (
        "import sys; from convbias.cli import main; main(['--help']);"
        f"loaded = {heavy} & set(sys.modules);"
        f"verbs = {{f'convbias.cli.{{verb}}' for verb in {VERBS}}} & set(sys.modules);"
        "sys.exit(', '.join(loaded | verbs) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.stderr == b""
    assert all(verb.encode() in done.stdout for verb in VERBS)


def test_version() -> None:
    done = subprocess.run([CONVBIAS, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"{__version__}\n"


REPRODUCE = (ROOT / "docs/reproduce.md").read_text("utf-8")


@pytest.mark.parametrize("line", re.findall(r"`(convbias [^`]+)`", REPRODUCE))
def test_the_commands_in_the_sentences_of_reproduce_are_real(line: str) -> None:
    check_command(line)


@pytest.mark.parametrize(
    "line",
    ["convbias stduy", "convbias study --sedes 0", "convbias train", "convbias runs verfy"],
)
def test_documents_with_mistakes_are_noticed(line: str) -> None:
    with pytest.raises(Exception, match=r"stduy|sedes|MODEL|model|verfy"):
        check_command(line)


# How it ends


def test_errors_are_red_and_beside_the_results(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["study", "smok"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("\x1b[31mthere is no profile 'smok'")


def test_an_interruption_tells_how_to_go_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("convbias.cli.app.make_app", interrupted)
    assert main(["study", "my study.toml", "--seeds", "1"]) == 130
    assert "run: convbias study 'my study.toml' --seeds 1" in capsys.readouterr().err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_request_to_end_is_an_interruption(
    number: signal.Signals,
    code: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def asked_to_end(**_: object) -> None:
        os.kill(os.getpid(), number)

    monkeypatch.setattr("convbias.cli.app.make_app", asked_to_end)
    before = signal.signal(number, signal.SIG_DFL)  # it is ignored where tests run under nohup
    try:
        assert main(["report"]) == code
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)
    assert capsys.readouterr().err == "Interrupted. To continue, run: convbias report\n"


def test_nohup_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    def ignored(**_: object) -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        raise KeyboardInterrupt

    monkeypatch.setattr("convbias.cli.app.make_app", ignored)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert main(["report"]) == 130
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.integration
def test_a_reader_that_stops_reading(study: Path) -> None:
    command = f"{shlex.quote(CONVBIAS)} runs list | head -1"
    done = subprocess.run(command, shell=True, cwd=study, capture_output=True, check=False)  # noqa: S602
    assert done.stdout == b"8 runs in runs\n"
    assert b"Traceback" not in done.stderr


# eda


@pytest.mark.integration
def test_eda(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, "eda", "--dataset", "drawn", "--out", "figures")
    assert "…" not in said
    assert said.count("(drawn garments, not Fashion-MNIST)") == 4
    row = next(line for line in said.splitlines() if "Ankle Boot" in line)
    assert re.findall(r"[\d,]+", row) == ["600", "100", "700"]
    drawings = {path.stem for path in (here / "figures").glob("*.svg")}
    assert drawings == {path.stem for path in (here / "figures").glob("*.png")}
    assert {"class-counts", "pixel-correlation"} <= drawings
    assert all(f"wrote figures/{drawing}.svg" in said for drawing in drawings)


# train


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Arm, int]]:
    """What a verb wants to have trained, in place of its training."""
    noted: list[tuple[Arm, int]] = []

    def note(planned: Sequence[tuple[Arm, int]], *_: object, **_more: object) -> SweepResult:
        noted.extend(planned)
        return SweepResult((), (), ())

    monkeypatch.setattr("convbias.cli.train.train_missing", note)
    monkeypatch.setattr("convbias.experiments.execution.train_missing", note)
    return noted


@pytest.mark.usefixtures("here")
def test_train_describes_what_was_asked_for(planned: list[tuple[Arm, int]]) -> None:
    command = "train cnn --kernel-size 5 --seeds 3 1 --epochs 4 --training-images 200"
    assert main([*command.split(), "--dataset", "drawn"]) == 0
    arm = make_arm(Convolutional(kernel_size=5), dataset="drawn", training_images=200)
    arm = arm.model_copy(update={"recipe": classic(4)})
    assert planned == [(arm, 3), (arm, 1)]


@pytest.mark.usefixtures("here")
def test_train_by_default_trains_what_studies_train(planned: list[tuple[Arm, int]]) -> None:
    assert main(["train", "dense"]) == 0
    assert planned == [(make_arm(Dense()).model_copy(update={"recipe": classic(10)}), 0)]


@pytest.mark.usefixtures("here")
def test_a_learning_rate_of_ones_own_is_another_recipe(
    planned: list[tuple[Arm, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convbias.spec.recipes.tuned_learning_rates", lambda _: {"dense": 0.004})
    command = ["train", "dense", "--dataset", "drawn", "--recipe", "tuned", "--epochs", "2"]
    assert main([*command, "--learning-rate", "0.03"]) == 0
    assert main([*command, "--learning-rate", "0.004"]) == 0
    own, tuned = (arm.recipe for arm, _ in planned)
    assert own == scheduled(2, 0.03).model_copy(update={"name": "custom"})
    assert tuned == scheduled(2, 0.004)


# study


@pytest.mark.integration
def test_plan(
    study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in sorted((study / "runs").glob("*-seed1.json"))[:2]:
        path.unlink()
    before = files_below(study)
    said = printed(capsys, "study", "tiny.toml", "--plan")
    assert "8 runs planned, 6 stored in runs, 2 missing" in said
    assert "Training them will take about" in said
    said = printed(capsys, "study", "tiny.toml", "--seeds", "0", "5", "--plan")
    assert "8 runs planned, 4 stored in runs, 4 missing" in said
    dense = next(line for line in said.splitlines() if "dense" in line)
    # Experiment and condition, hash, planned, stored, missing.
    assert dense.split()[:2] == ["original:", "dense"]
    assert dense.split()[3:] == ["2", "0", "5"]
    monkeypatch.setattr("convbias.runs.machine.has_accelerator", lambda: True)
    said = " ".join(printed(capsys, "study", "tiny.toml", "--seeds", "0", "5", "--plan").split())
    assert "not predicted" in said
    assert files_below(study) == before


@pytest.fixture
def no_fashion_mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object) -> Path:
        raise AbsentDataError("nobody has Fashion-MNIST", "four files", "use --dataset drawn")

    monkeypatch.setattr(IdxFiles, "fetch", absent)
    monkeypatch.setattr("convbias.cli.report.report_stored", lambda *_: None)


@pytest.mark.usefixtures("here", "no_fashion_mnist")
def test_auto_runs_on_drawn_garments_where_there_is_no_fashion_mnist_and_says_so(
    planned: list[tuple[Arm, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", "smoke", "--dataset", "auto"]) == 0
    said = capsys.readouterr()
    assert "Drawn garments, not Fashion-MNIST" in said.err
    assert "nobody has Fashion-MNIST" in said.err
    assert "Study smoke, drawn" in said.out
    assert {arm.data.dataset for arm, _ in planned} == {"drawn"}


@pytest.mark.usefixtures("here", "no_fashion_mnist")
@pytest.mark.parametrize("options", [[], ["--dataset", "fashion-mnist"]])
def test_nothing_but_auto_gives_way(
    planned: list[tuple[Arm, int]], capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert main(["study", "smoke", *options]) == 2
    assert "nobody has Fashion-MNIST" in capsys.readouterr().err
    assert planned == []


@pytest.mark.usefixtures("no_fashion_mnist")
def test_drawn_garments_are_fewer_than_a_profile_may_ask_for(
    here: Path, planned: list[tuple[Arm, int]]
) -> None:
    (here / "large.toml").write_text(TINY.replace("100", "20000"))
    assert main(["study", "large.toml", "--dataset", "drawn"]) == 0
    # Nine tenths of the 6,000; a tenth is for validation.
    assert {arm.data.training_images for arm, _ in planned} == {None}


# report


@pytest.mark.integration
def test_report_rebuilds_what_study_wrote_and_study_does_not_write_it_again(
    study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convbias.experiments.inputs.code_version", lambda: "1.0 (0123)")
    said = printed(capsys, "report", "tiny.toml", "--out", "again")
    assert files_below(study / "again") == files_below(study / "report")
    for name in ("table.csv", "comparison.csv", "claims.csv"):
        assert (study / "again" / name).read_bytes() == (study / "report" / name).read_bytes()
    assert len((study / "again" / "table.csv").read_text().splitlines()) == 9
    assert "Report: again/report.html" in said
    assert "Test accuracy (%)" in said
    assert "drawn garments, not Fashion-MNIST; 100 training images" in said
    assert "…" not in said  # nothing is cut off where there is no screen
    written: list[object] = []
    monkeypatch.setattr("convbias.cli.report.report_stored", lambda *given: written.append(given))
    said = printed(capsys, "study", "tiny.toml", "--out", "again")
    assert "The report was written from the same runs: again/report.html" in said
    assert not written
    next((study / "runs").glob("*.json")).touch()
    printed(capsys, "study", "tiny.toml", "--out", "again")
    assert len(written) == 1


@pytest.mark.integration
def test_report_with_missing_runs_counts_them_and_goes_on(
    study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[Run] = []
    missing: list[str] = []

    def write_report(_name: str, _experiment: object, runs: list[Run], *more: object) -> Path:
        reported.extend(runs)
        *_, coverage, left_out = more
        assert isinstance(coverage, Coverage)
        assert left_out == []
        assert (coverage.planned, coverage.training) == (8, False)
        missing.extend(coverage.missing)
        return Path("again/report.html")

    monkeypatch.setattr("convbias.report.pipeline.write_report", write_report)
    record = next((study / "runs").glob("*-seed1.json"))
    arm = read_run(record).arm.model.name
    record.unlink()
    assert main(["report", "tiny.toml", "--out", "again"]) == 0
    said = capsys.readouterr()
    assert "1 of 8 runs are missing, which the report lists" in said.err
    assert missing == [f"original: {arm} seed 1"]
    assert "convbias study tiny.toml --dataset drawn --seeds 0 1 --runs runs" in said.err
    assert len((study / "again" / "table.csv").read_text().splitlines()) == 8
    assert len(reported) == 7


def test_runs_are_found_in_folders_of_published_studies(here: Path) -> None:
    study = load_study("quick")
    published = here / "results" / "quick" / "runs"
    published.mkdir(parents=True)
    assert choose_store(here / "results", study).folder == here / "results"  # nothing is there
    (published / "a.json").touch()
    for folder in (here / "results", here / "results" / "quick", published):
        assert choose_store(folder, study).folder == published
    assert choose_store(here / "results", load_study("full")).folder == here / "results"
    assert choose_profile(None, here / "results") == "quick"
    (here / "results" / "smoke" / "runs").mkdir(parents=True)
    assert choose_profile(None, here / "results") == "first"  # which of the two?
    (here / "results" / "full" / "runs").mkdir(parents=True)
    assert choose_profile(None, here / "results") == "full"  # the one on Fashion-MNIST
    (here / "others" / "full" / "runs").mkdir(parents=True)
    assert choose_profile(None, here / "others") == "full"
    assert choose_profile("smoke", here / "others") == "smoke"
    (here / "results" / "b.json").touch()
    assert choose_store(here / "results", study).folder == here / "results"


def test_studies_of_other_images_are_found_by_their_name(here: Path) -> None:
    study = load_study("across")
    for name in ("full", "mnist", "flowers"):
        Store(here / "results" / name / "runs").write(make_run("dense", 0))
    flowers = load_study("smoke").model_copy(update={"dataset": "flowers-1f0c2d9a7b"})
    for wanted, folder in ((study, "mnist"), (flowers, "flowers"), (None, "full")):
        found = choose_store(here / "results", wanted)
        assert found.folder == here / "results" / folder / "runs"
    # The folder of one of them, without a study: its runs.
    assert choose_store(here / "results" / "mnist").folder == here / "results" / "mnist" / "runs"


@pytest.fixture
def published(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A published study of one run, in place of the one that comes with the package."""
    folder = here / "package" / "results"
    Store(folder / "full" / "runs").write(make_run("dense", 0))
    monkeypatch.setattr("convbias.cli.choices.published_folder", lambda: folder)
    return folder / "full" / "runs"


def test_the_published_study_is_read_as_long_as_no_run_is_stored(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = load_study("full")
    for sought in (None, study):
        assert choose_store(Path("runs"), sought).folder == published
        said = capsys.readouterr().err
        assert f"No run is stored in runs, so the published study is read: {published}" in said
    assert choose_profile(None, Path("runs")) == "full"
    # It has no run of other studies, so these have none at all.
    assert choose_store(Path("runs"), load_study("quick")).folder == Path("runs")
    Store("runs").write(make_run("dense", 1))
    assert choose_store(Path("runs"), study).folder == Path("runs")
    assert choose_profile(None, Path("runs")) == "first"
    assert capsys.readouterr().err == ""


def test_the_published_study_has_a_name_after_training_too(
    here: Path, published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Store("runs").write(make_run("dense", 1))
    named = Path("published")
    assert choose_store(named).folder == published
    assert choose_store(named, load_study("full")).folder == published
    assert choose_profile(None, named) == "full"
    assert capsys.readouterr().err == ""
    (here / "published").mkdir()  # a folder of the user's own
    assert choose_store(named).folder == named
    assert choose_profile(None, named) == "first"


def test_nobody_is_told_to_train_into_the_package(
    published: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convbias.cli.report.published_folder", lambda: published.parents[1])
    assert main(["report", "quick", "--runs", "published"]) == 2
    said = capsys.readouterr().err
    assert "`convbias study quick --dataset fashion-mnist --seeds 0 1 2`" in said


def test_report_without_any_run_tells_how_to_train_them(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "tiny.toml").write_text(TINY)
    (here / "none").mkdir()
    assert main(["report", "tiny.toml", "--runs", "none"]) == 2
    said = capsys.readouterr().err
    assert "none of the 8 runs of the study tiny, drawn, is stored in none" in said
    assert "`convbias study tiny.toml --dataset drawn --seeds 0 1 --runs none`" in said
    assert files_below(here) == {"tiny.toml", "none"}


# claims


@pytest.mark.integration
def test_claims(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, "claims", "tiny.toml")
    for claim in claims():
        assert claim.id in said
        assert claim.statement in said
    verdicts = re.search(r"^(\d+) claims: (.*)$", said, flags=re.MULTILINE)
    assert verdicts is not None
    assert int(verdicts[1]) == len(claims())
    assert sum(map(int, re.findall(r"\d+", verdicts[2]))) == len(claims())
    # 109,386 by arithmetic, whatever was trained.
    assert re.search(r"CANNOT HOLD +baseline-params", said)
    assert (study / "runs").exists()


# data


@pytest.fixture
def small_files(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    replace_published(monkeypatch, files=PUBLISHED)
    folder = fill(here / "data")
    monkeypatch.setenv("CONVBIAS_DATA", str(folder))
    return folder


def test_data_verify(small_files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "data", "verify").count("verified") == 4
    (small_files / LABELS).write_bytes(CONTENTS[LABELS][:-1])
    said = printed(capsys, "data", "verify", "--folder", str(small_files), code=1)
    assert said.count("verified") == 3
    assert next(line for line in said.splitlines() if "damaged" in line).count(LABELS) == 1
    (small_files / LABELS).unlink()
    assert "missing" in printed(capsys, "data", "verify", code=1)


def test_data_fetch(small_files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert str(small_files) in printed(capsys, "data", "fetch")
    (small_files / LABELS).unlink()
    assert main(["data", "fetch"]) == 2
