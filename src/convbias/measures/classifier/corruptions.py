"""Accuracy of any classifier on corrupted images, and on images whose blocks are shuffled."""

from __future__ import annotations

import numpy as np

from convbias.data.transforms import block_permutation, permute
from convbias.measures.classifier.base import Found, LabelledImages, Place, Score
from convbias.measures.corruption import answers_by_corruption, corruptions_of
from convbias.networks.adapters import Classifier
from convbias.spec.quantities import share

SEED = 0  # of noise, covered places and orders of blocks: the same for all networks


def corruptions(classifier: Classifier, data: LabelledImages) -> Found:
    """How much accuracy noise, blur, lost contrast and covered squares cost.

    Args:
        classifier: Any.
        data: Labelled images.

    Returns:
        The accuracy at every strength, and `lost_to_NAME`: the clean accuracy minus the mean over
        strengths. Blur and squares grow with the images' side.
    """
    right = classifier.classes_of(data.images) == data.labels
    kinds = corruptions_of(data.side)
    answers = answers_by_corruption(classifier.classes_of, data.images, kinds, SEED)
    scores = []
    for each in kinds:
        correct = answers[each.name] == data.labels
        noun = f"accuracy lost to {each.name}"
        lost = share(f"lost_to_{each.name}", noun, 0.01, higher_is_better=False)
        scores.append(Score.mean(lost, right - correct.mean(axis=0)))
        for level, (strength, of_strength) in enumerate(
            zip((0.0, *each.strengths), (right, *correct), strict=True)
        ):
            quantity = share(
                f"accuracy_{each.name}_{strength:g}",
                f"accuracy with {each.name} {strength:g}",
                0.01,
            )
            place = Place("corruption", str(level), series=each.name)
            scores.append(Score.mean(quantity, of_strength, place))
    strengths = "; ".join(
        f"{each.name} {', '.join(f'{strength:g}' for strength in each.strengths)}" for each in kinds
    )
    return Found(tuple(scores), len(data.labels), remark=f"Strengths 1 to 4: {strengths}.")


def block_sides(side: int) -> list[int]:
    """Sides of blocks that fill an image, from the largest to single pixels, five at most.

    Example:
        >>> block_sides(28), block_sides(32)
        ([14, 7, 4, 2, 1], [16, 8, 4, 2, 1])
    """
    return [block for block in range(side // 2, 0, -1) if side % block == 0][-5:]


def blocks(classifier: Classifier, data: LabelledImages) -> Found:
    """How much accuracy is left when square blocks of all images are shuffled in one way.

    A classifier of local detail keeps its answers; one of the whole form loses them.

    Args:
        classifier: Any; it was trained on images in order.
        data: Labelled images.

    Returns:
        The accuracy with blocks of every size, and `lost_to_shuffled_blocks`: the accuracy in
        order minus that with blocks of a quarter of the side or the next smaller size.
    """
    right = classifier.classes_of(data.images) == data.labels
    sides = block_sides(data.side)
    correct = {
        block: classifier.classes_of(permute(data.images, _order(data.side, block))) == data.labels
        for block in sides
    }
    chosen = next(block for block in sides if block <= data.side / 4)
    lost = share(
        "lost_to_shuffled_blocks",
        f"accuracy lost to shuffled blocks of {chosen} pixels",
        0.01,
        higher_is_better=False,
    )
    scores = [
        Score.mean(
            share(f"accuracy_blocks_{block}", f"accuracy with blocks of {block}", 0.01),
            of_block,
            Place("blocks", str(block)),
        )
        for block, of_block in ((data.side, right), *correct.items())
    ]
    difference = right.astype(float) - correct[chosen]
    return Found((Score.mean(lost, difference), *scores), len(data.labels))


def _order(side: int, block: int) -> np.ndarray:
    return block_permutation(side, block, SEED)
