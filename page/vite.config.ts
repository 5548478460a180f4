import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** Where `npm run dev:page` finds a running respite. */
const SERVER = process.env.RESPITE_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // Relative addresses, so that a proxy may serve the page below any path.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    target: 'es2022',
    // The content security policy forbids what is written into the document itself, data: URLs included.
    assetsInlineLimit: 0,
    modulePreload: false,
    license: { fileName: 'licenses.md' },
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      '/live': { target: SERVER, changeOrigin: true },
      '/api': { target: SERVER, changeOrigin: true },
    },
  },
});
