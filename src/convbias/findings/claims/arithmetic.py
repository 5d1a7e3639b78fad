"""Claims that follow from the shapes of the models' weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from convbias.findings.claims.base import (
    Check,
    Claim,
    ClaimResult,
    Evidence,
    not_measured,
)
from convbias.spec.arithmetic import Layers, Shape, parameters

Derived = tuple[tuple[float, ...], str]  # our numbers, and how they come about

POOLINGS = 2  # each halves the side of the feature map


def derivation(layers: Layers) -> str:
    """The count of parameters, written out layer by layer.

    Example:
        >>> derivation({"conv_1": {"kernel": (3, 3, 1, 32), "bias": (32,)}})
        '(3*3*1*32 + 32) = 320'
    """
    terms = [" + ".join(map(_product, shapes.values())) for shapes in layers.values()]
    return f"{' + '.join(f'({term})' for term in terms)} = {parameters(layers):,}"


def _product(shape: Shape) -> str:
    return "*".join(map(str, shape))


def _kernels(layers: Layers) -> list[Shape]:
    """The shapes of the layers' weights without their biases."""
    return [next(iter(shapes.values())) for shapes in layers.values()]


def _image_side(dense: Layers) -> int:
    """Pixels per side of the square image that the dense baseline's first layer takes."""
    return math.isqrt(_kernels(dense)[0][0])


def _parameters(model: Layers) -> Derived:
    return (parameters(model),), derivation(model)


def _share_saved(dense: Layers, cnn: Layers) -> Derived:
    share = 100 * (1 - parameters(cnn) / parameters(dense))
    return (share,), f"100 % - {parameters(cnn):,} / {parameters(dense):,} = {share:.1f} %"


def _first_weights(dense: Layers, cnn: Layers) -> Derived:
    kernels = [_kernels(layers)[0] for layers in (dense, cnn)]
    sizes = [math.prod(kernel) for kernel in kernels]
    return tuple(sizes), " and ".join(
        f"{_product(kernel)} = {size:,}" for kernel, size in zip(kernels, sizes, strict=True)
    )


def _ratio_of_first_weights(dense: Layers, cnn: Layers) -> Derived:
    (weights, shared), _ = _first_weights(dense, cnn)
    side = _image_side(dense)
    return (weights / shared,), (
        f"{weights:,} / {shared:,} = {weights / shared:.1f} for the first layers alone; the whole"
        f" networks' ratio is {parameters(dense):,} / {parameters(cnn):,} ="
        f" {parameters(dense) / parameters(cnn):.1f},"
        f" and the first convolution multiplies {side}*{side}*{shared} = {side * side * shared:,}"
        f" times where the first dense layer does {weights:,} times"
    )


def _positions(dense: Layers, cnn: Layers) -> Derived:
    side, kernel_size = _image_side(dense), _kernels(cnn)[0][0]
    inside = side - kernel_size + 1
    return (side * side,), (
        f"same padding puts the kernel on each of {side}*{side} = {side * side} pixels; without"
        f" padding it fits in {inside}*{inside} = {inside * inside} places"
    )


def _share_covered(dense: Layers, cnn: Layers) -> Derived:
    side, kernel_size = _image_side(dense), _kernels(cnn)[0][0]
    share = 100 * kernel_size**2 / side**2
    return (share,), (
        f"{kernel_size}*{kernel_size} of {side}*{side} pixels are {share:.2f} % of the area;"
        f" {kernel_size} of {side} pixels are {100 * kernel_size / side:.0f} % of the side"
    )


def _flattened(dense: Layers, cnn: Layers) -> Derived:
    side = _image_side(dense) // 2**POOLINGS
    channels = [kernel for kernel in _kernels(cnn) if len(kernel) == 4][-1][-1]
    features = side * side * channels
    return (features,), f"{side}*{side}*{channels} = {features:,} after {POOLINGS} poolings"


def _from_shapes(
    claim: Claim, evidence: Evidence, *, arms: Sequence[str], derive: Callable[..., Derived]
) -> ClaimResult:
    """Hold a claim's numbers against those that follow from the shapes of the arms' weights."""
    models = _models(claim, evidence, arms)
    if isinstance(models, ClaimResult):
        return models
    values, explanation = derive(*models)
    whole = all(float(value).is_integer() for value in values)
    return ClaimResult(
        claim,
        "holds" if claim.matches(*values) else "cannot hold",
        f"{explanation[0].upper()}{explanation[1:]}.",
        measured=claim.written(*values, digits=0 if whole else 2),
        value=float(values[0]),
    )


def _kernel_only(claim: Claim, evidence: Evidence, *, arms: Sequence[str]) -> ClaimResult:
    """Whether arms that should differ in kernel size alone have equally many parameters."""
    models = _models(claim, evidence, arms)
    if isinstance(models, ClaimResult):
        return models
    counts = [parameters(model) for model in models]
    listed = "; ".join(f"{arm}: {number:,}" for arm, number in zip(arms, counts, strict=True))
    return ClaimResult(
        claim,
        "holds" if min(counts) == max(counts) else "cannot hold",
        f"Parameters differ by a factor of {max(counts) / min(counts):.1f} ({listed}).",
        measured=" / ".join(f"{number:,}" for number in counts) + " parameters",
    )


def _models(claim: Claim, evidence: Evidence, arms: Sequence[str]) -> list[Layers] | ClaimResult:
    missing = [arm for arm in arms if arm not in evidence.networks]
    if missing:
        return not_measured(claim, f"The shapes of {', '.join(missing)} were not given.")
    return [evidence.networks[arm] for arm in arms]


_SWEEP = ("cnn-3x3", "cnn-5x5", "cnn-7x7")
_BOTH = ("dense", "cnn-3x3")

CHECKS: Mapping[str, Check] = {
    "baseline-params": partial(_from_shapes, arms=("dense",), derive=_parameters),
    "cnn-params": partial(_from_shapes, arms=("cnn-3x3",), derive=_parameters),
    "cnn-fewer": partial(_from_shapes, arms=_BOTH, derive=_share_saved),
    "kernel-params-3x3": partial(_from_shapes, arms=("cnn-3x3",), derive=_parameters),
    "kernel-params-5x5": partial(_from_shapes, arms=("cnn-5x5",), derive=_parameters),
    "kernel-params-7x7": partial(_from_shapes, arms=("cnn-7x7",), derive=_parameters),
    "kernel-only": partial(_kernel_only, arms=_SWEEP),
    "sharing-weights": partial(_from_shapes, arms=_BOTH, derive=_first_weights),
    "sharing-ratio": partial(_from_shapes, arms=_BOTH, derive=_ratio_of_first_weights),
    "sharing-positions": partial(_from_shapes, arms=_BOTH, derive=_positions),
    "7x7-covers": partial(_from_shapes, arms=("dense", "cnn-7x7"), derive=_share_covered),
    "choices-flatten": partial(_from_shapes, arms=_BOTH, derive=_flattened),
}
