import { describe, expect, test } from '@jest/globals'
import { freeBytes } from '../../src/media/free-bytes.js'

describe('freeBytes', () => {
  test('detaches every view of the memory, and does nothing when it is called again', () => {
    const bytes = new Uint8Array(1000)
    const view = bytes.subarray(10, 20)
    freeBytes(bytes)
    expect([bytes.byteLength, view.byteLength, bytes.buffer.byteLength]).toEqual([0, 0, 0])
    freeBytes(bytes)
  })

  test.each([
    ['the end', (bytes: Uint8Array) => bytes.subarray(0, 999)],
    ['the beginning', (bytes: Uint8Array) => bytes.subarray(1)],
  ])('does not free memory when %s of it belongs to another owner', (_what, viewOf) => {
    const bytes = new Uint8Array(1000)
    freeBytes(viewOf(bytes))
    expect(bytes.byteLength).toBe(1000)
  })

  test('does not free Node’s pool of small buffers', () => {
    const [first, second] = [Buffer.from('first'), Buffer.from('second')]
    freeBytes(first)
    expect(String(second)).toBe('second')
  })
})
