"""Syndromes of eight planes of 1024 bits, packing included: ours, numpy, scipy and torch."""

from _timing import interleaved, rates, write  # first: it holds every library to one thread

import numpy as np  # isort: skip
import torch

from jscc.bitplanes import unpack_planes
from jscc.classify.columns import paper_code
from jscc.ldpc import syndromes

IMAGES = 8000


def main() -> None:
    """Check that all systems agree, then time them on the same images."""
    torch.set_num_threads(1)
    code = paper_code()
    images = np.random.default_rng(0).integers(0, 256, (IMAGES, 1024), dtype=np.uint8)
    neighbours = code.check_variables.reshape(512, 6)
    matrix = code.to_sparse().astype(np.int16)
    dense = torch.from_numpy(code.to_dense().astype(np.float32).T.copy())

    def by_gather():
        out = images[:, neighbours[:, 0]]
        for k in range(1, 6):
            out ^= images[:, neighbours[:, k]]
        return out

    def by_turned_gather():
        turned = np.ascontiguousarray(images.T)
        out = turned[neighbours[:, 0]]
        for k in range(1, 6):
            out ^= turned[neighbours[:, k]]
        return np.ascontiguousarray(out.T)

    def by_sparse_product():
        planes = unpack_planes(images).reshape(-1, 1024)
        return (matrix @ planes.T.astype(np.int16)).T.astype(np.uint8) & 1

    def by_dense_product():
        planes = torch.from_numpy(unpack_planes(images).reshape(-1, 1024).astype(np.float32))
        return (planes @ dense).to(torch.uint8).numpy() & 1

    systems = {
        "jscc": lambda: syndromes(images, code),
        "numpy (gather)": by_gather,
        "numpy (gather, turned)": by_turned_gather,
        "scipy (CSR product)": by_sparse_product,
        "torch (dense product)": by_dense_product,
    }
    expected = systems["jscc"]()
    for name, system in systems.items():
        got = system()
        if got.shape != expected.shape:
            got, wanted = got.reshape(IMAGES, 8, 512), unpack_planes(expected)
        else:
            wanted = expected
        if not np.array_equal(got, wanted):
            raise SystemExit(f"{name} gives other syndromes")
    seconds = interleaved(systems, repeats=41)
    write(
        "syndromes",
        rates("syndromes of 8 planes of 1024 bits", "images/s", dict.fromkeys(systems, IMAGES), seconds),
    )


if __name__ == "__main__":
    main()
