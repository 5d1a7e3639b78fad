"""Publishing a study's runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tools.publish import publish_runs

from convbias.experiments import EXPERIMENTS, ORIGINAL
from convbias.experiments.studies import PUBLISHED, load_study
from convbias.runs.store import Store
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
