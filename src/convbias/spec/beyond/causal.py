"""Descriptions of networks that read sequences and see no later position than their own."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from convbias.spec.description import Description


class CausalConvolution(Description, frozen=True):
    """Residual blocks of ReLU and one causal convolution each.

    A dense layer before the blocks makes the channels, another one after them the outputs. There
    is no normalisation: with it, training took twice the time and reached less in as many steps.

    Source: Bai, Kolter and Koltun, "An empirical evaluation of generic convolutional and recurrent
    networks for sequence modeling", 2018 (arXiv 1803.01271), whose blocks have two convolutions
    and normalise the weights.
    """

    family: Literal["causal-convolution"] = "causal-convolution"
    width: int = Field(ge=1, le=1024, description="Channels.")
    layers: int = Field(ge=1, le=64)
    kernel_size: int = Field(default=3, ge=1, le=63, description="Positions.")
    growth: Literal[1, 2] = Field(
        default=1, description="Of the dilation, from 1 in the first layer: 1 plain, 2 dilated."
    )

    @property
    def name(self) -> str:
        """What tables and figures call this model, with the positions that it sees."""
        kind = "convolution" if self.growth == 1 else "dilated convolution"
        return f"{kind} seeing {self.receptive_field}"

    @property
    def receptive_field(self) -> int:
        """How many positions an output depends on, its own included.

        Example:
            >>> CausalConvolution(width=8, layers=4).receptive_field  # 1 + 4 * 2
            9
            >>> CausalConvolution(width=8, layers=4, growth=2).receptive_field  # 1 + 15 * 2
            31
        """
        return 1 + (self.kernel_size - 1) * sum(self.growth**layer for layer in range(self.layers))

    def parameters(self, inputs: int, outputs: int) -> int:
        """How many parameters the network has.

        Args:
            inputs: Numbers at each position.
            outputs: Likewise.

        Example:
            >>> CausalConvolution(width=4, layers=2).parameters(3, 5)  # 16 + 2 * 52 + 25
            145
        """
        convolution = (self.kernel_size * self.width + 1) * self.width
        return _ends(self.width, inputs, outputs) + self.layers * convolution


class GatedRecurrence(Description, frozen=True):
    """One layer of gated recurrent units, then a dense layer.

    Source: Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical
    machine translation", 2014 (arXiv 1406.1078), with Keras' second vector of biases.
    """

    family: Literal["gated-recurrence"] = "gated-recurrence"
    width: int = Field(ge=1, le=1024, description="Units.")

    @property
    def name(self) -> str:
        """What tables and figures call this model, with its width."""
        return f"GRU of {self.width}"

    @property
    def receptive_field(self) -> None:
        """How many positions an output depends on; None: on all earlier ones."""
        return

    def parameters(self, inputs: int, outputs: int) -> int:
        """How many parameters the network has.

        Args:
            inputs: Numbers at each position.
            outputs: Likewise.

        Example:
            >>> GatedRecurrence(width=4).parameters(3, 5)  # 3 * 4 * (3 + 4 + 2) + 25
            133
        """
        return 3 * self.width * (inputs + self.width + 2) + (self.width + 1) * outputs


class CausalAttention(Description, frozen=True):
    """Residual blocks of causal self-attention, and of two dense layers with ReLU between them.

    Layers are normalised before each block and after the last. Sines and cosines of the position
    are added to the first layer's channels. The dense layers are twice as wide between them.

    Source: Vaswani et al., "Attention is all you need", 2017 (arXiv 1706.03762), which normalises
    after each block.
    """

    family: Literal["causal-attention"] = "causal-attention"
    width: int = Field(ge=2, le=1024, multiple_of=2, description="Channels.")
    layers: int = Field(ge=1, le=64)
    heads: int = Field(default=2, ge=1, le=64)

    @model_validator(mode="after")
    def _check_heads(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"the width {self.width} is not a multiple of {self.heads} heads")
        return self

    @property
    def name(self) -> str:
        """What tables and figures call this model."""
        return "attention"

    @property
    def receptive_field(self) -> None:
        """How many positions an output depends on; None: on all earlier ones."""
        return

    def parameters(self, inputs: int, outputs: int) -> int:
        """How many parameters the network has.

        Args:
            inputs: Numbers at each position.
            outputs: Likewise.

        Example:
            >>> # 16 + (8 + 60 + 20) + (8 + 40 + 36) + 8 + 25
            >>> CausalAttention(width=4, layers=1).parameters(3, 5)
            221
        """
        width = self.width
        attention = 2 * width + (width + 1) * 4 * width
        dense = 2 * width + (width + 1) * 2 * width + (2 * width + 1) * width
        blocks = self.layers * (attention + dense)
        return _ends(width, inputs, outputs) + blocks + 2 * width


CausalModel = CausalConvolution | GatedRecurrence | CausalAttention


def _ends(width: int, inputs: int, outputs: int) -> int:
    """Parameters of the first and the last dense layer."""
    return (inputs + 1) * width + (width + 1) * outputs
