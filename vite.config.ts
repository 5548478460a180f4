import { defineConfig } from 'vite';

/**
 * Bundles the program into `dist/cli.js` and a few files in `dist/program`. Without this, loading its 360 modules takes
 * half of the time in which an empty server starts, and 10 MB. Packages are not bundled. Nothing is minified, so stack
 * traces and profiles have the names of the source.
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
    // V8 compiles the value of a constant into the code. Vite would make variables of them, which are read each time.
    rolldownOptions: { output: { chunkFileNames: 'program/[name].js', topLevelVar: false } },
  },
});
