// A digit, its bits by a learned code and by a separate one, the channel's errors and one's own, and the way back.
(function () {
  "use strict";
  const { h, slider, choice, button, grid, framed, steered, MARK, CURSOR } = jsccLive;

  const SIDE = 28;
  const PIXELS = SIDE * SIDE;
  const BITS_A_ROW = 10;
  const PEN = [
    [0, 0],
    [0, 1],
    [1, 0],
    [0, -1],
    [-1, 0],
  ];
  const FLIPPED = [
    [140, 60, 0],
    [255, 170, 90],
  ]; // a bit that has become 0, and one that has become 1
  const SYSTEMS = [
    ["learned", "NECST"],
    ["separate", "the separate code"],
  ];
  const BITS_OF = { learned: "NECST: bits", separate: "separate: bits" };

  const count = (values, test) => values.reduce((sum, value, i) => sum + (test(value, i) ? 1 : 0), 0);
  const several = (number, one, more) => `${number} ${number === 1 ? one : more}`;

  // Mean and half of its 95 % interval.
  function meanOf(values) {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return [mean, 1.96 * Math.sqrt(squares / (values.length - 1) / values.length)];
  }

  // The two codes over the library's kernels: bits of a picture, and the picture of bits.
  async function codes(model) {
    const kernels = {};
    for (const [name, stored] of Object.entries(model.get("kernels"))) {
      kernels[name] = await jsccLive.instantiate(stored);
      kernels[name].prepare(model.get(name));
    }
    const store = model.get("stores").drawing;
    for (const [name, part] of [["learned_word", "encoder"], ["learned_picture", "decoder"]]) {
      const { weights, biases } = kernels[name].arrays;
      let place = 0;
      for (let k = 0; place < weights.length; k++) {
        const layer = jsccLive.widened(store[`${part}.${k}.levels`], store[`${part}.${k}.scales`]);
        weights.set(layer, place);
        place += layer.length;
      }
      biases.set(store[`${part}.biases`]);
    }
    for (const name of ["separate_word", "separate_picture"]) {
      kernels[name].arrays.levels.set(store.levels);
      kernels[name].arrays.generator.set(store.generator);
    }
    kernels.separate_picture.arrays.prior.set(store.shares);
    const factors = jsccLive.unpack(model.get("factors"));

    function run(name, given) {
      const kernel = kernels[name];
      kernel.arrays[name.endsWith("word") ? "pixels" : "received"].set(given);
      kernel.run();
      kernel.scalars.first = 0;
      return kernel.arrays;
    }
    return {
      word: (system, pixels) => Uint8Array.from(run(`${system}_word`, pixels).word),
      index: () => Number(kernels.separate_word.arrays.index[0]),
      certainty: (index) => kernels.separate_picture.arrays.posterior[index],
      picture: (system, bits) => Float32Array.from(run(`${system}_picture`, bits).out),
      reckonWith(eps) {
        const array = kernels.separate_picture.arrays.factors;
        const at = model.get("eps_values").indexOf(eps) * array.length;
        array.set(factors.subarray(at, at + array.length));
      },
    };
  }

  async function render({ model, el }) {
    const code = await codes(model);
    const examples = model.get("examples").map(({ name, pixels }) => [name, jsccLive.unpack(pixels)]);
    let pixels = Uint8Array.from(examples[0][1]);
    let words, pictures, wrong, index;
    const length = code.word("learned", pixels).length;
    const byHand = new Uint8Array(length);
    let uniform = [];

    // -- What is shown --

    const pad = { class: "jscc-live-pixels", tabindex: 0, role: "application" };
    const still = { class: "jscc-live-pixels", role: "img" };
    const canvas = grid(SIDE, SIDE, 8, pad);
    const cursor = steered(canvas, show, usePen);
    const shown = {};
    for (const [system] of SYSTEMS) {
      const bits = grid(BITS_A_ROW, length / BITS_A_ROW, 14, pad);
      const bit = steered(bits, show, (dragged) => !dragged && flip(shown[system].bit.i));
      shown[system] = { bits, bit, belief: grid(SIDE, SIDE, 5, still), decided: grid(SIDE, SIDE, 5, still) };
    }
    const description = h("p", { class: "jscc-live-text", "aria-live": "polite" });
    const told = h("p", { class: "jscc-live-count", "aria-live": "polite" });

    const flips = () => uniform.map((value, i) => (value < model.get("eps") ? 1 : 0) ^ byHand[i]);
    const reckoned = () => model.get(model.get("reckons") === "made" ? "made_for" : "eps");

    function show() {
      const focused = (element) => document.activeElement === element;
      canvas.paint((i) => (focused(canvas) && i === cursor.i ? CURSOR : 255 * pixels[i]));
      canvas.setAttribute(
        "aria-label",
        "The digit; arrow keys move the pen, space uses it: " +
          `row ${cursor.y}, column ${cursor.x}, ${pixels[cursor.i] ? "ink" : "no ink"}`,
      );
      const flipped = flips();
      for (const [system, name] of SYSTEMS) {
        const { bits, bit, belief, decided } = shown[system];
        const sent = words[system];
        bits.paint((i) => {
          if (focused(bits) && i === bit.i) {
            return CURSOR;
          }
          return flipped[i] ? FLIPPED[1 - sent[i]] : 255 * sent[i];
        });
        const at = `bit ${bit.i}, sent ${sent[bit.i]}, ${flipped[bit.i] ? "flipped" : "not flipped"}`;
        bits.setAttribute("aria-label", `The bits of ${name}; arrow keys choose one, space flips it in both words: ${at}`);
        const picture = pictures[system];
        belief.paint((i) => Math.round(255 * picture[i]));
        belief.setAttribute("aria-label", `Probabilities by ${name}`);
        decided.paint((i) => {
          const one = picture[i] > 0.5 ? 1 : 0;
          return one === pixels[i] ? 255 * one : MARK;
        });
        decided.setAttribute("aria-label", `What ${name} decides: ${several(wrong[system], "pixel", "pixels")} wrong`);
      }
    }

    function tell() {
      const flipped = count(flips(), (flip) => flip === 1);
      const certainty = code.certainty(index);
      description.textContent =
        `${several(flipped, "bit is", "bits are")} flipped of ${length}. Wrong pixels of ${PIXELS}: ` +
        `NECST ${wrong.learned} (${(wrong.learned / PIXELS).toFixed(3)}), the separate code ${wrong.separate} ` +
        `(${(wrong.separate / PIXELS).toFixed(3)}). Its index was ${index}, and after what arrived it has the ` +
        `probability ${certainty.toFixed(3)}.`;
      model.set("state", {
        pixels: Array.from(pixels),
        flips: flips(),
        words: { learned: Array.from(words.learned), separate: Array.from(words.separate) },
        pictures: { learned: Array.from(pictures.learned), separate: Array.from(pictures.separate) },
        wrong: { ...wrong },
        index,
        certainty,
        reckoned: reckoned(),
      });
    }

    // -- What happens --

    // Decode both words with these places flipped, and count.
    function decode(flipped) {
      const found = { pictures: {}, wrong: {} };
      for (const [system] of SYSTEMS) {
        const picture = code.picture(system, words[system].map((bit, i) => bit ^ flipped[i]));
        found.pictures[system] = picture;
        found.wrong[system] = count(pixels, (pixel, i) => pixel !== (picture[i] > 0.5 ? 1 : 0));
      }
      return found;
    }

    function receive() {
      code.reckonWith(reckoned());
      ({ pictures, wrong } = decode(flips()));
      told.textContent = "";
      model.set("count", null);
      show();
      tell();
    }

    function send() {
      words = Object.fromEntries(SYSTEMS.map(([system]) => [system, code.word(system, pixels)]));
      index = code.index();
      receive();
    }

    function usePen(dragged) {
      const pen = model.get("pen");
      if (pen === "flip") {
        pixels[cursor.i] ^= 1;
      } else {
        for (const [dx, dy] of PEN) {
          const [x, y] = [cursor.x + dx, cursor.y + dy];
          if (x >= 0 && x < SIDE && y >= 0 && y < SIDE) {
            pixels[y * SIDE + x] = pen === "draw" ? 1 : 0;
          }
        }
      }
      send();
    }

    function flip(i) {
      byHand[i] ^= 1;
      receive();
    }

    function drawErrors() {
      const draws = new jsccLive.Draws(model.get("seed"));
      uniform = Array.from({ length }, () => draws.uniform());
      byHand.fill(0);
    }

    // Many words of this picture over the channel, each with errors of its own.
    function countMany() {
      const trials = { flips: [], learned: [], separate: [] };
      for (let k = 0; k < model.get("trials"); k++) {
        model.set("seed", model.get("seed") + 1);
        const draws = new jsccLive.Draws(model.get("seed"));
        const flipped = Array.from({ length }, () => (draws.uniform() < model.get("eps") ? 1 : 0));
        const found = decode(flipped);
        trials.flips.push(flipped);
        SYSTEMS.forEach(([system]) => trials[system].push(found.wrong[system]));
      }
      decode(flips()); // what the kernels hold belongs to what is shown
      const shares = SYSTEMS.map(([system, name]) => {
        const [mean, half] = meanOf(trials[system].map((wrongOnes) => wrongOnes / PIXELS));
        return `${name} ${mean.toFixed(4)} ± ${half.toFixed(4)}`;
      });
      told.textContent =
        `This picture ${trials.flips.length} times at eps = ${model.get("eps")}, mean share of wrong pixels with its ` +
        `95 % interval: ${shares.join(", ")}.`;
      model.set("count", trials);
    }

    // -- How it is laid out --

    const names = [...examples.map(([name], k) => [String(k), name]), ["blank", "a blank sheet"]];
    const row = (system, name) =>
      h(
        "div",
        { class: "jscc-live-row", role: "group", "aria-label": name },
        framed(BITS_OF[system], shown[system].bits),
        framed("probabilities", shown[system].belief),
        framed("decided", shown[system].decided),
      );
    el.append(
      h(
        "div",
        { class: "jscc-live-controls" },
        choice("picture", names, "0", (k) => {
          pixels = k === "blank" ? new Uint8Array(PIXELS) : Uint8Array.from(examples[k][1]);
          send();
        }),
        choice(
          "pen",
          [
            ["draw", "draws"],
            ["erase", "erases"],
            ["flip", "flips one pixel"],
          ],
          model.get("pen"),
          (pen) => model.set("pen", pen),
        ),
        choice(
          "Bayes' rule reckons with",
          [
            ["made", `eps = ${model.get("made_for")}, as NECST does`],
            ["told", "the channel's eps"],
          ],
          model.get("reckons"),
          (reckons) => {
            model.set("reckons", reckons);
            receive();
          },
        ),
      ),
      h(
        "div",
        { class: "jscc-live-row" },
        framed("the digit: draw here", canvas),
        h("div", {}, ...SYSTEMS.map(([system, name]) => row(system, name))),
      ),
      h(
        "div",
        { class: "jscc-live-controls" },
        slider("eps", model.get("eps_values"), model.get("eps"), (eps) => {
          model.set("eps", eps);
          receive();
        }),
        button("New errors", () => {
          model.set("seed", model.get("seed") + 1);
          drawErrors();
          receive();
        }),
        button("Undo my flips", () => {
          byHand.fill(0);
          receive();
        }),
        button(`Send it ${model.get("trials")} times`, countMany),
      ),
      description,
      told,
    );
    drawErrors();
    send();
  }

  jsccLive.controls.drawing = { render };
})();
