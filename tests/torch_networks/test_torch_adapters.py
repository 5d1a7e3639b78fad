"""PyTorch's networks behind the same interface as all others."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch  # pyright: ignore[reportMissingImports]
from benchmarks import measures_torch

from convbias.errors import InputError
from convbias.measures.classifier import LabelledImages, measure_classifier
from convbias.networks.adapters import open_classifier
from convbias.networks.adapters.fields import EVERYTHING
from convbias.spec.arithmetic import Field
from twins import CLASSES, FIELDS, LABELS, SIDE, fields_of, images, keras_twin, torch_twin

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

IMAGES = images()
PIXELS = IMAGES.astype(np.float32) / 255
TENSOR = torch.from_numpy(PIXELS.transpose(0, 3, 1, 2).copy())


@pytest.fixture(scope="module")
def program() -> Any:
    batch = {0: torch.export.Dim("n")}
    return torch.export.export(torch_twin().eval(), (TENSOR[:2],), dynamic_shapes=(batch,))


@pytest.fixture(scope="module")
def by_keras() -> Any:
    return open_classifier(keras_twin(), IMAGES, CLASSES)


def test_twins_of_two_frameworks_have_the_same_numbers(by_keras: Any) -> None:
    network = torch_twin()
    network.train()
    by_torch = open_classifier(network, IMAGES, CLASSES, name="twin")
    np.testing.assert_allclose(by_torch.logits(IMAGES), by_keras.logits(IMAGES), atol=1e-5)
    assert network.training  # as it was before
    assert network.dropout.training
    direction = np.random.default_rng(0).normal(size=PIXELS.shape).astype(np.float32)
    np.testing.assert_allclose(
        by_torch.derivative(PIXELS, direction), by_keras.derivative(PIXELS, direction), atol=1e-4
    )
    data = LabelledImages(IMAGES, LABELS)
    ours, theirs = (measure_classifier(each, data) for each in (by_torch, by_keras))
    assert list(ours) == list(theirs)
    compared = 0
    for name, found in ours.items():
        scores = {each.quantity.name: each.value for each in theirs[name].scores}
        for score in found.scores:
            # Layers have other names.
            if score.place is None or score.place.curve != "layers":
                expected = scores[score.quantity.name]
                assert score.value == pytest.approx(expected, abs=1e-5, rel=1e-4), score.quantity
                compared += 1
    assert compared > 40


def test_fields_follow_skips_and_dilation() -> None:
    found = fields_of(open_classifier(torch_twin(), IMAGES, CLASSES))
    known = [each for each in found.values() if isinstance(each, Field)]
    by_hand = [Field(side, stride, (first, first)) for side, stride, first in FIELDS.values()]
    assert list(dict.fromkeys(known)) == list(dict.fromkeys(by_hand))
    assert list(found.values())[-1] == EVERYTHING


def test_files_give_the_scores_of_their_module(by_keras: Any, program: Any, tmp_path: Path) -> None:
    torch.jit.save(torch.jit.trace(torch_twin().eval(), TENSOR[:2]), tmp_path / "script.pt")
    torch.export.save(program, tmp_path / "program.pt2")
    fixed = torch.export.export(torch_twin().eval(), (TENSOR[:5],))
    torch.export.save(fixed, tmp_path / "fixed.pt2")
    for name in ("script.pt", "program.pt2", "fixed.pt2"):
        opened = open_classifier(tmp_path / name, IMAGES, CLASSES)
        np.testing.assert_allclose(opened.logits(IMAGES), by_keras.logits(IMAGES), atol=1e-5)
        assert opened.gradients
        assert (opened.network.inside is None) == (name == "script.pt")


class Code:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, (self.path, "w")


def test_pickles_are_not_read(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    torch.save({"network": Code(mark)}, tmp_path / "pickle.pt")
    with pytest.raises(InputError, match="may run any code"):
        open_classifier(tmp_path / "pickle.pt", IMAGES, CLASSES)
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Code(mark)))
    with pytest.raises(InputError, match="not what its name says"):
        open_classifier(tmp_path / "plain.pt", IMAGES, CLASSES)
    assert not mark.exists()


def changed(source: Path, target: Path, name: str, content: bytes | None, **edit: str) -> Path:
    """Copy an archive with one member replaced, or with words in it replaced."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.namelist():
            data = old.read(member)
            if member.endswith(name):
                data = content if content is not None else data
                for before, after in edit.items():
                    assert before.encode() in data
                    data = data.replace(before.encode(), after.encode())
            new.writestr(f"{target.stem}/{member.partition('/')[2]}", data)
    return target


def test_pickles_inside_programs_are_not_read(program: Any, tmp_path: Path) -> None:
    mark, source = tmp_path / "mark", tmp_path / "program.pt2"
    torch.export.save(program, source)
    torch.save(Code(mark), tmp_path / "inputs")
    harmful = (tmp_path / "inputs").read_bytes()
    path = changed(source, tmp_path / "inputs.pt2", "sample_inputs/model.pt", harmful)
    with pytest.raises(InputError, match="cannot read"):
        open_classifier(path, IMAGES, CLASSES)
    assert not mark.exists()


def test_programs_call_nothing_but_operations_on_tensors(program: Any, tmp_path: Path) -> None:
    source = tmp_path / "program.pt2"
    torch.export.save(program, source)
    edits = {"positive=True": "positive=exit()"}, {"torch.ops.aten.relu": "os.path.exists.a"}
    for number, edit in enumerate(edits):
        path = changed(source, tmp_path / f"{number}.pt2", "models/model.json", None, **edit)
        with pytest.raises(InputError, match="which is not run"):
            open_classifier(path, IMAGES, CLASSES)


def test_scripts_that_write_files_are_refused(tmp_path: Path) -> None:
    class Writes(torch.nn.Module):
        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            torch.save(batch, "written")
            return batch.flatten(1)[:, :5]

    torch.jit.save(torch.jit.script(Writes()), tmp_path / "writes.pt")
    with pytest.raises(InputError, match=r"may touch files: torch\.save"):
        open_classifier(tmp_path / "writes.pt", IMAGES, CLASSES)


class Patches(torch.nn.Module):
    """Tokens of patches and attention among them, as in a vision transformer."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = torch.nn.Linear(16, 8)
        self.attention = torch.nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True)
        self.scores = torch.nn.Linear(8, CLASSES)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        patches = torch.nn.functional.unfold(pictures, 4, stride=4).transpose(1, 2)
        return self.scores(self.attention(self.tokens(patches)).mean(dim=1))


def test_a_network_of_patches_says_what_does_not_apply() -> None:
    torch.manual_seed(0)
    opened = open_classifier(Patches(), IMAGES, CLASSES)
    found = measure_classifier(opened, LabelledImages(IMAGES, LABELS))
    for name in ("equivariance", "receptive_field"):
        assert found[name].reason
        assert not found[name].scores
    for name in ("accuracy", "shifts", "corruptions", "blocks", "places", "lie"):
        assert found[name].scores
        assert found[name].reason is None
    assert "gradients" in found["lie"].remark
    assert "differences" not in found["lie"].remark


def test_other_images_are_refused_with_the_fix() -> None:
    flat = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(SIDE * SIDE, CLASSES))
    with pytest.raises(InputError, match="--side"):
        open_classifier(flat, images(4, SIDE + 4), CLASSES)


def test_fifty_layers_with_skips_have_the_field_of_the_longest_path() -> None:
    class Block(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(2, 2, 3, padding=1)

        def forward(self, maps: torch.Tensor) -> torch.Tensor:
            return maps + torch.relu(self.conv(maps))

    first = torch.nn.Conv2d(1, 2, 3, padding=1)
    rest = (torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(2, CLASSES))
    deep = torch.nn.Sequential(first, *(Block() for _ in range(49)), *rest)
    found = fields_of(open_classifier(deep, IMAGES, CLASSES))
    assert max(each.side for each in found.values() if isinstance(each, Field)) == 1 + 2 * 50


@pytest.mark.parametrize("measure", ["accuracy", "lie", "receptive_field"])
def test_a_small_trial_of_what_measures_cost(measure: str) -> None:
    found = measures_torch.pair(measure, images=4, repeats=1)
    assert found["measure"] > 0
    assert found["passes"] > 0


def test_a_small_trial_of_what_a_field_costs() -> None:
    assert measures_torch.field(layers=2)["seconds"] > 0
