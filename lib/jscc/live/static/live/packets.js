// A packet over the channel, the words that a decoder tries, and a count of wrong packets that runs on.
(function () {
  "use strict";
  const { h, s, slider, choice, button, picture, wilson } = jsccLive;

  const FIXED_POINT = 2 ** 20; // of the kernels' logarithms
  const SLICE_MS = 40; // how long the count runs before the page is drawn again
  const [LEFT, RIGHT] = [56, 12];

  // One packet sent and received: symbols drawn, coded by the library's kernel, noise added.
  class Channel {
    constructor(kernels, setting) {
      this.encoder = kernels.encode_words;
      this.setting = setting;
      this.encoder.prepare(setting.encode);
    }

    send(ebn0, draws, llr) {
      const { symbols, out, lengths } = this.encoder.arrays;
      this.encoder.reset("out", "lengths");
      for (let k = 0; k < symbols.length; k++) {
        const u = draws.uniform();
        symbols[k] = this.setting.limits.filter((limit) => limit <= u).length;
      }
      this.encoder.run();
      const n = Number(lengths[0]);
      const variance = 1 / (2 * this.setting.rate * 10 ** (ebn0 / 10));
      const deviation = Math.fround(Math.sqrt(variance));
      for (let j = 0; j < n; j++) {
        const bit = (out[j >> 3] >> (7 - (j & 7))) & 1;
        llr[j] = Math.fround(1 - 2 * bit + deviation * draws.normal()) * Math.fround(2 / variance);
      }
      return n;
    }

    sentBits(n) {
      const out = this.encoder.arrays.out;
      return Array.from({ length: n }, (_, j) => (out[j >> 3] >> (7 - (j & 7))) & 1);
    }
  }

  const RESULTS = ["bits", "extrinsic", "converged", "symbols", "metric", "candidates", "queries", "decoded"];

  // Decode what lies in the kernel's `llr`; whether the packet is the one that was sent.
  function decode(kernel, n, symbols) {
    kernel.reset(...RESULTS);
    kernel.arrays.lengths[0] = BigInt(n);
    kernel.run();
    return symbols.every((symbol, k) => symbol === kernel.arrays.symbols[k]);
  }

  // The flips of every word that a decoder tries, in its order: lists of places.
  function triedWords(decoder, kernel, llr, n) {
    const order = Array.from({ length: n }, (_, j) => j).sort((a, b) => Math.abs(llr[a]) - Math.abs(llr[b]) || a - b);
    if (decoder.kernel === "chase_words") {
      const tree = order.slice(0, kernel.scalars.q);
      return Array.from({ length: 2 ** tree.length }, (_, i) => tree.filter((_place, k) => (i >> k) & 1));
    }
    const { ranks, starts } = kernel.arrays;
    return Array.from({ length: kernel.arrays.queries[0] }, (_, i) =>
      Array.from(ranks.subarray(Number(starts[i]), Number(starts[i + 1])), (rank) => order[Number(rank)]),
    );
  }

  // What the library's decoder of single words says of each: valid or not, and equation (7) up to a constant.
  function judgeWords(kernels, setting, words, llr, n) {
    const kernel = kernels.decode_words;
    const { bits, lengths } = kernel.prepare(setting.decode);
    const width = setting.decode.shapes.bits[1];
    words.forEach((flips, i) => {
      lengths[i] = BigInt(n);
      for (let j = 0; j < n; j++) {
        bits[i * width + j] = llr[j] < 0 ? 1 : 0;
      }
      flips.forEach((j) => (bits[i * width + j] ^= 1));
    });
    kernel.run();
    return words.map((flips, i) => {
      const cost = flips.reduce((sum, j) => sum + Math.abs(llr[j]), 0);
      return {
        flips,
        cost,
        valid: kernel.arrays.valid[i] === 1,
        metric: Number(kernel.arrays.log_probabilities[i]) / FIXED_POINT - cost,
      };
    });
  }

  const line = (x1, y1, x2, y2, more) => s("line", { x1, y1, x2, y2, ...more });
  const label = (x, y, text, more) => s("text", { x, y, ...more }, text);
  const circle = (cx, cy, r, more) => s("circle", { cx, cy, r, ...more });

  function drawPacket(state, width) {
    const [top, base, bottom, foot] = [14, 116, 150, 270];
    const x = (j) => LEFT + ((j + 0.5) / state.n) * (width - LEFT - RIGHT);
    const most = Math.max(...state.llr.map(Math.abs));
    const y = (size) => base - (size / most) * (base - top);
    const drawing = s("svg", { viewBox: `0 0 ${width} 300`, role: "img", "aria-label": state.text });
    const stroke = Math.max(((width - LEFT - RIGHT) / state.n) * 0.7, 1);
    state.llr.forEach((value, j) => {
      const wrong = (value < 0) !== (state.sent[j] === 1);
      const kind = wrong ? "jscc-live-strong" : "jscc-live-weak";
      drawing.append(line(x(j), base, x(j), y(Math.abs(value)), { class: kind, "stroke-width": stroke }));
    });
    const tried = new Set(state.words.flatMap((word) => word.flips));
    tried.forEach((j) => {
      const flipped = state.winner && state.winner.flips.includes(j);
      const points = `${x(j)},${base + 4} ${x(j) - 4},${base + 12} ${x(j) + 4},${base + 12}`;
      drawing.append(s("polygon", { points, class: flipped ? "jscc-live-dot" : "jscc-live-ring" }));
    });
    drawing.append(label(LEFT - 8, base, "0", { "text-anchor": "end" }));
    drawing.append(label(LEFT - 8, top + 8, most.toFixed(0), { "text-anchor": "end" }));
    drawing.append(label(12, (top + base) / 2, "|Λ|", {}));

    const words = [...state.words].sort((a, b) => a.cost - b.cost);
    const dearest = Math.max(...words.map((word) => word.cost), 1e-9);
    const wx = (i) => LEFT + ((i + 0.5) / words.length) * (width - LEFT - RIGHT);
    const wy = (cost) => bottom + 8 + (cost / dearest) * (foot - bottom - 16);
    let crosses = "";
    words.forEach((word, i) => {
      const [cx, cy] = [wx(i), wy(word.cost)];
      if (word.valid) {
        const kind = word === state.winner ? "jscc-live-dot" : "jscc-live-ring";
        drawing.append(circle(cx, cy, 5, { class: kind }));
      } else {
        crosses += `M${cx - 2.5},${cy - 2.5}l5,5m0,-5l-5,5`;
      }
      if (word.sent) {
        drawing.append(s("rect", { x: cx - 9, y: cy - 9, width: 18, height: 18, class: "jscc-live-ring" }));
      }
    });
    drawing.prepend(s("path", { d: crosses, class: "jscc-live-faint" }));
    drawing.append(label(LEFT - 8, bottom + 12, "0", { "text-anchor": "end" }));
    if (words.length > 1) {
      drawing.append(label(LEFT - 8, foot - 4, `−${dearest.toFixed(1)}`, { "text-anchor": "end" }));
    }
    drawing.append(label(4, (bottom + foot) / 2, "−Σ |Λ|", {}));
    drawing.append(label(LEFT, 290, "○ valid  ● winner  × not valid  □ sent", {}));
    return drawing;
  }

  function drawCurve(decoder, levels, ebn0, count, text, width) {
    const [top, base, decades] = [12, 196, 5];
    const [low, high] = [levels[0], levels[levels.length - 1]];
    const x = (level) => LEFT + ((level - low) / (high - low)) * (width - LEFT - RIGHT);
    const y = (rate) => Math.min(top + (-Math.log10(Math.max(rate, 1e-9)) / decades) * (base - top), base);
    const drawing = s("svg", { viewBox: `0 0 ${width} 240`, role: "img", "aria-label": text });
    for (let k = 0; k <= decades; k++) {
      drawing.append(line(LEFT, y(10 ** -k), width - RIGHT, y(10 ** -k), { class: "jscc-live-grid" }));
      drawing.append(label(LEFT - 8, y(10 ** -k) + 4, k === 0 ? "1" : `1e−${k}`, { "text-anchor": "end" }));
    }
    levels.forEach((level) => {
      if (Number.isInteger(level)) {
        drawing.append(label(x(level), base + 18, String(level), { "text-anchor": "middle" }));
      }
    });
    drawing.append(label((LEFT + width) / 2, base + 38, "Eb/N0 (dB)", { "text-anchor": "middle" }));
    drawing.append(label(LEFT + 6, top + 16, "packet error rate", {}));
    const points = decoder.curve.map(([level, errors, trials]) => `${x(level)},${y(errors / trials)}`).join(" ");
    drawing.append(s("polyline", { points, class: "jscc-live-curve" }));
    decoder.curve.forEach(([level, errors, trials]) => {
      const [from, to] = wilson(errors, trials);
      drawing.append(line(x(level), y(from), x(level), y(to), { class: "jscc-live-curve" }));
    });
    if (count.trials > 0) {
      const [from, to] = wilson(count.errors, count.trials);
      drawing.append(line(x(ebn0), y(from), x(ebn0), y(to), { class: "jscc-live-strong", "stroke-width": 3 }));
      drawing.append(circle(x(ebn0), y(count.errors / count.trials), 5, { class: "jscc-live-dot" }));
    }
    return drawing;
  }

  function countText(count, decoder, ebn0) {
    const own = decoder.curve.find(([level]) => level === ebn0);
    const book = own
      ? `the book: ${own[1].toLocaleString("en")} of ${own[2].toLocaleString("en")}, ` +
        `${(own[1] / own[2]).toPrecision(3)} (95 %: ${wilson(own[1], own[2]).map((r) => r.toPrecision(3)).join(" to ")})`
      : "the book has no point here";
    if (count.trials === 0) {
      return `Nothing counted yet; ${book}.`;
    }
    const [from, to] = wilson(count.errors, count.trials).map((rate) => rate.toPrecision(3));
    return (
      `${count.errors.toLocaleString("en")} of ${count.trials.toLocaleString("en")} packets wrong: ` +
      `${(count.errors / count.trials).toPrecision(3)} (95 %: ${from} to ${to}), ` +
      `${((1000 * count.milliseconds) / count.trials).toFixed(0)} µs a packet; ${book}.`
    );
  }

  async function render({ model, el }) {
    const kernels = {};
    for (const [name, stored] of Object.entries(model.get("kernels"))) {
      kernels[name] = await jsccLive.instantiate(stored);
    }
    const settings = model.get("settings");
    const levels = model.get("levels");
    let channel, decoder, kernel, timer, draws;
    const count = { trials: 0, errors: 0, milliseconds: 0 };

    const packet = picture((width) => model.get("packet") && drawPacket(model.get("packet"), width));
    const description = h("p", { class: "jscc-live-text", "aria-live": "polite" });
    const curve = picture(
      (width) => decoder && drawCurve(decoder, levels, model.get("ebn0_db"), count, counted.textContent, width),
    );
    const counted = h("p", { class: "jscc-live-count", "aria-live": "polite" });
    const decoders = h("span", {});
    const run = button("Count wrong packets", () => (timer ? stop() : start()));

    function choose() {
      const setting = settings[model.get("setting")];
      decoder = setting.decoders[model.get("decoder")];
      channel = new Channel(kernels, setting);
      kernel = kernels[decoder.kernel];
      kernel.prepare(decoder.call);
      stop();
      Object.assign(count, { trials: 0, errors: 0, milliseconds: 0 });
      draws = new jsccLive.Draws(model.get("seed") + 1e6);
      showPacket();
      showCount();
    }

    function showPacket() {
      const ebn0 = model.get("ebn0_db");
      const n = channel.send(ebn0, new jsccLive.Draws(model.get("seed")), kernel.arrays.llr);
      const symbols = Array.from(channel.encoder.arrays.symbols);
      const right = decode(kernel, n, symbols);
      const llr = Array.from(kernel.arrays.llr.subarray(0, n));
      const sent = channel.sentBits(n);
      const words = judgeWords(kernels, channel.setting, triedWords(decoder, kernel, llr, n), llr, n);
      const wrong = llr.filter((value, j) => (value < 0) !== (sent[j] === 1)).length;
      const isSent = (flips) => flips.length === wrong && flips.every((j) => (llr[j] < 0) !== (sent[j] === 1));
      words.forEach((word) => (word.sent = isSent(word.flips)));
      const found = kernel.arrays.converged[0] === 1;
      const best = found ? kernel.arrays.metric[0] : null;
      const bits = Array.from(kernel.arrays.bits.subarray(0, n));
      const winner = words.find((word) => word.valid && sameWord(word.flips, bits, llr));
      const valid = words.filter((word) => word.valid).length;
      const outcome = !found
        ? "none of them is valid"
        : `${valid} ${valid === 1 ? "is" : "are"} valid; the winner, of metric ${best.toFixed(2).replace("-", "−")}, ` +
          `${right ? "is" : "is not"} the packet that was sent`;
      const text =
        `At ${ebn0} dB ${wrong} of ${n} bits are received wrong. ${decoder.label}: ${words.length} ` +
        `${words.length === 1 ? "word is" : "words are"} tried, ${outcome}.`;
      const state = { n, llr, sent, symbols, words, winner, text, found, right, metric: best, valid };
      model.set("packet", state);
      description.textContent = text;
      packet.redraw();
    }

    function sameWord(flips, bits, llr) {
      const flipped = new Set(flips);
      return bits.every((bit, j) => bit === ((llr[j] < 0) !== flipped.has(j) ? 1 : 0));
    }

    function showCount() {
      counted.textContent = countText(count, decoder, model.get("ebn0_db"));
      curve.redraw();
      model.set("count", { ...count });
    }

    function slice() {
      const ebn0 = model.get("ebn0_db");
      const begun = performance.now();
      while (performance.now() - begun < SLICE_MS) {
        const n = channel.send(ebn0, draws, kernel.arrays.llr);
        const start = performance.now();
        const right = decode(kernel, n, channel.encoder.arrays.symbols);
        count.milliseconds += performance.now() - start;
        count.trials += 1;
        count.errors += right ? 0 : 1;
      }
      showCount();
      timer = setTimeout(slice, 0);
    }

    function start() {
      run.textContent = "Stop";
      counted.setAttribute("aria-live", "off"); // a running count must not talk without end
      timer = setTimeout(slice, 0);
    }

    function stop() {
      clearTimeout(timer);
      timer = null;
      run.textContent = "Count wrong packets";
      counted.setAttribute("aria-live", "polite");
    }

    function offerDecoders() {
      const offered = Object.entries(settings[model.get("setting")].decoders);
      if (!offered.some(([name]) => name === model.get("decoder"))) {
        model.set("decoder", offered[0][0]);
      }
      const options = offered.map(([name, { label }]) => [name, label]);
      decoders.replaceChildren(
        choice("decoder", options, model.get("decoder"), (name) => {
          model.set("decoder", name);
          choose();
        }),
      );
    }

    el.append(
      h(
        "div",
        { class: "jscc-live-controls" },
        choice(
          "code",
          Object.entries(settings).map(([name, setting]) => [name, setting.label]),
          model.get("setting"),
          (name) => {
            model.set("setting", name);
            offerDecoders();
            choose();
          },
        ),
        decoders,
        slider("Eb/N0 (dB)", levels, model.get("ebn0_db"), (level) => {
          model.set("ebn0_db", level);
          choose();
        }),
        button("Another packet", () => {
          model.set("seed", model.get("seed") + 1);
          stop();
          showPacket();
        }),
        run,
      ),
      packet,
      description,
      curve,
      counted,
    );
    offerDecoders();
    choose();
    return stop;
  }

  jsccLive.controls.packets = { render };
})();
