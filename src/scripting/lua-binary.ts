import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { CodedError } from '../errors.js';
import { type WasmModule, wasm } from './web-assembly.js';

/** The npm package that has the interpreter, and the file in it. Only this file of it is used. */
const PACKAGE = 'wasmoon-lua5.1';
const FILE = `${PACKAGE}/dist/liblua5.1.wasm`;

let compiled: WasmModule | undefined;

/**
 * Returns the Lua interpreter, compiled from WebAssembly. The first call takes about 10 ms.
 * @throws CodedError if the package is not installed, which is optional.
 */
export function luaBinary(): WasmModule {
  compiled ??= new wasm.Module(readFileSync(path()));
  return compiled;
}

function path(): string {
  try {
    return createRequire(import.meta.url).resolve(FILE);
  } catch {
    throw new CodedError(
      'ERR',
      `scripts need the npm package ${PACKAGE}, which is not installed: npm install ${PACKAGE}`,
    );
  }
}
