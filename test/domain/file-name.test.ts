import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { toDefaultFileName, toSafeFileName } from '../../src/domain/file-name.js'

describe('a file name', () => {
  test.each([
    ['clip', 'clip.mp4'],
    ['clip.MP4', 'clip.mp4'],
    ['Haustür 入口 دەرگا.mp4', 'Haustür 入口 دەرگا.mp4'],
    ['../../etc/passwd', '_.._etc_passwd.mp4'],
    ['a\r\nSet-Cookie: x', 'a__Set-Cookie_ x.mp4'],
    ['.hidden', 'hidden.mp4'],
    ['con', '_con.mp4'],
    ['name . ', 'name.mp4'],
    ['mp4.\u202eexe', 'mp4.exe.mp4'],
    ['👩‍🔧', '👩‍🔧.mp4'],
  ])('%j becomes %j', (given, safe) => {
    expect(toSafeFileName(given)).toBe(safe)
  })

  test('is safe for any input, and does not change when it is made safe again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (given) => {
        const safe = toSafeFileName(given)
        if (safe === null) return
        expect(safe).toMatch(/^[^\p{Cc}/\\:*?"<>|]+\.mp4$/u)
        expect([...safe].length).toBeLessThanOrEqual(101)
        expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(240)
        expect(toSafeFileName(safe)).toBe(safe)
      }),
      { numRuns: 2000 },
    )
  })

  test('of a stream and an instant is safe for every stream name', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9_.-]{1,256}$/), fc.integer({ min: -1e12, max: 4e12 }), (name, startMs) => {
        const safe = toDefaultFileName(name, startMs)
        expect(safe.length).toBeLessThanOrEqual(101)
        expect(toSafeFileName(safe)).toBe(safe)
      }),
    )
  })
})
