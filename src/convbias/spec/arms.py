"""Descriptions of what is trained: data variant, model, recipe and arm.

The hash of an arm names its runs. It covers everything that the runs' numbers depend on, and
nothing else, so arms that train identically share their stored runs, and any change that could
alter a number makes a new name.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from convbias.errors import InputError
from convbias.spec.datasets import DatasetName, Dimensions, description_of
from convbias.spec.description import Description
from convbias.spec.numerics import NUMERICS_VERSION

LARGEST_KERNEL = 27  # pixels per side

MOST_TIMES_THE_SIDE = 2  # a canvas, in sides of the images

Filters = Annotated[int, Field(ge=1, le=1024)]


class DataVariant(Description, frozen=True):
    """The images on which an arm is trained and scored."""

    dataset: DatasetName = "fashion-mnist"
    training_images: int | None = Field(
        default=None,
        ge=10,
        description="How many images of the training split are used; None means all.",
    )
    scored_on: Literal["test", "validation"] = Field(
        default="test",
        description="Learning-rate searches use validation images only, never the test set.",
    )
    shuffled_blocks: int | None = Field(
        default=None,
        ge=1,
        description="Pixels per side of the blocks that are shuffled, the same in all images.",
    )
    canvas: int | None = Field(
        default=None, description="Pixels per side of a black canvas for the images."
    )
    half: Literal["first", "second"] | None = Field(
        default=None,
        description="Only one of two halves of the training split, which the seed draws; the two"
        " halves have no image in common.",
    )
    largest_shift: int = Field(
        default=0,
        ge=0,
        description="Training images are shifted from the centre by at most so many pixels.",
    )
    shifted: Literal["everywhere", "left"] = Field(
        default="everywhere",
        description="Where training images are shifted to; left: along the rows only to the left"
        " of the centre, by at least one pixel.",
    )
    corners: Literal["tied", "free"] | None = Field(
        default=None,
        description="Two classes only, each image in a corner of the canvas; tied: each class has"
        " its own corner; free: half of each class is in either corner.",
    )
    stimuli: Literal["garments", "patches"] = Field(
        default="garments",
        description="patches: noise of which only the corner tells the class.",
    )

    @property
    def changes(self) -> dict[str, object]:
        """Field name to value of what was done to the images; empty for unchanged ones.

        Example:
            >>> DataVariant(dataset="drawn", training_images=500, canvas=40).changes
            {'canvas': 40}
        """
        unchanged = {"dataset", "training_images", "half", "scored_on"}
        return self.model_dump(exclude=unchanged, exclude_defaults=True)

    @property
    def dimensions(self) -> Dimensions:
        """What networks for these images take and give.

        Where a variant has two classes only, the networks stay those of the other experiments, and
        soon never give an output without images the highest score.
        """
        whole = description_of(self.dataset).dimensions
        return replace(whole, side=self.canvas or whole.side)

    @field_validator("dataset")
    @classmethod
    def _described(cls, name: DatasetName) -> DatasetName:
        try:
            description_of(name)
        except InputError as error:
            raise ValueError(f"{error.what}; {error.fix}") from None
        return name

    @model_validator(mode="after")
    def _fit_the_data(self) -> Self:
        described = description_of(self.dataset)
        most, side = described.sizes[0], described.side
        if (self.training_images or 0) > most:
            raise ValueError(
                f"{self.dataset} has {most} images to train on, not {self.training_images}; use"
                " fewer training_images, or none to take all"
            )
        block = self.shuffled_blocks
        if block is not None and (side % block or block == side):
            filling = [str(each) for each in range(1, side) if side % each == 0]
            raise ValueError(
                f"blocks of {block} pixels do not fill an image of {side}; use"
                f" {', '.join(filling[:-1])} or {filling[-1]}"
            )
        return self

    @model_validator(mode="after")
    def _fit_the_canvas(self) -> Self:
        side = description_of(self.dataset).side
        canvas = side if self.canvas is None else self.canvas
        if not side <= canvas <= MOST_TIMES_THE_SIDE * side:
            raise ValueError(
                f"a canvas of {canvas} pixels for images of {side}; use {side} to"
                f" {MOST_TIMES_THE_SIDE * side}"
            )
        if canvas % 4:
            raise ValueError(
                f"a canvas of {canvas} pixels cannot be halved twice; use"
                f" {canvas // 4 * 4} or {canvas // 4 * 4 + 4}"
            )
        room = (canvas - side) // 2
        if self.largest_shift > room:
            raise ValueError(
                f"a shift of {self.largest_shift} pixels leaves a canvas of {canvas};"
                f" use at most {room}, or a larger canvas"
            )
        return self

    @model_validator(mode="after")
    def _shift_to_the_left(self) -> Self:
        if self.shifted == "left" and not self.largest_shift:
            raise ValueError("images that are shifted to the left need a largest_shift above 0")
        return self

    @model_validator(mode="after")
    def _fit_into_half(self) -> Self:
        if self.half is None:
            return self
        if self.corners:
            raise ValueError("half and corners cannot be combined; leave one of them out")
        most = description_of(self.dataset).sizes[0] // 2
        if (self.training_images or 0) > most:
            raise ValueError(
                f"half of {self.dataset} has {most} images to train on, not {self.training_images};"
                " use fewer training_images, or none to take all of the half"
            )
        return self

    @model_validator(mode="after")
    def _have_corners(self) -> Self:
        if self.corners is None:
            if self.stimuli == "patches":
                raise ValueError(
                    "patches differ only in their corners; use corners 'tied', or 'free' as their"
                    " control"
                )
            return self
        side = description_of(self.dataset).side
        if (self.canvas or side) == side:
            raise ValueError(
                f"an image of {side} pixels has corners only on a larger canvas; use for instance"
                f" canvas {side + 12}"
            )
        for moving in ("largest_shift", "shuffled_blocks"):
            if getattr(self, moving):
                raise ValueError(
                    f"corners and {moving} cannot be combined, because images in corners are not"
                    " moved; leave one of them out"
                )
        return self


class Dense(Description, frozen=True):
    """The dense baseline: Flatten, Dense 128, Dropout, Dense 64, Dropout, Dense 10."""

    family: Literal["dense"] = "dense"

    @property
    def name(self) -> str:
        """What tables and figures call this model."""
        return "dense"


class Convolutional(Description, frozen=True):
    """The CNN of the original study; each option changes one part of it."""

    family: Literal["cnn"] = "cnn"
    kernel_size: int = Field(default=3, ge=1, le=LARGEST_KERNEL, description="Pixels per side.")
    dilation: int = Field(
        default=1, ge=1, le=9, description="Distance of neighbouring kernel weights in pixels."
    )
    filters: tuple[Filters, ...] = Field(
        default=(32, 64),
        min_length=1,
        max_length=3,
        description="Output channels of every convolution; each is followed by downsampling.",
    )
    sharing: Literal["shared", "local"] = Field(
        default="shared", description="local: every pixel has its own kernel."
    )
    padding: Literal["same", "valid", "circular"] = Field(
        default="same", description="circular: the image continues with its opposite side."
    )
    downsampling: Literal["max", "average", "stride", "blur", "polyphase", "none"] = Field(
        default="max",
        description="max, average: of 2 x 2 outputs. stride: every second convolution output. blur:"
        " maximum, low-pass filter, every second. polyphase: maximum, the phase with the largest"
        " norm.",
    )
    head: Literal["average", "flatten"] = Field(
        default="average", description="average: global average pooling before the dense layers."
    )
    dropout: float = Field(default=0.3, ge=0, lt=1)
    frozen: bool = Field(default=False, description="The kernels keep their initial weights.")

    @model_validator(mode="after")
    def _even_kernels_in_plain_convolutions(self) -> Self:
        if self.kernel_size % 2:
            return self
        plain = {"sharing": "shared", "padding": "same", "dilation": 1}
        for option, value in plain.items():
            if getattr(self, option) != value:
                raise ValueError(
                    f"kernel size {self.kernel_size} is even, and the middle of an even kernel is"
                    f" between two pixels, so it needs {option} = {value}; use that, or kernel size"
                    f" {self.kernel_size - 1} or {self.kernel_size + 1}"
                )
        if self.downsampling == "stride":
            raise ValueError(
                f"kernel size {self.kernel_size} is even, and has no stride here; downsample by"
                f" max, or use kernel size {self.kernel_size - 1} or {self.kernel_size + 1}"
            )
        return self

    @model_validator(mode="after")
    def _dilated_kernels_fit(self) -> Self:
        if self.dilation == 1:
            return self
        size, dilated = self.kernel_size, f"a dilation of {self.dilation}"
        if size == 1:
            raise ValueError(f"{dilated} changes nothing in a 1 x 1 kernel; use 1 or a larger one")
        if self.sharing == "local":
            raise ValueError(f"local kernels have no dilation, here {self.dilation}; use 1")
        if self.downsampling == "stride":
            raise ValueError(
                f"Keras has no convolution with {dilated} and a stride; use 1, or downsample by max"
            )
        if self.span > LARGEST_KERNEL:
            dilation = (LARGEST_KERNEL - 1) // (size - 1)
            largest = 2 * ((LARGEST_KERNEL - 1) // (2 * self.dilation)) + 1
            raise ValueError(
                f"with {dilated} a {size} x {size} kernel spans {self.span} pixels per side, more"
                f" than {LARGEST_KERNEL}; use a dilation of at most {dilation}, or a kernel size of"
                f" at most {largest}"
            )
        return self

    @property
    def span(self) -> int:
        """Pixels per side from a kernel's first weight to its last, both counted."""
        return self.dilation * (self.kernel_size - 1) + 1

    @property
    def name(self) -> str:
        """What tables and figures call this model, for instance `cnn-3x3` or `cnn-5x5-flatten`."""
        parts = [f"cnn-{self.kernel_size}x{self.kernel_size}"]
        if self.dilation != 1:
            parts.append(f"dilated{self.dilation}")
        for option in ("sharing", "padding", "downsampling", "head"):
            value = getattr(self, option)
            if value != type(self).model_fields[option].default:
                parts.append("undownsampled" if value == "none" else value)
        if self.filters != (32, 64):
            parts.append("-".join(map(str, self.filters)))
        if self.dropout != 0.3:
            parts.append(f"dropout{self.dropout:g}" if self.dropout else "no-dropout")
        if self.frozen:
            parts.append("frozen")
        return "-".join(parts)


Model = Annotated[Dense | Convolutional, Field(discriminator="family")]


class Recipe(Description, frozen=True):
    """How a model is trained."""

    name: str
    epochs: int = Field(ge=1, le=1_000)
    images_per_epoch: int | None = Field(
        default=None,
        ge=1,
        description="Training images per epoch, from consecutive passes; None means one pass.",
    )
    optimiser: Literal["adam", "muon"] = Field(
        default="adam",
        description="muon: orthogonalised momentum for kernels, Adam for the rest.",
    )
    learning_rate: float = Field(gt=0, le=1, description="The peak learning rate.")
    schedule: Literal["constant", "warmup-cosine"] = Field(
        default="constant",
        description="warmup-cosine: linear from 0 to the peak, then half a cosine down to 0.",
    )
    warmup_fraction: float = Field(
        default=0.0, ge=0, lt=1, description="Share of all steps spent warming up."
    )
    batch_size: int = Field(default=128, ge=1, le=10_000)
    standardised: bool = Field(
        default=False,
        description="Subtract the training images' mean and divide by their standard deviation.",
    )


class Arm(Description, frozen=True):
    """One condition of an experiment: data variant, model and recipe."""

    data: DataVariant
    model: Model
    recipe: Recipe

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name

    @property
    def hash(self) -> str:
        """Twelve hexadecimal digits of the SHA-256 of the canonical JSON description.

        The recipe's name is left out, because it changes no number.
        """
        return hash_of(data=self.data, model=self.model, recipe=self.recipe)


def hash_of(**parts: Description) -> str:
    """Twelve hexadecimal digits that name what is trained.

    Args:
        **parts: The parts of an arm. Of the recipe, the name is left out.
    """
    return _hash_of(NUMERICS_VERSION, **parts)


@lru_cache(maxsize=4096)  # a report asks for the same arms tens of thousands of times
def _hash_of(numerics: int, **parts: Description) -> str:
    described = {
        part: _without_defaults(each, leave_out="name" if part == "recipe" else None)
        for part, each in parts.items()
    }
    canonical = json.dumps(
        {"numerics": numerics, **described}, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _without_defaults(description: Description, leave_out: str | None = None) -> dict[str, object]:
    """The fields that are not at their defaults, and the family or kind.

    So a new option leaves the hashes as they are, if its default is what was done before. Changing
    a default needs a new `NUMERICS_VERSION`.
    """
    return {
        name: getattr(description, name)
        for name, field in type(description).model_fields.items()
        if name != leave_out
        and (name in ("family", "kind") or getattr(description, name) != field.default)
    }
