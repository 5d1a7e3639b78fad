"""Descriptions: closed, immutable, and named by what they describe."""

import hashlib
import json
import subprocess
import sys

import pytest
from pydantic import ValidationError

from convbias.errors import InputError, RunError, did_you_mean
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense, Recipe
from convbias.spec.description import describe
from convbias.spec.numerics import NUMERICS_VERSION
from convbias.spec.recipes import classic, recipe_for, scheduled, tuned, tuned_learning_rates


def arm(**changes):
    parts = {"data": DataVariant(), "model": Dense(), "recipe": classic(epochs=2)}
    return Arm(**{**parts, **changes})


@pytest.mark.parametrize("size", [0, -1, 28, 29, 3.5, "x"])
def test_kernel_sizes_that_cannot_be(size):
    with pytest.raises(ValidationError):
        Convolutional(kernel_size=size)


@pytest.mark.parametrize("size", [1, 2, 3, 26, 27])
def test_kernel_sizes_that_can_be(size):
    assert Convolutional(kernel_size=size).name == f"cnn-{size}x{size}"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"padding": "circular"}, "padding = same; use that, or kernel size 3 or 5"),
        ({"padding": "valid"}, "padding = same"),
        ({"sharing": "local"}, "sharing = shared"),
        ({"dilation": 2}, "dilation = 1"),
        ({"downsampling": "stride"}, "no stride here; downsample by max, or use kernel size 3 or"),
    ],
)
def test_what_an_even_kernel_cannot_be_combined_with(values, message):
    with pytest.raises(ValidationError, match=message):
        Convolutional(kernel_size=4, **values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"shifted": "left"}, "need a largest_shift above 0"),
        ({"half": "first", "canvas": 40, "corners": "tied"}, "half and corners"),
        ({"half": "first", "training_images": 30_000}, "has 27000 images to train on, not 30000"),
        ({"half": "third"}, "first"),
    ],
)
def test_data_variants_that_cannot_be(values, message):
    with pytest.raises(ValidationError, match=message):
        DataVariant(**values)


def test_a_half_of_the_images_is_no_change_of_the_images():
    assert DataVariant(half="first", training_images=27_000).changes == {}


@pytest.mark.parametrize(("size", "dilation"), [(3, 9), (3, 2), (5, 6), (27, 1), (1, 1)])
def test_dilations_that_fit(size, dilation):
    model = Convolutional(kernel_size=size, dilation=dilation)
    assert model.span == max(tap * dilation for tap in range(size)) + 1 <= 27
    assert model.name == f"cnn-{size}x{size}" + (f"-dilated{dilation}" if dilation > 1 else "")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dilation": 0}, "dilation = 0"),
        ({"dilation": 10}, "dilation = 10"),
        # 7 * 4 + 1; 6 * 4 + 1 and 7 * 2 + 1 fit.
        ({"kernel_size": 5, "dilation": 7}, "spans 29 .* at most 6, or a kernel size of at most 3"),
        ({"kernel_size": 15, "dilation": 2}, "at most 1, or a kernel size of at most 13"),
        ({"kernel_size": 1, "dilation": 2}, "changes nothing in a 1 x 1 kernel; use 1 or"),
        ({"sharing": "local", "dilation": 2}, "local kernels have no dilation, here 2; use 1"),
        ({"downsampling": "stride", "dilation": 2}, "use 1, or downsample by max"),
    ],
    ids=str,
)
def test_dilations_that_cannot_be(values, message):
    with pytest.raises(InputError, match=message):
        describe(Convolutional, values, "a profile")


def test_every_part_of_an_arm_is_in_its_hash():
    variants = [
        arm(),
        arm(model=Convolutional(kernel_size=3)),
        arm(model=Convolutional(kernel_size=5)),
        arm(model=Convolutional(dilation=2)),
        arm(recipe=classic(epochs=3)),
        arm(recipe=scheduled(epochs=2, learning_rate=1e-3)),
        arm(data=DataVariant(dataset="drawn")),
        arm(data=DataVariant(training_images=1000)),
        arm(data=DataVariant(scored_on="validation")),
        arm(recipe=classic(epochs=2).model_copy(update={"images_per_epoch": 54_000})),
        arm(data=DataVariant(canvas=40)),
        arm(data=DataVariant(canvas=40, corners="tied")),
        arm(data=DataVariant(canvas=40, corners="free")),
        arm(data=DataVariant(canvas=40, corners="tied", stimuli="patches")),
    ]
    assert len({variant.hash for variant in variants}) == len(variants)
    assert arm().hash == arm().hash


def test_the_hash_is_the_same_in_another_process():
    code = (
        "from convbias.spec.arms import *; from convbias.spec.recipes import classic;"
        "print(Arm(data=DataVariant(), model=Dense(), recipe=classic(epochs=2)).hash)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == arm().hash


def test_the_hash_leaves_out_defaults_and_the_name_of_the_recipe():
    """By hand, so that an option which is added later cannot rename stored runs unnoticed."""
    described = {
        "numerics": NUMERICS_VERSION,
        "data": {"training_images": 500},
        "model": {"family": "cnn", "kernel_size": 5},
        "recipe": {"epochs": 2, "learning_rate": 0.001},
    }
    canonical = json.dumps(described, sort_keys=True, separators=(",", ":"))
    expected = hashlib.sha256(canonical.encode()).hexdigest()[:12]
    variant = DataVariant(training_images=500, corners=None, stimuli="garments")
    recipe = Recipe(name="classic", epochs=2, learning_rate=0.001, images_per_epoch=None)
    assert arm(data=variant, model=Convolutional(kernel_size=5)).hash == expected
    assert arm(data=variant, model=Convolutional(kernel_size=5), recipe=recipe).hash == expected
    other = recipe.model_copy(update={"name": "another"})
    assert arm(data=variant, model=Convolutional(kernel_size=5), recipe=other).hash == expected


def test_another_version_of_the_numerics_gives_another_hash(monkeypatch):
    before = arm().hash
    monkeypatch.setattr("convbias.spec.arms.NUMERICS_VERSION", NUMERICS_VERSION + 1)
    assert arm().hash != before


def test_descriptions_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        arm().model = Convolutional()


def test_describe_suggests_the_key_that_was_meant():
    with pytest.raises(InputError, match="did you mean 'epochs'"):
        describe(Recipe, {"name": "x", "epocs": 3, "learning_rate": 0.1}, "my.toml")
    with pytest.raises(InputError, match=r"my\.toml: the key 'learning_rate' is missing"):
        describe(Recipe, {"name": "x", "epochs": 3}, "my.toml")
    for key in ("epochs", "images_per_epoch"):
        with pytest.raises(InputError, match=f"{key} = 0"):
            describe(Recipe, {"name": "x", "epochs": 1, "learning_rate": 0.1, key: 0}, "my.toml")


def test_recipes_by_name():
    assert recipe_for("classic", 4, Dense()) == Recipe(name="classic", epochs=4, learning_rate=1e-3)
    rate = tuned_learning_rates()["dense"]
    assert recipe_for("tuned", 4, Dense()).learning_rate == rate
    with pytest.raises(InputError, match="did you mean 'classic'"):
        recipe_for("clasic", 4, Dense())
    with pytest.raises(InputError, match="convbias tune"):
        tuned(4, Convolutional(kernel_size=27))


def test_did_you_mean_lists_what_there_is_when_nothing_is_near():
    assert did_you_mean("zzz", ["b", "a"]) == "known: a, b"


def test_errors_survive_the_way_from_another_process():
    import pickle

    error = RunError("what", "expected", "fix")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (again.what, again.expected, again.fix) == ("what", "expected", "fix")
    assert str(again) == str(error)
    assert (RunError.exit_code, InputError.exit_code) == (1, 2)
