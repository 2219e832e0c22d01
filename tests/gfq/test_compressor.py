"""The compressor and its container: round trips, distortion, and damage of every kind."""

import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jscc.gfq.code import bits_from_symbols
from jscc.gfq.compressor import Compressor, ContainerError, NotConverged, compressor_for, decompress
from jscc.information import distortion_rate

SMALL = {"reduction": 2, "gamma0": 0.5}
# Offset and format of each field of the header.
FIELDS = {
    "magic": (0, ">4s"),
    "version": (4, ">B"),
    "p": (5, ">B"),
    "graph": (6, ">B"),
    "symbols": (7, ">I"),
    "checks": (11, ">I"),
    "reduction": (15, ">I"),
    "degree_one": (19, ">I"),
    "seed": (23, ">Q"),
    "code": (31, ">I"),
    "length": (35, ">Q"),
    "blocks": (43, ">I"),
}


@pytest.fixture(scope="module")
def compressor() -> Compressor:
    return Compressor(24, 0.5, 4, seed=1, **SMALL)


@pytest.fixture(scope="module")
def container(compressor) -> bytes:
    bits = np.random.default_rng(0).integers(0, 2, 150, dtype=np.uint8)
    return compressor.compress(bits, np.random.default_rng(1))[0]


def forged(container: bytes, payload: bytes | None = None, **fields) -> bytes:
    """The container with other fields, and with the checksum that these have."""
    changed = bytearray(container[:-4] if payload is None else container[:47] + payload)
    for name, value in fields.items():
        offset, form = FIELDS[name]
        struct.pack_into(form, changed, offset, value)
    return bytes(changed) + struct.pack(">I", zlib.crc32(changed))


def test_a_megabit_comes_back_near_the_least_distortion():
    bits = np.random.default_rng(0).integers(0, 2, 1_000_000, dtype=np.uint8)
    compressor = Compressor(2000, 0.5, 6, seed=1, reduction=5, gamma0=0.86)
    container, report = compressor.compress(bits, np.random.default_rng(1))
    back = decompress(container)
    assert back.shape == bits.shape and back.dtype == np.uint8
    assert np.mean(back != bits) == report.distortion
    rate = 8 * len(container) / len(bits)
    assert rate == pytest.approx(compressor.code.rate, rel=0.01)
    assert distortion_rate(rate) < report.distortion < 1.15 * distortion_rate(rate)
    assert report.block_distortion.shape == report.iterations.shape == report.trials.shape == (84,)
    assert (report.trials >= 1).all() and (report.iterations >= report.trials).all()
    # The last block is a third of a block and zeros, which RBP takes as seriously.
    whole = len(bits) // 12_000 * 12_000
    np.testing.assert_allclose(
        np.mean((back != bits)[:whole].reshape(-1, 12_000), axis=1), report.block_distortion[:-1]
    )


@settings(max_examples=60)
@given(st.integers(0, 400), st.integers(0, 2**32 - 1), st.sampled_from(["peg", "random"]), st.integers(1, 8))
def test_any_number_of_bits_comes_back(length, seed, graph, p):
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2, length, dtype=np.uint8)
    for _ in range(50):
        try:
            compressor = Compressor(24, 0.5, p, seed, graph=graph, degree_one=0.125, **SMALL)
            container, report = compressor.compress(bits, rng)
            break
        except (ValueError, NotConverged) as error:
            assert isinstance(error, NotConverged) or "core" in str(error)
            seed += 1
    back = decompress(container)
    assert back.dtype == np.uint8 and back.shape == (length,)
    if length:
        assert np.mean(back != bits) == report.distortion
    else:
        assert np.isnan(report.distortion)
    n_blocks = -(-length // (24 * p))
    assert len(container) == 47 + 4 + -(-n_blocks * len(compressor.leaves.information_set) * p // 8)


def test_codewords_come_back_as_they_are(compressor):
    information = np.random.default_rng(3).integers(0, 16, (4, 14))
    bits = bits_from_symbols(compressor.leaves.codeword(information), 4).ravel()
    exact = Compressor(24, 0.5, 4, seed=1, reduction=2, gamma0=0.5, prior=8.0)
    container, report = exact.compress(bits, np.random.default_rng(0))
    assert report.distortion == 0
    np.testing.assert_array_equal(decompress(container), bits)


def test_the_same_seeds_give_the_same_container(compressor, container):
    bits = np.random.default_rng(0).integers(0, 2, 150, dtype=np.uint8)
    again = Compressor(24, 0.5, 4, seed=1, **SMALL)
    assert again.compress(bits.astype(bool), np.random.default_rng(1))[0] == container


def test_bytes_are_their_bits_the_most_significant_first(compressor):
    for content in (b"", b"\x80", bytes(range(0, 256, 7))):
        bits = np.unpackbits(np.frombuffer(content, np.uint8))
        expected = compressor.compress(bits, 3)[0]
        for given_ in (content, bytearray(content), memoryview(content)):
            assert compressor.compress(given_, 3)[0] == expected
        assert len(np.packbits(decompress(expected))) == len(content)


@pytest.mark.parametrize("length", [0, 1, 96, 97, 400])
def test_progress_counts_the_bits_and_changes_nothing(compressor, length):
    bits, told = np.random.default_rng(length).integers(0, 2, length, dtype=np.uint8), []
    container, report = compressor.compress(bits, 5, progress=told.append)
    alone, same = compressor.compress(bits, 5)
    assert container == alone and sum(told) == -(-length // 96) * 96
    for name in ("block_distortion", "iterations", "trials", "mended"):
        np.testing.assert_array_equal(getattr(report, name), getattr(same, name))


@settings(max_examples=40)
@given(st.integers(0, 30_000), st.floats(0.1, 0.9), st.integers(1, 8), st.integers(0, 2**32))
def test_a_compressor_for_any_length_cuts_it_evenly(length, rate, p, seed):
    compressor = compressor_for(length, rate, 2**p, seed)
    code, few = compressor.code, round(10 / (1 - rate))
    blocks = max(1, -(-length // code.n_bits))
    assert code.field.p == p and len(compressor.leaves.core) == 0
    assert code.n_bits <= max(12_000, few * p)
    assert code.n_symbols == few or blocks * code.n_bits - length < blocks * p
    assert code.n_checks == round(code.n_symbols * (1 - rate)) - 5


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.6, 0.75, 0.9])
@pytest.mark.parametrize("q", [4, 16, 64, 256])
def test_a_compressor_for_a_length_comes_near_the_limit_untuned(rate, q):
    compressor = compressor_for(24_000, rate, q)
    _, report = compressor.compress(np.random.default_rng(1).bytes(3000), 0)
    limit = float(distortion_rate(compressor.code.rate))
    assert limit < report.distortion < (2 if q == 4 else 1.5) * limit


def test_no_compressor_for_what_there_is_not():
    for wrong in ((-1, 0.5, 64), (10, 0.05, 64), (10, 0.95, 64), (10, 0.5, 3), (10, 0.5, 512), (10, float("nan"), 4)):
        with pytest.raises(ValueError, match="given, .* expected"):
            compressor_for(*wrong)


def test_the_reduction_is_the_book_s():
    assert Compressor(200, 0.5, 4).code.n_checks == 100 - 5


def test_the_header_is_the_one_that_is_documented(compressor, container):
    read = {name: struct.unpack_from(form, container, offset)[0] for name, (offset, form) in FIELDS.items()}
    read.pop("code")
    assert read == {
        "magic": b"JGFQ",
        "version": 1,
        "p": 4,
        "graph": 0,
        "symbols": 24,
        "checks": 12,
        "reduction": 2,
        "degree_one": 0,
        "seed": 1,
        "length": 150,
        "blocks": 2,
    }
    assert len(container) == 47 + 2 * 14 * 4 // 8 + 4


def test_every_truncation_is_noticed(container):
    """And said to be one, with how much there is, and from the end of the header on also of how much."""
    for end in range(len(container)):
        of = f"of the {len(container)} bytes that its header announces" if end >= 47 else "of at least 51 bytes"
        with pytest.raises(ContainerError, match=f"offset {end}: the container ends at {end} {of}"):
            decompress(container[:end])
    for more in (b"\0", b"\xff" * 5, container):
        with pytest.raises(ContainerError, match="checksum"):
            decompress(container + more)


def test_every_change_of_one_byte_is_noticed(container):
    for offset in range(len(container)):
        for change in range(1, 256):
            damaged = bytearray(container)
            damaged[offset] ^= change
            with pytest.raises(ContainerError):
                decompress(bytes(damaged))


@given(st.binary(max_size=120), st.booleans(), st.booleans())
def test_random_bytes_are_no_container(noise, with_magic, with_crc):
    if with_magic:
        noise = b"JGFQ\x01" + noise
    if with_crc:
        noise += struct.pack(">I", zlib.crc32(noise))
    with pytest.raises(ContainerError):
        decompress(noise)


def field_values(form: str):
    size = struct.calcsize(form)
    return st.one_of(st.integers(0, 40), st.integers(0, 256**size - 1)).map(lambda value: value % 256**size)


@settings(max_examples=300)
@given(
    st.fixed_dictionaries({}, optional={k: field_values(f) for k, (_, f) in FIELDS.items() if k != "magic"}),
    st.one_of(st.none(), st.binary(max_size=60)),
)
def test_a_hostile_header_gets_an_error_and_little_memory(container, fields, payload):
    """Whatever the fields say, they are checked against the size of the container first."""
    hostile = forged(container, payload, **fields)
    tracemalloc.start()
    try:
        bits = decompress(hostile)
    except ContainerError as error:
        assert 0 <= error.offset <= len(hostile)
        assert str(error).startswith(f"offset {error.offset}: ")
    else:
        assert len(bits) == fields.get("length", 150)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 2**22


@pytest.mark.parametrize(
    "fields, offset, complaint",
    [
        ({"magic": b"JGFR"}, 0, "JGFQ"),
        ({"version": 2}, 4, "version 2"),
        ({"p": 0}, 5, "1 to 8"),
        ({"p": 9}, 5, "1 to 8"),
        ({"graph": 2}, 6, "kind 2"),
        ({"symbols": 2**18 + 1}, 7, "max_symbols = 262144"),
        ({"symbols": 0}, 11, "checks"),
        ({"symbols": 12}, 11, "checks"),
        ({"checks": 1}, 11, "checks"),
        ({"symbols": 160, "checks": 153}, 11, "one in 16"),
        ({"symbols": 2**18, "checks": 3}, 11, "one for 64"),
        ({"reduction": 12}, 15, "taken away"),
        ({"degree_one": 25}, 19, "degree one"),
        ({"degree_one": 24}, 31, "not the one"),
        ({"seed": 2}, 31, "not the one"),
        ({"code": 0}, 31, "not the one"),
        ({"length": 2**63}, 35, "max_bits"),
        ({"length": 96}, 43, "blocks"),
        ({"length": 2**27 + 1}, 35, "max_bits = 134217728"),
        ({"length": 193}, 43, "blocks"),
        ({"blocks": 2**20, "length": 2**20 * 96}, 47, "bytes of symbols"),
        ({"blocks": 1, "length": 96}, 47, "bytes of symbols"),
        ({"reduction": 0, "payload": bytes(12)}, 5, "of no use given: .* core holds 12 of 12"),
        ({"payload": bytes(13)}, 47, "13 bytes of symbols given, 14 for 2 blocks"),
        ({"symbols": 25, "checks": 12, "p": 1, "length": 50, "payload": b"\0\0\0\1"}, 50, "zeros are expected"),
    ],
)
def test_a_contradiction_is_named_with_its_offset(container, fields, offset, complaint):
    with pytest.raises(ContainerError, match=complaint) as caught:
        decompress(forged(container, **fields))
    assert caught.value.offset == offset


def test_a_short_container_takes_little_memory(compressor):
    """200 kB with p = 1, n = 1024, k = 64 are 26 megabits: their bytes, and not nine times as much."""
    n, k, blocks = 1024, 64, 25_000
    small = Compressor(n, 61 / n, 1, seed=2, reduction=3, max_iterations=1, max_trials=1, mend=True)
    assert len(small.leaves.information_set) == k
    one, _ = small.compress(np.zeros(n, np.uint8), 0)
    payload = np.random.default_rng(0).bytes(blocks * k // 8)
    container = forged(one, payload, length=blocks * n, blocks=blocks)
    tracemalloc.start()
    try:
        bits = decompress(container)
        _, peak = tracemalloc.get_traced_memory()
        with pytest.raises(ContainerError, match="max_bits = 1000000"):
            decompress(container, max_bits=1_000_000)
    finally:
        tracemalloc.stop()
    assert len(bits) == blocks * n and peak < len(bits) + 2**22
    information = np.unpackbits(np.frombuffer(payload, np.uint8)).reshape(blocks, k)
    np.testing.assert_array_equal(bits.reshape(blocks, n)[:, small.leaves.information_set], information)


@pytest.mark.parametrize("n, checks", [(2**18, 2**12), (2**17, 2**11)])
def test_a_graph_that_takes_minutes_is_refused_before_it_is_drawn(container, n, checks):
    """258 kB of a stranger took five minutes; the bound is on the steps, not on the symbols alone."""
    k = n - checks + 1
    hostile = forged(container, bytes(k), p=8, symbols=n, checks=checks, reduction=1, length=8 * n, blocks=1)
    start = time.process_time()
    with pytest.raises(ContainerError, match="graph of [0-9]+ steps given, at most") as caught:
        decompress(hostile)
    assert time.process_time() - start < 1 and caught.value.offset == 11


def test_a_compressor_makes_no_container_whose_graph_nobody_draws():
    with pytest.raises(ValueError, match="a graph of [0-9]+ steps given, at most 4294967296"):
        Compressor(2**21, 63 / 64, 1)


def test_only_blocks_that_have_not_converged_are_mended():
    """The others come out as they were found, block by block, and a block does not depend on its neighbours."""
    settings = {"reduction": 1, "max_iterations": 30, "max_trials": 1, "gamma0": 0.9, "mend": True}
    compressor = Compressor(200, 0.5, 4, **settings)
    bits = np.random.default_rng(4).integers(0, 2, (6, 800), dtype=np.uint8)
    found = compressor.rbp.quantise(bits, 5)
    assert 0 < found.converged.sum() < 6
    container, report = compressor.compress(bits.ravel(), 5)
    back = decompress(container).reshape(6, 800)
    np.testing.assert_array_equal(back[found.converged], found.bits[found.converged])
    np.testing.assert_array_equal(report.mended == 0, found.converged)
    np.testing.assert_array_equal(
        back[~found.converged], bits_from_symbols(compressor.leaves.mend(found.symbols[~found.converged]), 4)
    )


@pytest.mark.parametrize("p, n", [(1, 24), (3, 25), (8, 31)])
def test_blocks_are_unpacked_wherever_they_begin(p, n, monkeypatch):
    """Blocks that begin within a byte, one at a time and several at a time."""
    compressor = Compressor(n, 0.5, p, 1, mend=True, reduction=3, max_iterations=5, max_trials=1)
    bits = np.random.default_rng(0).integers(0, 2, 7 * n * p - 3, dtype=np.uint8)
    container, report = compressor.compress(bits, 1)
    whole = decompress(container)
    assert np.mean(whole != bits) == report.distortion
    for at_a_time in (1, 2 * n, 3 * n + 1):
        monkeypatch.setattr("jscc.gfq.compressor._AT_A_TIME", at_a_time)
        np.testing.assert_array_equal(decompress(container), whole)


def test_blocks_without_a_codeword_are_named():
    compressor = Compressor(24, 0.5, 4, seed=1, reduction=2, prior=30.0, max_iterations=1, max_trials=1)
    bits = np.random.default_rng(0).integers(0, 2, 5 * 96, dtype=np.uint8)
    bits[96:192] = 0  # a codeword, which one iteration finds
    with pytest.raises(NotConverged, match=r"4 of 5 blocks \(0, 2, 3, 4\) in 1 trials of 1") as caught:
        compressor.compress(bits, np.random.default_rng(0))
    assert caught.value.blocks == (0, 2, 3, 4)


def test_blocks_without_a_codeword_are_mended_if_it_is_wanted():
    settings = {"reduction": 1, "max_iterations": 30, "max_trials": 1, "gamma0": 0.9}
    bits = np.random.default_rng(4).integers(0, 2, 5000)
    with pytest.raises(NotConverged, match="mend=True") as caught:
        Compressor(200, 0.5, 4, **settings).compress(bits, np.random.default_rng(5))
    container, report = Compressor(200, 0.5, 4, mend=True, **settings).compress(bits, np.random.default_rng(5))
    assert tuple(np.flatnonzero(report.mended)) == caught.value.blocks
    assert np.mean(decompress(container) != bits) == pytest.approx(report.distortion)
    assert report.distortion < 0.25  # of half the bits, and none of it chance


def test_wrong_arguments_are_refused(compressor):
    rng = np.random.default_rng(0)
    for wrong in ([0, 2], [0.0, 1.0]):
        with pytest.raises(ValueError, match="0 and 1"):
            compressor.compress(wrong, rng)
    for wrong in (np.zeros((2, 96), int), np.array(1)):
        with pytest.raises(ValueError, match="bits of shape .* given, .* expected"):
            compressor.compress(wrong, rng)
    for seed in (-1, 2**64):
        with pytest.raises(ValueError, match="seed=.* given"):
            Compressor(24, 0.5, 4, seed)
    with pytest.raises(ValueError, match="core holds 12 of 12"):
        Compressor(24, 0.5, 4, reduction=0)
    with pytest.raises(ValueError, match="one in 16"):
        Compressor(200, 0.03, 4, reduction=1)
    with pytest.raises(ValueError, match="n_symbols=.* given, at most"):
        Compressor(2**21 + 1, 0.5, 4)
    with pytest.raises(ValueError, match="gamma0"):
        Compressor(24, 0.5, 4, reduction=1, gamma0=2)
