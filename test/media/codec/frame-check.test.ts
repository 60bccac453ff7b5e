import { describe, expect, test } from '@jest/globals'
import { FrameCheck } from '../../../src/media/codec/frame-check.js'
import type { MatroskaTrack } from '../../../src/media/matroska/track.js'
import { demux, eventsOf } from '../../support/demux.js'
import { FIXTURES, readFixture } from '../../support/fixtures.js'
import { blockGroup, bytesOf, cluster, concatBytes, matroska, simpleBlock, tracks } from '../../support/mkv-builder.js'

const AVCC = new Uint8Array(Buffer.from('0164000bffe100176764000bacb4187fde0220000003002000000641e2855401000568ef0472c0fdf8f800', 'hex'))
const sink = (found: readonly MatroskaTrack[]) => new FrameCheck(found)
const SOUND = { number: 2, type: 2, codecId: 'A_AAC', codecPrivate: bytesOf(0x11, 0x90) }

function reasonsOf(frames: readonly Uint8Array[], codecPrivate: Uint8Array = AVCC): (string | null)[] {
  const clusters = frames.map((payload, index) => cluster(index, [simpleBlock({ track: 1, time: 0, payload })], 'unknown-1'))
  const upload = matroska([tracks({ number: 1, codecPrivate }, SOUND), ...clusters])
  const reasons = (chunkBytes: number) =>
    eventsOf(demux(upload, chunkBytes, sink), 'cluster-end').map(({ invalidFrame }) => invalidFrame?.reason ?? null)
  expect(reasons(1)).toEqual(reasons(upload.byteLength))
  expect(reasons(7)).toEqual(reasons(upload.byteLength))
  return reasons(upload.byteLength)
}

test.each(FIXTURES)('finds nothing in %s, at any chunking', (name) => {
  for (const chunkBytes of [1, 1000, 1 << 20]) {
    const ends = eventsOf(demux(readFixture(name), chunkBytes, sink), 'cluster-end')
    expect(ends.length).toBeGreaterThan(2)
    expect(ends.every(({ invalidFrame }) => invalidFrame === null)).toBe(true)
  }
})

describe('a frame', () => {
  test('can contain several NAL units that fill it', () => {
    expect(reasonsOf([bytesOf(0, 0, 0, 2, 9, 16, 0, 0, 0, 1, 5)])).toEqual([null])
  })

  test('is invalid when it has start codes', () => {
    const annexB = bytesOf(0, 0, 0, 1, 0x67, 0x64, 0, 11, 0xac, 0, 0, 0, 1, 0x65, 1, 2, 3)
    expect(reasonsOf([annexB, bytesOf(0, 0, 1, 0x65, 1, 2, 3)])).toEqual([
      expect.stringContaining('NAL unit of'),
      expect.stringContaining('NAL unit of'),
    ])
  })

  test('is invalid when its last length runs past its end', () => {
    expect(reasonsOf([bytesOf(0, 0, 0, 9, 1, 2, 3)])).toEqual(['a NAL unit of 9 bytes where its frame has 3 left'])
  })

  test('is invalid when it ends inside a length, has no length, or is empty', () => {
    expect(reasonsOf([bytesOf(0, 0, 0, 1, 5, 0, 1), bytesOf(0, 0, 0, 0), bytesOf(), bytesOf(0, 0, 0, 1, 5)])).toEqual([
      'a frame that ends inside the length of a NAL unit',
      'a NAL unit of length 0',
      'a frame without content',
      null,
    ])
  })

  test('can have one to three zero bytes after its last NAL unit, and no more', () => {
    const unit = [0, 0, 0, 1, 5]
    expect(reasonsOf([1, 2, 3, 4, 5].map((zeros) => bytesOf(...unit, ...new Array<number>(zeros).fill(0))))).toEqual([
      null,
      null,
      null,
      'a NAL unit of length 0',
      'a NAL unit of length 0',
    ])
    expect(reasonsOf([bytesOf(0), bytesOf(0, 0, 0)])).toEqual([
      'a frame that ends inside the length of a NAL unit',
      'a frame that ends inside the length of a NAL unit',
    ])
    for (const [lengthSize, length] of [
      [1, [1]],
      [2, [0, 1]],
    ] as const) {
      const avcC = AVCC.slice()
      avcC[4] = 0xfc + lengthSize - 1
      const frames = [1, 2, 3].map((zeros) => bytesOf(...length, 5, ...new Array<number>(zeros).fill(0)))
      expect(reasonsOf(frames, avcC)).toEqual([null, null, null])
      expect(reasonsOf([bytesOf(...length, 5, 0, 0, 0, 0)], avcC)).toEqual(['a NAL unit of length 0'])
    }
  })

  test('has lengths of the size in CodecPrivate', () => {
    const twoBytes = AVCC.slice()
    twoBytes[4] = 0xfd
    expect(reasonsOf([bytesOf(0, 2, 9, 9, 0, 1, 5), bytesOf(0, 0, 0, 1, 5)], twoBytes)).toEqual([null, 'a NAL unit of length 0'])
  })

  test('is not checked when it is sound, or when the CodecPrivate of its track is invalid', () => {
    const children = [simpleBlock({ track: 2, time: 0, payload: bytesOf(1) }), simpleBlock({ track: 9, time: 0, payload: bytesOf(1) })]
    const [end] = eventsOf(
      demux(matroska([tracks({ number: 1, codecPrivate: AVCC }, SOUND), cluster(0, children)]), 5, sink),
      'cluster-end',
    )
    expect(end?.invalidFrame).toBeNull()
    expect(reasonsOf([bytesOf(7)], bytesOf(0, 0, 0, 1, 0x67))).toEqual([null])
  })

  test('is also checked in a BlockGroup and in a lace', () => {
    const good = bytesOf(0, 0, 0, 1, 5)
    const bad = bytesOf(0, 0, 0, 2, 5)
    const laced = (second: Uint8Array) => simpleBlock({ track: 1, time: 0, flags: 0x04, payload: concatBytes(bytesOf(1), good, second) })
    const children = [[laced(good)], [laced(bad)], [blockGroup({ track: 1, time: 0, payload: bad })]]
    const upload = matroska([tracks({ number: 1, codecPrivate: AVCC }), ...children.map((blocks, index) => cluster(index, blocks))])
    expect(eventsOf(demux(upload, 3, sink), 'cluster-end').map(({ invalidFrame }) => invalidFrame?.track ?? null)).toEqual([null, 1, 1])
  })
})

describe('a key frame of H.264', () => {
  const unit = (...octets: readonly number[]) => bytesOf(0, 0, 0, octets.length, ...octets)
  // A recovery point: payloadType 6, with 1 byte.
  const RECOVERY = [6, 1, 0xc4]

  function keysOf(frames: readonly { readonly payload: Uint8Array; readonly isKey?: boolean }[]): number[][] {
    const blocks = frames.map(({ payload, isKey = true }, index) => simpleBlock({ track: 1, time: index, isKey, payload }))
    const sound = simpleBlock({ track: 2, time: 0, payload: bytesOf(0, 0, 0, 1, 1) })
    const upload = matroska([
      tracks({ number: 1, codecPrivate: AVCC }, SOUND),
      cluster(0, [sound, ...blocks]),
      cluster(9, [sound, ...blocks]),
    ])
    const keys = (chunkBytes: number) =>
      eventsOf(demux(upload, chunkBytes, sink), 'cluster-end').map(({ samples }) => [...samples.keys.subarray(1)])
    expect(keys(1)).toEqual(keys(upload.byteLength))
    expect(keys(5)).toEqual(keys(upload.byteLength))
    return keys(upload.byteLength)
  }

  test('is the I-frame of an open GOP when it is a recovery point and not an IDR picture', () => {
    const keys = keysOf([
      { payload: concatBytes(unit(6, ...RECOVERY, 0x80), unit(0x65, 0x88)) },
      { payload: concatBytes(unit(6, ...RECOVERY, 0x80), unit(0x41, 0x88)) },
      { payload: unit(0x41, 0x88) },
      { payload: concatBytes(unit(6, ...RECOVERY, 0x80), unit(0x41, 0x88)), isKey: false },
      // Behind other messages: one ends in zeros and an emulation prevention byte, another is longer than 255 bytes.
      { payload: concatBytes(unit(9, 0x10), unit(6, 5, 4, 6, 0, 0, 3, 1, ...RECOVERY, 0x80), unit(0x21, 0x88)) },
      { payload: concatBytes(bytesOf(0, 0, 1, 9, 6, 5, 0xff, 1), new Uint8Array(256).fill(6), bytesOf(...RECOVERY, 0x80, 0), unit(1)) },
      // Where 6 is not the type of a message.
      { payload: concatBytes(unit(6, 5, 3, 6, 1, 0xc4, 0x80), unit(0x41, 0x88)) },
      // Of a later picture.
      { payload: concatBytes(unit(0x41, 0x88), unit(6, ...RECOVERY, 0x80)) },
    ])
    expect(keys[0]).toEqual([1, 2, 1, 0, 2, 2, 1, 1])
    expect(keys[1]).toEqual(keys[0])
  })
})
