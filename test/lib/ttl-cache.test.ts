import { describe, expect, test } from '@jest/globals'
import { TtlCache } from '../../src/lib/ttl-cache.js'

function cacheAt(max: number, sizeOf?: (value: string) => number) {
  const clock = { time: 1000, now: () => clock.time }
  return { clock, cache: new TtlCache<string>({ clock, ttlMs: 100, max, ...(sizeOf ? { sizeOf } : {}) }) }
}

describe('TtlCache', () => {
  test('forgets an entry when it is as old as it may be, however often it was read', () => {
    const { cache, clock } = cacheAt(10)
    cache.set('a', 'A')
    clock.time += 99
    expect(cache.get('a')).toBe('A')
    clock.time += 1
    expect(cache.get('a')).toBeUndefined()
  })

  test('forgets the entry that was unused for longest when there are too many', () => {
    const { cache } = cacheAt(2)
    cache.set('a', 'A')
    cache.set('b', 'B')
    cache.get('a')
    cache.set('c', 'C')
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual(['A', undefined, 'C'])
  })

  test('counts sizes where it is told how, and keeps nothing that is too big by itself', () => {
    const { cache } = cacheAt(5, (value) => value.length)
    cache.set('a', 'AAA')
    cache.set('b', 'BBB')
    expect([cache.get('a'), cache.get('b')]).toEqual([undefined, 'BBB'])
    cache.set('c', 'CCCCCC')
    expect(cache.get('c')).toBeUndefined()
    cache.set('d', 'DDDDD')
    expect(cache.get('d')).toBe('DDDDD')
  })

  test('replaces and deletes', () => {
    const { cache } = cacheAt(5)
    cache.set('a', 'A')
    cache.set('a', 'B')
    expect(cache.get('a')).toBe('B')
    cache.delete('a')
    cache.delete('never there')
    expect(cache.get('a')).toBeUndefined()
  })
})
