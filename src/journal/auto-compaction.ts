export interface GrowthLimits {
  /** auto-aof-rewrite-percentage: by how much of its base the journal may grow; 0 for any. */
  readonly percentage: number;
  /** auto-aof-rewrite-min-size, in bytes: a smaller journal is left as it is. */
  readonly minSize: number;
}

/** Whether a journal has grown so much over its base that it should be compacted, by Redis' rule. Sizes are bytes. */
export function isCompactionDue(
  { size, baseSize }: { readonly size: number; readonly baseSize: number },
  { percentage, minSize }: GrowthLimits,
): boolean {
  if (percentage === 0 || size <= minSize) return false;
  return ((size - baseSize) / Math.max(1, baseSize)) * 100 >= percentage;
}
