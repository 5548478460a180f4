/**
 * Asks the partitions about some items, each about its own items, all at the same time.
 * @param ask Returns an answer for each of the items that it is given, in order.
 * @returns The answers in the order of the items.
 */
export async function askByPartition<Item, Result>(
  items: readonly Item[],
  partitionOf: (item: Item) => number,
  ask: (partition: number, items: Item[]) => Promise<readonly Result[]>,
): Promise<Result[]> {
  const places = new Map<number, number[]>();
  for (const [place, item] of items.entries()) {
    const partition = partitionOf(item);
    const others = places.get(partition);
    if (others === undefined) places.set(partition, [place]);
    else others.push(place);
  }
  const results = new Array<Result>(items.length);
  await Promise.all(
    Array.from(places, async ([partition, ofPartition]) => {
      const answers = await ask(
        partition,
        ofPartition.map((place) => items[place]),
      );
      for (const [i, place] of ofPartition.entries()) results[place] = answers[i];
    }),
  );
  return results;
}
