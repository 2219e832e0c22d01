"""Packets of one tile (ISO/IEC 15444-1, B.9, B.10 and B.12): their order, their headers, and where their bytes lie.

The kernels stop at what they cannot read and tell where; a caller makes an error of it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from jscc.jpeg2000._layout import table

# What a kernel stopped at: nothing; the end of the tile's bytes behind a whole packet; the end of a tile-part, or of
# the packed headers, within a packet; a length of more than 31 bits; no room for another record; too many steps.
DONE, ENDED, BODY_ENDS, HEADER_ENDS, TOO_LONG, FULL, TOO_MANY_STEPS = range(7)
# Places of what a kernel tells.
CODE, AT, PACKETS, HEADER_BYTES, LEFT_OVER, RECORDS, STEPS, PACKET_AT, PART, PACKED_AT, N_TOLD = range(11)
BYPASS, TERMALL = 1, 4
UNKNOWN = 2**30  # the value of a tag tree's node before it is read
BITS_AT, BITS_END, BITS_BYTE, BITS_LEFT, BITS_OVER = range(5)

RECORD = np.dtype(
    [("block", np.int32), ("segment", np.int32), ("n_passes", np.int32), ("n_bytes", np.int32), ("offset", np.int64)]
)
SEGMENT = table("n_passes", "n_bytes", "first_chunk", "n_chunks")
CHUNK = table("offset", "n_bytes")


class Job(NamedTuple):
    """One tile.

    Attributes
    ----------
    parts : ndarray of int64, shape (tile-parts, 2)
        Where its tile-parts' packets begin and end.
    packed : ndarray of int64, shape (2,)
        Where its packet headers begin and end among those of PPM or PPT; both -1 if they stand in the packets.
    volumes : ndarray of int64, shape (volumes, 6)
        First resolution and component, ends of layers, resolutions and components, progression order.
    precincts : ndarray of int64, shape (2,)
        First of its precincts, and the one behind the last.
    styles : ndarray of int64, shape (components,)
        Style of the code-blocks of each.
    sop, eph : bool
        Whether SOP may stand before a packet, and EPH behind its header; without, a code-block may begin like them.
    """

    parts: np.ndarray
    packed: np.ndarray
    volumes: np.ndarray
    precincts: np.ndarray
    styles: np.ndarray
    sop: bool
    eph: bool


class State(NamedTuple):
    """What packets leave for those after them.

    Attributes
    ----------
    next_layer : ndarray of int32, shape (precincts,)
    length_bits, n_passes, zero_planes : ndarray of int32, shape (blocks,)
        Lblock, passes and missing bit-planes so far.
    inclusion, inclusion_low, planes, planes_low : ndarray of int32, shape (nodes,)
        Of the two tag trees of each cell: the values that are known, and the bounds below them.
    bits : ndarray of int64, shape (5,)
        The reader of a packet header.
    """

    next_layer: np.ndarray
    length_bits: np.ndarray
    n_passes: np.ndarray
    zero_planes: np.ndarray
    inclusion: np.ndarray
    inclusion_low: np.ndarray
    planes: np.ndarray
    planes_low: np.ndarray
    bits: np.ndarray


@njit(cache=True)
def _number(source, bits, count):
    """The next bits of a packet header as a number; behind a byte FF the first bit of the next is skipped (B.10.1)."""
    value = 0
    while count:
        if bits[BITS_LEFT] == 0:
            if bits[BITS_AT] >= bits[BITS_END]:
                bits[BITS_OVER] = 1
                return 0
            bits[BITS_LEFT] = 7 if bits[BITS_BYTE] == 0xFF else 8
            bits[BITS_BYTE] = source[bits[BITS_AT]]
            bits[BITS_AT] += 1
        taken = min(count, bits[BITS_LEFT])
        bits[BITS_LEFT] -= taken
        count -= taken
        value = (value << taken) | ((bits[BITS_BYTE] >> bits[BITS_LEFT]) & ((1 << taken) - 1))
    return value


@njit(cache=True)
def _bit(source, bits):
    """The next bit."""
    return _number(source, bits, 1)


@njit(cache=True)
def _tag_tree(source, bits, values, lows, root, wide, high, height, x, y, threshold):
    """The value of a leaf as far as it is below the threshold (B.10.2); what is returned else is not below it."""
    low, first = 0, root
    for shift in range(height, -1, -1):
        across = ((wide - 1) >> shift) + 1
        node = first + (y >> shift) * across + (x >> shift)
        low = max(low, lows[node])
        while low < threshold and low < values[node]:
            if _bit(source, bits):
                values[node] = low
            elif bits[BITS_OVER]:
                return threshold
            else:
                low += 1
        lows[node] = low
        if values[node] > low:  # nothing below this node is smaller
            return threshold
        first += across * (((high - 1) >> shift) + 1)
    return low


@njit(cache=True)
def _read_pass_count(source, bits):
    """How many passes a code-block adds, 1 to 164 (Table B.4)."""
    if _bit(source, bits) == 0:
        return 1
    if _bit(source, bits) == 0:
        return 2
    more = _number(source, bits, 2)
    if more < 3:
        return 3 + more
    more = _number(source, bits, 5)
    if more < 31:
        return 6 + more
    return 37 + _number(source, bits, 7)


@njit(cache=True)
def segment_of(style, n_passes):
    """The segment that the next pass belongs to after so many, and how many passes it still takes (Table D.9)."""
    if style & TERMALL:
        return n_passes, 1
    if style & BYPASS:
        if n_passes < 10:
            return 0, 10 - n_passes
        more, which = (n_passes - 10) // 3, (n_passes - 10) % 3
        if which == 2:
            return 2 + 2 * more, 1
        return 1 + 2 * more, 2 - which
    return 0, UNKNOWN


@njit(cache=True)
def _floor_log2(value):
    result = 0
    while value > 1:
        value >>= 1
        result += 1
    return result


@njit(cache=True)
def _read_header(source, precinct, layer, style, cells, state, records, told):
    """One packet header, from where the reader of bits stands: records without offsets (B.10)."""
    bits = state.bits
    if _bit(source, bits):
        for c in range(precinct["first_cell"], precinct["first_cell"] + precinct["n_cells"]):
            wide, high, root = cells[c]["wide"], cells[c]["high"], cells[c]["first_node"]
            block = cells[c]["first_block"] - 1
            height = 0
            while max(wide, high) > 1 << height:
                height += 1
            for y in range(high):
                for x in range(wide):
                    block += 1
                    told[STEPS] += 1
                    if state.n_passes[block]:
                        if _bit(source, bits) == 0:
                            continue
                    else:
                        values, lows = state.inclusion, state.inclusion_low
                        if _tag_tree(source, bits, values, lows, root, wide, high, height, x, y, layer + 1) > layer:
                            if bits[BITS_OVER]:
                                return HEADER_ENDS
                            continue
                        values, lows = state.planes, state.planes_low
                        planes = _tag_tree(source, bits, values, lows, root, wide, high, height, x, y, UNKNOWN)
                        state.zero_planes[block] = planes
                        state.length_bits[block] = 3
                    left = _read_pass_count(source, bits)
                    while _bit(source, bits):
                        state.length_bits[block] += 1
                    while left:
                        segment, room = segment_of(style, state.n_passes[block])
                        passes = min(left, room)
                        length = state.length_bits[block] + _floor_log2(passes)
                        if length > 31:
                            return TOO_LONG
                        if told[RECORDS] == len(records):
                            return FULL
                        record = records[told[RECORDS]]
                        told[RECORDS] += 1
                        record["block"], record["segment"], record["n_passes"] = block, segment, passes
                        record["n_bytes"] = _number(source, bits, length)
                        state.n_passes[block] += passes
                        left -= passes
                    if bits[BITS_OVER]:
                        return HEADER_ENDS
    if bits[BITS_BYTE] == 0xFF:  # a header does not end in FF
        bits[BITS_AT] += 1
    if bits[BITS_OVER] or bits[BITS_AT] > bits[BITS_END]:
        return HEADER_ENDS
    return DONE


@njit(cache=True)
def _read_packet(data, packed, job, precinct, layer, cells, state, records, told):
    """One packet, from where the tile stands; DONE, or why not, and then nothing of it is kept."""
    at, part = told[AT], told[PART]
    while at == job.parts[part, 1] and part + 1 < len(job.parts):
        part += 1
        at = job.parts[part, 0]
    end = job.parts[part, 1]
    told[AT], told[PART], told[PACKET_AT] = at, part, at
    inline = job.packed[0] < 0
    if (at if inline else told[PACKED_AT]) == (end if inline else job.packed[1]):
        return ENDED
    first_record = told[RECORDS]
    if job.sop and at + 6 <= end and data[at] == 0xFF and data[at + 1] == 0x91:  # SOP (A.8.1)
        at += 6
    bits = state.bits
    bits[:] = 0
    bits[BITS_AT] = at if inline else told[PACKED_AT]
    bits[BITS_END] = end if inline else job.packed[1]
    source = data if inline else packed
    code = _read_header(source, precinct, layer, job.styles[precinct["component"]], cells, state, records, told)
    after = bits[BITS_AT]
    if code == DONE:
        if job.eph and after + 2 <= bits[BITS_END] and source[after] == 0xFF and source[after + 1] == 0x92:
            after += 2  # EPH (A.8.2)
        if inline:
            at = after
        body = at
        for k in range(first_record, told[RECORDS]):
            records[k]["offset"] = at
            at += records[k]["n_bytes"]
        if at > end:
            code = BODY_ENDS
    if code != DONE:
        told[RECORDS] = first_record
        return code
    told[HEADER_BYTES] += body - told[AT]
    told[AT] = at
    if not inline:
        told[PACKED_AT] = after
    told[PACKETS] += 1
    return DONE


@njit(cache=True)
def _forget(job, precincts, cells, state):
    """The state before the first packet of a tile."""
    for p in range(job.precincts[0], job.precincts[1]):
        state.next_layer[p] = 0
        for c in range(precincts[p]["first_cell"], precincts[p]["first_cell"] + precincts[p]["n_cells"]):
            first = cells[c]["first_block"]
            state.n_passes[first : first + cells[c]["wide"] * cells[c]["high"]] = 0
            end = cells[c + 1]["first_node"] if c + 1 < len(cells) else len(state.inclusion)
            for node in range(cells[c]["first_node"], end):
                state.inclusion[node] = state.planes[node] = UNKNOWN
                state.inclusion_low[node] = state.planes_low[node] = 0


@njit(cache=True)
def read_packets(data, packed, job, orders, order_rows, precincts, cells, max_steps, state, records, told):
    """All packets of one tile, in the order of its progressions.

    Parameters
    ----------
    data, packed : ndarray of uint8
        The codestream, and the packet headers of PPM and PPT.
    job : Job
    orders : ndarray of int64, shape (orders, precincts)
        The precincts of each tile as a progression order comes upon them, all layers of each before the next but
        for LRCP and RLCP.
    order_rows : ndarray of int64, shape (5,)
        The row of `orders` for each progression order.
    precincts, cells : ndarray of PRECINCT, CELL
    max_steps : int
    state : State
        Overwritten where it is the tile's.
    records : ndarray of RECORD
        Written from place ``told[RECORDS]`` on: what each packet holds of each code-block.
    told : ndarray of int64, shape (N_TOLD,)
        ``told[RECORDS]`` and ``told[STEPS]`` are gone on with; all is written: the code of what the kernel stopped
        at, the offset of the next packet and of the packet that could not be read, its tile-part and the place
        among the packed headers, the packets read, and the bytes of their headers and markers in the tile-parts.
    """
    _forget(job, precincts, cells, state)
    told[PACKETS] = told[HEADER_BYTES] = told[LEFT_OVER] = told[PART] = 0
    told[AT], told[PACKED_AT] = job.parts[0, 0], job.packed[0]
    told[CODE] = _read_volumes(data, packed, job, orders, order_rows, precincts, cells, max_steps, state, records, told)
    told[LEFT_OVER] = job.parts[told[PART], 1] - told[AT]
    for part in range(told[PART] + 1, len(job.parts)):
        told[LEFT_OVER] += job.parts[part, 1] - job.parts[part, 0]


@njit(cache=True)
def _within(volume, precinct):
    """Whether a precinct is of a progression's resolutions and components."""
    return volume[0] <= precinct["resolution"] < volume[3] and volume[1] <= precinct["component"] < volume[4]


@njit(cache=True)
def _read_volumes(data, packed, job, orders, order_rows, precincts, cells, max_steps, state, records, told):
    for v in range(len(job.volumes)):
        volume = job.volumes[v]
        order = orders[order_rows[volume[5]]]
        first, last = job.precincts[0], job.precincts[1]
        while first < last:
            # Within a group the layers come first.
            end = first + 1
            if volume[5] == 0:
                end = last
            elif volume[5] == 1:
                resolution = precincts[order[first]]["resolution"]
                while end < last and precincts[order[end]]["resolution"] == resolution:
                    end += 1
            layer = volume[2]
            for k in range(first, end):
                if _within(volume, precincts[order[k]]):
                    layer = min(layer, state.next_layer[order[k]])
            told[STEPS] += end - first
            if told[STEPS] > max_steps:
                return TOO_MANY_STEPS
            while layer < volume[2]:
                for k in range(first, end):
                    told[STEPS] += 1
                    if told[STEPS] > max_steps:
                        return TOO_MANY_STEPS
                    p = order[k]
                    precinct = precincts[p]
                    if state.next_layer[p] != layer or not _within(volume, precinct):
                        continue
                    code = _read_packet(data, packed, job, precinct, layer, cells, state, records, told)
                    if code != DONE:
                        return code
                    state.next_layer[p] = layer + 1
                layer += 1
            first = end
    return DONE


@njit(cache=True)
def collect(records, state, blocks, places, order, segments, chunks):
    """Sort records by code-block: its segments, and the chunks of each; the number of segments.

    Parameters
    ----------
    records : ndarray of RECORD
        In the order of the packets.
    state : State
    blocks : ndarray of BLOCK
        What the packets say is written.
    places : ndarray of int64, shape (blocks + 1,)
        Scratch.
    order : ndarray of int64, shape (records,)
        Scratch.
    segments, chunks : ndarray of SEGMENT, CHUNK, shape (records,)
        Written.
    """
    places[:] = 0
    for k in range(len(records)):
        places[records[k]["block"] + 1] += 1
    for b in range(len(blocks)):
        places[b + 1] += places[b]
    for k in range(len(records)):
        b = records[k]["block"]
        order[places[b]] = k
        places[b] += 1
    n_segments, first = 0, 0
    for b in range(len(blocks)):
        block = blocks[b]
        block["first_segment"] = n_segments
        block["n_passes"] = 0
        block["zero_planes"] = state.zero_planes[b] if places[b] > first else 0
        last = -1
        for c in range(first, places[b]):
            record = records[order[c]]
            chunks[c]["offset"], chunks[c]["n_bytes"] = record["offset"], record["n_bytes"]
            if record["segment"] != last:
                last = record["segment"]
                new = segments[n_segments]
                new["n_passes"], new["n_bytes"], new["first_chunk"], new["n_chunks"] = 0, 0, c, 0
                n_segments += 1
            segment = segments[n_segments - 1]
            segment["n_passes"] += record["n_passes"]
            segment["n_bytes"] += record["n_bytes"]
            segment["n_chunks"] += 1
            block["n_passes"] += record["n_passes"]
        block["n_segments"] = n_segments - block["first_segment"]
        first = places[b]
    return n_segments
