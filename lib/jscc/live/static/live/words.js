// Reinforced belief propagation on a word of GF(16), iteration by iteration, then leaf removal and back-substitution.
(function () {
  "use strict";
  const { h, s, slider, choice, button, picture } = jsccLive;

  const Q = 16;
  const FRAME_MS = 30;
  const [LEFT, RIGHT, GAP] = [44, 12, 26];
  const SCHEDULES = [
    ["0", "symbols in a new order each time"],
    ["1", "symbols in one order"],
    ["3", "all at once (flooding)"],
  ];

  const onesOf = (symbol) => (symbol & 1) + ((symbol >> 1) & 1) + ((symbol >> 2) & 1) + ((symbol >> 3) & 1);

  async function render({ model, el }) {
    const kernels = {};
    for (const [name, stored] of Object.entries(model.get("kernels"))) {
      kernels[name] = await jsccLive.instantiate(stored);
    }
    const { sweep, remove_leaves: leaves, substitute } = kernels;
    sweep.prepare(model.get("sweep"));
    leaves.prepare(model.get("remove_leaves"));
    substitute.prepare(model.get("substitute"));
    const [n, checks] = [model.get("n_symbols"), model.get("n_checks")];
    const unscale = jsccLive.unpack(model.get("unscale")); // (n, q): the code's symbol for a scaled one
    const limit = model.get("limit");
    let trial, timer, removal;

    const frozen = picture(drawFrozen);
    const curves = picture(drawCurves);
    const description = h("p", { class: "jscc-live-text", "aria-live": "polite" });
    const told = h("p", { class: "jscc-live-count", "aria-live": "polite" });

    function start() {
      stop();
      removal = null;
      const draws = new jsccLive.Draws(model.get("seed"));
      const source = Array.from({ length: n }, () => Math.floor(draws.uniform() * Q));
      sweep.prepare(model.get("sweep"));
      sweep.arrays.source.set(source);
      sweep.arrays.random[0] = BigInt(model.get("seed"));
      sweep.arrays.gammas[0] = 1 - model.get("gamma0");
      Object.assign(sweep.scalars, {
        first: 1,
        schedule: Number(model.get("schedule")),
        prior: Math.min(model.get("prior") / Math.LN2, 64),
      });
      trial = { source, distortion: [], unsatisfied: [], decided: [], symbols: null, largest: null };
      show();
    }

    const done = () =>
      trial.unsatisfied.at(-1) === 0 || trial.unsatisfied.length >= model.get("max_iterations");

    function iterate() {
      const { arrays, scalars } = sweep;
      sweep.run();
      scalars.first = 0;
      trial.symbols = Array.from(arrays.decisions, (symbol, v) => unscale[v * Q + symbol]);
      const wrong = trial.symbols.reduce((sum, symbol, v) => sum + onesOf(symbol ^ trial.source[v]), 0);
      trial.distortion.push(wrong / (4 * n));
      trial.unsatisfied.push(Number(arrays.unsatisfied[0]));
      trial.largest = Array.from({ length: n }, (_, v) => Math.max(...arrays.marginals.subarray(v * Q, (v + 1) * Q)));
      trial.decided.push(trial.largest.filter((value) => value > 0.99).length);
    }

    function run() {
      if (done()) {
        start();
      }
      description.setAttribute("aria-live", "off"); // the end is told, not every iteration
      runner.textContent = "Pause";
      timer = setInterval(() => {
        iterate();
        if (done()) {
          stop();
        }
        show();
      }, FRAME_MS);
    }

    function stop() {
      clearInterval(timer);
      timer = null;
      runner.textContent = "Run";
      description.setAttribute("aria-live", "polite");
    }

    // The library's leaf removal on this code, and the word made again of its information symbols.
    function removeLeaves() {
      leaves.prepare(model.get("remove_leaves"));
      leaves.run();
      const steps = Number(leaves.arrays.steps[0]);
      const first = leaves.arrays.leaf_start;
      const pivots = new Set(Array.from({ length: steps }, (_, t) => leaves.arrays.leaves[first[t]]));
      removal = { steps, core: checks - steps, pivots: [...pivots], information: n - pivots.size, again: null };
      if (trial.unsatisfied.at(-1) === 0) {
        const { words } = substitute.arrays;
        trial.symbols.forEach((symbol, v) => (words[v] = pivots.has(v) ? 0 : symbol));
        substitute.run();
        removal.again = trial.symbols.every((symbol, v) => words[v] === symbol);
      }
      show();
    }

    function drawFrozen(width) {
      if (!trial) {
        return null;
      }
      const columns = 50;
      const size = width / columns;
      const rows = Math.ceil(n / columns);
      const pivots = new Set(removal ? removal.pivots : []);
      const drawing = s("svg", {
        viewBox: `0 0 ${width} ${rows * size}`,
        role: "img",
        "aria-label": description.textContent,
      });
      for (let v = 0; v < n; v++) {
        const sure = trial.largest ? trial.largest[v] : 1 / Q;
        const place = { x: (v % columns) * size + 0.5, y: Math.floor(v / columns) * size + 0.5 };
        const box = { ...place, width: size - 1, height: size - 1 };
        drawing.append(s("rect", { ...box, class: "jscc-live-cell", "fill-opacity": sure.toFixed(3) }));
        if (removal && !pivots.has(v)) {
          drawing.append(s("rect", { ...box, class: "jscc-live-frame" }));
        }
      }
      return drawing;
    }

    function drawCurves(width) {
      if (!trial) {
        return null;
      }
      const [top, base, most] = [16, 150, model.get("max_iterations")];
      const wide = (width - LEFT - RIGHT - GAP - LEFT) / 2;
      const drawing = s("svg", {
        viewBox: `0 0 ${width} 190`,
        role: "img",
        "aria-label": description.textContent,
      });
      function axes(left, title, ticks, y) {
        drawing.append(s("text", { x: left, y: 11 }, title));
        for (const [value, text] of ticks) {
          drawing.append(s("line", { x1: left, x2: left + wide, y1: y(value), y2: y(value), class: "jscc-live-grid" }));
          drawing.append(s("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, text));
        }
        drawing.append(s("text", { x: left, y: base + 16 }, "0"));
        drawing.append(s("text", { x: left + wide, y: base + 16, "text-anchor": "end" }, `${most} iterations`));
      }
      function curve(left, values, y) {
        const points = values.map((value, k) => `${left + ((k + 1) / most) * wide},${y(value)}`).join(" ");
        drawing.append(s("polyline", { points, class: "jscc-live-curve" }));
      }
      const yDistortion = (value) => base - (Math.min(value, 0.3) / 0.3) * (base - top);
      const largest = Math.log10(checks);
      const yChecks = (value) => base - (Math.log10(Math.max(value, 0.5) * 2) / (largest + 0.31)) * (base - top);
      const right = LEFT + wide + GAP + LEFT;
      axes(LEFT, "distortion", [0, 0.1, 0.2, 0.3].map((value) => [value, String(value)]), yDistortion);
      drawing.append(
        s("line", { x1: LEFT, x2: LEFT + wide, y1: yDistortion(limit), y2: yDistortion(limit), class: "jscc-live-limit" }),
      );
      axes(right, "checks that do not hold", [[0.5, "0"], [1, "1"], [10, "10"], [100, "100"]], yChecks);
      curve(LEFT, trial.distortion, yDistortion);
      curve(right, trial.unsatisfied, yChecks);
      return drawing;
    }

    function show() {
      const k = trial.unsatisfied.length;
      if (k === 0) {
        description.textContent =
          `A word of ${n} symbols of GF(16), ${4 * n} random bits. Dark squares will be symbols that are decided.`;
      } else {
        const [left, distortion] = [trial.unsatisfied[k - 1], trial.distortion[k - 1].toFixed(4)];
        const state =
          left === 0 ? "all checks hold: a codeword" : `${left} of ${checks} checks do not hold${done() ? "; given up" : ""}`;
        description.textContent =
          `Iteration ${k}: ${state}. ${trial.decided[k - 1]} of ${n} symbols are decided (above 0.99); ` +
          `distortion ${distortion}, limit ${limit.toFixed(4)}.`;
      }
      told.textContent =
        removal === null
          ? ""
          : `Leaf removal: ${removal.steps} checks put aside, a core of ${removal.core}; ` +
            `${removal.information} of ${n} symbols (framed) are stored, rate ${(removal.information / n).toFixed(4)}` +
            (removal.again === null
              ? "; there is no codeword yet to store."
              : `; made again of them, the word is ${removal.again ? "the same" : "another"}.`);
      frozen.redraw();
      curves.redraw();
      model.set("trial", { ...trial });
      model.set("removal", removal);
    }

    const runner = button("Run", () => {
      if (timer) {
        stop();
        show();
      } else {
        run();
      }
    });
    const changing = (name) => (value) => {
      model.set(name, value);
      start();
    };
    el.append(
      h(
        "div",
        { class: "jscc-live-controls" },
        slider("gamma0", model.get("gammas"), model.get("gamma0"), changing("gamma0")),
        slider("L", model.get("priors"), model.get("prior"), changing("prior")),
        choice("schedule", SCHEDULES, model.get("schedule"), changing("schedule")),
      ),
      h(
        "div",
        { class: "jscc-live-controls" },
        runner,
        button("One iteration", () => {
          stop();
          if (!done()) {
            iterate();
          }
          show();
        }),
        button("Another word", () => {
          model.set("seed", model.get("seed") + 1);
          start();
        }),
        button("Remove the leaves", () => {
          stop();
          removeLeaves();
        }),
      ),
      frozen,
      description,
      curves,
      told,
    );
    start();
    return stop;
  }

  jsccLive.controls.words = { render };
})();
