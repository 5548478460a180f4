export interface GrowthLimits {
  /** `auto-aof-rewrite-percentage`: by how many percent of its base the journal may grow; 0 for no limit. */
  readonly percentage: number;
  /** `auto-aof-rewrite-min-size` in bytes: a smaller journal is not compacted. */
  readonly minSize: number;
}

/**
 * Returns whether the journal has grown so much since its base that it should be compacted, by Redis' rule. Sizes are
 * in bytes.
 */
export function isCompactionDue(
  { size, baseSize }: { readonly size: number; readonly baseSize: number },
  { percentage, minSize }: GrowthLimits,
): boolean {
  if (percentage === 0 || size <= minSize) return false;
  return ((size - baseSize) / Math.max(1, baseSize)) * 100 >= percentage;
}
