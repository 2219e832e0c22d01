"""The laws of trellis decoding: brute force over the packets of a codeword's length, slow references for long words."""

import itertools
import os
import subprocess
import sys
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from jscc.arithmetic import ArithmeticCode, BitMachine, ChaseDecoder, TrellisDecoder, trellis
from support import printed_without_and_with_jit

CODES = [
    ArithmeticCode([0.2, 0.8], 5),
    ArithmeticCode([0.2, 0.8], 5, eob=0, forbidden=0.2),
    ArithmeticCode([0.5, 0.25, 0.15, 0.1], 6, eob=0.2, forbidden=0.1),
    ArithmeticCode([0.5, 0.25, 0.15, 0.1], 5, eob=0),
]
CODE = ArithmeticCode([0.2, 0.8], 6, forbidden=0.2)
OUTPUTS = ("hard", "constant", "sova", "list-sova", "max-log", "exact")
SOFT = OUTPUTS[2:]
CONSTRAINED = ("hard", "constant", "max-log", "exact")
LIMIT = 1e4


@pytest.fixture(autouse=True)
def full_of_junk(monkeypatch):
    """Arrays that the kernels work in hold what is no metric, so that one read before it is written shows."""

    def room(*args):
        work = made(*args)
        for array in work:
            if isinstance(array, np.ndarray) and array.dtype == np.float32:
                array.fill(np.nan)
        return work

    made = trellis._room
    monkeypatch.setattr(trellis, "_room", room)


def decoders(code, length, outputs=OUTPUTS):
    """All kinds of decoders of a code."""
    return [TrellisDecoder(code, length, output) for output in outputs] + [
        TrellisDecoder(code, length, output, length_constrained=True) for output in outputs if output in CONSTRAINED
    ]


def received(code, words, length, noise, rng):
    """Packets, codewords, their lengths, and noisy soft values."""
    rng = np.random.default_rng(rng)
    packets = code.sample(words, length, rng)
    bits, lengths = code.encode(packets)
    llr = (2 / noise**2 * (1 - 2.0 * bits + noise * rng.standard_normal(bits.shape))).astype(np.float32)
    return packets, bits, lengths, llr


class Packets(NamedTuple):
    """All packets whose codewords have a number of bits: codewords, packets, their lengths, logarithms of P(s)."""

    bits: np.ndarray
    packets: list
    counts: np.ndarray
    prior: np.ndarray

    def penalties(self, llr):
        return np.where(self.bits != (llr < 0), np.abs(llr).astype(float), 0)

    def of_length(self, length):
        keep = self.counts == length
        packets = [packet for packet in self.packets if len(packet) == length]
        return Packets(self.bits[keep], packets, self.counts[keep], self.prior[keep])


@cache
def all_packets(code, n_bits):
    words = np.array(list(itertools.product((0, 1), repeat=n_bits)), np.uint8).reshape(2**n_bits, n_bits)
    bits, packets = [], []
    for length in range(8 * n_bits):
        symbols, valid = code.decode(words, n_bits, length)
        bits += list(words[valid])
        packets += list(symbols[valid])
    prior = [np.log(code.probabilities)[packet].sum() for packet in packets]
    counts = np.array([len(packet) for packet in packets], int)
    return Packets(np.array(bits, np.uint8).reshape(len(packets), n_bits), packets, counts, np.array(prior))


def extrinsic(known, prior, llr, exact):
    """Extrinsic values from all packets' metrics."""
    penalties = known.penalties(llr)
    out = np.zeros(len(llr))
    for j in range(len(llr)):
        metric = prior - penalties.sum(axis=1) + penalties[:, j]
        terms = [metric[known.bits[:, j] == b] for b in (0, 1)]
        if not all(len(term) for term in terms):
            out[j] = LIMIT if len(terms[0]) else -LIMIT
        else:
            zero, one = (np.logaddexp.reduce(term) if exact else term.max() for term in terms)
            out[j] = zero - one
    return out


def words_of(code, n_bits, seed):
    """A word near a codeword, one far from all, and one of which nothing is known."""
    rng = np.random.default_rng(seed)
    known = all_packets(code, n_bits)
    near = 2 * (1 - 2.0 * known.bits[rng.integers(len(known.bits))]) + 2 * rng.standard_normal(n_bits)
    return np.float32([near, 3 * rng.standard_normal(n_bits), np.zeros(n_bits)])


CASES = [(code, n_bits) for code in CODES for n_bits in (5, 8, 11)]
PRIORS = (True, False)


@pytest.mark.parametrize("code, n_bits", CASES, ids=repr)
@pytest.mark.parametrize("apriori", PRIORS)
def test_the_best_path_and_the_posteriors_are_those_of_brute_force(code, n_bits, apriori):
    everything = all_packets(code, n_bits)
    for llr in words_of(code, n_bits, 0):
        for length in (None, *np.unique(everything.counts)[:5]):
            known = everything if length is None else everything.of_length(length)
            prior = known.prior * apriori
            metric = prior - known.penalties(llr).sum(axis=1)
            own = 3 if length is None else int(length)
            for output in OUTPUTS if length is None else CONSTRAINED:
                found = TrellisDecoder(code, own, output, length is not None, apriori, n_list=1000).decode(llr)
                same = np.flatnonzero((known.bits == found.bits).all(axis=1))
                assert metric[same].max() >= metric.max() - 1e-4, "the codeword is the best packet's"
                if own in known.counts[same]:
                    assert found.counts == own, "of its packets that of L symbols is taken"
                else:
                    assert metric[same][known.counts[same] == found.counts] >= metric.max() - 1e-4
                same = same[known.counts[same] == found.counts]
                assert len(same) == 1
                np.testing.assert_allclose(found.metric, metric[same[0]], atol=1e-4)
                packet = known.packets[same[0]][:own]
                np.testing.assert_array_equal(found.symbols, [*packet, *[0] * (own - len(packet))])
                assert found.converged == (found.counts == own)
                if output in ("max-log", "exact", "list-sova"):  # the list has all paths
                    expected = extrinsic(known, prior, llr, output == "exact")
                    np.testing.assert_allclose(found.extrinsic, expected, atol=2e-4)
                if output in ("hard", "constant"):
                    sent = 1 - 2.0 * found.bits
                    np.testing.assert_array_equal(found.extrinsic, sent * (4 if output == "constant" else 0))
                np.testing.assert_allclose(found.llr, llr + found.extrinsic, rtol=1e-6)


@pytest.mark.parametrize("code, n_bits", CASES, ids=repr)
def test_the_list_has_the_best_packets(code, n_bits):
    known = all_packets(code, n_bits)
    for llr in words_of(code, n_bits, 1):
        metric = known.prior - known.penalties(llr).sum(axis=1)
        for n in (1, 3, min(1024, len(metric) + 2)):
            found = TrellisDecoder(code, n_bits, "hard").paths(llr, n=n)
            many = min(n, len(metric))
            np.testing.assert_allclose(found.metric[:many], np.sort(metric)[::-1][:many], atol=1e-4)
            assert (found.counts[many:] == -1).all() and (found.metric[many:] == -np.inf).all()
            pairs = {(tuple(found.bits[i].tolist()), int(found.counts[i])) for i in range(many)}
            assert len(pairs) == many
            for i in range(many):
                same = (known.bits == found.bits[i]).all(axis=1) & (known.counts == found.counts[i])
                np.testing.assert_allclose(metric[same], found.metric[i], atol=1e-4)


def machine_paths(machine, n_bits):
    """Edges of all paths of a number of steps from the first state to the last."""
    found = [(0, ())]
    for _ in range(n_bits):
        found = [
            (int(machine.target[e]), (*path, int(e)))
            for state, path in found
            for e in np.flatnonzero(machine.source == state)
        ]
    return np.array([path for state, path in found if state == machine.n_states - 1])


@pytest.mark.parametrize("code, n_bits", CASES, ids=repr)
def test_sova_is_the_rule_of_hagenauer_and_hoeher(code, n_bits):
    """Over all paths: those that share their end with the best one, and join it by the same edge, have one best."""
    machine = BitMachine(code)
    paths = machine_paths(machine, n_bits)
    bits, prior = machine.bit[paths], machine.log_prior()[paths].sum(axis=1)
    for llr in words_of(code, n_bits, 2)[:2]:
        metric = prior - np.where(bits != (llr < 0), np.abs(llr).astype(float), 0).sum(axis=1)
        best = metric.argmax()
        joined: dict[tuple, int] = {}
        for i in np.argsort(-metric):
            if i != best:
                last = int(np.flatnonzero(paths[i] != paths[best]).max())
                joined.setdefault((last, paths[i][last]), i)
        reliability = np.full(n_bits, np.inf)
        for i in joined.values():
            differ = bits[i] != bits[best]
            reliability[differ] = np.minimum(reliability[differ], metric[best] - metric[i])
        expected = np.clip((1 - 2.0 * bits[best]) * reliability - llr, -LIMIT, LIMIT)
        found = TrellisDecoder(code, 5, "sova").decode(llr)
        np.testing.assert_allclose(found.extrinsic, expected, atol=2e-4)


def test_soft_values_have_the_best_path_s_sign_and_shrink_from_sova_to_max_log():
    _, _, lengths, llr = received(CODE, 20, 60, 0.9, 0)
    results = [TrellisDecoder(CODE, 60, "sova").decode(llr, lengths)]
    results += [TrellisDecoder(CODE, 60, "list-sova", n_list=n).decode(llr, lengths) for n in (1, 4, 40, 400)]
    results += [TrellisDecoder(CODE, 60, "max-log").decode(llr, lengths)]
    np.testing.assert_array_equal(results[0].llr, results[1].llr)
    inside = np.arange(llr.shape[1]) < lengths[:, None]
    sizes = []
    for found in results:
        np.testing.assert_array_equal(found.bits, results[0].bits)
        certain = np.abs(found.llr) > 1e-2
        np.testing.assert_array_equal((found.llr < 0)[inside & certain], (found.bits == 1)[inside & certain])
        sizes.append(np.where(inside, np.abs(found.llr), 0))
    for more, less in itertools.pairwise(sizes):
        assert (more >= less - 1e-2).all()
    assert sizes[0].sum() > 1.01 * sizes[-1].sum() and np.median(sizes[4] - sizes[-1]) < 1e-2


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("output", ["max-log", "exact"])
def test_what_a_decoder_is_told_of_a_bit_is_not_in_the_bit_s_extrinsic_value(output, constrained):
    _, _, lengths, llr = received(CODE, 1, 30, 0.8, 1)
    decoder = TrellisDecoder(CODE, 30, output, constrained)
    before = decoder.decode(llr, lengths).extrinsic[0]
    open_bits = np.flatnonzero(np.abs(before) < 100)  # not those in which all paths agree
    for j in open_bits[[0, len(open_bits) // 2, -1]]:
        heard = 0
        for value in (-50, 0, 50):
            other = llr.copy()
            other[0, j] = value
            after = decoder.decode(other, lengths).extrinsic[0]
            np.testing.assert_allclose(after[j], before[j], atol=1e-3)
            heard = max(heard, np.abs(np.delete(after - before, j)).max())
        assert heard > 1e-2, "other bits do hear of it"


@pytest.mark.parametrize("code", [*CODES, CODE, ArithmeticCode([0.2, 0.8], 7), ArithmeticCode(7, 7)], ids=repr)
def test_without_noise_every_packet_is_right(code):
    packets = code.sample(70, 90, 0)
    bits, lengths = code.encode(packets)
    for told in (5 - 10.0 * bits, np.where(bits == 1, -np.inf, np.inf)):
        for decoder in decoders(code, 90):
            few = slice(0, 4) if decoder.length_constrained else slice(None)
            found = decoder.decode(told[few], lengths[few])
            np.testing.assert_array_equal(found.bits, bits[few])
            np.testing.assert_array_equal(found.symbols, packets[few])
            assert found.converged.all()
            assert not np.isnan(found.llr).any()


def reference(machine, llr, length, output):
    """Max-log or exact extrinsic values in float64, edge by edge, with the number of symbols in the state or not."""
    lanes = 1 if length is None else length + 1
    join = np.maximum if output == "max-log" else np.logaddexp
    n, prior = len(llr), machine.log_prior()
    values = np.full((2, n + 1, machine.n_states, lanes), -np.inf)
    values[0, 0, 0, 0] = values[1, n, -1, -1] = 0
    terms = np.full((n, 2), -np.inf)

    def shifted(row, count):
        out = np.full(lanes, -np.inf)
        out[count:] = row[: max(lanes - count, 0)]
        return out

    def edges():
        for e in range(len(machine.bit)):
            count = 0 if length is None else int(machine.count[e])
            yield machine.source[e], machine.target[e], machine.bit[e], prior[e], count

    for t in range(n):
        for source, target, bit, own, count in edges():
            gain = own - bit * float(llr[t])
            values[0, t + 1, target] = join(values[0, t + 1, target], shifted(values[0, t, source], count) + gain)
    for t in range(n - 1, -1, -1):
        for source, target, bit, own, count in edges():
            rest = shifted(values[1, t + 1, target][::-1], count)[::-1] + own
            values[1, t, source] = join(values[1, t, source], rest - bit * float(llr[t]))
            whole = values[0, t, source] + rest
            terms[t, bit] = join(terms[t, bit], whole.max() if output == "max-log" else np.logaddexp.reduce(whole))
    return terms[:, 0] - terms[:, 1]


@pytest.mark.parametrize("output", ["max-log", "exact"])
@pytest.mark.parametrize("constrained", [False, True])
def test_long_words_agree_with_double_precision(output, constrained):
    """Words of more steps than there are between two levellings, and of several segments."""
    code = ArithmeticCode([0.3, 0.7], 5, forbidden=0.1)
    _, _, lengths, llr = received(code, 3, 50, 0.9, 2)
    found = TrellisDecoder(code, 50, output, constrained).decode(llr, lengths)
    machine = BitMachine(code)
    for word, n in enumerate(lengths):
        with np.errstate(invalid="ignore"):
            expected = reference(machine, llr[word, :n], 50 if constrained else None, output)
        np.testing.assert_allclose(found.extrinsic[word, :n], np.clip(expected, -LIMIT, LIMIT), atol=2e-3)


def test_no_packet_that_chase_finds_is_better():
    code = ArithmeticCode([0.2, 0.8], 6)
    packets, _, lengths, llr = received(code, 200, 60, 0.6, 3)
    share = 60 * np.log(code.counts.sum() / 2**code.total_bits)  # of EoB in P(s), which the trellis leaves out
    chase = ChaseDecoder(code, 60, 6).decode(llr, lengths)
    known = TrellisDecoder(code, 60, "hard", length_constrained=True).decode(llr, lengths)
    free = TrellisDecoder(code, 60, "hard").decode(llr, lengths)
    assert (chase.metric - share <= known.metric + 1e-3).all() and (known.metric <= free.metric + 1e-3).all()
    same = free.counts == 60
    np.testing.assert_array_equal(known.bits[same], free.bits[same])
    assert known.converged.all() and not free.converged.all()
    right = [int((found.symbols == packets).all(axis=1).sum()) for found in (free, known)]
    assert right[0] < right[1]


def test_redundancy_corrects_more():
    right = []
    for forbidden in (0, 0.3):
        code = ArithmeticCode([0.2, 0.8], 6, forbidden=forbidden)
        packets, _, lengths, llr = received(code, 400, 60, 0.6, 4)
        found = TrellisDecoder(code, 60, "hard").decode(llr, lengths)
        right.append(int((found.symbols == packets).all(axis=1).sum()))
    assert right[0] + 30 < right[1]


@pytest.mark.parametrize("decoder", decoders(CODE, 20), ids=repr)
def test_a_word_is_treated_like_a_batch_of_one_and_none_is_a_batch(decoder):
    _, _, lengths, llr = received(CODE, 70, 20, 0.7, 5)
    lengths[3], lengths[5], lengths[7] = 0, 1, 2  # which no codeword has
    batch = decoder.decode(llr, lengths)
    for word in (0, 1, 3, 5, 7, 68):
        n = lengths[word]
        one = decoder.decode(llr[word, :n])
        for field in ("llr", "extrinsic", "bits"):
            np.testing.assert_array_equal(getattr(one, field), getattr(batch, field)[word, :n])
            assert not getattr(batch, field)[word, n:].any()
        assert one.metric == batch.metric[word] and one.counts == batch.counts[word] and one.symbols.shape == (20,)
    for word in (3, 5, 7):
        assert batch.metric[word] == -np.inf and batch.counts[word] == -1 and not batch.converged[word]
        np.testing.assert_array_equal(batch.bits[word, : lengths[word]], llr[word, : lengths[word]] < 0)
        np.testing.assert_array_equal(batch.llr[word, : lengths[word]], llr[word, : lengths[word]])
        assert not batch.extrinsic[word].any() and not batch.symbols[word].any()
    assert decoder.decode(np.zeros((0, 20))).bits.shape == (0, 20)
    assert "states" in repr(decoder)


@pytest.mark.parametrize("code", [CODE, CODES[1]], ids=repr)
def test_converged_is_the_coder_s_own_verdict(code):
    for decoder in decoders(code, 20):
        _, _, lengths, llr = received(code, 100, 20, 1.0, 6)
        found = decoder.decode(llr, lengths)
        symbols, valid = code.decode(found.bits, lengths, 20)
        np.testing.assert_array_equal(found.converged, valid)
        np.testing.assert_array_equal(found.symbols[valid], symbols[valid])
        np.testing.assert_array_equal(found.decoded, np.maximum(found.counts, 0))
        np.testing.assert_array_equal(found.candidates, found.metric > -np.inf)
        assert valid.any() and (found.queries == 1).all() and (found.iterations == 1).all()


@pytest.mark.parametrize(
    "call, match",
    [
        (lambda: TrellisDecoder(CODE, 5, "soft"), "output='soft'"),
        (lambda: TrellisDecoder(CODE, 5, "sova", length_constrained=True), "output='sova'"),
        (lambda: TrellisDecoder(CODE, 5, beta=-1), "beta=-1"),
        (lambda: TrellisDecoder(CODE, 5, n_list=0), "n_list=0"),
        (lambda: TrellisDecoder(CODE, -1), "length=-1"),
        (lambda: TrellisDecoder(ArithmeticCode(2, 8, adaptive=True), 5), "a static one"),
        (lambda: TrellisDecoder(CODE, 5).decode(np.zeros((1, 1, 1))), "llr of shape"),
        (lambda: TrellisDecoder(CODE, 5).decode([np.nan]), "NaN"),
        (lambda: TrellisDecoder(CODE, 5).decode(np.zeros(4), 5), "0 to 4"),
        (lambda: TrellisDecoder(CODE, 5).paths(np.zeros(4), n=0), "n=0"),
        (lambda: TrellisDecoder(CODE, 5).decode(np.zeros(3_000_000)), "lengths up to 3000000"),
        (lambda: TrellisDecoder(CODE, 10**6, length_constrained=True).decode(np.zeros(100)), "length=1000000"),
    ],
)
def test_wrong_arguments_are_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_the_kernels_run_without_the_compiler():
    program = """
import numpy as np
from jscc.arithmetic import ArithmeticCode, TrellisDecoder
code = ArithmeticCode([.2, .8], 5, forbidden=.2)
bits, lengths = code.encode(code.sample(2, 6, 0))
llr = (1 - 2.0 * bits + .8 * np.random.default_rng(0).standard_normal(bits.shape)).astype(np.float32)
for output in ("hard", "list-sova", "max-log", "exact"):
    for constrained in (False, True):
        if output != "list-sova" or not constrained:
            result = TrellisDecoder(code, 6, output, constrained).decode(llr, lengths)
            print(result, result.bits.tolist(), result.metric.round(3), (result.llr.round(2) + 0).tolist())
"""
    plain, compiled = printed_without_and_with_jit(program)
    assert plain == compiled and "converged" in plain


def test_random_soft_values_never_lead_out_of_bounds(tmp_path):
    """Numba's own check of every index, on JSCC_RANDOM_STREAMS (2,000) words of random soft values and lengths."""
    program = """
import os
import numpy as np
from jscc.arithmetic import ArithmeticCode, TrellisDecoder
rng, left, seen, found = np.random.default_rng(0), int(os.environ["JSCC_RANDOM_STREAMS"]), 0, 0
codes = [ArithmeticCode([.2, .8], 5), ArithmeticCode([.2, .8], 6, forbidden=.2), ArithmeticCode(4, 5, eob=0),
         ArithmeticCode([.9, .1], 5, eob=0, forbidden=.1), ArithmeticCode(1, 5)]
while seen < left:
    code, length, width = codes[seen // 50 % len(codes)], int(rng.integers(0, 20)), int(rng.integers(0, 50))
    llr = rng.choice([0.1, 3, 1e3, np.inf]) * rng.choice([-1, -.3, .3, 1], (50, width))
    lengths = rng.integers(0, width + 1, 50)
    for output in ("hard", "sova", "list-sova", "max-log", "exact"):
        result = TrellisDecoder(code, length, output).decode(llr, lengths)
        found += int((result.counts >= 0).sum())
        assert not np.isnan(result.extrinsic).any() and np.isfinite(result.extrinsic).all()
    for output in ("hard", "max-log", "exact"):
        TrellisDecoder(code, length, output, True).decode(llr[:5], lengths[:5])
    seen += 50
print(seen, found)
"""
    streams = os.environ.get("JSCC_RANDOM_STREAMS", "2000")
    settings = {
        "NUMBA_BOUNDSCHECK": "1",
        "NUMBA_OPT": "1",
        "NUMBA_CACHE_DIR": str(tmp_path),
        "JSCC_RANDOM_STREAMS": streams,
    }
    run = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    seen, found = map(int, run.stdout.split())
    assert seen >= int(streams) and found > seen
