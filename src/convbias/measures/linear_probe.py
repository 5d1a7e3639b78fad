"""Accuracy of linear classifiers trained on the output of each layer."""

from __future__ import annotations

import jax
import keras
import numpy as np
from scipy import optimize, special

from convbias.errors import InputError, RunError
from convbias.measures.base import MeasureValues, Subject
from convbias.networks.forward import LARGEST_BATCH, check_images, compiled

# As many numbers as a 28 x 28 image has; a layer's outputs are averaged down to at most so many.
MOST_FEATURES = 784

# Weights of half the sum of squared weights beside the mean cross-entropy, the heaviest first.
RIDGES = (1e-2, 1e-3, 1e-4)

MOST_STEPS = 2_000

# The first training images, the same for all networks. With so many, all layers of a network take
# some seconds on one core for the regressions.
TRAINING_IMAGES = 1_000

# In inference these pass on their input, at most scaled or reshaped.
NOTHING_NEW = (
    keras.layers.Dropout,
    keras.layers.Flatten,
    keras.layers.Rescaling,
    keras.layers.Reshape,
)


def linear_probe(
    network: keras.Model,
    train_images: np.ndarray,
    train_labels: np.ndarray,
    test_images: np.ndarray,
    test_labels: np.ndarray,
) -> dict[str, float]:
    """Train a linear classifier on the output of every layer and score it on other images.

    After Alain and Bengio 2016 (arXiv 1610.01644). The probes share images, the choice of penalties
    and the stopping rule, see `probe_accuracy`. Layers differ in size by a factor of hundreds, and
    a larger one would win by its number of weights, so maps are averaged down to at most as many
    numbers as a 28 x 28 image has, see `averaged_down`. Finer detail is not probed.

    Args:
        network: Trained or not.
        train_images: uint8 (n, height, width, channels), the same for networks to be compared;
            a few thousand.
        train_labels: int (n,), classes from 0 on.
        test_images: uint8 (m, height, width, channels), none of the training images.
        test_labels: int (m,).

    Returns:
        Accuracy on the test images (0 to 1) for `pixels`, the network's input, and by the name of
        each layer that changes its input (not Dropout, Flatten, Rescaling or Reshape).

    Raises:
        InputError: Images and labels are not equally many, or the images do not fit the network.
    """
    for images, labels in ((train_images, train_labels), (test_images, test_labels)):
        if len(images) != len(labels):
            raise InputError(f"{len(images)} images have {len(labels)} labels", "one for each")
    # Together, because every pass is compiled anew.
    features = layer_features(network, np.concatenate([train_images, test_images]))
    count = len(train_images)
    return {
        name: probe_accuracy(of_layer[:count], train_labels, of_layer[count:], test_labels)
        for name, of_layer in features.items()
    }


def layer_features(network: keras.Model, images: np.ndarray) -> dict[str, np.ndarray]:
    """The outputs of every layer, averaged down.

    Args:
        network: Trained or not.
        images: uint8 (n, height, width, channels).

    Returns:
        float32 (n, features) for `pixels` and by layer name; see `averaged_down`.
    """
    check_images(network, images)
    layers = [layer for layer in network.layers if not isinstance(layer, NOTHING_NEW)]
    part = keras.Model(network.inputs, [layer.output for layer in layers])
    size = min(LARGEST_BATCH, len(images))
    run = compiled(part, largest=size, fixed=True)
    names = ["pixels", *(layer.name for layer in layers)]
    parts: dict[str, list[np.ndarray]] = {name: [] for name in names}
    # Batch by batch, because all maps of all images would take a gigabyte. In NumPy, because the
    # choice of a penalty may turn on a last bit, and XLA rounds divisions and sums differently.
    for start in range(0, len(images), size):
        pixels = images[start : start + size].astype(np.float32) / np.float32(255)
        for name, output in zip(names, [pixels, *jax.tree.leaves(run(pixels))], strict=True):
            parts[name].append(averaged_down(output))
    return {name: np.concatenate(each) for name, each in parts.items()}


def averaged_down(outputs: np.ndarray, most: int = MOST_FEATURES) -> np.ndarray:
    """Average maps over the finest square grid that gives no more than so many numbers.

    Args:
        outputs: float32 (n, height, width, channels) or (n, features); the latter stays as it is.
        most: Largest number of cells times channels; with more channels than that there is one
            cell.

    Returns:
        float32 (n, features). Where the grid does not divide the map, a pixel on a border counts
        for both cells by its area in each; a map no finer than the grid is kept as it is.

    Example:
        >>> averaged_down(np.arange(16.0).reshape(1, 4, 4, 1), most=4).tolist()
        [[2.5, 4.5, 10.5, 12.5]]
    """
    if outputs.ndim == 4:
        cells = max(1, int((most / outputs.shape[3]) ** 0.5))
        rows, columns = (_cell_weights(length, cells) for length in outputs.shape[1:3])
        outputs = np.einsum("ir,jw,nrwc->nijc", rows, columns, outputs, optimize=True)
    return outputs.reshape(len(outputs), -1).astype(np.float32)


def _cell_weights(length: int, cells: int) -> np.ndarray:
    """Weight of each of `length` pixels in the mean of each cell: float32 (cells, length)."""
    if cells >= length:
        return np.eye(length, dtype=np.float32)
    edges = np.linspace(0, length, cells + 1)[:, np.newaxis]
    pixels = np.arange(length)
    overlap = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return (np.clip(overlap, 0, None) * cells / length).astype(np.float32)


def probe_accuracy(
    train: np.ndarray, train_labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray
) -> float:
    """Accuracy of a multinomial logistic regression on features it was not trained on.

    The features are centred and divided by one common standard deviation. The penalty is the one of
    `RIDGES` that does best on the last fifth of the training features when trained on the others
    (the heavier of equal ones); one penalty for all layers would favour those whose classes lie
    along the directions of large variance. The regression with it is then trained on all training
    features.

    Args:
        train: float (n, features), n at least 5, in random order.
        train_labels: int (n,), classes from 0 on.
        test: float (m, features).
        test_labels: int (m,).

    Returns:
        Share of the test features classified correctly, 0 to 1.

    Raises:
        InputError: A feature is not finite.
    """
    if not np.isfinite(train).all():
        raise InputError("a layer gives numbers that are not finite", "a network that did not fail")
    centre = train.mean(axis=0, dtype=np.float64)
    spread = float(np.sqrt(np.square(train - centre).mean())) or 1.0
    train, test = (train - centre) / spread, (test - centre) / spread
    fitted = len(train) - len(train) // 5
    held_out = [
        _accuracy(
            *logistic_regression(train[:fitted], train_labels[:fitted], ridge),
            train[fitted:],
            train_labels[fitted:],
        )
        for ridge in RIDGES
    ]
    best = RIDGES[int(np.argmax(held_out))]
    return _accuracy(*logistic_regression(train, train_labels, best), test, test_labels)


def _accuracy(
    weights: np.ndarray, bias: np.ndarray, features: np.ndarray, labels: np.ndarray
) -> float:
    return float(((features @ weights + bias).argmax(axis=1) == labels).mean())


def logistic_regression(
    features: np.ndarray, labels: np.ndarray, ridge: float
) -> tuple[np.ndarray, np.ndarray]:
    """Fit a multinomial logistic regression with a quadratic penalty, by L-BFGS.

    The penalty makes the minimum unique, so the result does not depend on the starting point 0.

    Args:
        features: float (n, features), scaled.
        labels: int (n,), classes from 0 on.
        ridge: More than 0; weight of half the sum of squared weights, beside the mean cross-entropy
            in nats; the bias is free.

    Returns:
        Weights float64 (features, classes) and bias float64 (classes,).

    Raises:
        RunError: The search did not converge.
    """
    count, width = features.shape
    features = features.astype(np.float64)
    wanted = np.eye(int(labels.max()) + 1)[labels]
    shape = (width + 1, wanted.shape[1])
    # The same problem in the features' principal directions, each scaled by its curvature. Without
    # this, one direction varies a million times as much as another, and the search is slow.
    variances, directions = np.linalg.eigh(features.T @ features / count)
    curvature = np.clip(variances, 0, None) / shape[1] + ridge
    basis = directions / np.sqrt(curvature)
    rotated = features @ basis
    penalty = (ridge / curvature)[:, np.newaxis]

    def loss_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
        parameters = flat.reshape(shape)
        weights, bias = parameters[:-1], parameters[-1]
        logarithms = special.log_softmax(rotated @ weights + bias, axis=1)
        loss = (penalty * np.square(weights)).sum() / 2 - (wanted * logarithms).sum() / count
        error = (np.exp(logarithms) - wanted) / count
        gradient = np.vstack([rotated.T @ error + penalty * weights, error.sum(axis=0)])
        return float(loss), gradient.ravel()

    found = optimize.minimize(
        loss_and_gradient,
        np.zeros(shape[0] * shape[1]),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": MOST_STEPS, "gtol": 1e-4, "ftol": 1e-9},
    )
    if not found.success:
        raise RunError(
            f"the probe's regression did not converge: {found.message}",
            f"an end within {MOST_STEPS} steps",
            "use a heavier penalty",
        )
    parameters = found.x.reshape(shape)
    return basis @ parameters[:-1], parameters[-1]


def measure(subject: Subject) -> MeasureValues:
    """Probe every layer with the first training images and all test images.

    Args:
        subject: Any network.

    Returns:
        `probe_pixels` and `probe_...` for every layer, accuracies of `linear_probe` (0 to 1);
        `probe_last_maps` is that of the last layer whose output is a map, whatever its name.
    """
    network, data = subject.network, subject.dataset
    chosen = subject.first(TRAINING_IMAGES, data.train_labels)
    accuracies = linear_probe(
        network,
        data.train_images[chosen],
        data.train_labels[chosen],
        data.test_images,
        data.test_labels,
    )
    values = {f"probe_{name}": accuracy for name, accuracy in accuracies.items()}
    for layer in network.layers:
        if layer.name in accuracies and len(layer.output.shape) == 4:
            values["probe_last_maps"] = accuracies[layer.name]
    return MeasureValues(values, images=len(data.test_images))
