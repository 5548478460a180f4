import { defineConfig } from 'vite';

/** The main module of the engine. The chunk that contains it is named after the engine. */
const ENGINE = /\/src\/engine\/session-engine\.ts$/;

/**
 * Bundles the program into `dist/cli.js` and a few files in `dist/program`. Without this, loading 360 modules takes half
 * of an empty server's start-up time, and 10 MB. Packages are not bundled. Nothing is minified, so stack traces and
 * profiles show the source's names; in a clone, `node --enable-source-maps` also shows its files and lines.
 */
export default defineConfig({
  build: {
    ssr: 'src/cli.ts',
    outDir: 'dist',
    emptyOutDir: false,
    copyPublicDir: false,
    target: 'node20',
    minify: false,
    sourcemap: true,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        chunkFileNames: ({ moduleIds }) =>
          `program/${moduleIds.some((id) => ENGINE.test(id)) ? 'engine' : '[name]'}.js`,
        // V8 compiles a constant's value into the code. Vite would turn constants into variables, which are read each
        // time.
        topLevelVar: false,
      },
    },
  },
});
