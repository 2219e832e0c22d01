"""The laws of the bit-clock machine: its paths are the codewords, one path to each packet."""

import itertools

import numpy as np
import pytest

from jscc.arithmetic import ArithmeticCode, BitMachine

CODES = [
    ArithmeticCode([0.2, 0.8], 5),
    ArithmeticCode([0.2, 0.8], 5, eob=0, forbidden=0.2),
    ArithmeticCode([0.2, 0.8], 6, forbidden=0.05),
    ArithmeticCode([0.5, 0.25, 0.15, 0.1], 5),
    ArithmeticCode([0.5, 0.25, 0.15, 0.1], 6, eob=0.2, forbidden=0.2),
    ArithmeticCode([0.5, 0.25, 0.15, 0.1], 5, eob=0),
    ArithmeticCode([0.9, 0.1], 6, eob=0),
    ArithmeticCode(1, 6),
    ArithmeticCode(1, 5, eob=0, forbidden=0.3),
]
LONGEST = {CODES[0]: 14, CODES[1]: 14, CODES[5]: 12}


def paths(machine, n_bits):
    """Word and packet of each path of `n_bits` steps from the first state to the last."""
    leaving = [np.flatnonzero(machine.source == state).tolist() for state in range(machine.n_states)]
    parts = [tuple(machine.symbols[machine.begin[e] : machine.begin[e + 1]].tolist()) for e in range(len(machine.bit))]
    found = [(0, (), ())]
    for _ in range(n_bits):
        found = [
            (int(machine.target[e]), (*word, int(machine.bit[e])), packet + parts[e])
            for state, word, packet in found
            for e in leaving[state]
        ]
    return [(word, packet) for state, word, packet in found if state == machine.n_states - 1]


def valid_words(code, n_bits):
    """Word and packet of all words of `n_bits` bits that the coder's own decoder takes for a codeword of any L."""
    words = np.array(list(itertools.product((0, 1), repeat=n_bits)), np.uint8).reshape(2**n_bits, n_bits)
    found = []
    for length in range(8 * n_bits + 1):
        symbols, valid = code.decode(words, n_bits, length)
        found += [(tuple(words[i].tolist()), tuple(symbols[i].tolist())) for i in np.flatnonzero(valid)]
    return found


@pytest.mark.parametrize("code", CODES, ids=repr)
def test_paths_are_the_codewords_one_path_to_each_packet(code):
    machine = BitMachine(code)
    total = 0
    for n_bits in (*range(9), LONGEST.get(code, 9)):
        found, expected = paths(machine, n_bits), valid_words(code, n_bits)
        assert len(set(found)) == len(found)
        assert set(found) == set(expected)
        total += len(found)
        for word, packet in found[:20]:
            assert packet in machine.packets(word)
            bits, length = code.encode(np.array(packet, np.uint8))
            assert length == n_bits and tuple(bits.tolist()) == word
    assert total > 3


@pytest.mark.parametrize("code", CODES, ids=repr)
def test_a_word_has_one_packet_but_without_eob(code):
    machine = BitMachine(code)
    words = [word for n_bits in range(10) for word, _ in paths(machine, n_bits)]
    repeated = len(words) - len(set(words))
    if code.has_eob:
        assert repeated == 0
    if code is CODES[6]:
        assert repeated > 0
    for word in set(words):
        packets = machine.packets(word)
        assert len(packets) == words.count(word)
        lengths = [len(packet) for packet in packets]
        assert len(set(lengths)) == len(lengths), "who knows L can tell packets apart"


@pytest.mark.parametrize("code", CODES, ids=repr)
def test_edges_are_sorted_and_every_state_is_of_use(code):
    machine = BitMachine(code)
    assert (np.diff(machine.target) >= 0).all()
    assert set(machine.target.tolist()) >= set(range(1, machine.n_states))
    assert set(machine.source.tolist()) == set(range(machine.n_states - 1)), "the last state alone leads nowhere"
    assert machine.n_states <= machine.n_before
    np.testing.assert_array_equal(np.diff(machine.begin), machine.count)
    expected = [
        np.log(code.probabilities[machine.symbols[machine.begin[e] : machine.begin[e + 1]]]).sum()
        for e in range(len(machine.bit))
    ]
    np.testing.assert_allclose(machine.log_prior(), expected, atol=1e-12)


@pytest.mark.parametrize("code", CODES[:2], ids=repr)
def test_no_two_states_are_the_same(code):
    """What can be read from a state up to the end, in a number of bits that tells all states apart."""
    machine = BitMachine(code)
    futures = [{((), ())} if state == machine.n_states - 1 else set() for state in range(machine.n_states)]
    for _ in range(14):
        longer = [set(future) for future in futures]
        for e in range(len(machine.bit)):
            symbols = tuple(machine.symbols[machine.begin[e] : machine.begin[e + 1]].tolist())
            bit = int(machine.bit[e])
            longer[machine.source[e]] |= {((bit, *word), symbols + rest) for word, rest in futures[machine.target[e]]}
        futures = longer
        if len({frozenset(future) for future in futures}) == machine.n_states:
            break
    assert len({frozenset(future) for future in futures}) == machine.n_states


@pytest.mark.parametrize(
    "code, match",
    [
        (ArithmeticCode(2, 8, adaptive=True), "a static one"),
        (ArithmeticCode(1, 8, eob=0), "two symbols"),
        (ArithmeticCode([0.2, 0.8], 11), "more than 65536 states"),
    ],
)
def test_codes_without_a_machine_are_named(code, match):
    with pytest.raises(ValueError, match=match):
        BitMachine(code)
