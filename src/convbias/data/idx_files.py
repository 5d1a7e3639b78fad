"""The data sets that are published as four IDX files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convbias.data.idx import read_compressed
from convbias.data.published_files import PublishedFile, PublishedFiles


class IdxFiles(PublishedFiles):
    """The four files of a data set: training images and labels, test images and labels."""

    def read(
        self, folder: Path | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Read and verify the data set; download the files that the cache lacks.

        Args:
            folder: As for `folder_without_download`; only the cache is ever downloaded into.

        Returns:
            Training images uint8 (n, 28, 28), training labels uint8 (n,), test images uint8
            (m, 28, 28) and test labels uint8 (m,).

        Raises:
            DataError: A file is missing, unreadable or damaged, or cannot be downloaded.
        """
        folder = self.folder_with_download(folder)
        train_images, train_labels, test_images, test_labels = (
            read_compressed(self.content(folder / name), str(folder / name)) for name in self.files
        )
        return train_images, train_labels, test_images, test_labels


def _published(
    training_images: PublishedFile,
    training_labels: PublishedFile,
    test_images: PublishedFile,
    test_labels: PublishedFile,
) -> dict[str, PublishedFile]:
    return {
        "train-images-idx3-ubyte.gz": training_images,
        "train-labels-idx1-ubyte.gz": training_labels,
        "t10k-images-idx3-ubyte.gz": test_images,
        "t10k-labels-idx1-ubyte.gz": test_labels,
    }


_SETS = (
    IdxFiles(
        "fashion-mnist",
        _published(
            PublishedFile(
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", 26_421_880
            ),
            PublishedFile(
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", 29_515
            ),
            PublishedFile(
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", 4_422_102
            ),
            PublishedFile(
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", 5_148
            ),
        ),
        # The bucket behind the data set's own site, then the authors' repository.
        (
            "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
    ),
    IdxFiles(
        "mnist",
        _published(
            PublishedFile(
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                9_912_422,
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            PublishedFile(
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                28_881,
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            PublishedFile(
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                1_648_877,
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            PublishedFile(
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                4_542,
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ),
        # Copies of PyTorch and of TensorFlow; the authors' own site refuses downloads.
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
    ),
    IdxFiles(
        "kmnist",
        _published(
            PublishedFile(
                "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4", 18_165_135
            ),
            PublishedFile(
                "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17", 29_497
            ),
            PublishedFile(
                "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5", 3_041_136
            ),
            PublishedFile(
                "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c", 5_120
            ),
        ),
        ("https://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
    ),
)

IDX_FILES: dict[str, IdxFiles] = {each.name: each for each in _SETS}
