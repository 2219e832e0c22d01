"""Linear codes against all their words, one by one."""

import itertools

import numpy as np
import pytest

from jscc import tanner
from jscc.necst import LinearCode, good_code
from support import printed_without_and_with_jit


def all_words(generator):
    """Every codeword, from the definition."""
    return [
        tuple(
            np.bitwise_xor.reduce([row for row, bit in zip(generator, bits, strict=True) if bit] or [0 * generator[0]])
        )
        for bits in itertools.product((0, 1), repeat=len(generator))
    ]


@pytest.mark.parametrize("dimension, length", [(1, 1), (3, 5), (5, 64), (6, 65), (7, 130)])
def test_words_and_weights_are_those_of_the_definition(dimension, length):
    generator = np.random.default_rng(dimension).integers(0, 2, (dimension, length), dtype=np.uint8)
    code = LinearCode(generator)
    words = all_words(generator)
    np.testing.assert_array_equal(code.codewords(), words)
    weights = [sum(map(int, word)) for word in words]
    np.testing.assert_array_equal(code.weights(), np.bincount(weights, minlength=length + 1))
    assert code.minimum_distance() == min(weights[1:])


def test_the_minimum_distance_is_the_least_between_two_words():
    code = good_code(20, 5, rng=1, tries=5)
    words = code.codewords().astype(int)
    between = [int((a != b).sum()) for a, b in itertools.combinations(words, 2)]
    assert code.minimum_distance() == min(between)


def test_dependent_rows_show_as_distance_zero():
    assert LinearCode([[1, 0, 1], [0, 1, 1], [1, 1, 0]]).minimum_distance() == 0


def test_known_codes():
    """The simplex code of dimension 4 has one weight; Golay's code of length 24 has five."""
    simplex = LinearCode((np.arange(1, 16) >> np.arange(4)[:, None]) & 1)
    assert np.flatnonzero(simplex.weights()).tolist() == [0, 8] and simplex.weights()[8] == 15
    polynomial = [int(bit) for bit in "110001110101"]
    cyclic = np.array([np.roll(polynomial + [0] * 11, shift) for shift in range(12)])
    golay = LinearCode(np.hstack([cyclic, cyclic.sum(axis=1, keepdims=True) % 2]))
    counts = golay.weights()
    assert {int(w): int(counts[w]) for w in np.flatnonzero(counts)} == {0: 1, 8: 759, 12: 2576, 16: 759, 24: 1}


def test_more_tries_are_never_worse_and_the_seed_decides():
    distances = [good_code(40, 6, rng=3, tries=tries).minimum_distance() for tries in (1, 10, 100)]
    assert distances == sorted(distances) and distances[0] < distances[2]
    np.testing.assert_array_equal(good_code(40, 6, 3, tries=9).generator, good_code(40, 6, 3, tries=9).generator)
    assert good_code(30, 1).minimum_distance() == 30


@pytest.mark.parametrize("seed", range(5))
def test_a_parity_check_s_code_is_its_null_space(seed):
    rng = np.random.default_rng(seed)
    checks = rng.integers(0, 2, (6, 11), dtype=np.uint8)
    checks[5] = checks[0] ^ checks[1]  # of lower rank than rows
    code = LinearCode.of_parity_check(checks)
    words = {tuple(word) for word in code.codewords()}
    wanted = {word for word in itertools.product((0, 1), repeat=11) if not (checks @ word % 2).any()}
    assert words == wanted and len(words) == 2**code.dimension
    information = rng.integers(0, 2, (9, code.dimension))
    np.testing.assert_array_equal(code.encode(information)[:, code.information_places], information)


def test_the_words_of_a_regular_graph_satisfy_it():
    graph = tanner.regular(100, 3, 6, rng=0)
    code = LinearCode.of_parity_check(graph.to_dense())
    assert code.dimension == 100 - graph.rank()
    words = code.encode(np.random.default_rng(0).integers(0, 2, (20, code.dimension)))
    assert not (words.astype(int) @ graph.to_dense().T.astype(int) % 2).any()
    assert code.encode(np.zeros(code.dimension, int)).shape == (100,)
    assert code.encode(np.zeros((0, code.dimension), int)).shape == (0, 100)


def test_what_is_refused():
    for wrong in ([1, 0], [[2, 0]], np.zeros((0, 3), int)):
        with pytest.raises(ValueError, match="generator"):
            LinearCode(wrong)
    with pytest.raises(ValueError, match="a code of a parity check is expected"):
        print(LinearCode([[1, 1]]).information_places)
    with pytest.raises(ValueError, match="parity_check of rank 3 and length 3 given"):
        LinearCode.of_parity_check(np.eye(3, dtype=int))
    for arguments in ({"length": 3, "dimension": 4}, {"length": 0, "dimension": 1}, {"length": 40, "dimension": 25}):
        with pytest.raises(ValueError, match="given"):
            good_code(**arguments)
    with pytest.raises(ValueError, match="a code of dimension 30 given, at most 24"):
        LinearCode(np.ones((30, 40), int)).weights()


def test_the_kernel_without_the_compiler():
    program = (
        "import numpy as np\n"
        "np.seterr(over='ignore')  # the sum of bytes lies in the top one of a product\n"
        "from jscc.necst import LinearCode\n"
        "print(LinearCode(np.arange(5 * 70).reshape(5, 70) ** 3 // 7 % 2).weights().tolist())\n"
    )
    plain, compiled = printed_without_and_with_jit(program)
    assert plain == compiled
