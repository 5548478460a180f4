/** A session of an application as keys and values: each property as JSON. */
export type SessionFields = ReadonlyMap<string, string>;

/** What to write and what to remove to get from one state to another. */
export interface Changes {
  readonly written: SessionFields;
  readonly removed: readonly string[];
}

export function changesBetween(before: SessionFields, after: SessionFields): Changes {
  return {
    written: new Map([...after].filter(([key, json]) => before.get(key) !== json)),
    removed: [...before.keys()].filter((key) => !after.has(key)),
  };
}

export function withChanges(fields: SessionFields, { written, removed }: Changes): SessionFields {
  const changed = new Map([...fields, ...written]);
  for (const key of removed) changed.delete(key);
  return changed;
}

/** Returns undefined if there is no value or it is not JSON. */
export function parse(json: string | null | undefined): unknown {
  try {
    return json === undefined || json === null ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
