"""Damage to codestreams."""

from __future__ import annotations

import numpy as np
import pytest

from jscc.jpeg2000 import mutate


def test_a_mutation_depends_on_its_draws_only():
    data = bytes(range(256)) * 4
    assert mutate(data, 7) == mutate(data, np.random.default_rng(7))
    assert data == bytes(range(256)) * 4
    assert len({mutate(data, seed) for seed in range(200)}) > 190


def test_all_kinds_of_damage_occur():
    """Shorter, longer and equally long ones; pieces of another stream; damage near the start and far from it."""
    data, donor = bytes(3000), bytes([9]) * 3000
    results = [mutate(data, seed, [donor]) for seed in range(400)]
    sizes = np.array([len(result) for result in results])
    assert min((sizes < 3000).mean(), (sizes > 3000).mean(), (sizes == 3000).mean()) > 0.05
    assert any(bytes([9]) * 200 in result for result in results)
    assert all(results)
    places = np.concatenate([np.flatnonzero(np.frombuffer(result, np.uint8)) for result in results])
    assert min((places < 256).mean(), (places >= 256).mean()) > 0.1


def test_nothing_cannot_be_damaged():
    with pytest.raises(ValueError, match="data of 0 bytes given, at least one is expected"):
        mutate(b"", 0)
