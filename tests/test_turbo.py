"""The turbo receiver: what it sends, what the two decoders tell each other, when it stops."""

from dataclasses import dataclass

import numpy as np
import pytest

from jscc import channels
from jscc.convolutional import BCJRDecoder, ConvolutionalCode, ViterbiDecoder, code_of_rate
from jscc.soft import SoftResult
from jscc.turbo import RandomInterleaver, SerialTurbo

CODE = ConvolutionalCode((0o13, 0o15), 3, feedback=0o13, terminated=True)
PUNCTURED = ConvolutionalCode((0o13, 0o15), 3, ((1, 1, 1), (1, 0, 0)), 0o13, True)


@dataclass(frozen=True)
class Counted(SoftResult):
    """A result with a field of its own."""

    called: np.ndarray


class Told:
    """A source decoder that knows the bits of some places, and writes down what it is asked."""

    def __init__(self, packets, known, magnitude=8.0, done=None):
        self.packets, self.known, self.magnitude, self.done = packets, known, magnitude, done
        self.calls = []

    def decode(self, llr, lengths):
        self.calls.append((llr, lengths))
        rows = [next(i for i, n in enumerate(self.lengths) if n == length) for length in lengths]
        sign = np.where(self.known[rows], 1 - 2.0 * self.packets[rows], 0)
        extrinsic = (self.magnitude * sign).astype(np.float32)
        total = llr + extrinsic
        done = np.zeros(len(llr), bool) if self.done is None else self.done[rows]
        called = np.full(len(llr), len(self.calls))
        return Counted(np.uint8(total < 0), total, extrinsic, done, np.ones(len(llr), np.int32), called)


def system_and_packets(frames, code=CODE, per_frame=3, share=0.0, seed=0, decoder=BCJRDecoder, **options):
    """Packets of lengths that all differ, so that a source decoder knows them by their length."""
    rng = np.random.default_rng(seed)
    lengths = rng.permutation(np.arange(20, 20 + frames * per_frame))
    inside = np.arange(lengths.max()) < lengths[:, None]
    packets = rng.integers(0, 2, inside.shape, dtype=np.uint8) * inside
    source = Told(packets, inside & (rng.random(inside.shape) < share), options.pop("magnitude", 8.0))
    source.lengths, source.done = lengths, options.pop("done", None)
    system = SerialTurbo(decoder(code), source, RandomInterleaver(7), per_frame, **options)
    return system, packets, lengths


def noisy(system, packets, lengths, ebn0_db=1.0, seed=1):
    sent = system.encode(packets, lengths)
    return channels.awgn_llr(channels.awgn(channels.bpsk(sent), ebn0_db, 0.5, seed), ebn0_db, 0.5)


def test_orders_are_permutations_drawn_from_the_seed():
    for length in (0, 1, 2, 500):
        order = RandomInterleaver(3).order(length)
        np.testing.assert_array_equal(np.sort(order), np.arange(length))
        np.testing.assert_array_equal(order, RandomInterleaver(np.random.default_rng(3)).order(length))
    assert (RandomInterleaver(3).order(500) != RandomInterleaver(4).order(500)).mean() > 0.9
    assert (RandomInterleaver(3).order(501)[:500] != RandomInterleaver(3).order(500)).mean() > 0.9


@pytest.mark.parametrize("code", [CODE, PUNCTURED])
def test_a_frame_is_its_packets_joined_scrambled_and_encoded(code):
    system, packets, lengths = system_and_packets(5, code)
    sent = system.encode(packets, lengths)
    sizes = system.frame_lengths(lengths)
    for frame in range(5):
        rows = range(3 * frame, 3 * frame + 3)
        joined = np.concatenate([packets[row, : lengths[row]] for row in rows])
        scrambled = joined[system.interleaver.order(joined.size)]
        filled = np.pad(scrambled, (0, -joined.size % code.period))
        np.testing.assert_array_equal(sent[frame, : sizes[frame]], code.encode(filled))
        assert not sent[frame, sizes[frame] :].any()


@pytest.mark.parametrize("code", [CODE, PUNCTURED])
@pytest.mark.parametrize("decoder", [BCJRDecoder, ViterbiDecoder])
def test_without_noise_there_are_no_errors_and_each_packet_gets_its_own(code, decoder):
    system, packets, lengths = system_and_packets(5, code, decoder=decoder, iterations=1)
    found = system.decode(4 * (1 - 2.0 * system.encode(packets, lengths)), lengths)
    np.testing.assert_array_equal(found.bits, packets)
    (_, asked), past = system.source.calls[0], np.arange(packets.shape[1]) >= lengths[:, None]
    np.testing.assert_array_equal(asked, lengths)
    assert not found.llr[past].any()
    wider = system.decode(4 * (1 - 2.0 * system.encode(packets, lengths)), lengths, width=packets.shape[1])
    np.testing.assert_array_equal(wider.bits, found.bits)


def test_a_source_decoder_without_extrinsic_changes_nothing():
    system, packets, lengths = system_and_packets(6, share=0.0, iterations=4)
    found = system.decode(noisy(system, packets, lengths), lengths)
    assert len(found.trace) == 4 and (found.iterations == 4).all()
    for result in found.trace:
        np.testing.assert_array_equal(result.llr, found.trace[0].llr)
    assert 0 < (found.bits != packets).sum()


def test_what_one_decoder_knows_helps_the_other_and_is_not_told_back_to_it():
    system, packets, lengths = system_and_packets(20, share=0.4, iterations=2)
    found = system.decode(noisy(system, packets, lengths, 0.0), lengths)
    errors = [(result.bits != packets)[~system.source.known].sum() for result in found.trace]
    assert errors[1] < 0.6 * errors[0]
    # Told more loudly, the places that the source decoder knows hear no more of it: what comes back is extrinsic.
    loud, _, _ = system_and_packets(20, share=0.4, iterations=2, magnitude=30.0)
    loud.decode(noisy(system, packets, lengths, 0.0), lengths)
    first, second = (s.source.calls[1][0][s.source.known] for s in (system, loud))
    assert np.abs(second).mean() < 1.5 * np.abs(first).mean()


@pytest.mark.parametrize("code", [CODE, PUNCTURED])
def test_a_frame_alone_is_decoded_as_among_others(code):
    system, packets, lengths = system_and_packets(4, code, share=0.3, iterations=3)
    llr = noisy(system, packets, lengths)
    together = system.decode(llr, lengths)
    for frame, n in enumerate(system.frame_lengths(lengths)):
        rows = slice(3 * frame, 3 * frame + 3)
        alone = system.decode(llr[frame : frame + 1, :n], lengths[rows], width=packets.shape[1])
        np.testing.assert_array_equal(alone.llr, together.llr[rows])
        np.testing.assert_array_equal(alone.bits, together.bits[rows])


def test_frames_that_say_the_same_twice_are_left_alone_and_keep_their_result():
    done = np.array([1, 1, 1, 0, 1, 1, 1, 1, 1], bool)  # all packets of the first and the last frame
    options = {"share": 0.3, "iterations": 6}
    system, packets, lengths = system_and_packets(3, done=done, stop=True, **options)
    llr = noisy(system, packets, lengths)
    found = system.decode(llr, lengths)
    unstopped = system_and_packets(3, done=done, **options)[0].decode(llr, lengths)
    for frame in range(3):
        rows = slice(3 * frame, 3 * frame + 3)
        bits = [result.bits[rows] for result in unstopped.trace]
        same = (i for i in range(1, 6) if done[rows].all() and np.array_equal(bits[i], bits[i - 1]))
        last = next(same, 5)
        assert last < 5 or not done[rows].all()  # else this noise shows nothing
        assert (found.iterations[rows] == last + 1).all()
        np.testing.assert_array_equal(found.trace[-1].called[rows], last + 1)
        np.testing.assert_array_equal(found.llr[rows], unstopped.trace[last].llr[rows])
        np.testing.assert_array_equal(found.trace[0].llr[rows], unstopped.trace[0].llr[rows])
    all_done, _, _ = system_and_packets(3, done=np.ones(9, bool), stop=True, **options)
    assert len(all_done.decode(llr, lengths).trace) == 6 and len(all_done.source.calls) < 6


def test_a_schedule_has_a_decoder_for_each_iteration():
    system, packets, lengths = system_and_packets(2, share=0.3)
    llr = noisy(system, packets, lengths)
    sources = [Told(packets, system.source.known, magnitude) for magnitude in (1.0, 2.0)]
    for source in sources:
        source.lengths = lengths
    found = SerialTurbo(system.inner, sources, system.interleaver, 3, iterations=4).decode(llr, lengths)
    assert [len(source.calls) for source in sources] == [1, 3]
    assert [np.abs(result.extrinsic).max() for result in found.trace] == [1, 2, 2, 2]


def test_no_frames_and_packets_of_nothing():
    system, packets, _ = system_and_packets(1)
    none = np.zeros(0, int)
    assert system.encode(np.zeros((0, 5), np.uint8), none).shape == (0, CODE.length(0))
    assert system.decode(np.zeros((0, CODE.length(0))), none, width=packets.shape[1]).bits.shape == (0, 22)
    assert system.encode(np.zeros((3, 5), np.uint8), np.zeros(3, int)).shape == (1, CODE.length(0))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda s, p, n: s.encode(p, n[:-1]), "lengths of shape"),
        (lambda s, p, n: s.encode(p[:, :-1], n), "packets of shape"),
        (lambda s, p, n: s.encode(p[0], n), "packets of shape"),
        (lambda s, p, n: s.decode(np.zeros(100), n), "llr of shape"),
        (lambda s, p, n: s.decode(np.zeros((2, 100)), n), "llr of shape"),
        (lambda s, p, n: s.decode(s.encode(p, n), n, width=3), "width=3"),
        (lambda s, p, n: s.encode(p, n - 100), "0 or more"),
        (lambda s, p, n: SerialTurbo(s.inner, s.source, s.interleaver, iterations=0), "iterations=0"),
        (lambda s, p, n: SerialTurbo(s.inner, [], s.interleaver), "source"),
        (lambda s, p, n: SerialTurbo(BCJRDecoder(code_of_rate(0.5, 2)), s.source, s.interleaver, 0), "packets_per"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(*system_and_packets(2))
