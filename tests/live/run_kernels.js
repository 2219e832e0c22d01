// Runs calls of live kernels that a test wrote: `node run_kernels.js SCRIPT FOLDER`. The folder holds calls.json, with
// the kernels and what each call is given, and data.bin, with the arrays one after the other; to out.bin go the same
// arrays as the calls left them. Prints the milliseconds that the calls of each kernel took, without their copying.
const fs = require("fs");
const path = require("path");
const vm = require("vm");

const [script, folder] = process.argv.slice(2);
vm.runInThisContext(fs.readFileSync(script, "utf8"));
const { kernels, calls } = JSON.parse(fs.readFileSync(path.join(folder, "calls.json"), "utf8"));
const data = fs.readFileSync(path.join(folder, "data.bin"));

(async () => {
  const ready = {};
  for (const [name, stored] of Object.entries(kernels)) {
    ready[name] = await jsccLive.instantiate(stored);
  }
  let place = 0;
  const times = {};
  for (const { kernel, shapes, scalars, repeat } of calls) {
    const running = ready[kernel];
    const arrays = running.allocate(shapes);
    const views = Object.keys(shapes).map((name) => {
      const array = arrays[name];
      return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    });
    const begun = place;
    for (let k = 0; k < (repeat || 1); k++) {
      place = begun;
      for (const view of views) {
        view.set(data.subarray(place, place + view.length));
        place += view.length;
      }
      const start = performance.now();
      running.run(scalars);
      (times[kernel] = times[kernel] || []).push(performance.now() - start);
    }
    place = begun;
    for (const view of views) {
      data.set(view, place);
      place += view.length;
    }
  }
  fs.writeFileSync(path.join(folder, "out.bin"), data);
  console.log(JSON.stringify(times));
})();
