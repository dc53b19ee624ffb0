import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** `npm run dev` proxies to a studio that was started with `--port 8901`. */
const server = process.env.TUGAN_STUDIO ?? "http://127.0.0.1:8901";

export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: fileURLToPath(new URL("../src/tugan/studio/static", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: true,
    rollupOptions: {
      output: {
        entryFileNames: "assets/studio-[hash].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/studio-[hash][extname]",
      },
    },
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": server, "/ws": { target: server, ws: true } },
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"], passWithNoTests: false },
});
