import { Semaphore } from './semaphore.js'

/** Maps items in order, with at most `limit` calls at a time. Rejects with the first failure. */
export function mapConcurrently<Item, Result>(
  items: readonly Item[],
  limit: number,
  map: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const calls = new Semaphore(limit)
  return Promise.all(items.map((item) => calls.run(() => map(item))))
}
