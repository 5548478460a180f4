/**
 * Returns the environment in which Node.js does not find some packages, as if they were not installed.
 * @param packages Their names.
 */
export function withoutPackages(...packages: readonly string[]): { NODE_OPTIONS: string } {
  const hooks = `
    const missing = ${JSON.stringify(packages)};
    export function resolve(specifier, context, next) {
      if (missing.some((name) => specifier === name || specifier.startsWith(name + '/'))) {
        throw Object.assign(new Error("Cannot find package '" + specifier + "'"), { code: 'ERR_MODULE_NOT_FOUND' });
      }
      return next(specifier, context);
    }`;
  const register = `
    import { register } from 'node:module';
    register(${JSON.stringify(dataUrl(hooks))});`;
  return { NODE_OPTIONS: `--import=${dataUrl(register)}` };
}

function dataUrl(script: string): string {
  return `data:text/javascript,${encodeURIComponent(script)}`;
}
