/**
 * Asks each partition about the items that belong to it, all partitions at the same time.
 * @param ask Returns an answer for each of the items that it is given, in order.
 * @param batch The maximum number of items in one call of `ask`.
 * @returns The answers in the order of the items.
 */
export async function askByPartition<Item, Result>(
  items: readonly Item[],
  partitionOf: (item: Item) => number,
  ask: (partition: number, items: Item[]) => Promise<readonly Result[]>,
  batch = Infinity,
): Promise<Result[]> {
  const places = new Map<number, number[]>();
  for (const [place, item] of items.entries()) {
    const partition = partitionOf(item);
    const others = places.get(partition);
    if (others === undefined) places.set(partition, [place]);
    else others.push(place);
  }
  const results = new Array<Result>(items.length);
  const askAbout = async (partition: number, some: readonly number[]) => {
    const answers = await ask(
      partition,
      some.map((place) => items[place]),
    );
    for (const [i, place] of some.entries()) results[place] = answers[i];
  };
  const asked: Promise<void>[] = [];
  for (const [partition, all] of places) {
    for (let i = 0; i < all.length; i += batch) asked.push(askAbout(partition, all.slice(i, i + batch)));
  }
  await Promise.all(asked);
  return results;
}
