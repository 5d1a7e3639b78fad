import { defineConfig } from "vite";

// One classic script and one style sheet under fixed names: a bare file may load these, and the
// same source gives the same bytes.
export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../src/convbias/report/explorable/site",
    emptyOutDir: true,
    modulePreload: false,
    cssCodeSplit: false,
    target: "es2022",
    rollupOptions: {
      output: {
        format: "iife",
        entryFileNames: "page.js",
        assetFileNames: "page[extname]",
      },
    },
  },
  plugins: [
    {
      name: "classic-script",
      enforce: "post",
      transformIndexHtml: (html) =>
        html.replaceAll(/<script type="module" crossorigin/g, "<script defer").replaceAll(" crossorigin", ""),
    },
  ],
});
