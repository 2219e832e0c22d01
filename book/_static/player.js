// Makes the sliders of every .jscc-player move. What a player is made of is written by jscc.plotting.player:
// a first picture, hidden controls, and all pictures as JSON. Without this script the first picture remains.
(function () {
  "use strict";

  const STEP_MS = 900;
  const CALM_STEP_MS = 2500; // for readers who asked their system for less motion

  function hydrate(figure) {
    if (figure.dataset.ready) {
      return;
    }
    figure.dataset.ready = "true";

    const data = JSON.parse(figure.querySelector(".jscc-player-data").textContent);
    const picture = figure.querySelector(".jscc-player-picture");
    const description = figure.querySelector(".jscc-player-description");
    const shown = figure.querySelector(".jscc-player-shown");
    const play = figure.querySelector(".jscc-player-play");
    const inputs = Array.from(figure.querySelectorAll("input[type=range]"));
    const values = Array.from(figure.querySelectorAll(".jscc-player-value"));
    let timer = null;

    function frameIndex() {
      return inputs.reduce((index, input, k) => index * data.sliders[k].texts.length + Number(input.value), 0);
    }

    function show() {
      const frame = data.frames[frameIndex()];
      inputs.forEach((input, k) => {
        const text = data.sliders[k].texts[Number(input.value)];
        input.setAttribute("aria-valuetext", text);
        values[k].textContent = text;
      });
      picture.src = frame.src;
      picture.alt = frame.alt;
      shown.textContent = frame.shown;
      description.textContent = frame.alt;
    }

    function stop() {
      clearInterval(timer);
      timer = null;
      play.textContent = "Play";
      description.setAttribute("aria-live", "polite");
    }

    function step() {
      const first = inputs[0];
      first.value = Number(first.value) + 1;
      show();
      if (first.value === first.max) {
        stop();
      }
    }

    function start() {
      const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      if (inputs[0].value === inputs[0].max) {
        inputs[0].value = 0;
        show();
      }
      play.textContent = "Pause";
      description.setAttribute("aria-live", "off"); // a running player must not talk without end
      timer = setInterval(step, calm ? CALM_STEP_MS : STEP_MS);
    }

    inputs.forEach((input, k) => {
      input.value = data.sliders[k].start; // a reload may have kept another position
      input.addEventListener("input", () => {
        stop();
        show();
      });
    });
    data.frames[frameIndex()].src = picture.src;
    play.addEventListener("click", () => (timer === null ? start() : stop()));
    play.hidden = data.sliders[0].texts.length < 2;
    figure.querySelector(".jscc-player-controls").hidden = false;
  }

  function hydrateAll() {
    document.querySelectorAll(".jscc-player").forEach(hydrate);
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", hydrateAll);
  } else {
    hydrateAll();
  }
})();
