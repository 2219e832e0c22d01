"""Messages of bias propagation, in double precision and in one order everywhere.

signs: float64 (n,), of the source word and of the bits that are fixed; starts, counts: int64 (n,), where the edges of
a codeword bit that still count stand in slots, int64 (edges,); information_start: int64 (k + 1,), edges of an
information bit; fixed: uint8 (k,); biases, satisfaction: float64 (edges,), messages to and from the codeword bits;
bias: float64 (k,).
"""

from __future__ import annotations

from numba import njit


@njit(cache=True)
def propagate(iterations, strength, signs, starts, counts, slots, information_start, fixed, biases, satisfaction, bias):
    """So many iterations, all codeword bits and then all information bits; bias holds the last mean of each."""
    for _ in range(iterations):
        for v in range(len(signs)):
            first, last = starts[v], starts[v] + counts[v]
            product = strength * signs[v]
            for slot in range(first, last):
                edge = slots[slot]
                satisfaction[edge] = product
                product *= biases[edge]
            product = 1.0
            for slot in range(last - 1, first - 1, -1):
                edge = slots[slot]
                satisfaction[edge] *= product
                product *= biases[edge]
        for i in range(len(fixed)):
            if fixed[i]:
                continue
            for_one, for_zero = 1.0, 1.0  # of the signs -1 and 1
            for edge in range(information_start[i], information_start[i + 1]):
                for_zero *= 1 + satisfaction[edge]
                for_one *= 1 - satisfaction[edge]
            bias[i] = (for_zero - for_one) / (for_zero + for_one)
            for edge in range(information_start[i], information_start[i + 1]):
                without_zero = for_zero / (1 + satisfaction[edge])
                without_one = for_one / (1 - satisfaction[edge])
                biases[edge] = (without_zero - without_one) / (without_zero + without_one)


@njit(cache=True)
def fix(chosen, sources, signs, starts, counts, slots, information_start, fixed, biases, satisfaction, bias):
    """Give the chosen information bits (int64) the sign of their bias, and take their edges out."""
    for i in chosen:
        fixed[i] = 1
        for edge in range(information_start[i], information_start[i + 1]):
            v = sources[edge]
            if bias[i] < 0:
                signs[v] = -signs[v]
            last = starts[v] + counts[v] - 1
            for slot in range(starts[v], last + 1):
                if slots[slot] == edge:
                    slots[slot] = slots[last]
                    break
            counts[v] -= 1
