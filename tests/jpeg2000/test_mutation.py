"""Damage to codestreams."""

from __future__ import annotations

import numpy as np
import pytest

from jscc.jpeg2000 import mutate
from jscc.jpeg2000.mutation import KINDS


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


def test_a_kind_alone_does_what_it_says():
    """A cut leaves a beginning; a flip or a byte changes at most 16 or 8 of them; a splice brings pieces of a donor."""
    data, donor = bytes(range(256)) * 12, bytes([9]) * 3000
    of = {kind: [mutate(data, seed, [donor], kind=kind) for seed in range(200)] for kind in KINDS}
    assert all(data.startswith(result) for result in of["cut"])
    for kind, most in (("flip", 16), ("byte", 8)):
        changed = [sum(a != b for a, b in zip(result, data, strict=True)) for result in of[kind]]
        assert 0 < max(changed) <= most
    assert any(bytes([9]) * 200 in result for result in of["splice"])
    assert {len(result) - len(data) for result in of["splice"]} > {0, 1, 2, 16, 256}


def test_nothing_cannot_be_damaged():
    with pytest.raises(ValueError, match="data of 0 bytes given, at least one is expected"):
        mutate(b"", 0)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind='burn' given, one of .'flip', 'byte', 'cut', 'splice'. is expected"):
        mutate(b"a", 0, kind="burn")
