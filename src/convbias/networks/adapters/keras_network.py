"""Keras' networks, on JAX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from convbias.errors import InputError
from convbias.networks.adapters.archives import check_archive
from convbias.networks.adapters.classifier import BATCH, Inside, Opened, Order
from convbias.networks.adapters.keras_fields import keras_fields, nodes_of
from convbias.networks.backend import check_backend
from convbias.networks.forward import in_batches
from convbias.networks.layers import CircularPadding  # with which Keras reads the package's layers
from convbias.networks.rebuild import STOCK, rebuild

_NO_MAPS = (
    keras.layers.Rescaling,
    keras.layers.ZeroPadding2D,
    CircularPadding,
)
MAPS_BATCH = 64  # all feature maps of a batch are held at once


def open_keras_file(path: Path) -> keras.Model:
    """Read a `.keras` file without running any code that it may hold.

    Args:
        path: The file.

    Raises:
        InputError: It is not such a file, holds code, or needs layers that are not registered.
    """
    check_backend()
    names = check_archive(path, "a .keras file")
    if "config.json" not in names:
        raise InputError(
            f"{path} is an archive without a Keras network",
            "a .keras file, as `network.save('network.keras')` writes it",
        )
    try:
        # Keras annotates the result as any object.
        network: Any = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # whatever the file's layers raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"Keras cannot read {path}: {reason}",
            "a network of Keras' own layers; code in the file, such as a Lambda layer, is not run",
            "pass the network itself from Python: convbias.measure(network, ...)",
        ) from error
    return network


def open_keras(network: keras.Model) -> Opened:
    """A Keras network with gradients, and with its layers where it is built of such.

    Args:
        network: Takes (n, side, side, channels) or (n, channels, side, side).
    """
    check_backend()
    stock = network
    if isinstance(network, keras.Sequential) and {*map(type, network.layers)} & STOCK.keys():
        stock = rebuild(network)  # the package's layers have no derivative in forward mode

    def outputs(apply: Callable[..., Any], images: jax.Array) -> jax.Array:
        return _only(apply(images))

    def derivative(apply: Callable[..., Any], pairs: jax.Array) -> jax.Array:
        return jax.jvp(lambda images: _only(apply(images)), (pairs[:, 0],), (pairs[:, 1],))[1]

    run, along = _compiled(network, outputs), _compiled(stock, derivative)
    has_layers = isinstance(network, keras.Sequential) or hasattr(network, "operations")
    return Opened(
        framework="Keras",
        outputs=lambda images: np.asarray(in_batches(run, images, BATCH)),
        order=_order(network),
        derivative=lambda images, directions: np.asarray(
            in_batches(along, np.stack([images, directions], axis=1), BATCH)
        ),
        inside=(lambda: _inside(network)) if has_layers else None,
        fields=(lambda: keras_fields(network)) if has_layers else None,
    )


def _only(outputs: Any) -> Any:  # noqa: ANN401 - a tensor, or a list or mapping of such
    leaves = jax.tree.leaves(outputs)
    if len(leaves) != 1:
        raise InputError(
            f"the network has {len(leaves)} outputs",
            "one, with a score per class",
            "build a network with the classifying output alone: keras.Model(inputs, output)",
        )
    return leaves[0]


def _compiled(network: keras.Model, compute: Callable[..., Any]) -> Callable[..., Any]:
    @jax.jit
    def run(weights: Any, *arguments: Any) -> Any:  # noqa: ANN401
        def apply(images: jax.Array) -> Any:  # noqa: ANN401 - Keras annotates no stateless call
            called: Any = network.stateless_call(*weights, images, training=False)
            return called[0]

        return compute(apply, *arguments)

    def with_weights(*arguments: Any) -> Any:  # noqa: ANN401
        variables: Any = network.trainable_variables, network.non_trainable_variables
        return run([[variable.value for variable in each] for each in variables], *arguments)

    return with_weights


def _order(network: keras.Model) -> Order:
    """That of its first layer that has one; Keras' default is last."""
    formats = [getattr(layer, "data_format", None) for layer in network.layers]
    known = [each for each in formats if each]
    return "first" if known[:1] == ["channels_first"] else "last"


def _inside(network: keras.Model) -> Inside:
    if _order(network) == "first":
        raise InputError("its maps have their channels first", "channels last")
    outputs = {
        node.operation.name: node.outputs[0]
        for node in nodes_of(network)
        if not node.is_input
        and not isinstance(node.operation, _NO_MAPS)
        and len(node.outputs[0].shape) == 4
    }
    if not outputs:
        return Inside((), lambda _: {}, lambda *_: np.zeros(0))
    names = tuple(outputs)
    part = keras.Model(network.inputs, list(outputs.values()))
    run = _compiled(part, lambda apply, images: jax.tree.leaves(apply(images)))

    def maps(images: np.ndarray) -> Mapping[str, np.ndarray]:
        return dict(zip(names, in_batches(run, images, MAPS_BATCH), strict=True))

    def influence(images: np.ndarray, layer: str) -> np.ndarray:
        one = keras.Model(network.inputs, outputs[layer])
        _, rows, columns, features = one.output_shape

        def gradient(apply: Callable[..., Any], images: jax.Array, feature: jax.Array) -> jax.Array:
            def unit(images: jax.Array) -> jax.Array:
                return apply(images)[:, rows // 2, columns // 2, feature].sum()

            return jnp.abs(jax.grad(unit)(images)).sum(axis=3)

        # Not a loop of XLA's, in which it has only its slow convolution on a CPU.
        run = _compiled(one, gradient)
        return in_batches(
            lambda batch: sum(run(batch, feature) for feature in range(features)),
            images,
            MAPS_BATCH,
        )

    return Inside(names, maps, influence)
