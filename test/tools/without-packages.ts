/**
 * Returns the environment in which Node.js does not find some packages, as if they were not installed.
 * @param packages Their names.
 */
export function withoutPackages(...packages: readonly string[]): { NODE_OPTIONS: string } {
  const check = `
    function check(specifier, code) {
      if (${JSON.stringify(packages)}.some((name) => specifier === name || specifier.startsWith(name + '/'))) {
        throw Object.assign(new Error("Cannot find package '" + specifier + "'"), { code });
      }
    }`;
  const hooks = `${check}
    export function resolve(specifier, context, next) {
      check(specifier, 'ERR_MODULE_NOT_FOUND');
      return next(specifier, context);
    }`;
  // For require, and for what createRequire makes.
  const register = `${check}
    import Module, { register } from 'node:module';
    register(${JSON.stringify(dataUrl(hooks))});
    const resolve = Module._resolveFilename;
    Module._resolveFilename = (specifier, ...rest) => {
      check(specifier, 'MODULE_NOT_FOUND');
      return resolve(specifier, ...rest);
    };`;
  return { NODE_OPTIONS: `--import=${dataUrl(register)}` };
}

function dataUrl(script: string): string {
  return `data:text/javascript,${encodeURIComponent(script)}`;
}
