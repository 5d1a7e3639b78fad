"use strict";
// Replace each static image by an interactive chart. The image stays if that fails, without
// JavaScript, and in print.
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const specifications = read("chart-specifications");
  const themes = read("chart-themes");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let views = [];

  async function draw(name, scheme) {
    const figure = document.getElementById(`figure-${name}`);
    figure.classList.add("is-interactive");
    try {
      const result = await vegaEmbed(figure.querySelector(".interactive"), specifications[name], {
        config: themes[scheme],
        renderer: "svg",
        tooltip: { theme: scheme },
        actions: { export: true, source: false, compiled: false, editor: false },
        downloadFileName: name,
        i18n: { CLICK_TO_VIEW_ACTIONS: "Save this chart" },
      });
      views.push(result);
    } catch (error) {
      figure.classList.remove("is-interactive");
      console.error(`chart ${name}:`, error);
    }
  }

  async function drawAll() {
    views.forEach((view) => view.finalize());
    views = [];
    const scheme = dark.matches ? "dark" : "light";
    await Promise.all(Object.keys(specifications).map((name) => draw(name, scheme)));
    document.documentElement.dataset.charts = "ready";
  }

  dark.addEventListener("change", drawAll);

  // Print what is collapsed on the screen.
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("main details:not([open])")];
    opened.forEach((details) => (details.open = true));
  });
  window.addEventListener("afterprint", () => opened.forEach((details) => (details.open = false)));

  // Open the collapsed table that a link points into.
  function openTarget() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const details = target && target.closest("details");
    if (details && !details.open) {
      details.open = true;
      target.scrollIntoView();
    }
  }
  window.addEventListener("hashchange", openTarget);

  drawAll().then(openTarget);
})();
