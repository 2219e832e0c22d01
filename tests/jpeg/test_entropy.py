"""The laws of entropy coding: exact round trips, rates near the entropy, decoders that never lose their footing."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from jscc.arithmetic import RangeCode
from jscc.information import entropy
from jscc.jpeg.entropy import MAX_TOTAL, HuffmanCode, jpeg_scans, symbol_counts

CODES = (HuffmanCode, RangeCode)
ROWS = arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=40))
# Training counts of every shape: none at all, a few symbols, one that drowns the others.
COUNTS = arrays(np.int64, 256, elements=st.sampled_from((0, 0, 0, 1, 2, 1000, 10**8)))


def own_bytes(packed, n_bits):
    """The rows without the zeros that only fill the array."""
    return [row[: -(-bits // 8)] for row, bits in zip(packed, n_bits, strict=True)]


def fibonacci_counts():
    """Counts whose tree is as deep as their sum allows: each is the sum of all before it."""
    counts = np.zeros(256, np.int64)  # one is added to each: 219 ones at the end make a group of their own
    sequence = [255, 256]
    while sum(sequence) + sequence[-1] + sequence[-2] < MAX_TOTAL - 1024:
        sequence.append(sequence[-1] + sequence[-2])
    counts[: len(sequence)] = sequence
    return counts


def skewed(rng, n, concentration=0.1):
    """Probabilities of 256 symbols and rows drawn from them."""
    p = rng.dirichlet(np.full(256, concentration))
    return p, rng.choice(256, n, p=p).astype(np.uint8)


@pytest.mark.parametrize("code", CODES)
@given(ROWS, COUNTS)
def test_what_is_coded_is_decoded(code, rows, counts):
    code = code(counts)
    packed, n_bits = code.encode(rows)
    assert packed.dtype == np.uint8 and packed.shape == (len(rows), -(-n_bits.max(initial=0) // 8))
    for row, stream in zip(rows, own_bytes(packed, n_bits), strict=True):
        np.testing.assert_array_equal(code.decode(stream, len(row)), row)


@pytest.mark.parametrize("code", CODES)
def test_a_row_is_coded_alone(code):
    rng = np.random.default_rng(0)
    rows = skewed(rng, (5, 100))[1]
    code = code(symbol_counts(rows))
    packed, n_bits = code.encode(rows)
    for row, stream in zip(rows, own_bytes(packed, n_bits), strict=True):
        alone, bits = code.encode(row[None])
        np.testing.assert_array_equal(alone[0], stream)
        assert -(-bits[0] // 8) == len(stream)
    for stream, whole in zip(own_bytes(packed, n_bits), packed, strict=True):
        assert not whole[len(stream) :].any()


@pytest.mark.parametrize("code", CODES)
@given(st.binary(max_size=64), st.integers(0, 80), COUNTS)
def test_any_bytes_are_an_error_or_the_code_of_what_they_decode_to(code, content, n_symbols, counts):
    code = code(counts)
    stream = np.frombuffer(content, np.uint8)
    try:
        symbols = code.decode(stream, n_symbols)
    except ValueError:
        return
    packed, n_bits = code.encode(symbols[None])
    np.testing.assert_array_equal(own_bytes(packed, n_bits)[0], stream)


@pytest.mark.parametrize("code", CODES)
def test_a_cut_or_lengthened_stream_is_refused(code):
    rng = np.random.default_rng(1)
    rows = skewed(rng, (20, 200), 1.0)[1]
    code = code(symbol_counts(rows))
    for row, stream in zip(rows, own_bytes(*code.encode(rows)), strict=True):
        for end in range(len(stream)):
            with pytest.raises(ValueError, match="bytes"):
                code.decode(stream[:end], len(row))
        with pytest.raises(ValueError, match="bytes"):
            code.decode(np.append(stream, np.uint8(0)), len(row))
        with pytest.raises(ValueError, match="bytes"):
            code.decode(np.append(stream, np.full(4, 170, np.uint8)), len(row))


def is_prefix_free(lengths, codewords):
    """No code word begins another: in the order of their left-aligned values, neighbours suffice."""
    words = sorted(format(int(word), f"0{length}b") for word, length in zip(codewords, lengths, strict=True))
    return all(not after.startswith(before) for before, after in zip(words, words[1:], strict=False))


@given(COUNTS)
def test_huffman_code_words_are_canonical_prefix_free_and_fill_the_tree(counts):
    code = HuffmanCode(counts)
    assert sum(2 ** (64 - int(length)) for length in code.lengths) == 2**64  # Kraft, with equality
    assert all(int(word) < 2 ** int(length) for word, length in zip(code.codewords, code.lengths, strict=True))
    assert is_prefix_free(code.lengths, code.codewords)
    order = np.lexsort((np.arange(256), code.lengths))
    aligned = [int(code.codewords[k]) << (64 - int(code.lengths[k])) for k in order]
    assert aligned == sorted(aligned)


def test_the_prefix_test_sees_a_prefix():
    assert is_prefix_free([1, 2, 2], [0, 2, 3])
    assert not is_prefix_free([1, 2, 2], [1, 2, 0])


@given(COUNTS)
def test_a_rarer_symbol_has_no_shorter_word(counts):
    lengths = HuffmanCode(counts).lengths
    order = np.argsort(counts, kind="stable")
    for k, after in zip(order, order[1:], strict=False):
        assert lengths[k] >= lengths[after] or counts[k] == counts[after]


@given(COUNTS)
def test_the_huffman_code_is_within_a_bit_of_the_entropy(counts):
    smoothed = counts + 1
    mean = (smoothed * HuffmanCode(counts).lengths).sum() / smoothed.sum()
    bound = entropy(smoothed)
    assert bound - 1e-9 <= mean < bound + 1


def test_the_deepest_tree_fits_the_kernels_and_more_is_refused():
    counts = fibonacci_counts()
    code = HuffmanCode(counts)
    assert 25 < code.lengths.max() <= 56
    rows = np.random.default_rng(2).integers(0, 256, (4, 300), dtype=np.uint8)
    rows[0] = code.lengths.argmax()
    for row, stream in zip(rows, own_bytes(*code.encode(rows)), strict=True):
        np.testing.assert_array_equal(code.decode(stream, len(row)), row)
    with pytest.raises(ValueError, match="sum"):
        HuffmanCode(np.full(256, MAX_TOTAL // 256))


@pytest.mark.parametrize("concentration", [0.02, 0.1, 1.0, 100.0])
def test_the_arithmetic_code_is_within_one_percent_of_the_entropy(concentration):
    p, rows = skewed(np.random.default_rng(3), (4, 50_000), concentration)
    counts = symbol_counts(rows)
    assert counts.sum() == rows.size
    _, n_bits = RangeCode(counts).encode(rows)
    assert n_bits.sum() / rows.size == pytest.approx(entropy(counts), rel=0.01)


def test_the_arithmetic_code_beats_huffman_where_one_symbol_dominates():
    rows = (np.random.default_rng(4).random((1, 20_000)) < 0.02).astype(np.uint8)
    counts = symbol_counts(rows)
    (huffman,), (arithmetic,) = (code(counts).encode(rows)[1] for code in CODES)
    assert huffman >= rows.size  # no symbol takes less than a bit
    assert arithmetic < 0.2 * huffman


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(
    "counts", [np.ones(255, int), np.ones(256), -np.ones(256, int), np.full(256, MAX_TOTAL), np.ones((256, 1), int)]
)
def test_wrong_counts_are_refused(code, counts):
    with pytest.raises(ValueError, match="counts"):
        code(counts)


@pytest.mark.parametrize("code", CODES)
def test_wrong_arguments_are_refused(code):
    code = code(np.zeros(256, int))
    with pytest.raises(ValueError, match="uint8"):
        code.encode(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="uint8"):
        code.encode(np.zeros(3, np.uint8))
    with pytest.raises(ValueError, match="uint8"):
        code.decode(np.zeros((1, 3), np.uint8), 3)
    with pytest.raises(ValueError, match="negative"):
        code.decode(np.zeros(3, np.uint8), -1)
    with pytest.raises(ValueError, match="uint8"):
        symbol_counts(np.zeros(3))


def test_a_scan_is_the_file_without_its_header():
    """A header, taken from a file of another image, makes every scan readable again."""
    images = np.random.default_rng(5).integers(0, 256, (4, 16, 24), dtype=np.uint8)
    images[1] = 7
    packed, n_bits = jpeg_scans(images, 90)
    file = io.BytesIO()
    Image.fromarray(np.zeros_like(images[0])).save(file, "JPEG", quality=90)
    blank, blank_bits = jpeg_scans(np.zeros_like(images[:1]), 90)
    header = file.getvalue()[: -2 - blank_bits[0] // 8]
    for image, scan in zip(images, own_bytes(packed, n_bits), strict=True):
        decoded = np.asarray(Image.open(io.BytesIO(header + scan.tobytes() + b"\xff\xd9")))
        own = io.BytesIO()
        Image.fromarray(image).save(own, "JPEG", quality=90)
        np.testing.assert_array_equal(decoded, np.asarray(Image.open(own)))
        assert np.abs(decoded.astype(int) - image).mean() < 10


@pytest.mark.parametrize(
    "images, quality", [(np.zeros((2, 8, 8)), 95), (np.zeros((8, 8), np.uint8), 95), (np.zeros((1, 8, 8), np.uint8), 0)]
)
def test_wrong_images_are_refused(images, quality):
    with pytest.raises(ValueError, match="must be"):
        jpeg_scans(images, quality)


def test_the_kernels_run_without_the_compiler():
    """The plain bodies give what the compiled ones give."""
    from jscc.jpeg import entropy as module

    rows = skewed(np.random.default_rng(6), (3, 50))[1]
    code = HuffmanCode(symbol_counts(rows))
    packed, n_bits = code.encode(rows)
    by_hand = np.zeros_like(packed)
    module._write_words.py_func(rows, code.codewords, code.lengths, by_hand)
    np.testing.assert_array_equal(by_hand, packed)
    bits = "".join(format(int(code.codewords[s]), f"0{code.lengths[s]}b") for s in rows[0])
    assert bits == "".join(format(byte, "08b") for byte in own_bytes(packed, n_bits)[0])[: len(bits)]
    assert len(bits) == n_bits[0]
