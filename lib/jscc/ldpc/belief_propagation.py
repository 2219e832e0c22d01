r"""Belief propagation for binary LDPC codes: sum-product and normalised min-sum.

The decoder looks for the most likely word :math:`x` of the coset :math:`H x = s`. With :math:`s = 0`
that is channel decoding; with the syndrome of a source word and a prior for each of its bits it is
the recovery of the word from its syndrome. Everywhere :math:`L = \log P(0) / P(1)`: positive means 0.

**Messages.** A sum-product message with log-likelihood ratio :math:`L` is kept as the sign of :math:`L`
and the probability that this sign is wrong,

.. math:: h = \frac{1}{1 + e^{|L|}} = \frac{1 - \tanh(|L| / 2)}{2} \in [0, 1/2],

one float32 with the sign of :math:`L`. Neither node needs a transcendental function, and neither
subtracts nearly equal numbers when the messages are strong, as the probability difference
:math:`\tanh(L/2)` would: near :math:`\pm 1` float32 resolves it in steps of 6e-8, which is all of
the information in a message above :math:`|L| \approx 16`.

*Check node.* The sign of the message to edge :math:`i` is the product of the other signs and of
:math:`(-1)^s`; it is wrong if an odd number of the others is,

.. math:: h_{a \oplus b} = a + b - 2ab = a + b\,(1 - 2a),

which is :math:`\tanh(L_{a \oplus b}/2) = \tanh(L_a/2) \tanh(L_b/2)` without the cancellation.

*Variable node.* With :math:`(p_0, p_1) = (1 - h, h)` for a positive sign and :math:`(h, 1 - h)` for a
negative one,

.. math:: P_b = \prod_{j \ne i} p_{b,j}, \qquad h_i = \frac{\min(P_0, P_1)}{P_0 + P_1},

where the product runs over the prior and the other checks. One division for each edge.

In min-sum the messages are the ratios :math:`L` themselves; a check node sends
:math:`\alpha \min_{j \ne i} |L_j|`, a variable node the sum over the others.

All "others" are products or sums from the left times those from the right: nothing is divided out
or subtracted again, so certain messages and messages of zero need no exception.

**Range.** A sum-product message or finite prior is no surer than :math:`h = 2^{-40}`
(:math:`|L| = 27.7`), which keeps the product of three messages above float32's underflow. One bound
serves both: a prior surer than the messages could not be corrected. Variables of another degree than
3 multiply in float64, those of a degree above 24 add ratios in float64. A prior of :math:`\pm\infty` (a
known bit) is kept as :math:`h = 0` and cannot be overruled.

**Layout.** The kernels work on blocks of 128 lanes, a lane being one word at one check of the block, and
all checks of a block having the same degree: 32 words at 4 checks for a batch, 1 word at 128 checks for a
single word. Words are independent: a lane whose word is done takes the next one, and the result
for a word does not depend on the words decoded with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from scipy import sparse

__all__ = ["BeliefPropagation", "DecodeResult"]

_LANES = 128
_BATCH = 32
# Below this many words the lanes that would stay idle cost more than decoding one word at a time.
_FEWEST_FOR_BATCH = 6
# Words whose priors are converted at a time, so that the steps stay in cache.
_CHUNK = 16
# Loading words has a cost that the lanes share: it waits until this part of the lanes is free.
_REFILL_PART = 8

_HALF = np.float32(0.5)
_ONE = np.float32(1.0)
_TWO = np.float32(2.0)
_SUREST_MESSAGE = np.float32(2.0**-40)
_LARGEST_PRIOR = np.float32(40 * np.log(2.0))
_SMALLEST_NORMAL = np.float32(2.0**-126)
# Min-sum keeps certainty as a finite number: sums of it neither overflow nor give inf - inf.
_CERTAIN = np.float32(1e30)
# Products of 25 factors of 2**-40 are still normal numbers in float64.
_HIGHEST_DEGREE_OF_PRODUCTS = 24
# A known bit's ratio in sums of ratios: more than the messages of any variable together.
_KNOWN_LLR = 1e9
_LEAST_CERTAIN = np.float32(1e20)
_LOG_2 = np.float32(np.log(2.0))
_ROOT_HALF = np.float32(np.sqrt(0.5))
_THIRD, _FIFTH, _SEVENTH, _NINTH = (np.float32(1 / k) for k in (3, 5, 7, 9))
_SIGN_BIT = np.int32(-(2**31))
_TOP = np.int32(31)
_EIGHT_LANES = np.uint64(0x0101010101010101)


@dataclass(frozen=True)
class DecodeResult:
    """What the decoder found; a single word in, no leading axis out.

    Attributes
    ----------
    bits : ndarray of uint8, shape (words, n)
        Hard decisions: 1 where the posterior is negative, 0 elsewhere (a posterior of zero included).
    llr : ndarray of float32, shape (words, n)
        Posterior log-likelihood ratios, natural logarithm.
    converged : ndarray of bool, shape (words,)
        Whether `bits` satisfies every check, ``H @ bits % 2 == syndrome``.
    iterations : ndarray of int32, shape (words,)
        Iterations run for the word: those up to the first one after which every check is satisfied.
    """

    bits: np.ndarray
    llr: np.ndarray
    converged: np.ndarray
    iterations: np.ndarray


class BeliefPropagation:
    """Belief propagation on the Tanner graph of a binary parity-check matrix.

    Any graph without repeated edges will do: checks and variables of any degree, none included.

    Parameters
    ----------
    parity_check : array_like, scipy.sparse array or object with ``to_sparse()``, shape (m, n)
        Matrix of zeros and ones.
    method : {"sum-product", "min-sum"}
    schedule : {"flooding", "layered"}
        Flooding: all checks, then all variables. Layered: the checks are split into layers in which no
        two share a variable, and each layer sees the messages of those before it; about half as many
        iterations are needed.
    max_iterations : int
        At least 1. The checks are tested after every iteration, not before the first.
    factor : float
        Min-sum only: what the minimum is multiplied by, in (0, 1].

    Raises
    ------
    ValueError
        If the matrix is not two-dimensional, is empty or holds anything but 0 and 1, or an option is
        none of those above.

    Examples
    --------
    >>> import numpy as np
    >>> decoder = BeliefPropagation([[1, 1, 0], [0, 1, 1]])
    >>> decoder.decode(np.array([2.0, -0.5, 1.0])).bits
    array([0, 0, 0], dtype=uint8)
    >>> decoder.decode(np.array([2.0, -0.5, 1.0]), syndrome=np.array([1, 1])).bits
    array([0, 1, 0], dtype=uint8)
    """

    def __init__(
        self,
        parity_check,
        *,
        method: str = "sum-product",
        schedule: str = "flooding",
        max_iterations: int = 50,
        factor: float = 0.8,
    ):
        if method not in ("sum-product", "min-sum"):
            raise ValueError(f"method is {method!r}; expected 'sum-product' or 'min-sum'")
        if schedule not in ("flooding", "layered"):
            raise ValueError(f"schedule is {schedule!r}; expected 'flooding' or 'layered'")
        if int(max_iterations) != max_iterations or max_iterations < 1:
            raise ValueError(f"max_iterations is {max_iterations}; expected a whole number of at least 1")
        if not 0 < factor <= 1:
            raise ValueError(f"factor is {factor}; expected a number in (0, 1]")
        self.parity_check = _as_binary_csr(parity_check)
        self.n_checks, self.n_variables = self.parity_check.shape
        self.n_edges = int(self.parity_check.nnz)
        self.method = method
        self.schedule = schedule
        self.max_iterations = int(max_iterations)
        self.factor = float(factor)
        self._layers = _layers(self.parity_check, independent=schedule == "layered")
        self._layouts: dict[int, _Layout] = {}

    def decode(self, llr, syndrome=None) -> DecodeResult:
        """Decode one word or a batch of words.

        Parameters
        ----------
        llr : array_like, shape (n,) or (words, n)
            Prior log-likelihood ratios, taken as float32; infinite for known bits.
        syndrome : array_like of 0 and 1, shape (m,) or (words, m), optional
            The coset to decode to, zero by default. One syndrome serves all words of a batch.

        Returns
        -------
        DecodeResult
            A word's result is the same, bit for bit, in whatever batch it is decoded.

        Raises
        ------
        ValueError
            If a shape does not fit the matrix, a ratio is NaN or a syndrome bit is not 0 or 1.
        """
        llr = np.ascontiguousarray(llr, dtype=np.float32)
        if llr.ndim not in (1, 2) or llr.shape[-1] != self.n_variables:
            raise ValueError(
                f"llr has shape {llr.shape}; expected ({self.n_variables},) or (words, {self.n_variables})"
            )
        if np.isnan(llr).any():
            raise ValueError("llr holds NaN; expected numbers, infinite ones included")
        words = np.atleast_2d(llr)
        syndromes = self._check_syndrome(syndrome, len(words), single=llr.ndim == 1)
        result = self._decode_words(words, syndromes)
        if llr.ndim == 1:
            return DecodeResult(result.bits[0], result.llr[0], result.converged[0], result.iterations[0])
        return result

    def _check_syndrome(self, syndrome, n_words: int, single: bool) -> np.ndarray:
        if syndrome is None:
            return np.zeros((n_words, self.n_checks), np.uint8)
        syndrome = np.asarray(syndrome)
        allowed = [(self.n_checks,)] if single else [(self.n_checks,), (n_words, self.n_checks)]
        if syndrome.shape not in allowed:
            raise ValueError(f"syndrome has shape {syndrome.shape}; expected {' or '.join(map(str, allowed))}")
        if not np.isin(syndrome, (0, 1)).all():
            raise ValueError("syndrome holds other values; expected 0 and 1 only")
        # A copy, so that the kernels are compiled for one kind of array only.
        return np.array(np.broadcast_to(syndrome, (n_words, self.n_checks)), dtype=np.uint8, order="C")

    def _decode_words(self, llr: np.ndarray, syndromes: np.ndarray) -> DecodeResult:
        n_words = len(llr)
        width = _BATCH if n_words >= _FEWEST_FOR_BATCH else 1
        if width not in self._layouts:
            self._layouts[width] = _Layout.build(self.parity_check, self._layers, width)
        layout = self._layouts[width]
        min_sum = self.method == "min-sum"
        odds = llr if min_sum else _odds(llr)
        bits = np.empty(llr.shape, np.uint8)
        posterior = np.empty(llr.shape, np.float32)
        converged = np.empty(n_words, np.bool_)
        iterations = np.empty(n_words, np.int32)
        _decode(
            llr,
            odds,
            syndromes,
            width,
            min_sum,
            self.schedule == "layered",
            np.float32(self.factor),
            self.max_iterations,
            *layout,
            bits,
            posterior,
            converged,
            iterations,
        )
        return DecodeResult(bits, posterior, converged, iterations)


def _odds(llr: np.ndarray) -> np.ndarray:
    """``exp(|llr|)`` of priors held to the surest; a known bit's is not infinite either."""
    odds = np.empty(llr.shape, np.float32)
    for i in range(0, len(llr), _CHUNK):
        part = np.abs(llr[i : i + _CHUNK], out=odds[i : i + _CHUNK])
        if part.max(initial=0) > _LARGEST_PRIOR:
            np.minimum(part, _LARGEST_PRIOR, out=part)
        np.exp(part, out=part)
    return odds


# ---------------------------------------------------------------------------------------------
# The graph, laid out for the kernels
# ---------------------------------------------------------------------------------------------


def _as_binary_csr(parity_check) -> sparse.csr_array:
    if hasattr(parity_check, "to_sparse"):
        parity_check = parity_check.to_sparse()
    if not sparse.issparse(parity_check):
        parity_check = np.asarray(parity_check)
        if parity_check.ndim != 2:
            raise ValueError(f"the parity-check matrix has shape {parity_check.shape}; expected (m, n)")
    if min(parity_check.shape) < 1:
        raise ValueError(f"the parity-check matrix has shape {parity_check.shape}; expected m, n >= 1")
    matrix = sparse.csr_array(parity_check)
    if not np.isin(matrix.data, (0, 1)).all():
        raise ValueError("the parity-check matrix holds other values; expected 0 and 1 only")
    matrix = matrix.astype(np.int64)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    if not (matrix.data == 1).all():
        raise ValueError("the parity-check matrix holds an entry more than once; expected each edge once")
    matrix.sort_indices()
    return matrix.astype(np.uint8)


def _layers(matrix: sparse.csr_array, *, independent: bool) -> list[np.ndarray]:
    """Split the checks into layers of one degree, in which no two share a variable if `independent`."""
    degrees = np.diff(matrix.indptr)
    if not independent:
        return [np.flatnonzero(degrees == k) for k in np.unique(degrees)]
    taken = [0] * matrix.shape[1]  # for each variable, the layers it is in, as bits
    of_degree: dict[int, int] = {}  # for each degree, the layers open to it, as bits
    layers: list[list[int]] = []
    for check, degree in enumerate(degrees.tolist()):
        variables = matrix.indices[matrix.indptr[check] : matrix.indptr[check + 1]].tolist()
        used = 0
        for variable in variables:
            used |= taken[variable]
        free = of_degree.get(degree, 0) & ~used
        if not free:
            layers.append([])
            free = 1 << (len(layers) - 1)
            of_degree[degree] = of_degree.get(degree, 0) | free
        first = free & -free
        layers[first.bit_length() - 1].append(check)
        for variable in variables:
            taken[variable] |= first
    return [np.array(layer) for layer in layers]


class _Layout(NamedTuple):
    """Where the messages of a graph lie when `width` words are decoded together.

    The messages are an array of rows of `width`, one row for each edge. Seen as rows of 128 lanes, a
    block of checks of degree k is k consecutive rows: row i holds edge i of each check. A block that
    is not full holds checks -1, whose edges belong to a variable n that has no prior and no edge.
    """

    block_start: np.ndarray  # (blocks,) first row of 128 lanes
    block_degree: np.ndarray  # (blocks,)
    block_checks: np.ndarray  # (blocks, 128 // width)
    row_variable: np.ndarray  # (rows,)
    variable_start: np.ndarray  # (n + 2,) into variable_rows
    variable_rows: np.ndarray  # (edges,)
    of_degree_3: np.ndarray  # variables
    of_other_degree: np.ndarray  # variables of any other degree up to 24
    of_high_degree: np.ndarray  # variables of degrees above 24

    @classmethod
    def build(cls, matrix: sparse.csr_array, layers: list[np.ndarray], width: int) -> _Layout:
        n_variables = matrix.shape[1]
        across = _LANES // width
        degrees = np.diff(matrix.indptr)
        checks, block_degree = [], []
        for layer in layers:
            n_blocks = -(-len(layer) // across)
            padded = np.full(n_blocks * across, -1)
            padded[: len(layer)] = layer
            checks.append(padded.reshape(n_blocks, across))
            block_degree.append(np.full(n_blocks, degrees[layer[0]], np.int64))
        block_checks = np.concatenate(checks)
        block_degree = np.concatenate(block_degree)
        block_start = np.cumsum(block_degree) - block_degree
        row_variable = np.full(int(block_degree.sum()) * across, n_variables)
        edges = []  # (variable, row), check by check: the order does not depend on the width
        for start, degree, members in zip(block_start, block_degree, block_checks, strict=True):
            members = members[members >= 0]
            variables = matrix.indices[matrix.indptr[members][:, None] + np.arange(degree)]
            rows = (start + np.arange(degree)) * across + np.arange(len(members))[:, None]
            row_variable[rows] = variables
            edges.append(np.stack([variables.ravel(), rows.ravel()]))
        variables, rows = np.concatenate(edges, axis=1)
        variable_degree = np.bincount(variables, minlength=n_variables + 1)
        high = variable_degree[:-1] > _HIGHEST_DEGREE_OF_PRODUCTS
        return cls(
            block_start,
            block_degree,
            block_checks,
            row_variable,
            np.concatenate([[0], np.cumsum(variable_degree)]),
            rows[np.argsort(variables, kind="stable")],
            np.flatnonzero(variable_degree[:-1] == 3),
            np.flatnonzero((variable_degree[:-1] != 3) & ~high),
            np.flatnonzero(high),
        )


# ---------------------------------------------------------------------------------------------
# Kernels. Each inner loop runs over lanes and reads and writes its arrays at one row only, which is
# what lets the compiler turn it into vector instructions. No fast-math: the sign of zero counts.
# ---------------------------------------------------------------------------------------------

_jit = njit(error_model="numpy", nogil=True, cache=True)


@_jit
def _bits(x):
    return np.float32(x).view(np.int32)


@_jit
def _with_sign(magnitude, sign):
    """A float32 of no sign of its own, given the top bit of an int32."""
    return np.int32(_bits(magnitude) | (sign & _SIGN_BIT)).view(np.float32)


@_jit
def _check_sum_product(lanes, first, degree, syndrome, left, running, sign):
    """Turn one block's messages to the checks into those to the variables, in place.

    lanes : float32 (rows, 128), the block is rows `first` to ``first + degree - 1``
    syndrome : uint8 (128,); left, running, sign : scratch
    """
    for w in range(_LANES):
        running[w] = 0
        sign[w] = np.int32(syndrome[w]) << _TOP
    for i in range(degree):
        for w in range(_LANES):
            message = lanes[first + i, w]
            h = abs(message)
            a = running[w]
            left[i, w] = a
            running[w] = h + a * (_ONE - _TWO * h)
            sign[w] ^= _bits(message)
    for w in range(_LANES):
        running[w] = 0
    for j in range(degree):
        i = degree - 1 - j
        for w in range(_LANES):
            message = lanes[first + i, w]
            h = abs(message)
            a = running[w]
            others = max(a + left[i, w] * (_ONE - _TWO * a), _SUREST_MESSAGE)
            running[w] = h + a * (_ONE - _TWO * h)
            lanes[first + i, w] = _with_sign(others, sign[w] ^ _bits(message))


@_jit
def _lesser(x, y):
    """Min-sum's message on the sum of two bits, given the messages on each."""
    return _with_sign(min(abs(x), abs(y)), _bits(x) ^ _bits(y))


@_jit
def _check_min_sum(lanes, first, degree, syndrome, factor, left, running):
    """`_check_sum_product` for ratios: the least magnitude of the others times `factor`."""
    for w in range(_LANES):
        running[w] = _with_sign(_CERTAIN, np.int32(syndrome[w]) << _TOP)
    for i in range(degree):
        for w in range(_LANES):
            left[i, w] = running[w]
            running[w] = _lesser(lanes[first + i, w], running[w])
    for w in range(_LANES):
        running[w] = _CERTAIN
    for j in range(degree):
        i = degree - 1 - j
        for w in range(_LANES):
            others = _lesser(left[i, w], running[w])
            running[w] = _lesser(lanes[first + i, w], running[w])
            lanes[first + i, w] = factor * others


@_jit
def _pair(message):
    """P(0) and P(1), up to rounding, of a signed error probability; -0.0 is a certain 1."""
    h = abs(message)
    g = _ONE - h
    negative = _bits(message) < 0
    return (h if negative else g), (g if negative else h)


@_jit
def _signed(p0, p1):
    h = min(p0, p1) / (p0 + p1)
    return -h if p1 > p0 else h


@_jit
def _message(p0, p1):
    h = max(min(p0, p1) / (p0 + p1), _SUREST_MESSAGE)
    return -h if p1 > p0 else h


@_jit
def _degree_3_sum_product(messages, variables, start, rows, prior, bits, posterior, flooding):
    """Posterior of variables of degree 3 and, when flooding, their messages to the checks.

    messages : float32 (edge rows, width), updated in place
    prior : float32 (n + 1, width); bits : uint8 and posterior : float32, same shape, written
    """
    for v in variables:
        a = rows[start[v]]
        b = rows[start[v] + 1]
        c = rows[start[v] + 2]
        if flooding:
            for w in range(prior.shape[1]):
                p0, p1 = _pair(prior[v, w])
                a0, a1 = _pair(messages[a, w])
                b0, b1 = _pair(messages[b, w])
                c0, c1 = _pair(messages[c, w])
                pa0 = p0 * a0
                pa1 = p1 * a1
                pab0 = pa0 * b0
                pab1 = pa1 * b1
                messages[a, w] = _message(p0 * b0 * c0, p1 * b1 * c1)
                messages[b, w] = _message(pa0 * c0, pa1 * c1)
                messages[c, w] = _message(pab0, pab1)
                all0 = pab0 * c0
                all1 = pab1 * c1
                bits[v, w] = all1 > all0
                posterior[v, w] = _signed(all0, all1)
        else:
            for w in range(prior.shape[1]):
                p0, p1 = _pair(prior[v, w])
                a0, a1 = _pair(messages[a, w])
                b0, b1 = _pair(messages[b, w])
                c0, c1 = _pair(messages[c, w])
                all0 = p0 * a0 * b0 * c0
                all1 = p1 * a1 * b1 * c1
                bits[v, w] = all1 > all0
                posterior[v, w] = _signed(all0, all1)


@_jit
def _degree_3_min_sum(messages, variables, start, rows, prior, bits, posterior, flooding):
    """`_degree_3_sum_product` for ratios."""
    for v in variables:
        a = rows[start[v]]
        b = rows[start[v] + 1]
        c = rows[start[v] + 2]
        for w in range(prior.shape[1]):
            pa = prior[v, w] + messages[a, w]
            pab = pa + messages[b, w]
            total = pab + messages[c, w]
            bits[v, w] = total < 0
            posterior[v, w] = total + np.float32(0)
        if flooding:
            for w in range(prior.shape[1]):
                ma = messages[a, w]
                mb = messages[b, w]
                mc = messages[c, w]
                pa = prior[v, w] + ma
                messages[a, w] = prior[v, w] + mb + mc
                messages[b, w] = pa + mc
                messages[c, w] = pa + mb


@_jit
def _other_two(rows, first, row):
    """The two rows of a variable of degree 3 that are not `row`."""
    if rows[first] == row:
        return rows[first + 1], rows[first + 2]
    if rows[first + 1] == row:
        return rows[first], rows[first + 2]
    return rows[first], rows[first + 1]


@_jit
def _multiply(p0, p1, messages, row):
    for w in range(p0.size):
        m0, m1 = _pair(messages[row, w])
        p0[w] *= m0
        p1[w] *= m1


@_jit
def _to_llr(message):
    h = np.float64(abs(message))
    llr = np.log((1.0 - h) / h) if h > 0 else _KNOWN_LLR
    return -llr if _bits(message) < 0 else llr


@_jit
def _from_llr(llr):
    h = np.float32(1.0 / (1.0 + np.exp(abs(llr))))
    return -h if llr < 0 else h


@_jit
def _variables_sum_product(messages, variables, start, rows, prior, bits, posterior, flooding, left0, left1):
    """`_degree_3_sum_product` for any degree up to 24, in float64."""
    width = prior.shape[1]
    p0 = np.empty(width)
    p1 = np.empty(width)
    for v in variables:
        first = start[v]
        degree = start[v + 1] - first
        for w in range(width):
            p0[w], p1[w] = _pair(prior[v, w])
        for i in range(degree):
            for w in range(width):
                left0[i, w] = p0[w]
                left1[i, w] = p1[w]
            _multiply(p0, p1, messages, rows[first + i])
        for w in range(width):
            bits[v, w] = p1[w] > p0[w]
            posterior[v, w] = _signed(p0[w], p1[w])
        if not flooding:
            continue
        p0[:] = 1.0
        p1[:] = 1.0
        for j in range(degree):
            i = degree - 1 - j
            row = rows[first + i]
            for w in range(width):
                left0[i, w] *= p0[w]
                left1[i, w] *= p1[w]
            _multiply(p0, p1, messages, row)
            for w in range(width):
                messages[row, w] = _message(left0[i, w], left1[i, w])


@_jit
def _high_degree_sum_product(messages, variables, start, rows, prior, bits, posterior, flooding, left):
    """`_degree_3_sum_product` for degrees whose products would underflow: sums of ratios in float64."""
    width = prior.shape[1]
    total = np.empty(width)
    for v in variables:
        first = start[v]
        degree = start[v + 1] - first
        for w in range(width):
            total[w] = _to_llr(prior[v, w])
        for i in range(degree):
            for w in range(width):
                left[i, w] = total[w]
                total[w] += _to_llr(messages[rows[first + i], w])
        for w in range(width):
            bits[v, w] = total[w] < 0
            posterior[v, w] = _from_llr(total[w])
        if not flooding:
            continue
        total[:] = 0.0
        for j in range(degree):
            i = degree - 1 - j
            row = rows[first + i]
            for w in range(width):
                message = _to_llr(messages[row, w])
                h = _from_llr(left[i, w] + total[w])
                messages[row, w] = _with_sign(max(abs(h), _SUREST_MESSAGE), _bits(h))
                total[w] += message


@_jit
def _extrinsic_sum_product(messages, first, last, row_variable, start, rows, prior):
    """Layered: the messages along edge rows `first` to ``last - 1`` from their variables' other edges."""
    width = prior.shape[1]
    p0 = np.empty(width)
    p1 = np.empty(width)
    for row in range(first, last):
        v = row_variable[row]
        if start[v + 1] - start[v] == 3:
            a, b = _other_two(rows, start[v], row)
            for w in range(width):
                v0, v1 = _pair(prior[v, w])
                a0, a1 = _pair(messages[a, w])
                b0, b1 = _pair(messages[b, w])
                messages[row, w] = _message(v0 * a0 * b0, v1 * a1 * b1)
            continue
        if start[v + 1] - start[v] > _HIGHEST_DEGREE_OF_PRODUCTS:
            for w in range(width):
                total = _to_llr(prior[v, w])
                for e in range(start[v], start[v + 1]):
                    if rows[e] != row:
                        total += _to_llr(messages[rows[e], w])
                h = _from_llr(total)
                messages[row, w] = _with_sign(max(abs(h), _SUREST_MESSAGE), _bits(h))
            continue
        for w in range(width):
            p0[w], p1[w] = _pair(prior[v, w])
        for e in range(start[v], start[v + 1]):
            if rows[e] != row:
                _multiply(p0, p1, messages, rows[e])
        for w in range(width):
            messages[row, w] = _message(p0[w], p1[w])


@_jit
def _variables_min_sum(messages, variables, start, rows, prior, bits, posterior, flooding, left):
    """`_variables_sum_product` for ratios."""
    width = prior.shape[1]
    total = np.empty(width, np.float32)
    for v in variables:
        first = start[v]
        degree = start[v + 1] - first
        for w in range(width):
            total[w] = prior[v, w]
        for i in range(degree):
            row = rows[first + i]
            for w in range(width):
                left[i, w] = total[w]
                total[w] += messages[row, w]
        for w in range(width):
            bits[v, w] = total[w] < 0
            posterior[v, w] = total[w] + np.float32(0)
        if not flooding:
            continue
        total[:] = 0
        for j in range(degree):
            i = degree - 1 - j
            row = rows[first + i]
            for w in range(width):
                message = messages[row, w]
                messages[row, w] = left[i, w] + total[w]
                total[w] += message


@_jit
def _extrinsic_min_sum(messages, first, last, row_variable, start, rows, prior):
    """`_extrinsic_sum_product` for ratios."""
    width = prior.shape[1]
    total = np.empty(width, np.float32)
    for row in range(first, last):
        v = row_variable[row]
        if start[v + 1] - start[v] == 3:
            a, b = _other_two(rows, start[v], row)
            for w in range(width):
                messages[row, w] = prior[v, w] + messages[a, w] + messages[b, w]
            continue
        for w in range(width):
            total[w] = prior[v, w]
        for e in range(start[v], start[v + 1]):
            if rows[e] != row:
                for w in range(width):
                    total[w] += messages[rows[e], w]
        for w in range(width):
            messages[row, w] = total[w]


@_jit
def _find_unsatisfied(bits, syndrome, block_start, block_degree, row_variable, all_lanes, unsatisfied):
    """Mark the lanes with a check that fails; a column is left as soon as all of its lanes are marked.

    The arrays hold a byte of 0 or 1 for each lane, or unsigned integers made of such bytes.

    bits : (n + 1, columns); syndrome : (blocks, checks * columns); all_lanes : 1 for every lane of a
    column; unsatisfied : (columns,), updated
    """
    columns = bits.shape[1]
    across = syndrome.shape[1] // columns
    for q in range(columns):
        marked = unsatisfied[q]
        for block in range(block_start.size):
            first = block_start[block] * across
            for c in range(across):
                parity = syndrome[block, c * columns + q]
                for i in range(block_degree[block]):
                    parity ^= bits[row_variable[first + i * across + c], q]
                marked |= parity
            if marked == all_lanes:
                break
        unsatisfied[q] = marked


@_jit
def _to_prior(llr, odds, min_sum, out):
    """What is kept of one word's ratios: signed error probabilities, for min-sum finite ratios."""
    if min_sum:
        for v in range(llr.size):
            out[v] = min(max(llr[v], -_CERTAIN), _CERTAIN)
    else:
        for v in range(llr.size):
            h = _ONE / (_ONE + odds[v])
            out[v] = _with_sign(np.float32(0) if abs(llr[v]) == np.inf else h, _bits(llr[v]))


@_jit
def _load(words, lanes, llr, odds, syndromes, block_checks, row_variable, min_sum, layered, prior, syndrome, messages):
    """Put words into lanes: their priors, syndromes and the messages before the first iteration."""
    width = prior.shape[1]
    n = llr.shape[1]
    new = np.empty((words.size, n + 1), np.float32)
    for j in range(words.size):
        _to_prior(llr[words[j]], odds[words[j]], min_sum, new[j, :n])
    for v in range(n):
        for j in range(words.size):
            prior[v, lanes[j]] = new[j, v]
    for block in range(block_checks.shape[0]):
        for c in range(block_checks.shape[1]):
            check = block_checks[block, c]
            if check >= 0:
                for j in range(words.size):
                    syndrome[block, c * width + lanes[j]] = syndromes[words[j], check]
    # Flooding starts with what the variables send when the checks have said nothing.
    neutral = np.float32(0) if min_sum else _HALF
    for j in range(words.size):
        new[j, n] = neutral
        for v in range(n):
            if layered:
                new[j, v] = neutral
            elif min_sum:
                new[j, v] += np.float32(0)  # -0.0 is no sign
            else:
                new[j, v] = _message(*_pair(new[j, v]))
    for row in range(messages.shape[0]):
        v = row_variable[row]
        for j in range(words.size):
            messages[row, lanes[j]] = new[j, v]


@_jit
def _log(x):
    """Logarithm of a normal float32, within a few units of its last place, in vector instructions."""
    exponent = (_bits(x) - _bits(_ROOT_HALF)) >> np.int32(23)
    mantissa = np.int32(_bits(x) - (exponent << np.int32(23))).view(np.float32)
    s = (mantissa - _ONE) / (mantissa + _ONE)
    q = s * s
    series = _ONE + q * (_THIRD + q * (_FIFTH + q * (_SEVENTH + q * _NINTH)))
    return np.float32(exponent) * _LOG_2 + _TWO * s * series


@_jit
def _to_posterior(posterior, llr, min_sum, out_bits, out):
    """Bits and ratios of one word; a known bit keeps its ratio, infinite as those that follow from it."""
    if min_sum:
        for v in range(llr.size):
            x = posterior[v]
            out_bits[v] = x < 0
            out[v] = _with_sign(np.float32(np.inf), _bits(x)) if abs(x) >= _LEAST_CERTAIN else x
    else:
        for v in range(llr.size):
            h = max(abs(posterior[v]), _SMALLEST_NORMAL)
            out_bits[v] = _bits(posterior[v]) < 0
            out[v] = _with_sign(_log((_ONE - h) / h), _bits(posterior[v]))
    for v in range(llr.size):
        out[v] = llr[v] if abs(llr[v]) == np.inf else out[v]


@_jit
def _store(posterior, lanes, word, llr, min_sum, out_bits, out_posterior):
    """Take the words in these lanes out: their bits and ratios."""
    n = llr.shape[1]
    found = np.empty((lanes.size, n), np.float32)
    for v in range(n):
        for j in range(lanes.size):
            found[j, v] = posterior[v, lanes[j]]
    for j in range(lanes.size):
        w = word[lanes[j]]
        _to_posterior(found[j], llr[w], min_sum, out_bits[w], out_posterior[w])


@_jit
def _decode(
    llr,
    odds,
    syndromes,
    width,
    min_sum,
    layered,
    factor,
    max_iterations,
    block_start,
    block_degree,
    block_checks,
    row_variable,
    variable_start,
    variable_rows,
    of_degree_3,
    of_other_degree,
    of_high_degree,
    out_bits,
    out_posterior,
    out_converged,
    out_iterations,
):
    """Decode all words, `width` at a time; a lane whose word is done is given another one.

    llr : float32 (words, n); odds : float32, same shape, ``exp(|llr|)`` for the sum-product
    syndromes : uint8 (words, m); the rest of the arguments are those of the decoder, `_Layout`'s
    fields in their order, and the outputs, as in `DecodeResult`.
    """
    n_words, n = llr.shape
    across = _LANES // width
    neutral = np.float32(0) if min_sum else _HALF
    messages = np.full((row_variable.size, width), neutral)
    lanes = messages.reshape(row_variable.size // across, _LANES)
    prior = np.full((n + 1, width), neutral)
    posterior = np.empty((n + 1, width), np.float32)
    bits = np.zeros((n + 1, width), np.uint8)
    syndrome = np.zeros((block_start.size, _LANES), np.uint8)

    left = np.empty((block_degree.max(), _LANES), np.float32)
    running = np.empty(_LANES, np.float32)
    sign = np.empty(_LANES, np.int32)
    largest = np.diff(variable_start).max()
    left0 = np.empty((largest, width))
    left1 = np.empty((largest, width))
    left_ratio = np.empty((largest, width), np.float32)

    word = np.zeros(width, np.int64)
    iteration = np.zeros(width, np.int64)
    idle = np.ones(width, np.uint8)
    unsatisfied = np.empty(width, np.uint8)
    done = np.empty(width, np.int64)
    next_word = 0
    while True:
        n_idle = idle.sum()
        if next_word < n_words and _REFILL_PART * n_idle >= width:
            free = np.flatnonzero(idle)[: n_words - next_word]
            new = np.arange(next_word, next_word + free.size)
            _load(
                new, free, llr, odds, syndromes, block_checks, row_variable, min_sum, layered, prior, syndrome, messages
            )
            word[free] = new
            iteration[free] = 0
            idle[free] = 0
            next_word += free.size
        elif n_idle == width:
            return
        for block in range(block_start.size):
            start = block_start[block]
            degree = block_degree[block]
            if layered:
                first = start * across
                last = first + degree * across
                if min_sum:
                    _extrinsic_min_sum(messages, first, last, row_variable, variable_start, variable_rows, prior)
                else:
                    _extrinsic_sum_product(messages, first, last, row_variable, variable_start, variable_rows, prior)
            if min_sum:
                _check_min_sum(lanes, start, degree, syndrome[block], factor, left, running)
            else:
                _check_sum_product(lanes, start, degree, syndrome[block], left, running, sign)
        iteration += 1
        if min_sum:
            _degree_3_min_sum(messages, of_degree_3, variable_start, variable_rows, prior, bits, posterior, not layered)
            for variables in (of_other_degree, of_high_degree):
                _variables_min_sum(
                    messages,
                    variables,
                    variable_start,
                    variable_rows,
                    prior,
                    bits,
                    posterior,
                    not layered,
                    left_ratio,
                )
        else:
            _degree_3_sum_product(
                messages, of_degree_3, variable_start, variable_rows, prior, bits, posterior, not layered
            )
            _variables_sum_product(
                messages,
                of_other_degree,
                variable_start,
                variable_rows,
                prior,
                bits,
                posterior,
                not layered,
                left0,
                left1,
            )
            _high_degree_sum_product(
                messages,
                of_high_degree,
                variable_start,
                variable_rows,
                prior,
                bits,
                posterior,
                not layered,
                left0,
            )
        unsatisfied[:] = idle
        if width == 1:
            _find_unsatisfied(bits, syndrome, block_start, block_degree, row_variable, 1, unsatisfied)
        else:
            _find_unsatisfied(
                bits.view(np.uint64),
                syndrome.view(np.uint64),
                block_start,
                block_degree,
                row_variable,
                _EIGHT_LANES,
                unsatisfied.view(np.uint64),
            )
        n_done = 0
        for lane in range(width):
            if not idle[lane] and (unsatisfied[lane] == 0 or iteration[lane] == max_iterations):
                idle[lane] = 1
                done[n_done] = lane
                n_done += 1
                out_converged[word[lane]] = unsatisfied[lane] == 0
                out_iterations[word[lane]] = iteration[lane]
        if n_done > 0:
            _store(posterior, done[:n_done], word, llr, min_sum, out_bits, out_posterior)
