/** How the dashboard is built: `npm run build` makes dist/dashboard of src/dashboard. Nothing it serves comes from elsewhere. */
import { defineConfig } from "vite";

export default defineConfig({
  root: "src/dashboard",
  base: "./",
  build: {
    outDir: "../../dist/dashboard",
    emptyOutDir: true,
    target: "es2022",
    // The page may run and show only files of its own: nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
