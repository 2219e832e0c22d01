// A picture, its planes and their syndromes, the network that reads them, and the way back by belief propagation.
(function () {
  "use strict";
  const { h, s, slider, choice, button, picture, grid, framed, steered, MARK, CURSOR } = jsccLive;

  const SIDE = 32;
  const PLANES = 8;
  const PEN = [
    [0, 0, 255],
    [0, 1, 160],
    [1, 0, 160],
    [0, -1, 160],
    [-1, 0, 160],
  ];
  const FRAMES_MS = 60;

  const bitOf = (byte, plane) => (byte >> (PLANES - 1 - plane)) & 1;

  function softmax(scores) {
    const top = Math.max(...scores);
    const powers = Array.from(scores, (score) => Math.exp(score - top));
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((power) => power / sum);
  }

  async function render({ model, el }) {
    const kernels = {};
    for (const [name, stored] of Object.entries(model.get("kernels"))) {
      kernels[name] = await jsccLive.instantiate(stored);
    }
    const { syndromes_of_planes: coder, gru_scores: network, propagate: decoder } = kernels;
    coder.prepare(model.get("syndromes"));
    network.prepare(model.get("scores"));
    decoder.prepare(model.get("propagate"));
    const [checks, side] = [model.get("checks"), model.get("side")];
    const [llr, odds] = [jsccLive.unpack(model.get("llr")), jsccLive.unpack(model.get("odds"))];
    const examples = model.get("examples").map(({ name, pixels }) => [name, jsccLive.unpack(pixels)]);
    const classes = model.get("classes");

    let pixels = new Uint8Array(SIDE * SIDE);
    let loaded = { pixels, syndromes: null };
    let syndromes, probabilities, timer;
    let recovery = null;

    // The library's syndromes of packed planes: a byte a check.
    function code(packed) {
      jsccLive.bytesIn(coder.arrays.rows).set(packed);
      coder.run();
      return jsccLive.bytesIn(coder.arrays.out).slice(0, checks);
    }

    function classify() {
      network.arrays.packed.set(syndromes);
      network.run();
      probabilities = softmax(network.arrays.out);
    }

    // -- What is shown --

    const canvas = grid(SIDE, SIDE, 6, { class: "jscc-live-pixels", tabindex: 0, role: "application" });
    const cursor = steered(canvas, show, usePen);
    [cursor.x, cursor.y] = [13, 13];
    const planeCanvas = grid(SIDE, SIDE, 5, { class: "jscc-live-pixels", role: "img" });
    const syndromeCanvas = grid(SIDE, checks / SIDE, 5, { class: "jscc-live-pixels", role: "img" });
    const backCanvas = grid(SIDE, SIDE, 5, { class: "jscc-live-pixels", role: "img" });
    const strip = grid(PLANES * (SIDE + 1), SIDE + 1 + checks / SIDE, 2, { class: "jscc-live-pixels", role: "img" });
    const description = h("p", { class: "jscc-live-text", "aria-live": "polite" });
    const told = h("p", { class: "jscc-live-count", "aria-live": "polite" });
    const bars = picture(drawBars);

    function drawBars(width) {
      if (!probabilities) {
        return null;
      }
      const [left, right, step] = [104, 52, 18];
      const best = probabilities.indexOf(Math.max(...probabilities));
      const text = classes.map((name, k) => `${name} ${(100 * probabilities[k]).toFixed(1)} %`).join(", ");
      const drawing = s("svg", {
        viewBox: `0 0 ${width} ${step * classes.length + 4}`,
        role: "img",
        "aria-label": `The network's probabilities: ${text}`,
      });
      classes.forEach((name, k) => {
        const y = step * (k + 1) - 4;
        const length = Math.max((width - left - right) * probabilities[k], 0.5);
        drawing.append(s("text", { x: left - 8, y, "text-anchor": "end" }, name));
        const kind = k === best ? "jscc-live-bar jscc-live-bar-best" : "jscc-live-bar";
        drawing.append(s("rect", { x: left, y: y - 11, width: length, height: 13, class: kind }));
        drawing.append(s("text", { x: left + length + 6, y }, `${(100 * probabilities[k]).toFixed(1)} %`));
      });
      return drawing;
    }

    function show() {
      const plane = model.get("plane");
      const focused = document.activeElement === canvas;
      canvas.paint((i) => (focused && i === cursor.i ? CURSOR : pixels[i]));
      const flipped = (i) => bitOf(pixels[i] ^ loaded.pixels[i], plane);
      const changed = (i) => bitOf(syndromes[i] ^ loaded.syndromes[i], plane);
      planeCanvas.paint((i) => (flipped(i) ? MARK : 255 * bitOf(pixels[i], plane)));
      syndromeCanvas.paint((i) => (changed(i) ? MARK : 255 * bitOf(syndromes[i], plane)));
      strip.paint((i) => {
        const [x, y] = [i % (PLANES * (SIDE + 1)), Math.floor(i / (PLANES * (SIDE + 1)))];
        const [k, column] = [Math.floor(x / (SIDE + 1)), x % (SIDE + 1)];
        if (column === SIDE || y === SIDE) {
          return 128;
        }
        const byte = y < SIDE ? pixels[y * SIDE + column] : syndromes[(y - SIDE - 1) * SIDE + column];
        return 255 * bitOf(byte, k);
      });
      const count = (bytes, test) => bytes.reduce((sum, _byte, i) => sum + test(i), 0);
      const ones = count(pixels, (i) => bitOf(pixels[i], plane));
      const syndromeOnes = count(syndromes, (i) => bitOf(syndromes[i], plane));
      const [flips, changes] = [count(pixels, flipped), count(syndromes, changed)];
      const best = probabilities.indexOf(Math.max(...probabilities));
      const text =
        `Plane ${plane}: ${ones} of ${SIDE * SIDE} bits are 1, and ${syndromeOnes} of the ${checks} bits of its ` +
        `syndrome. Since the picture was loaded ${flips} ${flips === 1 ? "bit has" : "bits have"} changed, and with ` +
        `${flips === 1 ? "it" : "them"} ${changes} checks. The network takes it for: ${classes[best]} ` +
        `(${(100 * probabilities[best]).toFixed(1)} %).`;
      description.textContent = text;
      planeCanvas.setAttribute("aria-label", `Plane ${plane}: ${ones} ones, ${flips} changed`);
      syndromeCanvas.setAttribute("aria-label", `Syndrome of plane ${plane}: ${syndromeOnes} ones, ${changes} changed`);
      strip.setAttribute("aria-label", "The eight planes, the most significant first, and below each its syndrome");
      const where = `row ${cursor.y}, column ${cursor.x}, level ${pixels[cursor.i]}`;
      canvas.setAttribute("aria-label", `The picture; arrow keys move the pen, space uses it: ${where}`);
      bars.redraw();
      showRecovery();
      model.set("state", { pixels: Array.from(pixels), syndromes: Array.from(syndromes), probabilities, plane, flips, changes });
    }

    function showRecovery() {
      const plane = model.get("plane");
      if (recovery === null) {
        backCanvas.paint((i) => 255 / (1 + Math.exp(llr[plane * SIDE * SIDE + i])));
        told.textContent =
          `The way back: the receiver has the ${checks} bits of plane ${plane}'s syndrome, and how often each bit is 1 ` +
          "in training pictures (shown). Run belief propagation.";
      } else {
        backCanvas.paint((i) => 255 / (1 + Math.exp(recovery.llr[i])));
        const state = recovery.converged
          ? `the syndrome is met, ${recovery.wrong === 0 ? "by the plane that was sent" : "by another plane"}`
          : `${recovery.unsatisfied} of ${checks} checks are not met`;
        told.textContent =
          `Iteration ${recovery.iterations}: ${state}; ${recovery.wrong} of ${SIDE * SIDE} bits are wrong.`;
      }
      backCanvas.setAttribute("aria-label", told.textContent);
      model.set("recovery", recovery);
    }

    // -- What happens --

    function changed() {
      syndromes = code(pixels);
      classify();
      stop();
      recovery = null;
      show();
    }

    function load(given) {
      pixels = new Uint8Array(given);
      loaded = { pixels: new Uint8Array(given), syndromes: code(given) };
      changed();
    }

    function usePen(dragged) {
      if (dragged && model.get("pen") === "flip") {
        return;
      }
      const at = (dx, dy) => {
        const [x, y] = [cursor.x + dx, cursor.y + dy];
        return x >= 0 && x < side && y >= 0 && y < side ? y * SIDE + x : -1;
      };
      if (model.get("pen") === "flip") {
        pixels[cursor.i] ^= 1 << (PLANES - 1 - model.get("plane"));
      } else {
        for (const [dx, dy, level] of PEN) {
          const i = at(dx, dy);
          if (i >= 0) {
            pixels[i] = model.get("pen") === "draw" ? Math.max(pixels[i], level) : 0;
          }
        }
      }
      changed();
    }

    function iterate() {
      const plane = model.get("plane");
      const { arrays, scalars } = decoder;
      if (recovery === null) {
        const n = SIDE * SIDE;
        arrays.given_llr.set(llr.subarray(plane * n, (plane + 1) * n));
        arrays.given_odds.set(odds.subarray(plane * n, (plane + 1) * n));
        arrays.given_syndromes.set(syndromes.map((byte) => bitOf(byte, plane)));
      }
      scalars.first = recovery === null ? 1 : 0;
      decoder.run();
      const met = code(arrays.bits.map((bit) => bit << (PLANES - 1 - plane)));
      recovery = {
        plane,
        iterations: arrays.iterations[0],
        converged: arrays.converged[0] === 1,
        bits: Array.from(arrays.bits),
        llr: Array.from(arrays.llr),
        unsatisfied: met.reduce((sum, byte, i) => sum + bitOf(byte ^ syndromes[i], plane), 0),
        wrong: arrays.bits.reduce((sum, bit, i) => sum + (bit ^ bitOf(pixels[i], plane)), 0),
      };
      showRecovery();
    }

    const over = () => recovery !== null && (recovery.converged || recovery.iterations >= model.get("max_iterations"));

    function run() {
      if (over()) {
        recovery = null;
      }
      told.setAttribute("aria-live", "off"); // the end is told, not every iteration
      timer = setInterval(() => {
        if (!over()) {
          iterate();
        }
        if (over()) {
          stop();
          showRecovery();
        }
      }, FRAMES_MS);
    }

    function stop() {
      clearInterval(timer);
      timer = null;
      told.setAttribute("aria-live", "polite");
    }

    async function readFile(file) {
      const image = await createImageBitmap(file);
      const scaled = h("canvas", { width: side, height: side });
      const context = scaled.getContext("2d", { willReadFrequently: true });
      context.drawImage(image, 0, 0, side, side);
      const { data } = context.getImageData(0, 0, side, side);
      const given = new Uint8Array(SIDE * SIDE);
      for (let i = 0; i < side * side; i++) {
        const luma = Math.floor((299 * data[4 * i] + 587 * data[4 * i + 1] + 114 * data[4 * i + 2] + 500) / 1000);
        given[Math.floor(i / side) * SIDE + (i % side)] = luma;
      }
      load(given);
    }

    const file = h("input", {
      type: "file",
      accept: "image/*",
      "aria-label": "your own picture",
      onchange: () => file.files.length && readFile(file.files[0]),
    });
    const names = [...examples.map(([name], k) => [String(k), name]), ["blank", "a blank sheet"]];
    el.append(
      h(
        "div",
        { class: "jscc-live-controls" },
        choice("picture", names, "0", (k) => load(k === "blank" ? new Uint8Array(SIDE * SIDE) : examples[k][1])),
        h("label", {}, h("span", {}, "your own"), file),
        choice(
          "pen",
          [
            ["draw", "draws"],
            ["erase", "erases"],
            ["flip", "flips a bit of the plane"],
          ],
          model.get("pen"),
          (pen) => model.set("pen", pen),
        ),
        slider("plane", [0, 1, 2, 3, 4, 5, 6, 7], model.get("plane"), (plane) => {
          model.set("plane", plane);
          stop();
          recovery = null;
          show();
        }),
      ),
      h(
        "div",
        { class: "jscc-live-row" },
        framed("the picture: draw here", canvas),
        framed("the plane, changed bits in colour", planeCanvas),
        framed("its syndrome, changed checks in colour", syndromeCanvas),
        framed("what the receiver believes", backCanvas),
      ),
      framed("eight planes, and below each its syndrome: all that the network reads", strip),
      description,
      bars,
      h(
        "div",
        { class: "jscc-live-controls" },
        button("One iteration", () => {
          stop();
          if (!over()) {
            iterate();
          }
        }),
        button("Recover the plane", () => (timer ? stop() : run())),
        button("Start over", () => {
          stop();
          recovery = null;
          showRecovery();
        }),
      ),
      told,
    );
    load(examples[0][1]);
    return stop;
  }

  jsccLive.controls.planes = { render };
})();
