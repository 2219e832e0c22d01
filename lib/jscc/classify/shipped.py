"""Classifiers that come trained: GRU12 on the syndromes of all eight planes (column ``ldpc`` of Table II).

Their weights lie under ``data/models`` and are made by the experiment ``syndromes_weights``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jscc import artefacts
from jscc.classify.columns import COLUMNS, features
from jscc.classify.gru import GRUClassifier

_SIDE = 28  # of the pictures of MNIST and Fashion-MNIST

CLASS_NAMES = {
    "digits": tuple("0123456789"),
    "mnist": tuple("0123456789"),
    "fashion_mnist": (
        "T-shirt/top",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ),
}


@dataclass(frozen=True, repr=False)
class ShippedClassifier:
    """A trained network with what it takes to use it on a picture.

    Attributes
    ----------
    dataset : str
        What it was trained on.
    column : str
        The column of Table II that it reads, a key of `jscc.classify.COLUMNS`.
    classes : tuple of str
        Names of the classes 0 to 9.
    model : GRUClassifier
    """

    dataset: str
    column: str
    classes: tuple[str, ...]
    model: GRUClassifier

    def __repr__(self) -> str:
        return f"ShippedClassifier({self.dataset!r}, column {self.column!r}, {self.model.n_parameters:,} weights)"

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Probability of each class, as the network has it.

        Parameters
        ----------
        images : ndarray of uint8, shape (h, w) or (images, h, w)
            Gray, at most 32 x 32, of the data set's kind: 28 x 28 and bright on black for ``mnist`` and
            ``fashion_mnist``.

        Returns
        -------
        ndarray of float64, shape (10,) or (images, 10)
        """
        images = np.asarray(images)
        if images.ndim not in (2, 3):
            raise ValueError(f"images of shape {images.shape} given, (h, w) or (images, h, w) is expected")
        batch = images if images.ndim == 3 else images[None]
        scores = self.model.logits(features(batch, self.column)).astype(np.float64)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        scores /= scores.sum(axis=1, keepdims=True)
        return scores if images.ndim == 3 else scores[0]

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Number of the likeliest class, int64; the images are those of `probabilities`."""
        return self.probabilities(images).argmax(axis=-1)

    def names(self, images: np.ndarray) -> np.ndarray:
        """Name of the likeliest class; the images are those of `probabilities`."""
        return np.array(self.classes)[self.predict(images)]


def read_picture(path, *, box: int = 20) -> np.ndarray:
    """A picture file as a network that was trained on MNIST or Fashion-MNIST expects it.

    Gray, 28 x 28, bright on black: a picture whose border is bright is inverted. What stands on the ground is
    scaled to fit the box, its sides in proportion, and set with its centre of mass into the middle, as MNIST's digits
    were.

    Parameters
    ----------
    path : path-like or file object
        Whatever Pillow reads, PNG for one.
    box : int
        Side of the box in pixels, 1 to 28: 20 as in MNIST, 28 as in Fashion-MNIST.

    Returns
    -------
    ndarray of uint8, shape (28, 28)

    Raises
    ------
    ValueError
        If the file is no picture, or nothing stands on its ground.
    FileNotFoundError
        If there is no such file.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> from jscc.classify import read_picture
    >>> paper, file = np.full((90, 60), 250, np.uint8), io.BytesIO()
    >>> paper[20:70, 28:33] = 10  # a stroke of ink
    >>> Image.fromarray(paper).save(file, "png")
    >>> read_picture(file)[::7, 14].tolist()
    [0, 255, 255, 255]
    """
    from PIL import Image

    if not 1 <= box <= _SIDE:
        raise ValueError(f"box={box} given, 1 to {_SIDE} is expected")
    try:
        with Image.open(path) as file:
            gray = np.asarray(file.convert("L"))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        if getattr(error, "errno", None) is not None:  # the system's refusal, and not the file's fault
            raise
        raise ValueError(f"{path} given, a picture is expected: {error}") from error
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    ground = int(np.median(border))
    ink = gray.astype(np.int64) - ground if ground < 128 else ground - gray.astype(np.int64)
    ink = np.clip(ink, 0, None)
    if ink.max() < 32:
        raise ValueError(f"{path} given, something that stands out from the ground of level {ground} is expected")
    ink = np.rint(ink * (255 / ink.max())).astype(np.uint8)
    rows, columns = (np.flatnonzero((ink > 64).any(axis=axis)) for axis in (1, 0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, round(box * side / max(cut.shape))) for side in cut.shape)
    small = np.asarray(Image.fromarray(cut).resize((width, height), Image.Resampling.LANCZOS)).astype(np.float64)
    picture = np.zeros((_SIDE, _SIDE), np.uint8)
    # The middle of the mass, as far as the picture has room.
    top, left = (
        int(np.clip(round((_SIDE - 1) / 2 - small.sum(axis=1 - axis) @ np.arange(side) / small.sum()), 0, _SIDE - side))
        for axis, side in ((0, height), (1, width))
    )
    picture[top : top + height, left : left + width] = small
    return picture


def weights_name(dataset: str) -> str:
    """The artefact that holds the weights for a data set."""
    return f"gru12_{dataset}"


def shipped_classifier(dataset: str) -> ShippedClassifier:
    """Load a classifier that comes trained.

    Parameters
    ----------
    dataset : {"mnist", "fashion_mnist", "digits"}
        ``digits`` are scikit-learn's of 8 x 8 pixels, each repeated 4 x 4 times.

    Raises
    ------
    ValueError
        If there is none for the data set, or its file is damaged.
    FileNotFoundError
        If its weights are not there.

    Examples
    --------
    >>> from jscc.classify import gray_images
    >>> classifier = shipped_classifier("digits")
    >>> classifier
    ShippedClassifier('digits', column 'ldpc', 19,030 weights)
    >>> test = gray_images("digits").test
    >>> classifier.names(test[:5]).tolist()
    ['2', '3', '4', '5', '6']
    """
    if dataset not in CLASS_NAMES:
        raise ValueError(f"dataset={dataset!r} given, one of {', '.join(CLASS_NAMES)} is expected")
    weights, header = artefacts.load(weights_name(dataset))
    column = header.get("column")
    if header.get("dataset") != dataset or column not in COLUMNS:
        raise ValueError(f"{artefacts.path_of(weights_name(dataset))} given, weights for {dataset} are expected")
    return ShippedClassifier(dataset, column, CLASS_NAMES[dataset], GRUClassifier.of(weights, header))
