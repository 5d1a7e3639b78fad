"""Publishing a study's runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tools.publish import publish_runs

from convbias.experiments import EXPERIMENTS, ORIGINAL
from convbias.experiments.studies import PUBLISHED, experiments_of, load_study
from convbias.runs.store import Store
from convbias.runs.stored_dataset import StoredDataset
from convbias.spec.datasets import description_of
from convbias.spec.preregistration import preregister
from convbias.spec.quantities import TEST_LOSS
from factories import make_run


def test_published_runs_keep_only_the_needed_per_image_arrays(tmp_path: Path) -> None:
    study = load_study(PUBLISHED)
    shift = EXPERIMENTS["shift"]
    assert all(contrast.quantity != TEST_LOSS for contrast in shift.contrasts)
    compared = study.arms(ORIGINAL)[ORIGINAL.contrasts[0].treatment]
    own = set(study.arms(shift).values()) - set(study.arms(ORIGINAL).values())
    other = min(own, key=lambda arm: arm.hash)
    source, target = Store(tmp_path / "source"), Store(tmp_path / "target")
    fixed = preregister(study, {"shift": shift}, "1", "2026-01-01T00:00:00+00:00")
    unused = preregister(study, {"original": ORIGINAL}, "1", "2026-01-01T00:00:00+00:00")
    for each in (fixed, unused):
        source.write_preregistration(each)
    for arm, experiment in ((compared, ORIGINAL), (other, shift)):
        run = make_run(arm, 0, images=50)
        if experiment is shift:
            run = run.model_copy(update={"preregistration": fixed.hash})
        source.write(run)
        for measure in experiment.measures:
            path = source.measurement_path(run, measure)
            path.parent.mkdir(exist_ok=True)
            path.write_text(measure)
    target.folder.mkdir()
    (target.folder / "earlier.json").write_text("{}")

    publish_runs(study, source, target)

    before, after = source.read(compared, 0), target.read(compared, 0)
    np.testing.assert_array_equal(after.per_image.loss, before.per_image.loss)
    np.testing.assert_array_equal(after.per_image.predicted, before.per_image.predicted)
    before, after = source.read(other, 0), target.read(other, 0)
    np.testing.assert_array_equal(after.per_image.correct, before.per_image.correct)
    assert (after.per_image.loss, after.per_image.predicted) == (None, None)
    assert after.test == before.test
    assert len(target.paths()) == 2
    assert target.preregistrations() == {fixed.hash: fixed}
    for measure in shift.measures:
        assert target.measurement_path(after, measure).read_text() == measure


def test_a_study_of_a_persons_own_images_is_published_with_what_describes_them(
    tmp_path: Path,
) -> None:
    described = StoredDataset(
        name="flowers-1f0c2d9a7b",
        checksum="1f0c2d9a7b" + 54 * "0",
        description=description_of("digits"),
        train_counts=(135,) * 10,
        test_labels=np.arange(297) % 10,
    )
    source, target = Store(tmp_path / "source"), Store(tmp_path / "target")
    source.write_dataset(described)
    source.register_datasets()
    study = load_study("across").on(described.name)
    arm = study.arms(experiments_of(study)["original"])["dense"]
    source.write(make_run(arm, 0, images=297))

    publish_runs(study, source, target)

    assert [run.arm for run in target] == [arm]
    found = target.read_dataset(described.name)
    assert found is not None
    assert (found.description, found.checksum) == (described.description, described.checksum)
