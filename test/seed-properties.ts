// Properties draw anew each time, to find more with every run. With PROPERTY_SEED they draw the same again.
const { PROPERTY_SEED } = process.env;
if (PROPERTY_SEED !== undefined) {
  const { configureGlobal } = await import('fast-check');
  configureGlobal({ seed: Number(PROPERTY_SEED) });
}
