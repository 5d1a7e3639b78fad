"""Everything that a model card says, as data: what `model-card.json` holds."""

from __future__ import annotations

from pydantic import Field

from convbias.spec.arms import Arm
from convbias.spec.description import Description

FORMAT = 1


class Estimate(Description, frozen=True):
    """A number of this network, with an interval over test images."""

    value: float = Field(description="Of the test images at hand.")
    low: float = Field(description="Lower end of the interval.")
    high: float = Field(description="Upper end.")
    confidence: float = Field(description="Nominal coverage of the interval, 0 to 1.")
    method: str = Field(description="How the interval was computed.")
    images: int = Field(description="How many images it rests on.")


class OverSeeds(Description, frozen=True):
    """The mean of the same training with other seeds: of the recipe, not of this network."""

    runs: tuple[str, ...] = Field(description="Keys of the runs, this one among them.")
    mean: float = Field(description="Over the runs.")
    sd: float | None = Field(description="Standard deviation (n - 1); null for one run.")
    low: float | None = Field(description="Lower end of Student's t interval of the mean.")
    high: float | None = Field(description="Upper end; null for one run.")


class Data(Description, frozen=True):
    """The images, and how they were divided."""

    dataset: str = Field(description="As the command line calls it.")
    remark: str | None = Field(description="What must stand beside every number; null for none.")
    checksum: str = Field(description="SHA-256 over the data set's four arrays.")
    classes: tuple[str, ...] = Field(description="One per output of the network, in its order.")
    training: tuple[int, ...] = Field(description="Images per class that it was trained on.")
    validation: tuple[int, ...] = Field(description="Images per class that were held out.")
    test: tuple[int, ...] = Field(description="Test images per class.")


class OfClass(Description, frozen=True):
    """How the test images of one class, and the answers that name it, come out."""

    name: str = Field(description="Of the class.")
    images: int = Field(description="Test images of the class.")
    predicted: int = Field(description="Test images that were taken for it.")
    recall: Estimate | None = Field(
        description="Share of its images that are recognised; null where there are none."
    )
    precision: Estimate | None = Field(
        description="Share of those taken for it that are of it; null where none was."
    )


class Confusion(Description, frozen=True):
    """Test images of one class that were taken for another one."""

    true: str = Field(description="Name of their class.")
    predicted: str = Field(description="Name of the class that they were taken for.")
    images: int = Field(description="How many.")
    share: float = Field(description="Of the true class's test images, 0 to 1.")


class Bin(Description, frozen=True):
    """Test images whose answer was about equally certain."""

    low: float = Field(description="Confidence above which it begins, 0 to 1.")
    high: float = Field(description="Confidence up to which it goes, included.")
    images: int = Field(description="How many answers are in it.")
    confidence: float | None = Field(description="Mean; null for an empty bin.")
    accuracy: Estimate | None = Field(description="Share that is right; null for an empty bin.")


class CalibrationSummary(Description, frozen=True):
    """Whether the network is right as often as its highest probability says."""

    bins: tuple[Bin, ...] = Field(description="Of equal width, from 0 to 1.")
    expected_error: float = Field(
        description="Expected calibration error of the answers (Guo et al. 2017), 0 to 1."
    )
    expected_error_by_chance: float = Field(
        description="Median error that perfectly calibrated answers as certain as these show."
    )
    largest_error_by_chance: float = Field(description="The 95th percentile of the same.")
    class_wise_error: float = Field(
        description="Mean over classes of the error of each one's probability (Kull et al. 2019)."
    )
    overconfidence: float = Field(description="Mean confidence minus accuracy, -1 to 1.")


class Shifted(Description, frozen=True):
    """Accuracy on test images that were moved inside their frame."""

    pixels: int = Field(description="Along one axis or both; a direction of eight per image.")
    brightness_kept: float = Field(description="Share that is not pushed out of the frame.")
    accuracy: Estimate = Field(description="On the shifted images.")


class Noisy(Description, frozen=True):
    """Accuracy on test images with Gaussian noise."""

    standard_deviation: float = Field(description="In grey values, 0 to 255, before clipping.")
    accuracy: Estimate = Field(description="On the noisy images.")


class Checks(Description, frozen=True):
    """What was compared before anything was computed."""

    weights_checksum: str = Field(description="SHA-256; that of the network and of the record.")
    same_answers: int = Field(description="Test images that get the recorded answer again.")


class Commands(Description, frozen=True):
    """How to do it again."""

    train: str | None = Field(
        description="Trains the run, under the same key; null where no command does."
    )
    trains_more: bool = Field(description="Whether that command trains other arms as well.")
    export: str | None = Field(description="Exports the network; null where it cannot be.")
    no_export: str | None = Field(description="Why it cannot be.")
    card: str = Field(description="Makes this card.")


class Origin(Description, frozen=True):
    """What the run's numbers may depend on beside arm and seed."""

    code_version: str = Field(description="That trained the network.")
    card_code_version: str = Field(description="That computed this card.")
    finished_at: str = Field(description="End of the training, UTC, ISO 8601.")
    training_seconds: float = Field(
        description="All epochs, without compilation; of seeds that trained together, a share."
    )
    python: str = Field(description="Its version.")
    platform: str = Field(description="Operating system.")
    device: str = Field(description="What computed: the processor, or an accelerator.")
    versions: dict[str, str] = Field(description="Distribution to version, of the training.")


class ModelCard(Description, frozen=True):
    """A trained network, evaluated; all accuracies and errors are shares from 0 to 1."""

    format: int = Field(default=FORMAT, description="Of this document.")
    run: str = Field(description="Key of the run.")
    name: str = Field(description="Of the model.")
    arm: Arm = Field(description="Data, model and recipe in full.")
    seed: int = Field(description="Drew initial weights, order and split of the images.")
    parameters: int = Field(description="Trainable ones.")
    data: Data = Field(description="The images.")
    accuracy: Estimate = Field(description="On the test images.")
    loss: Estimate = Field(description="Mean cross-entropy in nats per test image.")
    accuracy_over_seeds: OverSeeds = Field(description="Of the arm's stored runs.")
    loss_over_seeds: OverSeeds = Field(description="Of the arm's stored runs.")
    of_classes: tuple[OfClass, ...] = Field(description="In the order of the network's outputs.")
    confusions: tuple[Confusion, ...] = Field(description="The most frequent ones.")
    confusion_counts: tuple[tuple[int, ...], ...] = Field(
        description="Test images; a row per true class, a column per predicted one."
    )
    calibration: CalibrationSummary = Field(description="Of the answers to the test images.")
    shifts: tuple[Shifted, ...] = Field(description="By distance, ascending.")
    noise: tuple[Noisy, ...] = Field(description="By standard deviation, ascending.")
    changes_seed: int = Field(description="Draws the directions of the shifts and the noise.")
    checks: Checks = Field(description="That network, images and record belong together.")
    commands: Commands = Field(description="For somebody who has nothing but the package.")
    origin: Origin = Field(description="Of the network and of this card.")
