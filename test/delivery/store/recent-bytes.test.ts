import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { RecentBytes } from '../../../src/delivery/store/recent-bytes.js'

/** The least that is lent. */
const LENT_BYTES = 65_536

function bytesFrom(start: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (start + index) % 251)
}

describe('RecentBytes', () => {
  test('gives back any of the bytes that came last, whatever chunks they came in', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 20 })
    const property = fc.property(lengths, fc.nat(600), fc.nat(600), fc.integer({ min: 1, max: 64 }), (sizes, at, length, room) => {
      const recent = new RecentBytes()
      let total = 0
      for (const size of sizes) {
        recent.add([bytesFrom(total, size)], total)
        total += size
      }
      const copied = recent.copy(at, at + length + 1, Buffer.alloc(room))
      if (at >= total) expect(copied).toBeNull()
      else expect(copied && Uint8Array.from(copied)).toEqual(bytesFrom(at, Math.min(length + 1, room, total - at)))
    })
    fc.assert(property)
  })

  test('forgets the oldest chunks that it is told to, as long as enough is left', () => {
    const recent = new RecentBytes()
    for (let n = 0; n < 8; n += 1) recent.add([bytesFrom(10 * n, 10)], 10 * n)
    recent.trim(60, 30)
    expect([49, 50].map((at) => recent.has(at))).toEqual([false, true])
    recent.trim(60, 0)
    expect([59, 60, 79, 80].map((at) => recent.has(at))).toEqual([false, true, true, false])
    recent.add([bytesFrom(80, 10)], 80)
    expect(Uint8Array.from(recent.copy(79, 82, Buffer.alloc(9)) ?? [])).toEqual(bytesFrom(79, 3))
  })

  test('frees the memory of what it forgets, but not memory that is more than the chunk', () => {
    const recent = new RecentBytes()
    const whole = new Uint8Array(100)
    const shared = new Uint8Array(101)
    recent.add([whole, shared.subarray(1)], 0)
    recent.trim(200, 0)
    expect(whole.byteLength).toBe(0)
    expect(shared.byteLength).toBe(101)
  })

  test('lends what it has as it came, and frees it once it is forgotten and given back', () => {
    const recent = new RecentBytes()
    const chunk = bytesFrom(0, LENT_BYTES)
    recent.add([bytesFrom(0, 50)], 0)
    recent.add([chunk], 50)
    const lent = recent.lend(60, 1_000_000)
    expect(lent?.bytes).toEqual(chunk.subarray(10))
    recent.clear()
    expect(chunk.byteLength).toBe(LENT_BYTES)
    lent?.giveBack()
    expect(chunk.byteLength).toBe(0)
  })

  test('leaves to the garbage collector what a reader left in the middle', () => {
    const recent = new RecentBytes()
    const chunk = bytesFrom(0, LENT_BYTES)
    recent.add([chunk], 0)
    recent.lend(0, 100)?.leave()
    recent.clear()
    expect(chunk.byteLength).toBe(LENT_BYTES)
  })

  test('lends to a few readers at a time, so that those who stall pin little', () => {
    const recent = new RecentBytes()
    recent.add([bytesFrom(0, LENT_BYTES)], 0)
    const lent = Array.from({ length: 5 }, () => recent.lend(0, 100))
    expect(lent.map((bytes) => bytes === null)).toEqual([false, false, false, false, true])
    lent[0]?.giveBack()
    expect(recent.lend(0, 100)).not.toBeNull()
  })

  test('lends no small chunks: as a copy they go out together', () => {
    const recent = new RecentBytes()
    recent.add([bytesFrom(0, LENT_BYTES - 1)], 0)
    recent.add([bytesFrom(LENT_BYTES - 1, 10)], LENT_BYTES - 1)
    expect(recent.lend(0, LENT_BYTES)).toBeNull()
    expect(recent.copy(0, LENT_BYTES, Buffer.alloc(2 * LENT_BYTES))?.byteLength).toBe(LENT_BYTES)
  })

  test('has nothing of a file that is over', () => {
    const recent = new RecentBytes()
    recent.add([bytesFrom(0, 10)], 0)
    recent.clear()
    expect(recent.copy(0, 10, Buffer.alloc(10))).toBeNull()
    expect(recent.lend(0, 10)).toBeNull()
  })
})
