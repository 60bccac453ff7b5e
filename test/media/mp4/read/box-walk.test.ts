import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { box, boxHeader, fourCC } from '../../../../src/media/box.js'
import { concat, u32, u64, zeros } from '../../../../src/media/bytes.js'
import { MalformedMedia } from '../../../../src/media/malformed-media.js'
import { BoxWalk } from '../../../../src/media/mp4/read/box-walk.js'
import { clipFile, record } from '../../../support/mp4-recording.js'

const file = clipFile(record({ fragments: 2, hasBFrames: true, sound: 'aac' }), 'aac')
const MOST_BYTES = 256 * 1024 * 1024
const indexOf = (type: string) => Buffer.from(file).indexOf(type, 0, 'latin1')
const mdatAt = Buffer.from(file).lastIndexOf('mdat') - 4
const moovAt = indexOf('moov') - 4
const [ftyp, moov, media] = [file.slice(0, moovAt), file.slice(moovAt, mdatAt), file.slice(mdatAt + 8)]

/** Pushes all bytes in chunks of this length. With `sizeBytes`, the length of the file is declared. */
function walk(bytes: Uint8Array, { chunkBytes = 1000, sizeBytes = null as number | null } = {}): void {
  const walk = new BoxWalk(sizeBytes ?? MOST_BYTES)
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) walk.push(bytes.subarray(at, at + chunkBytes))
  walk.end()
}

/** How many bytes have passed when the walk refuses the file, or null when it accepts it. */
function refusedAt(bytes: Uint8Array, sizeBytes: number | null): number | null {
  const walk = new BoxWalk(sizeBytes ?? MOST_BYTES)
  for (let at = 0; at < bytes.byteLength; at += 1) {
    try {
      walk.push(bytes.subarray(at, at + 1))
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedMedia)
      return at + 1
    }
  }
  return null
}

function withU32(at: number, value: number): Uint8Array {
  const copy = file.slice()
  copy.set(u32(value), at)
  return copy
}

describe('a complete MP4 is accepted', () => {
  test.each([
    ['moov first', file],
    ['an unknown box first in moov, and others behind the media', concat([file, box('mfra', zeros(40)), box('free')])],
    ['two mdat boxes', concat([file, box('mdat', zeros(40))])],
    ['mdat to the end of the file', concat([ftyp, moov, u32(0), fourCC('mdat'), media])],
    ['mdat with a large size', concat([ftyp, moov, u32(1), fourCC('mdat'), u64(16 + media.byteLength), media])],
    ['moov behind the media, to the end of the file', concat([ftyp, box('mdat', media), u32(0), fourCC('moov'), moov.subarray(8)])],
  ])('%s', (_name, bytes) => {
    for (const chunkBytes of [1, 7, 8, 4096, bytes.byteLength]) {
      walk(bytes, { chunkBytes })
      walk(bytes, { chunkBytes, sizeBytes: bytes.byteLength })
    }
  })

  test('has its movie once moov has passed and mdat has begun', () => {
    const walk = new BoxWalk(file.byteLength)
    walk.push(file.subarray(0, mdatAt + 7))
    expect(walk.hasMovie).toBe(false)
    walk.push(file.subarray(mdatAt + 7, mdatAt + 8))
    expect(walk.hasMovie).toBe(true)
  })
})

describe('an MP4 that cannot be complete is refused at its head', () => {
  test.each([
    ['zeros', zeros(100_000), 8],
    ['a page of HTML', Buffer.from('<!DOCTYPE html><html><body>Bad gateway</body></html>'), 8],
    ['an error in JSON', Buffer.from('{"__type":"InternalFailure","Message":"try again"}'), 8],
    ['a size that is smaller than its header', concat([ftyp, u32(7), fourCC('moov')]), ftyp.byteLength + 8],
    ['a large size beyond 2^53', concat([ftyp, u32(1), fourCC('moov'), u64(2 ** 60)]), ftyp.byteLength + 16],
    ['a large size that overflows 64 bits', concat([ftyp, u32(1), fourCC('mdat'), u32(0xffffffff, 0xffffffff)]), ftyp.byteLength + 16],
    ['a moov longer than any answer', concat([ftyp, u32(0xffffffff), fourCC('moov')]), ftyp.byteLength + 8],
    ['an mdat longer than any answer', concat([ftyp, moov, u32(0xffffffff), fourCC('mdat')]), mdatAt + 8],
    ['mdat to the end of the file, and no moov', concat([ftyp, u32(0), fourCC('mdat'), media]), ftyp.byteLength + 8],
    ['a track that is longer than moov', withU32(indexOf('trak') - 4, moov.byteLength), mdatAt],
    ['a table of chunks that is longer than its box', withU32(indexOf('stco') + 8, 0x10000000), mdatAt],
    ['moov without a track', concat([ftyp, box('moov', box('mvhd', zeros(100))), file.subarray(mdatAt)]), null],
  ])('%s', (_name, bytes, head) => {
    const passed = refusedAt(bytes, null)
    if (head === null) expect(passed).toBeLessThan(bytes.byteLength)
    else expect(passed).toBe(head)
    expect(refusedAt(bytes, bytes.byteLength)).toBeLessThanOrEqual(passed ?? 0)
  })

  test.each(['moov', 'mdat'])('a %s that is longer than the response, when its length was declared', (type) => {
    const at = type === 'moov' ? moovAt : mdatAt
    const size = file.byteLength - at
    expect(refusedAt(withU32(at, size + 1), file.byteLength)).toBe(at + 8)
    expect(() => walk(withU32(at, size + 1))).toThrow(MalformedMedia)
  })

  test('media with an offset beyond the end', () => {
    const at = indexOf('stco') + 12
    expect(refusedAt(withU32(at, file.byteLength), file.byteLength)).toBe(mdatAt)
    expect(() => walk(withU32(at, file.byteLength))).toThrow('media at byte')
  })

  test('a moov with more boxes than are read is refused only for what is known of it', () => {
    const crowded = box('moov', ...Array.from({ length: 2000 }, () => box('free')))
    expect(() => walk(concat([ftyp, crowded, file.subarray(mdatAt)]))).not.toThrow()
    expect(() => walk(concat([ftyp, crowded, file.subarray(mdatAt, -1)]))).toThrow('inside a box')
  })

  test('millions of empty boxes', () => {
    const passed = refusedAt(concat([ftyp, ...Array.from({ length: 120_000 }, () => box('free'))]), null)
    expect(passed).toBeLessThan(810_000)
  })
})

test('a file that is cut off at any byte is refused, whether or not its length was declared', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: file.byteLength - 1 }), fc.integer({ min: 1, max: 5000 }), (length, chunkBytes) => {
      expect(() => walk(file.subarray(0, length), { chunkBytes })).toThrow(MalformedMedia)
      expect(() => walk(file.subarray(0, length), { chunkBytes, sizeBytes: length })).toThrow(MalformedMedia)
    }),
  )
})

test('any bytes end the walk or are refused with MalformedMedia', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(ftyp, moov, box('free'), u32(0), boxHeader('mdat', 5), boxHeader('moov', 60), fourCC('stco'), u32(1)),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.integer({ min: 1, max: 64 }), (pieces, chunkBytes) => {
      try {
        walk(concat(pieces), { chunkBytes })
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedMedia)
      }
    }),
  )
})
