import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MatroskaDemuxer } from '../../../src/media/matroska/demuxer.js'
import { encodeElement, encodeId, encodeStringElement, encodeUintElement } from '../../../src/media/matroska/ebml-writer.js'
import { ELEMENT } from '../../../src/media/matroska/element-ids.js'
import { chunksOf, demux, demuxChunks, eventsOf } from '../../support/demux.js'
import { readFixture } from '../../support/fixtures.js'
import {
  bytesOf,
  cluster,
  concatBytes,
  ebmlHeader,
  info,
  matroska,
  simpleBlock,
  sizedElement,
  timestamp,
  toLiveForm,
  tracks,
  voidElement,
} from '../../support/mkv-builder.js'

const VIDEO = tracks({ number: 1 })
const block = simpleBlock({ track: 1, time: 0, payload: bytesOf(1) })
const TEN_GB = { claimed: 10_000_000_000 }
const small = concatBytes(toLiveForm(readFixture('h264-only.mkv')).slice(0, 3000))

describe('broken uploads get only MalformedMedia', () => {
  test('at every prefix of a valid file, and the complete Clusters are kept', () => {
    const file = readFixture('h264-alaw.mkv')
    const ends = eventsOf(demux(file), 'cluster-end').map(({ range }) => range.end)
    for (let length = 1; length < file.byteLength; length += length < 2000 ? 1 : 97) {
      const results = demux(file.slice(0, length), 4096)
      expect(results.failure).not.toBeNull()
      expect(eventsOf(results, 'cluster-end').length).toBe(ends.filter((end) => end <= length).length)
    }
  })

  test('with random flipped bytes, at any chunking', () => {
    const flips = fc.array(fc.tuple(fc.integer({ min: 0, max: small.byteLength - 1 }), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 8,
    })
    fc.assert(
      fc.property(flips, fc.integer({ min: 1, max: 400 }), (changes, chunkBytes) => {
        const broken = small.slice()
        for (const [at, mask] of changes) broken[at] = (broken[at] ?? 0) ^ mask
        expect(demux(broken, chunkBytes)).toEqual(demux(broken))
      }),
      { numRuns: 500 },
    )
  })

  test('with flipped bytes only in the header', () => {
    const header = matroska([
      info(1_000_000),
      tracks({ number: 1, codecPrivate: bytesOf(1, 2, 3), video: { width: 2, height: 2 } }),
      cluster(0, [block]),
    ])
    fc.assert(
      fc.property(fc.integer({ min: 0, max: header.byteLength - 1 }), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const broken = header.slice()
        broken[at] = value
        expect(demux(broken, 3)).toEqual(demux(broken))
      }),
      { numRuns: 1000 },
    )
  })

  test('with only noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (noise) => {
        demux(concatBytes(ebmlHeader(), encodeId(ELEMENT.Segment), bytesOf(0xff), noise), 5)
        demux(noise, 5)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('refuses', () => {
  test.each<[string, Uint8Array, string]>([
    ['what is not EBML', new Uint8Array(Buffer.from('GET / HTTP/1.1')), 'wrong place'],
    ['another DocType', ebmlHeader('mp4'), 'DocType'],
    ['a Segment without an EBML header', encodeElement(ELEMENT.Segment), 'without an EBML header'],
    ['a Segment within a Segment', matroska([VIDEO, encodeElement(ELEMENT.Segment)]), 'wrong place'],
    ['a Cluster before any Tracks', matroska([cluster(0, [block])]), 'before any Tracks'],
    ['a Cluster of no bytes', matroska([VIDEO, encodeElement(ELEMENT.Cluster), block]), 'without a Timestamp'],
    [
      'a Cluster of unknown size without children',
      matroska([VIDEO, sizedElement(ELEMENT.Cluster, 'unknown-1'), voidElement(1)]),
      'without a Timestamp',
    ],
    ['two Timestamps', matroska([VIDEO, cluster(0, [timestamp(1), block])]), 'two Timestamps'],
    ['a Timestamp of 9 octets', matroska([VIDEO, cluster(0, [encodeElement(ELEMENT.Timestamp, new Uint8Array(9))])]), 'at most 8'],
    [
      'a Timestamp above 2^53',
      matroska([VIDEO, sizedElement(ELEMENT.Cluster, 'known', encodeElement(ELEMENT.Timestamp, new Uint8Array(8).fill(255)))]),
      'above 2^53',
    ],
    [
      'a child larger than its Cluster',
      matroska([VIDEO, cluster(0, [sizedElement(ELEMENT.SimpleBlock, { claimed: 99 }, bytesOf(0x81, 0, 0, 0))])]),
      'past the end of its parent',
    ],
    [
      'a child of 10 GB in a Cluster of known size',
      matroska([VIDEO, cluster(0, [sizedElement(ELEMENT.Void, TEN_GB)])]),
      'past the end of its parent',
    ],
    [
      'a frame of 10 GB',
      matroska([VIDEO, cluster(0, [sizedElement(ELEMENT.SimpleBlock, TEN_GB, bytesOf(0x81, 0, 0, 0))], 'unknown-1')]),
      '4 GiB',
    ],
    [
      'a frame behind 10 GB of nothing',
      matroska([VIDEO, cluster(0, [sizedElement(ELEMENT.Void, TEN_GB)], 'unknown-1')]),
      'ends inside an element',
    ],
    ['a header element of 10 GB', matroska([sizedElement(ELEMENT.Void, TEN_GB)]), 'before the first Cluster'],
    ['Tracks of 10 GB', matroska([sizedElement(ELEMENT.Tracks, TEN_GB)]), 'before the first Cluster'],
    ['an EBML header of 10 GB', sizedElement(ELEMENT.EBML, TEN_GB), 'at most 4194304'],
    ['tags of 10 GB between Clusters', matroska([VIDEO, cluster(0, [block]), sizedElement(ELEMENT.Tags, TEN_GB)]), 'at most'],
    ['a block of unknown size', matroska([VIDEO, cluster(0, [sizedElement(ELEMENT.SimpleBlock, 'unknown-1')])]), 'of unknown size'],
    ['a block without content', matroska([VIDEO, cluster(0, [encodeElement(ELEMENT.SimpleBlock)])]), 'block'],
    ['a block cut short', matroska([VIDEO, cluster(0, [encodeElement(ELEMENT.SimpleBlock, bytesOf(0x81, 0))])]), 'too short'],
    ['a block outside a Cluster', matroska([VIDEO, block]), 'wrong place'],
    ['a Cluster inside a Cluster', matroska([VIDEO, cluster(0, [cluster(1, [])])]), 'inside a Cluster'],
    ['a Cluster inside a BlockGroup', matroska([VIDEO, cluster(0, [encodeElement(ELEMENT.BlockGroup, cluster(1, []))])]), 'wrong place'],
    ['two tracks of one number', matroska([tracks({ number: 1 }, { number: 1 })]), 'two tracks'],
    ['a track number 0', matroska([tracks({ number: 0 })]), 'track number'],
    ['a track number above 255', matroska([tracks({ number: 256 })]), 'track number'],
    ['a block of a track above 255', matroska([VIDEO, cluster(0, [simpleBlock({ track: 300, time: 0, payload: bytesOf(1) })])]), '255'],
    ['more than 127 tracks', matroska([tracks(...Array.from({ length: 128 }, (_, index) => ({ number: index + 1 })))]), 'more than 127'],
    ['a TimestampScale of 0', matroska([info(0)]), 'TimestampScale'],
    ['a header of too many elements', matroska(new Array<Uint8Array>(10_001).fill(voidElement(0))), 'more than 10000'],
    ['a Segment cut off between its elements', matroska([VIDEO], { claimed: 5000 }), 'before its elements do'],
  ])('%s', (_, bytes, message) => {
    const { failure } = demux(bytes)
    expect(failure?.message).toContain(message)
    expect(demux(bytes, 1).failure).toEqual(failure)
  })

  test('tags that are nested too deep, and too many tags', () => {
    let nested = encodeStringElement(ELEMENT.TagName, 'x')
    for (let depth = 0; depth < 10; depth += 1) nested = encodeElement(ELEMENT.SimpleTag, nested)
    expect(demux(matroska([encodeElement(ELEMENT.Tags, encodeElement(ELEMENT.Tag, nested))])).failure?.message).toContain('nested')
    const many = new Array<Uint8Array>(1025).fill(encodeElement(ELEMENT.SimpleTag))
    expect(demux(matroska([encodeElement(ELEMENT.Tags, encodeElement(ELEMENT.Tag, ...many))])).failure?.message).toContain('more than 1024')
  })

  test('a Cluster with more frames than any camera sends', () => {
    const blocks = new Uint8Array(Buffer.concat(new Array<Uint8Array>(131_073).fill(block)))
    expect(demux(matroska([VIDEO, cluster(0, [blocks], 'unknown-1')])).failure?.message).toContain('too many frames')
  })

  test('everything after the first refusal, with the same error', () => {
    const demuxer = new MatroskaDemuxer()
    const good = matroska([VIDEO, cluster(0, [block])])
    const events = demuxer.push(concatBytes(good, bytesOf(0)))
    expect(events.at(-1)?.kind).toBe('cluster-end')
    expect(demuxer.failure).not.toBeNull()
    expect(() => demuxer.push(good)).toThrow(demuxer.failure ?? undefined)
    expect(() => demuxer.end()).toThrow(demuxer.failure ?? undefined)
  })
})

test('retains nothing of an endless Void or of a frame of 4 GB', () => {
  const chunk = new Uint8Array(1 << 20)
  for (const id of [ELEMENT.Void, ELEMENT.SimpleBlock]) {
    const endless = sizedElement(id, { claimed: 4_000_000_000 }, bytesOf(0x81, 0, 0, 0))
    const demuxer = new MatroskaDemuxer()
    demuxer.push(matroska([VIDEO, cluster(0, [endless], 'unknown-1')]))
    const before = process.memoryUsage().arrayBuffers
    for (let index = 0; index < 3800; index += 1) demuxer.push(chunk)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20)
    expect(demuxer.failure).toBeNull()
  }
})

test('accepts a long header in small chunks without copying it repeatedly', () => {
  const file = matroska([tracks({ number: 1, codecPrivate: new Uint8Array(1 << 20) }), cluster(0, [block])])
  expect(demuxChunks(chunksOf(file, 64)).failure).toBeNull()
  expect(eventsOf(demuxChunks(chunksOf(file, 64)), 'tracks')[0]?.bytes.byteLength).toBeGreaterThan(1 << 20)
})

test('reads elements without content', () => {
  const empties = [encodeElement(ELEMENT.Info), encodeElement(ELEMENT.Tags), encodeUintElement(ELEMENT.Void, 0)]
  expect(demux(matroska([...empties, VIDEO, cluster(0, [])]))).toEqual(expect.objectContaining({ failure: null }))
  expect(demux(new Uint8Array(0))).toEqual({ events: [], failure: null })
})
