/** How the page is built and, for development, served. */
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { firstPaintScript } from "./first_paint_plugin.ts";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwindcss(), firstPaintScript("src/theme/first_paint.ts")],
  build: {
    outDir: "../dist/page",
    emptyOutDir: true,
    assetsDir: "assets",
  },
  server: {
    proxy: { "/api": "http://127.0.0.1:8000" },
  },
});
