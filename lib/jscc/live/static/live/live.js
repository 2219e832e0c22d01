// Runs the library's kernels in the page. `jscc.live` compiles them to WebAssembly when the book is built; the build
// puts those that a page asks for into an element of it. A control is a module { render({ model, el }) }, as anywidget
// has them: it registers itself in `jsccLive.controls`. Without this script, without WebAssembly or without the
// kernels a figure keeps the static player that is written in it.
(function (root) {
  "use strict";

  root.jsccLive = { controls: {} };
  if (typeof WebAssembly === "undefined" || typeof BigInt64Array === "undefined") {
    return;
  }

  const ARRAYS = {
    bool_: Uint8Array,
    uint8: Uint8Array,
    int8: Int8Array,
    uint16: Uint16Array,
    int16: Int16Array,
    uint32: Uint32Array,
    int32: Int32Array,
    uint64: BigUint64Array,
    int64: BigInt64Array,
    float32: Float32Array,
    float64: Float64Array,
  };
  const PAGE_BYTES = 65536;
  const ALIGNMENT = 16;
  const [NARROW, WIDE] = [300, 720]; // between these a picture has the width of its column
  // What a kernel may ask of the page; the variants in single precision are rounded from double.
  const FUNCTIONS = {
    exp: Math.exp,
    log: Math.log,
    expf: (x) => Math.fround(Math.exp(x)),
    logf: (x) => Math.fround(Math.log(x)),
  };

  function bytesOf(base64) {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) {
      bytes[i] = text.charCodeAt(i);
    }
    return bytes;
  }

  // One kernel with the arrays that it works on. `arrays` are views of its memory: what is written there the kernel
  // reads, and what it writes can be read there.
  class Kernel {
    constructor(instance, description) {
      this.instance = instance;
      this.description = description;
      this.arrays = {};
      this.places = {};
    }

    // Make all arrays anew, filled with zeros: { name: [sizes of the axes] }.
    allocate(shapes) {
      const memory = this.instance.exports.memory;
      let end = this.instance.exports.__heap_base.value;
      const laid = [];
      for (const [name, dtype, ndim] of this.description) {
        if (ndim > 0) {
          const shape = shapes[name];
          if (!shape || shape.length !== ndim) {
            throw new Error(`${name}: ${ndim} sizes are expected, ${shape} given`);
          }
          const count = shape.reduce((product, size) => product * size, 1);
          end = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
          laid.push([name, ARRAYS[dtype], end, count]);
          this.places[name] = [end, ...shape];
          end += count * ARRAYS[dtype].BYTES_PER_ELEMENT;
        }
      }
      const missing = Math.ceil((end - memory.buffer.byteLength) / PAGE_BYTES);
      if (missing > 0) {
        memory.grow(missing);
      }
      for (const [name, Kind, place, count] of laid) {
        this.arrays[name] = new Kind(memory.buffer, place, count).fill(Kind === BigInt64Array || Kind === BigUint64Array ? 0n : 0);
      }
      return this.arrays;
    }

    // Make all arrays as a page stores them (`jscc.live.figure.prepared`), and keep the scalars for `run`.
    prepare({ shapes, scalars, arrays }) {
      this.scalars = { ...scalars };
      this.contents = Object.fromEntries(Object.entries(arrays).map(([name, values]) => [name, unpack(values)]));
      this.allocate(shapes);
      this.reset(...Object.keys(this.contents));
      return this.arrays;
    }

    // Put arrays back to what they were when they were made.
    reset(...names) {
      for (const name of names) {
        const array = this.arrays[name];
        const big = array instanceof BigInt64Array || array instanceof BigUint64Array;
        if (this.contents[name] === undefined) {
          array.fill(big ? 0n : 0);
        } else {
          array.set(big ? Array.from(this.contents[name], BigInt) : this.contents[name]);
        }
      }
    }

    // Run it once with these scalars: { name: number }.
    run(scalars = this.scalars) {
      const values = [0, 0]; // where numba would put a result and an error
      for (const [name, , ndim] of this.description) {
        if (ndim > 0) {
          values.push(...this.places[name]);
        } else {
          values.push(Number(scalars[name]));
        }
      }
      const status = this.instance.exports.kernel(...values);
      if (status !== 0) {
        throw new Error(`the kernel ended with status ${status}`);
      }
      return this.arrays;
    }
  }

  // A kernel from { wasm: base64, arguments: [[name, dtype, ndim], ...] }.
  async function instantiate(stored) {
    const { instance } = await WebAssembly.instantiate(bytesOf(stored.wasm), { env: FUNCTIONS });
    return new Kernel(instance, stored.arguments);
  }

  // Numbers as the page stores them: lists, or { dtype, base64 } with the bytes of an array.
  function unpack(stored) {
    return stored.base64 === undefined ? stored : new ARRAYS[stored.dtype](bytesOf(stored.base64).buffer);
  }

  async function inflated(bytes) {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  }

  // The arrays of a store (`jscc.live.figure.store_script`), by name.
  async function opened(stored) {
    const content = await inflated(bytesOf(stored.base64));
    const arrays = {};
    let place = 0;
    for (const [name, dtype, count] of stored.arrays) {
      const end = place + count * ARRAYS[dtype].BYTES_PER_ELEMENT;
      arrays[name] = new ARRAYS[dtype](content.slice(place, end));
      place = end;
    }
    return arrays;
  }

  // Rounded weights, row by row, each column with a scale of its own.
  function widened(levels, scales) {
    const weights = new Float32Array(levels.length);
    for (let i = 0; i < weights.length; i += scales.length) {
      for (let j = 0; j < scales.length; j++) {
        weights[i + j] = levels[i + j] * scales[j];
      }
    }
    return weights;
  }

  // The bytes of an array of the kernel's memory.
  const bytesIn = (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

  // Uniform and normal draws from a seed: the generator "sfc32", and the method of Box and Muller.
  class Draws {
    constructor(seed) {
      this.a = 0x9e3779b9;
      this.b = 0x243f6a88;
      this.c = seed >>> 0;
      this.d = 1;
      this.spare = null;
      for (let i = 0; i < 16; i++) {
        this.uniform();
      }
    }

    uniform() {
      const t = (((this.a + this.b) | 0) + this.d) | 0;
      this.d = (this.d + 1) | 0;
      this.a = this.b ^ (this.b >>> 9);
      this.b = (this.c + (this.c << 3)) | 0;
      this.c = (this.c << 21) | (this.c >>> 11);
      this.c = (this.c + t) | 0;
      return ((t >>> 0) + 0.5) / 4294967296;
    }

    normal() {
      if (this.spare !== null) {
        const value = this.spare;
        this.spare = null;
        return value;
      }
      const size = Math.sqrt(-2 * Math.log(this.uniform()));
      const angle = 2 * Math.PI * this.uniform();
      this.spare = size * Math.sin(angle);
      return size * Math.cos(angle);
    }
  }

  // Wilson's interval of a proportion, 95 %, as jscc.statistics.binomial_interval has it.
  function wilson(errors, trials) {
    const z = 1.959963984540054;
    if (trials === 0) {
      return [0, 1];
    }
    const share = errors / trials;
    const centre = (share + (z * z) / (2 * trials)) / (1 + (z * z) / trials);
    const half =
      (z * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials))) / (1 + (z * z) / trials);
    return [errors === 0 ? 0 : Math.max(centre - half, 0), errors === trials ? 1 : Math.min(centre + half, 1)];
  }

  // Elements: h("label", { class: "x", onclick: f }, child, "text").
  const SVG = "http://www.w3.org/2000/svg";
  function build(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) {
        element.addEventListener(name.slice(2), value);
      } else if (value !== null && value !== undefined && value !== false) {
        element.setAttribute(name, value === true ? "" : value);
      }
    }
    element.append(...children);
    return element;
  }
  const h = (tag, attributes, ...children) => build(document.createElement(tag), attributes, children);
  const s = (tag, attributes, ...children) => build(document.createElementNS(SVG, tag), attributes, children);

  // A labelled slider over some values; `changed` gets the value under it.
  function slider(label, values, start, changed, text = String) {
    const shown = h("span", { class: "jscc-live-value", "aria-hidden": "true" });
    const input = h("input", {
      type: "range",
      min: 0,
      max: values.length - 1,
      step: 1,
      value: Math.max(values.indexOf(start), 0),
      autocomplete: "off",
      "aria-label": label,
    });
    const element = h("label", { class: "jscc-live-slider" }, h("span", {}, label), input, shown);
    function show() {
      const value = text(values[Number(input.value)]);
      shown.textContent = value;
      input.setAttribute("aria-valuetext", value);
    }
    input.addEventListener("input", () => {
      show();
      changed(values[Number(input.value)]);
    });
    show();
    return element;
  }

  // A labelled choice: options are [[value, text], ...].
  function choice(label, options, start, changed) {
    const select = h(
      "select",
      { "aria-label": label, autocomplete: "off", onchange: () => changed(select.value) },
      ...options.map(([value, text]) => h("option", { value, selected: value === start }, text)),
    );
    select.value = start;
    return h("label", { class: "jscc-live-choice" }, h("span", {}, label), select);
  }

  // A picture that is drawn anew when its width changes: draw(width) gives an element.
  function picture(draw) {
    const element = h("div", { class: "jscc-live-picture" });
    let drawn = null;
    element.redraw = () => {
      drawn = Math.min(Math.max(element.clientWidth || WIDE, NARROW), WIDE);
      const content = draw(drawn);
      if (content) {
        element.replaceChildren(content);
      }
    };
    new ResizeObserver(() => {
      if (element.clientWidth && Math.min(Math.max(element.clientWidth, NARROW), WIDE) !== drawn) {
        element.redraw();
      }
    }).observe(element);
    return element;
  }

  // A canvas of small squares; paint(i) gives a grey level or a colour [r, g, b].
  function grid(columns, rows, scale, attributes) {
    const canvas = h("canvas", { width: columns, height: rows, ...attributes });
    canvas.wanted = `${columns * scale}px`;
    canvas.paint = (paint) => {
      const context = canvas.getContext("2d");
      const image = context.createImageData(columns, rows);
      for (let i = 0; i < columns * rows; i++) {
        const level = paint(i);
        image.data.set(typeof level === "number" ? [level, level, level, 255] : [...level, 255], 4 * i);
      }
      context.putImageData(image, 0, 0);
    };
    return canvas;
  }

  const framed = (caption, canvas) =>
    h(
      "figure",
      { class: "jscc-live-grid-box", style: `width: ${canvas.wanted}` },
      canvas,
      h("figcaption", {}, caption),
    );

  // A square of a grid that arrow keys, mouse and fingers choose. `moved` is called when it has moved by a key or the
  // focus has come or gone; `used` when it is to be used: by the space bar, or wherever a pointer goes that is held
  // down (`used(true)` after its first place). Gives the cursor, { x, y, i }.
  function steered(canvas, moved, used) {
    const [columns, rows] = [canvas.width, canvas.height];
    const cursor = { x: Math.floor(columns / 2) - 1, y: Math.floor(rows / 2) - 1 };
    Object.defineProperty(cursor, "i", { get: () => cursor.y * columns + cursor.x });
    const within = (value, size) => Math.min(Math.max(value, 0), size - 1);
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (step) {
        [cursor.x, cursor.y] = [within(cursor.x + step[0], columns), within(cursor.y + step[1], rows)];
        moved();
      } else if (event.key === " " || event.key === "Enter") {
        used(false);
      } else {
        return;
      }
      event.preventDefault();
    });
    canvas.addEventListener("focus", moved);
    canvas.addEventListener("blur", moved);
    function place(event) {
      const box = canvas.getBoundingClientRect();
      const at = (position, start, length, size) => within(Math.floor(((position - start) / length) * size), size);
      return [at(event.clientX, box.left, box.width, columns), at(event.clientY, box.top, box.height, rows)];
    }
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      [cursor.x, cursor.y] = place(event);
      used(false);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!event.buttons) {
        return;
      }
      // A fast pointer skips squares: all on the way are visited.
      const [from, to] = [[cursor.x, cursor.y], place(event)];
      const steps = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]));
      for (let k = 1; k <= steps; k++) {
        cursor.x = Math.round(from[0] + ((to[0] - from[0]) * k) / steps);
        cursor.y = Math.round(from[1] + ((to[1] - from[1]) * k) / steps);
        used(true);
      }
    });
    canvas.style.touchAction = "none";
    return cursor;
  }

  const MARK = [213, 94, 0]; // what has changed, or is wrong
  const CURSOR = [0, 114, 178];

  const button = (text, pressed) => h("button", { type: "button", class: "jscc-live-button", onclick: pressed }, text);

  // What a control has to do with a notebook, in a page that has none: values, and who wants to know of them.
  class PageModel {
    constructor(values) {
      this.values = values;
      this.listeners = {};
    }
    get(name) {
      return this.values[name];
    }
    set(name, value) {
      this.values[name] = value;
      (this.listeners[`change:${name}`] || []).forEach((listener) => listener());
    }
    on(event, listener) {
      (this.listeners[event] = this.listeners[event] || []).push(listener);
    }
    save_changes() {}
  }

  // A control in an element of any page or notebook: its data, and the kernels and stores as pages hold them.
  async function show(el, data, kernels, stores) {
    const control = h("div", { class: "jscc-live-control" });
    const figure = h("figure", { class: "jscc-live" }, control, h("figcaption", {}, data.caption || ""));
    const arrays = {};
    for (const name of data.stores) {
      arrays[name] = await opened(stores[name]);
    }
    el.append(figure);
    figure.jscc = new PageModel({ ...data.values, kernels, stores: arrays });
    const stop = await live.controls[data.control].render({ model: figure.jscc, el: control });
    figure.dataset.ready = "true";
    return stop;
  }

  const live = {
    show, Kernel, Draws, controls: {}, instantiate, unpack, opened, widened, bytesIn, wilson,
    h, s, slider, choice, button, picture, grid, framed, steered, MARK, CURSOR,
  };
  root.jsccLive = live;
  if (typeof document === "undefined") {
    return;
  }

  const content = (id) => JSON.parse((document.getElementById(id) || { textContent: "null" }).textContent);

  // The arrays of a store: its script is loaded once, and sets `jsccStores`.
  const stores = {};
  function load(name) {
    stores[name] = stores[name] || new Promise((resolve, reject) => {
      const failed = () => reject(new Error(`the arrays ${name} are not where the page looks for them`));
      document.head.append(h("script", { src: content("jscc-stores")[name], onload: resolve, onerror: failed }));
    }).then(() => opened(root.jsccStores[name]));
    return stores[name];
  }

  // Wait until an element is less than a screen away.
  function near(element) {
    return new Promise((resolve) => {
      const observer = new IntersectionObserver(
        (entries) => {
          if (entries.some((entry) => entry.isIntersecting)) {
            observer.disconnect();
            resolve();
          }
        },
        { rootMargin: "100%" },
      );
      observer.observe(element);
    });
  }

  async function hydrate(figure, stored) {
    const data = JSON.parse(figure.querySelector(".jscc-live-data").textContent);
    const control = live.controls[data.control];
    if (!control || !data.kernels.every((name) => stored[name])) {
      return;
    }
    const kernels = Object.fromEntries(data.kernels.map((name) => [name, stored[name]]));
    const el = h("div", { class: "jscc-live-control" });
    const model = new PageModel({ ...data.values, kernels, stores: {} });
    try {
      if ((data.stores || []).length > 0) {
        await near(figure);
        for (const name of data.stores) {
          model.get("stores")[name] = await load(name);
        }
      }
      await control.render({ model, el });
    } catch (error) {
      figure.dataset.trouble = String(error); // the static player stays
      return;
    }
    figure.querySelector(".jscc-live-static").replaceWith(el);
    figure.jscc = model;
    figure.dataset.ready = "true";
  }

  function hydrateAll() {
    const stored = content("jscc-kernels");
    if (stored === null) {
      return;
    }
    document.querySelectorAll("figure.jscc-live").forEach((figure) => hydrate(figure, stored));
  }

  // After the scripts of the controls, which follow this one.
  if (document.readyState === "complete") {
    hydrateAll();
  } else {
    document.addEventListener("DOMContentLoaded", hydrateAll);
  }
})(globalThis);
