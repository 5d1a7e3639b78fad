"""Published numbers of the original study by model and measure."""

from __future__ import annotations

from convbias.findings.claims.base import Claim
from convbias.findings.claims.catalogue import claims

# Arm and column of the comparison to claim ids. The 3x3 CNN was published with two accuracies and
# two parameter counts: in the comparison with the dense network and in the kernel size sweep.
_CLAIMS = {
    ("dense", "test_accuracy"): ("baseline-accuracy",),
    ("dense", "test_loss"): ("baseline-loss",),
    ("dense", "parameters"): ("baseline-params",),
    ("dense", "network_file_bytes"): ("memory-baseline",),
    ("dense", "train_validation_gap"): ("gap-baseline",),
    ("cnn-3x3", "test_accuracy"): ("cnn-accuracy", "kernel-accuracy-3x3"),
    ("cnn-3x3", "test_loss"): ("cnn-loss",),
    ("cnn-3x3", "parameters"): ("cnn-params", "kernel-params-3x3"),
    ("cnn-3x3", "network_file_bytes"): ("memory-cnn",),
    ("cnn-3x3", "train_validation_gap"): ("gap-cnn",),
    ("cnn-5x5", "test_accuracy"): ("kernel-accuracy-5x5",),
    ("cnn-5x5", "parameters"): ("kernel-params-5x5",),
    ("cnn-7x7", "test_accuracy"): ("kernel-accuracy-7x7",),
    ("cnn-7x7", "parameters"): ("kernel-params-7x7",),
}


def published(arm: str, column: str) -> tuple[Claim, ...]:
    """The claims that publish a number for one cell of the comparison; usually one or none.

    Args:
        arm: the arm's name.
        column: column of the comparison, for instance `test_accuracy`.

    Example:
        >>> [claim.published_text for claim in published("cnn-3x3", "test_accuracy")]
        ['90.4 %', '89.2 %']
    """
    wanted = _CLAIMS.get((arm, column), ())
    return tuple(claim for claim in claims() if claim.id in wanted)
