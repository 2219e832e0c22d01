"""Binary images find the gray ones that they were drawn from."""

import numpy as np
import pytest

from jscc import datasets
from jscc.necst import binarized_mnist_labels, find_gray


def test_drawn_images_find_their_own_gray_one():
    gray = np.round(datasets.load("digits")["x"].reshape(-1, 64) * (255 / 16)).astype(np.uint8)
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(gray))[:600]
    binary = (rng.random((600, 64)) * 255 < gray[rows]).astype(np.uint8)
    found, impossible = find_gray(binary, gray)
    assert not impossible.any()
    labels = datasets.load("digits")["y"]
    # 8 x 8 pixels leave some in doubt; what is found instead is no less likely, and mostly of the same class.
    assert (found == rows).mean() > 0.6 and (labels[found] == labels[rows]).mean() > 0.9
    chance = np.clip(gray / 255, 1e-6, 1 - 1e-6)
    likelihood = [np.log(np.where(binary == 1, chance[at], 1 - chance[at])).sum(axis=1) for at in (found, rows)]
    assert (likelihood[0] > likelihood[1] - 1e-3).all()


def test_an_image_of_none_of_them_is_noticed():
    gray = np.zeros((3, 20), np.uint8)
    gray[1, :10] = 255
    binary = np.zeros((1, 20), np.uint8)
    binary[0, 5:12] = 1
    found, impossible = find_gray(binary, gray)
    assert found.tolist() == [1] and impossible.tolist() == [7]
    for wrong in ((binary, gray[:, :3]), (binary[0], gray), (binary, gray[:0])):
        with pytest.raises(ValueError, match="are expected"):
            find_gray(*wrong)


@pytest.mark.skipif(
    not (datasets.available("mnist") and datasets.available("binarized_mnist")), reason="MNIST is not here, or binary"
)
def test_the_test_part_is_mnist_s_sorted_by_class():
    rows = np.arange(3, 10_000, 40)
    labels = binarized_mnist_labels("test", rows)
    assert (np.diff(labels.astype(int)) >= 0).all() and set(labels) == set(range(10))
    with pytest.raises(ValueError, match="images of their own"):
        binarized_mnist_labels("test", [5, 5])
    with pytest.raises(ValueError, match="part='all'"):
        binarized_mnist_labels("all")
