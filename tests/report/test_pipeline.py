"""What of a study was run, and on how many test images it was measured."""

from __future__ import annotations

from convbias.experiments import EXPERIMENTS
from convbias.report.pipeline import read_study
from convbias.runs.measurement import Measurement
from convbias.runs.store import Store
from convbias.spec.description import describe
from convbias.spec.study import Study
from factories import make_run


def test_trained_networks_of_which_nothing_is_measured_are_not_an_experiment_that_was_run(tmp_path):
    values = {"name": "tiny", "cost": "", "expect": "", "experiments": ["corruption"]}
    study = describe(Study, {**values, "recipe": "classic", "epochs": 1, "seeds": [0]}, "test")
    store = Store(tmp_path)
    assert read_study(study, store).not_run == ("corruption",)
    run = make_run(study.arms(EXPERIMENTS["corruption"])["dense"], 0)
    store.write(run)
    trained = read_study(study, store)
    assert trained.not_run == ("corruption",)
    assert trained.unmeasured == ()
    measured = Measurement(
        measure="corruption",
        run=run.key,
        weights_checksum=run.weights_checksum,
        values={"lost_to_noise": 0.1, "corruption_images": 10_000, "part_images": 20},
        pictures={},
        code_version="0.0.0",
    )
    store.write_measurement(run, measured)
    found = read_study(study, store)
    assert found.not_run == ()
    [section] = found.sections
    assert section.measured_on == "Numbers of test images: corruption 10,000, part 20."
