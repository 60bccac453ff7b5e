import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { UploadWindow } from '../../../src/kvs-server/upload/upload-window.js'

const bytesFrom = (start: number, length: number) => Uint8Array.from({ length }, (_, index) => (start + index) % 251)

describe('the window over an upload', () => {
  test('returns any kept range, and no other, at any chunking', () => {
    const step = fc.record({
      length: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 300 })),
      keepBack: fc.nat({ max: 400 }),
      most: fc.integer({ min: 1, max: 500 }),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 200 }), (steps) => {
        const window = new UploadWindow()
        let [start, end] = [0, 0]
        for (const { length, keepBack, most } of steps) {
          window.push(bytesFrom(end, length))
          end += length
          expect(Buffer.concat(window.pieces(start, end) ?? [])).toEqual(Buffer.from(bytesFrom(start, end - start)))
          const middle = start + Math.floor((end - start) / 2)
          expect(Buffer.concat(window.pieces(start, middle) ?? [])).toEqual(Buffer.from(bytesFrom(start, middle - start)))
          window.keepFrom(end - keepBack, most)
          start = Math.max(start, end - keepBack, end - most)
          expect([window.start, window.end]).toEqual([start, end])
          expect([window.pieces(start - 1, end), window.pieces(start, end + 1)]).toEqual([null, null])
        }
      }),
    )
  })

  test('reports each chunk once, when none of its bytes is needed any longer', () => {
    const dropped: number[] = []
    const window = new UploadWindow((chunk) => dropped.push(chunk[0] ?? -1))
    for (const [index, start] of [0, 10, 20].entries()) window.push(bytesFrom(start, 10).fill(index))
    window.keepFrom(19, 100)
    expect(dropped).toEqual([0])
    window.keepFrom(30, 100)
    expect(dropped).toEqual([0, 1, 2])
    window.keepFrom(30, 100)
    expect(dropped).toHaveLength(3)
  })

  test('keeps bytes without a copy until there are very many chunks', () => {
    const window = new UploadWindow()
    const chunk = bytesFrom(0, 1000)
    window.push(chunk)
    window.keepFrom(10, 5000)
    expect(window.pieces(10, 1000)?.[0]?.buffer).toBe(chunk.buffer)
    for (let index = 0; index < 1000; index += 1) {
      window.push(bytesFrom(1000 + index, 1))
      window.keepFrom(10, 5000)
    }
    expect(window.pieces(10, 2000)?.length).toBeLessThanOrEqual(65)
  })
})
