import { defineConfig } from "vite";

const script = (name) => `static/src/js/${name}.js`;

// Pages load their entries with {% vite_asset "main" %}; the manifest says which hashed files those are.
export default defineConfig({
  root: "static/src",
  base: "./", // files refer to each other relatively, so the site may serve them under any STATIC_URL
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false }, // the polyfill is an inline script, which the CSP refuses
    target: "es2022",
    rollupOptions: {
      input: {
        main: script("main"),
        charts: script("charts"),
        emergency: script("emergency"),
        "fna-form": script("fna-form"),
        "fna-upload": script("fna-upload"),
        "image-upload": script("image-upload/main"),
        review: script("review"),
        session: script("session/main"),
        synthesis: script("synthesis/main"),
        viewer: script("viewer"),
      },
    },
  },
  resolve: {
    alias: { events: "events/" }, // vtk.js asks for Node's module; the package of that name is its like
  },
  worker: { format: "es" },
  css: {
    preprocessorOptions: { scss: { quietDeps: true } },
  },
});
