"""The table of runs: every number of a run that does not depend on the machine's speed."""

import pytest

from convbias.findings.run_table import table
from factories import make_arm, make_run


@pytest.fixture
def run():
    return make_run(make_arm(), seed=3, accuracy=0.9, loss=0.3)


def test_table_has_no_column_that_depends_on_speed(run):
    run = run.model_copy(update={"measures": {"parameters": 28426.0, "parameter_bytes": 113704.0}})
    slow = run.model_copy(update={"cost": run.cost.model_copy(update={"wall_seconds": 1e6})})
    assert table([run]).to_csv() == table([slow]).to_csv()
    row = table([run]).iloc[0]
    assert row["seed"] == 3
    assert row["test_accuracy"] == run.test.accuracy
    for name, value in run.measures.items():
        assert row[name] == value


def test_a_run_without_test_scores_has_empty_cells(run):
    search = run.model_copy(update={"test": None, "per_image": None})
    assert table([search])["test_accuracy"].isna().all()
