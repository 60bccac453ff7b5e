import { expect, test } from '@jest/globals'
import { createPersistedQueries } from '../../src/graphql/persisted-queries.js'

async function rememberedOf(documents: number, characters: number): Promise<number> {
  const queries = createPersistedQueries()
  const hashes = Array.from({ length: documents }, (_, index) => String(index))
  for (const hash of hashes) await queries.set(hash, 'x'.repeat(characters))
  const found = await Promise.all(hashes.map((hash) => queries.get(hash)))
  return found.filter((document) => document !== undefined).length
}

test.each([
  [100, 800, 100],
  [10_000, 12, 4716],
  [10_000, 0, 5000],
  [30, 100_000, 9],
  [1, 1_000_000, 0],
])('of %d documents of %d characters, %d are cached', async (documents, characters, remembered) => {
  expect(await rememberedOf(documents, characters)).toBe(remembered)
})

test('the least recently used document is evicted first', async () => {
  const queries = createPersistedQueries()
  await queries.set('used', 'x'.repeat(400_000))
  await queries.set('unused', 'x'.repeat(400_000))
  expect(await queries.get('used')).toBeDefined()
  await queries.set('new', 'x'.repeat(400_000))
  expect([await queries.get('unused'), await queries.get('used')]).toEqual([undefined, 'x'.repeat(400_000)])
})
