"use strict";
// Replace each static image by an interactive chart. The image stays if that fails, without
// JavaScript, and in print.
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const specifications = read("chart-specifications");
  const themes = read("chart-themes");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const views = new Map();
  const scheme = () => (dark.matches ? "dark" : "light");

  async function draw(name) {
    const figure = document.getElementById(`figure-${name}`);
    figure.classList.add("is-interactive");
    try {
      const result = await vegaEmbed(figure.querySelector(".interactive"), specifications[name], {
        config: themes[scheme()],
        renderer: "svg",
        tooltip: { theme: scheme() },
        actions: { export: true, source: false, compiled: false, editor: false },
        downloadFileName: name,
        i18n: { CLICK_TO_VIEW_ACTIONS: "Save this chart" },
      });
      views.set(name, result);
    } catch (error) {
      figure.classList.remove("is-interactive");
      console.error(`chart ${name}:`, error);
    }
  }

  // A chart takes the width that it is shown at, so one in something collapsed waits.
  async function drawShown() {
    const missing = Object.keys(specifications).filter(
      (name) =>
        !views.has(name) &&
        !document.getElementById(`figure-${name}`).closest("details:not([open])"),
    );
    await Promise.all(missing.map(draw));
    document.documentElement.dataset.charts = "ready";
  }

  async function drawAnew() {
    views.forEach((view) => view.finalize());
    views.clear();
    await drawShown();
  }

  dark.addEventListener("change", drawAnew);
  document.addEventListener("toggle", drawShown, true); // of any collapsed part

  // Print what is collapsed on the screen.
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("main details:not([open]):not(.interactive details)")];
    opened.forEach((details) => (details.open = true));
  });
  window.addEventListener("afterprint", () => opened.forEach((details) => (details.open = false)));

  // Open what is collapsed around the place that a link points to.
  function openTarget() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const collapsed = [];
    for (let each = target; each; each = each.parentElement) {
      if (each.matches("details:not([open])")) collapsed.push(each);
    }
    collapsed.forEach((details) => (details.open = true));
    if (collapsed.length) target.scrollIntoView();
  }
  window.addEventListener("hashchange", openTarget);

  drawShown().then(openTarget);
})();
