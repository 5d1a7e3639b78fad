"""The record of one run: an arm trained once with one seed.

Tables, figures and sentences are rebuilt from these records without training.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from convbias.errors import InputError
from convbias.networks.scores import Epoch, PerImage, Scores
from convbias.spec.arms import Arm
from convbias.spec.beyond.arms import AnyArm
from convbias.spec.description import Description

RECORD_FORMAT = 2


class Cost(Description, frozen=True):
    """Time and memory of a run on its machine; never part of a reproducible table.

    Of seeds that trained together, each has an equal share of the time.
    """

    wall_seconds: float = Field(description="From drawing the network to its scores.")
    training_seconds: float = Field(description="All epochs with validation, without compilation.")
    compile_seconds: float = Field(description="0 when an earlier run of the arm had compiled.")
    images_per_second: float = Field(
        description="Training images through the fastest epoch, of all seeds that trained together;"
        " on other data scored items, in the whole time."
    )
    peak_memory_bytes: int = Field(description="Largest resident size of the process so far.")
    finished_at: str = Field(description="UTC, ISO 8601.")


class Environment(Description, frozen=True):
    """Machine and library versions of a run."""

    python: str
    platform: str
    processor: str
    cores: int
    threads: int = Field(description="Threads that the run could use.")
    accelerator: str = Field(description="JAX device kind.")
    versions: dict[str, str] = Field(description="Distribution name to version.")

    @property
    def device(self) -> str:
        """The accelerator, or the processor if there is none."""
        return self.processor if self.accelerator == "cpu" else self.accelerator


class Run(Description, frozen=True):
    """An arm trained once with one seed."""

    record_format: Literal[2] = RECORD_FORMAT
    numerics_version: int = Field(description="`NUMERICS_VERSION` of the code that trained it.")
    arm_hash: str = Field(description="`Arm.hash` of the code that trained it.")
    arm: AnyArm
    seed: int
    status: Literal["finished", "diverged"]
    reason: str | None = Field(default=None, description="Why a diverged run stopped.")
    epochs: tuple[Epoch, ...]
    train: Scores | None = Field(
        description="Dropout off, on as many training images as there are validation images."
    )
    validation: Scores | None
    test: Scores | None = Field(description="Absent when the arm is scored on validation only.")
    per_image: PerImage | None = Field(description="Results for every test image.")
    measures: dict[str, float] = Field(description="Named numbers from `convbias.measures`.")
    preregistration: str | None = Field(
        default=None,
        description="`Preregistration.hash` of what was fixed before; None if nothing was.",
    )
    data_checksum: str = Field(description="SHA-256 over the data set's four arrays.")
    weights_checksum: str | None = Field(description="SHA-256 over the trained weights' bytes.")
    code_version: str
    environment: Environment
    cost: Cost

    @property
    def key(self) -> str:
        """The run's key, its name in the store: arm hash and seed."""
        return run_key(self.arm, self.seed)

    @property
    def image_arm(self) -> Arm:
        """The arm of a run on images.

        Raises:
            InputError: The run is one on other data.
        """
        if isinstance(self.arm, Arm):
            return self.arm
        raise InputError(
            f"the run {self.key} is not about images, but about {self.arm.task.name}",
            "a run of an experiment on images",
            "name another one; `convbias runs list` has them",
        )


def run_key(arm: AnyArm, seed: int) -> str:
    """Key of a run, stored or not.

    Example:
        >>> from convbias.spec.arms import Dense, DataVariant, Recipe
        >>> recipe = Recipe(name="classic", epochs=1, learning_rate=1e-3)
        >>> arm = Arm(data=DataVariant(dataset="drawn"), model=Dense(), recipe=recipe)
        >>> run_key(arm, 7) == f"{arm.hash}-seed7"
        True
    """
    return f"{arm.hash}-seed{seed}"
