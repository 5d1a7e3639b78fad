"""One small network with a skip and dilation, with the same weights in every framework."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from convbias.networks.adapters import Classifier
from convbias.spec.arithmetic import Field

SIDE, CLASSES = 12, 5
SHAPES = {
    "conv_1": (3, 3, 1, 4),
    "conv_2": (3, 3, 4, 4),
    "conv_3": (3, 3, 4, 6),
    "scores": (6, CLASSES),
}
# By hand. conv_1: 3. conv_2: 3 + 2 * 2, with dilation 2. add: the longer of both paths. pool: one
# pixel more. conv_3: without padding, 2 * 2 pixels more.
FIELDS = {"conv_1": (3, 1, -1), "conv_2": (7, 1, -3), "add": (7, 1, -3), "pool": (8, 2, -3)}
FIELDS["conv_3"] = (12, 2, -3)


def weights(seed: int = 0) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Layer to kernel (rows, columns, inputs, outputs) and bias."""
    random = np.random.default_rng(seed)
    return {
        name: (
            random.normal(0, 0.5, shape).astype(np.float32),
            random.normal(0, 0.1, shape[-1]).astype(np.float32),
        )
        for name, shape in SHAPES.items()
    }


def images(n: int = 24, side: int = SIDE, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, 1), dtype=np.uint8)


LABELS = np.arange(24) % CLASSES


def fields_of(classifier: Classifier) -> Mapping[str, Field | str]:
    """Theoretical receptive fields of a network that has a graph."""
    assert classifier.network.fields is not None
    return classifier.network.fields()


def keras_twin(seed: int = 0, activation: str = "relu", softmax: bool = False) -> Any:
    import keras

    layers = keras.layers
    taken = keras.Input((SIDE, SIDE, 1))
    one = layers.Conv2D(4, 3, padding="same", activation=activation, name="conv_1")(taken)
    two = layers.Conv2D(
        4, 3, padding="same", dilation_rate=2, activation=activation, name="conv_2"
    )(one)
    pooled = layers.MaxPooling2D(2, name="pool")(layers.Add(name="add")([one, two]))
    three = layers.Conv2D(6, 3, activation=activation, name="conv_3")(pooled)
    mean = layers.GlobalAveragePooling2D(name="mean")(three)
    scores = layers.Dense(CLASSES, activation="softmax" if softmax else None, name="scores")(mean)
    network = keras.Model(taken, scores, name="twin")
    for name, values in weights(seed).items():
        network.get_layer(name).set_weights(values)
    return network


def onnx_twin(path: Path, seed: int = 0, batch: str | int = "n", side: int = SIDE) -> Path:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    drawn = weights(seed)
    nodes, constants = [], []

    def constant(name: str, values: np.ndarray) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def convolution(taken: str, name: str, dilation: int = 1, padding: int = 0) -> str:
        kernel, bias = drawn[name]
        nodes.append(
            helper.make_node(
                "Conv",
                [
                    taken,
                    constant(f"{name}_kernel", kernel.transpose(3, 2, 0, 1)),
                    constant(f"{name}_bias", bias),
                ],
                [f"{name}_linear"],
                name=name,
                dilations=[dilation] * 2,
                pads=[padding] * 4,
                kernel_shape=[3, 3],
            )
        )
        nodes.append(helper.make_node("Relu", [f"{name}_linear"], [f"{name}_out"], f"{name}_relu"))
        return f"{name}_out"

    one = convolution("images", "conv_1", padding=1)
    two = convolution(one, "conv_2", dilation=2, padding=2)
    nodes.append(helper.make_node("Add", [one, two], ["sum"], "add"))
    pooling = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes.append(helper.make_node("MaxPool", ["sum"], ["pooled"], "pool", **pooling))
    three = convolution("pooled", "conv_3")
    nodes.append(helper.make_node("GlobalAveragePool", [three], ["mean"], "mean"))
    nodes.append(helper.make_node("Flatten", ["mean"], ["flat"], "flatten"))
    kernel, bias = drawn["scores"]
    matrix = [constant("scores_kernel", kernel), constant("scores_bias", bias)]
    nodes.append(helper.make_node("Gemm", ["flat", *matrix], ["scores"], "scores"))
    taken = helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch, 1, side, side])
    given = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [batch, CLASSES])
    graph = helper.make_graph(nodes, "twin", [taken], [given], constants)
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), path)
    return path


def torch_twin(seed: int = 0) -> Any:
    import torch  # pyright: ignore[reportMissingImports]

    class Twin(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv_1 = torch.nn.Conv2d(1, 4, 3, padding=1)
            self.conv_2 = torch.nn.Conv2d(4, 4, 3, padding=2, dilation=2)
            self.pool = torch.nn.MaxPool2d(2)
            self.conv_3 = torch.nn.Conv2d(4, 6, 3)
            self.dropout = torch.nn.Dropout(0.5)  # without effect while it is measured
            self.scores = torch.nn.Linear(6, CLASSES)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            one = torch.relu(self.conv_1(images))
            two = torch.relu(self.conv_2(one))
            three = torch.relu(self.conv_3(self.pool(one + two)))
            return self.scores(self.dropout(three.mean(dim=(2, 3))))

    network = Twin()
    for name, (kernel, bias) in weights(seed).items():
        layer = getattr(network, name)
        turned = kernel.transpose(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T
        layer.weight.data = torch.from_numpy(np.ascontiguousarray(turned))
        layer.bias.data = torch.from_numpy(bias)
    return network
