"""The data of a model card, as stored in `model-card.json`."""

from __future__ import annotations

from pydantic import Field

from convbias.spec.arms import Arm
from convbias.spec.description import Description

FORMAT = 1


class Estimate(Description, frozen=True):
    """An estimate for this network, with an interval over test images."""

    value: float = Field(description="Value on the test images.")
    low: float = Field(description="Lower end of the interval.")
    high: float = Field(description="Upper end of the interval.")
    confidence: float = Field(description="Nominal coverage of the interval, 0 to 1.")
    method: str = Field(description="Method of the interval.")
    images: int = Field(description="Number of images.")


class OverSeeds(Description, frozen=True):
    """The mean over seeds of the same training: it describes the recipe, not this network."""

    runs: tuple[str, ...] = Field(description="Keys of the runs, including this one.")
    mean: float = Field(description="Mean over the runs.")
    sd: float | None = Field(description="Standard deviation (n - 1); null for one run.")
    low: float | None = Field(description="Lower end of Student's t interval of the mean.")
    high: float | None = Field(description="Upper end; null for one run.")


class Data(Description, frozen=True):
    """The data set and its split."""

    dataset: str = Field(description="Name of the data set on the command line.")
    remark: str | None = Field(
        description="Remark that must accompany every number; null for none."
    )
    checksum: str = Field(description="SHA-256 over the data set's four arrays.")
    classes: tuple[str, ...] = Field(description="Class of each output of the network, in order.")
    training: tuple[int, ...] = Field(description="Training images per class.")
    validation: tuple[int, ...] = Field(description="Validation images per class.")
    test: tuple[int, ...] = Field(description="Test images per class.")


class OfClass(Description, frozen=True):
    """Recall and precision of one class on the test images."""

    name: str = Field(description="Name of the class.")
    images: int = Field(description="Test images of the class.")
    predicted: int = Field(description="Test images predicted as this class.")
    recall: Estimate | None = Field(
        description="Share of its images that are predicted correctly; null without images."
    )
    precision: Estimate | None = Field(
        description="Share of the images predicted as this class that belong to it; null if none."
    )


class Confusion(Description, frozen=True):
    """Test images of one class that were predicted as another one."""

    true: str = Field(description="True class.")
    predicted: str = Field(description="Predicted class.")
    images: int = Field(description="Number of images.")
    share: float = Field(description="Share of the true class's test images, 0 to 1.")


class Bin(Description, frozen=True):
    """Test images with similar confidence."""

    low: float = Field(description="Lower edge of the bin, excluded, 0 to 1.")
    high: float = Field(description="Upper edge of the bin, included.")
    images: int = Field(description="Number of images in the bin.")
    confidence: float | None = Field(description="Mean confidence; null for an empty bin.")
    accuracy: Estimate | None = Field(description="Accuracy; null for an empty bin.")


class CalibrationSummary(Description, frozen=True):
    """How well the network's highest probability agrees with its accuracy."""

    bins: tuple[Bin, ...] = Field(description="Bins of equal width, from 0 to 1.")
    expected_error: float = Field(
        description="Expected calibration error of the predictions (Guo et al. 2017), 0 to 1."
    )
    expected_error_by_chance: float = Field(
        description="Median error of perfectly calibrated predictions with the same confidences."
    )
    largest_error_by_chance: float = Field(
        description="95th percentile of the error of perfectly calibrated predictions."
    )
    class_wise_error: float = Field(
        description="Mean over classes of the error of the class's probability (Kull et al. 2019)."
    )
    overconfidence: float = Field(description="Mean confidence minus accuracy, -1 to 1.")


class Shifted(Description, frozen=True):
    """Accuracy on shifted test images."""

    pixels: int = Field(
        description="Shift along one or both axes; one of eight directions per image."
    )
    brightness_kept: float = Field(
        description="Share of the brightness that stays inside the frame."
    )
    accuracy: Estimate = Field(description="Accuracy on the shifted images.")


class Noisy(Description, frozen=True):
    """Accuracy on test images with Gaussian noise."""

    standard_deviation: float = Field(
        description="Standard deviation of the noise in grey values, 0 to 255, before clipping."
    )
    accuracy: Estimate = Field(description="Accuracy on the noisy images.")


class Checks(Description, frozen=True):
    """Checks that network, data and record belong together."""

    weights_checksum: str = Field(
        description="SHA-256 of the weights, equal in network and record."
    )
    same_answers: int = Field(
        description="Number of test images whose prediction equals the recorded one."
    )


class Commands(Description, frozen=True):
    """Commands that reproduce the run."""

    train: str | None = Field(
        description="Command that trains the run, under the same key; null if none does."
    )
    trains_more: bool = Field(description="Whether that command trains other arms, too.")
    export: str | None = Field(
        description="Command that exports the network; null if it cannot be exported."
    )
    no_export: str | None = Field(description="Reason why it cannot be exported.")
    card: str = Field(description="Command that writes this card.")


class Origin(Description, frozen=True):
    """What the run's numbers may depend on besides arm and seed."""

    code_version: str = Field(description="Code version that trained the network.")
    card_code_version: str = Field(description="Code version that computed this card.")
    finished_at: str = Field(description="End of the training, UTC, ISO 8601.")
    training_seconds: float = Field(
        description="All epochs without compilation; a share of it if seeds were trained together."
    )
    python: str = Field(description="Python version.")
    platform: str = Field(description="Operating system.")
    device: str = Field(description="Device that trained the network.")
    versions: dict[str, str] = Field(description="Library versions at training time.")


class ModelCard(Description, frozen=True):
    """A trained network, evaluated; all accuracies and errors are shares from 0 to 1."""

    format: int = Field(default=FORMAT, description="Version of this document's format.")
    run: str = Field(description="Key of the run.")
    name: str = Field(description="Name of the model.")
    arm: Arm = Field(description="Data, model and recipe in full.")
    seed: int = Field(description="Random seed of initial weights, order and split of the images.")
    parameters: int = Field(description="Number of trainable parameters.")
    data: Data = Field(description="The data set.")
    accuracy: Estimate = Field(description="Accuracy on the test images.")
    loss: Estimate = Field(description="Mean cross-entropy in nats per test image.")
    accuracy_over_seeds: OverSeeds = Field(description="Accuracy over the arm's stored runs.")
    loss_over_seeds: OverSeeds = Field(description="Loss over the arm's stored runs.")
    of_classes: tuple[OfClass, ...] = Field(
        description="Recall and precision per class, in the order of the outputs."
    )
    confusions: tuple[Confusion, ...] = Field(description="The most frequent confusions.")
    confusion_counts: tuple[tuple[int, ...], ...] = Field(
        description="Confusion matrix in images: rows are true classes, columns predicted ones."
    )
    calibration: CalibrationSummary = Field(description="Calibration on the test images.")
    shifts: tuple[Shifted, ...] = Field(description="Accuracy by shift, ascending.")
    noise: tuple[Noisy, ...] = Field(
        description="Accuracy by standard deviation of the noise, ascending."
    )
    changes_seed: int = Field(description="Random seed of the shift directions and the noise.")
    checks: Checks = Field(description="Results of the checks.")
    commands: Commands = Field(description="How to reproduce the run.")
    origin: Origin = Field(description="Origin of the network and of this card.")
