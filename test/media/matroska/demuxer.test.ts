import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MatroskaDemuxer } from '../../../src/media/matroska/demuxer.js'
import { encodeElement, encodeStringElement, encodeUintElement } from '../../../src/media/matroska/ebml-writer.js'
import { ELEMENT } from '../../../src/media/matroska/element-ids.js'
import { buildTags } from '../../../src/media/matroska/muxer.js'
import { demux, demuxChunks, type EventOf, eventsOf } from '../../support/demux.js'
import { FIXTURES, readFixture } from '../../support/fixtures.js'
import { NO_TIMING, videoOf } from '../../support/matroska-track.js'
import {
  blockGroup,
  bytesOf,
  cluster,
  concatBytes,
  ebmlHeader,
  info,
  matroska,
  type SizeForm,
  simpleBlock,
  sizedElement,
  timestamp,
  toLiveForm,
  tracks,
  voidElement,
} from '../../support/mkv-builder.js'

const VIDEO = tracks({ number: 1 })
const CRC = encodeElement(ELEMENT.CRC32, bytesOf(1, 2, 3, 4))
const block = simpleBlock({ track: 1, time: 0, isKey: true, payload: bytesOf(9, 9, 9) })

function onlyCluster(bytes: Uint8Array): EventOf<'cluster-end'> {
  const [end, ...others] = eventsOf(demux(bytes), 'cluster-end')
  if (!end || others.length > 0) throw new Error('expected one Cluster')
  return end
}

function rowsOf({ samples }: EventOf<'cluster-end'>) {
  return Array.from({ length: samples.count }, (_, row) => ({
    track: samples.tracks[row],
    offset: samples.offsets[row],
    size: samples.sizes[row],
    time: samples.times[row],
    key: samples.keys[row] === 1,
  }))
}

describe('the events of a document', () => {
  const tagBytes = buildTags([{ name: 'site', value: 'north' }])
  const file = matroska([tagBytes, VIDEO, cluster(1000, [block]), tagBytes, cluster(2000, [block], 'unknown-1'), tagBytes])

  test('come in the order of the bytes', () => {
    const { events, failure } = demux(file)
    expect(failure).toBeNull()
    expect(events.map(({ kind }) => kind)).toEqual([
      'document',
      'tags',
      'tracks',
      ...['cluster-start', 'cluster-timestamp', 'cluster-end', 'tags'],
      ...['cluster-start', 'cluster-timestamp', 'cluster-end', 'tags'],
    ])
  })

  test('contain the unchanged header, with the tags of the producer', () => {
    const [header] = eventsOf(demux(file), 'tracks')
    const [start] = eventsOf(demux(file), 'cluster-start')
    expect(header?.header).toEqual({ start: 0, end: start?.start })
    expect(header?.bytes).toEqual(file.slice(0, start?.start))
  })

  test('contain the range of each Cluster, and offsets from its first byte', () => {
    const results = demux(file)
    for (const end of eventsOf(results, 'cluster-end')) {
      const bytes = file.slice(end.range.start, end.range.end)
      const [row] = rowsOf(end)
      expect(bytes.slice(row?.offset, (row?.offset ?? 0) + (row?.size ?? 0))).toEqual(bytesOf(9, 9, 9))
    }
    expect(eventsOf(results, 'cluster-end').map(({ timestampMs }) => timestampMs)).toEqual([1000, 2000])
  })

  test('contain the tags with their ranges', () => {
    const [tags] = eventsOf(demux(file), 'tags')
    expect(tags?.tags).toEqual([{ name: 'site', value: 'north' }])
    expect(file.slice(tags?.range.start, tags?.range.end)).toEqual(tagBytes)
  })

  test.each([
    ['TagTrackUID', ELEMENT.TagTrackUID],
    ['TagEditionUID', ELEMENT.TagEditionUID],
    ['TagChapterUID', ELEMENT.TagChapterUID],
    ['TagAttachmentUID', ELEMENT.TagAttachmentUID],
  ])('exclude tags about a part of the Segment (%s), except UID 0, which means the whole Segment', (_, target) => {
    const tagged = (uid: readonly number[]) =>
      encodeElement(
        ELEMENT.Tag,
        encodeElement(ELEMENT.Targets, encodeElement(target, bytesOf(...uid))),
        encodeElement(ELEMENT.SimpleTag, encodeStringElement(ELEMENT.TagName, `uid ${uid}`), encodeStringElement(ELEMENT.TagString, 'x')),
      )
    const element = encodeElement(ELEMENT.Tags, tagged([0xff, 1, 2, 3, 4, 5, 6, 7]), tagged([0, 0]), tagged([]))
    const [found] = eventsOf(demux(matroska([tracks({ number: 1 }), element, cluster(0, [])])), 'tags')
    expect(found?.tags.map(({ name }) => name)).toEqual(['uid 0,0', 'uid '])
    expect(found?.hasPartTags).toBe(true)
  })

  test('are emitted as soon as their bytes arrive', () => {
    const demuxer = new MatroskaDemuxer()
    const [start] = eventsOf(demux(file), 'cluster-start')
    const at = start?.start ?? 0
    demuxer.push(file.slice(0, at))
    expect(demuxer.push(file.slice(at, at + 5)).map(({ kind }) => kind)).toEqual(['tracks', 'cluster-start'])
    expect(demuxer.push(file.slice(at + 5, at + 15)).map(({ kind }) => kind)).toEqual(['cluster-timestamp'])
    demuxer.push(file.slice(at + 15, at + 21))
    expect(demuxer.framesInCluster).toBe(1)
  })

  test('report the length of a Cluster before it ends, for any order and scale of its blocks', () => {
    const times = [0, 80, 40, -20]
    const blocks = times.map((time) => simpleBlock({ track: 1, time, payload: bytesOf(1) }))
    for (const [scale, spanMs] of [
      [1_000_000, 100],
      [100_000, 10],
    ] as const) {
      const demuxer = new MatroskaDemuxer()
      demuxer.push(matroska([info(scale), VIDEO, cluster(1000, blocks, 'unknown-1')]))
      expect([demuxer.framesInCluster, demuxer.clusterSpanMs]).toEqual([4, spanMs])
      demuxer.end()
      expect(demuxer.clusterSpanMs).toBe(0)
    }
  })
})

describe.each<SizeForm>(['known', 'unknown-1', 'unknown-8'])('a Segment of %p size', (segmentForm) => {
  test.each<SizeForm>(['known', 'unknown-1', 'unknown-8'])('can contain Clusters of %p size', (clusterForm) => {
    const children = [
      VIDEO,
      cluster(1, [block], clusterForm),
      encodeElement(ELEMENT.Cues, bytesOf(0xec, 0x80)),
      cluster(2, [block], clusterForm),
    ]
    const results = demux(matroska(children, segmentForm))
    expect(results.failure).toBeNull()
    expect(eventsOf(results, 'cluster-end').map(({ samples }) => samples.count)).toEqual([1, 1])
  })
})

describe('a new EBML header', () => {
  test('begins a new document, also when it ends a Cluster of unknown size', () => {
    const one = matroska([VIDEO, cluster(1, [block], 'unknown-1')])
    const two = matroska([tracks({ number: 7 }), cluster(2, [block], 'unknown-8')])
    const results = demux(concatBytes(one, two))
    expect(results.failure).toBeNull()
    expect(eventsOf(results, 'document').map(({ start }) => start)).toEqual([0, one.byteLength])
    expect(eventsOf(results, 'tracks').map((event) => event.tracks[0]?.number)).toEqual([1, 7])
    expect(eventsOf(results, 'cluster-end')[0]?.range.end).toBe(one.byteLength)
  })

  test('is refused inside a Segment whose size says that it is longer', () => {
    const bytes = concatBytes(ebmlHeader(), sizedElement(ELEMENT.Segment, { claimed: 5000 }, VIDEO), ebmlHeader())
    expect(demux(bytes).failure?.message).toContain('inside a Segment of known size')
  })
})

describe('frames', () => {
  test('are read across CRC-32, Void, Position and unknown elements', () => {
    const unknown = encodeElement(0x4fff, bytesOf(1, 2, 3))
    const children = [CRC, voidElement(300), encodeUintElement(ELEMENT.Position, 0), unknown, block, CRC, voidElement(0), block]
    const bytes = matroska([CRC, voidElement(9), VIDEO, sizedElement(ELEMENT.Cluster, 'known', CRC, timestamp(5), ...children)])
    expect(onlyCluster(bytes).samples.count).toBe(2)
  })

  test('of a BlockGroup are key frames when they refer to no other frame, regardless of where the reference is', () => {
    const fields = { track: 1, time: 4, payload: bytesOf(1) }
    const reference = encodeElement(ELEMENT.ReferenceBlock, bytesOf(0xff))
    const early = encodeElement(ELEMENT.BlockGroup, reference, encodeElement(ELEMENT.Block, bytesOf(0x81, 0, 4, 0, 1)))
    const children = [
      blockGroup(fields),
      blockGroup(fields, reference),
      early,
      blockGroup(fields, encodeUintElement(ELEMENT.BlockDuration, 40)),
    ]
    expect(rowsOf(onlyCluster(matroska([VIDEO, cluster(0, children)]))).map(({ key }) => key)).toEqual([true, false, false, true])
  })

  test('can precede the Timestamp of their Cluster', () => {
    const early = simpleBlock({ track: 1, time: -21, payload: bytesOf(1) })
    const late = simpleBlock({ track: 1, time: 32767, payload: bytesOf(1) })
    const first = simpleBlock({ track: 1, time: -32768, payload: bytesOf(1) })
    expect(rowsOf(onlyCluster(matroska([VIDEO, cluster(50, [early, late, first])]))).map(({ time }) => time)).toEqual([-21, 32767, -32768])
  })

  test('have their times scaled to milliseconds', () => {
    const blocks = [0, 441, -441, 1].map((time) => simpleBlock({ track: 1, time, payload: bytesOf(1) }))
    const end = onlyCluster(matroska([info(22_676), VIDEO, cluster(44_100, blocks)]))
    expect(end.timestampMs).toBe(1000)
    expect(rowsOf(end).map(({ time }) => time)).toEqual([0, 10, -10, 0])
  })

  test('are skipped when they are encrypted', () => {
    const encrypted = encodeElement(ELEMENT.EncryptedBlock, bytesOf(0x81, 0, 0, 0, 1))
    expect(onlyCluster(matroska([VIDEO, cluster(0, [encrypted, block])])).samples.count).toBe(1)
  })

  test.each([1, 2, 4, 8])('use a Timestamp of their Cluster with %i octets', (octets) => {
    const bytes = matroska([VIDEO, sizedElement(ELEMENT.Cluster, 'unknown-1', timestamp(200, octets), block)])
    expect(onlyCluster(bytes).timestampMs).toBe(200)
  })
})

describe('laced frames', () => {
  const laced = (flags: number, head: readonly number[], payloadBytes: number) =>
    rowsOf(
      onlyCluster(
        matroska([
          VIDEO,
          cluster(0, [
            simpleBlock({ track: 1, time: 3, flags, payload: concatBytes(Uint8Array.from(head), new Uint8Array(payloadBytes)) }),
          ]),
        ]),
      ),
    )

  test('with Xiph lacing each have a row', () => {
    expect(laced(0x02, [2, 255, 45, 10], 300 + 10 + 5).map(({ size }) => size)).toEqual([300, 10, 5])
  })

  test('with EBML lacing each have a row', () => {
    // 800, then -300 in two octets (0x5FFF is the middle), then the rest.
    expect(laced(0x06, [2, 0x43, 0x20, 0x5e, 0xd3], 800 + 500 + 7).map(({ size }) => size)).toEqual([800, 500, 7])
  })

  test('with fixed lacing each have a row, in order', () => {
    const rows = laced(0x04, [3], 40)
    expect(rows.map(({ size }) => size)).toEqual([10, 10, 10, 10])
    expect(rows.map(({ offset }) => (offset ?? 0) - (rows[0]?.offset ?? 0))).toEqual([0, 10, 20, 30])
    expect(rows.map(({ time }) => time)).toEqual([3, 3, 3, 3])
  })

  test.each([
    ['fixed sizes that do not divide', 0x04, [2], 40],
    ['Xiph sizes past the block', 0x02, [1, 200], 100],
    ['Xiph sizes without end', 0x02, [200], 20],
    ['EBML sizes below zero', 0x06, [2, 0x81, 0x80], 20],
    ['a frame count and nothing else', 0x06, [9], 0],
  ])('are refused with %s', (_, flags, head, payloadBytes) => {
    const payload = concatBytes(Uint8Array.from(head), new Uint8Array(payloadBytes).fill(flags === 0x02 ? 255 : 0))
    expect(demux(matroska([VIDEO, cluster(0, [simpleBlock({ track: 1, time: 0, flags, payload })])])).failure).not.toBeNull()
  })
})

describe('tracks', () => {
  test('are read with padded names', () => {
    const padded = tracks({ number: 1, codecId: 'V_MPEG4/ISO/AVC \0\0\0', codecPrivate: bytesOf(1, 2), video: { width: 640, height: 360 } })
    const sound = tracks({ number: 2, type: 2, codecId: 'A_AAC', audio: { sampleRate: 48000, channels: 2 } })
    const [event] = eventsOf(demux(matroska([padded, cluster(0, [block])])), 'tracks')
    expect(event?.tracks).toEqual([
      {
        number: 1,
        type: 'video',
        codecId: 'V_MPEG4/ISO/AVC',
        codecPrivate: bytesOf(1, 2),
        video: videoOf(640, 360),
        audio: null,
        ...NO_TIMING,
      },
    ])
    expect(eventsOf(demux(matroska([sound, cluster(0, [block])])), 'tracks')[0]?.tracks[0]?.audio).toEqual({
      sampleRate: 48000,
      channels: 2,
    })
  })

  test('are refused when their frames are stripped or compressed', () => {
    const extra = encodeElement(ELEMENT.ContentEncodings, encodeElement(ELEMENT.ContentEncoding, bytesOf()))
    expect(demux(matroska([tracks({ number: 1, extra }), cluster(0, [block])])).failure?.message).toContain('ContentEncodings')
  })
})

describe('the result does not depend on chunking', () => {
  test.each(FIXTURES)('%s', (name) => {
    const file = readFixture(name)
    const whole = demux(file)
    expect(whole.failure).toBeNull()
    for (const chunkBytes of [1, 7, 1000]) expect(demux(file, chunkBytes)).toEqual(whole)
  })

  test.each(['unknown-1', 'unknown-8'] as const)(
    'with Clusters of %s size, which give the same tables as Clusters of known size',
    (form) => {
      const known = readFixture('h264-bframes-aac.mkv')
      const live = toLiveForm(known, form)
      const whole = demux(live)
      expect(whole.failure).toBeNull()
      for (const chunkBytes of [1, 7, 1000]) expect(demux(live, chunkBytes)).toEqual(whole)
      const shape = (bytes: Uint8Array) =>
        eventsOf(demux(bytes), 'cluster-end').map(({ samples, timestampMs }) => [timestampMs, samples.sizes, samples.times])
      expect(shape(live)).toEqual(shape(known))
    },
  )

  test('at random splits', () => {
    const file = concatBytes(toLiveForm(readFixture('h264-only.mkv')), readFixture('h264-alaw.mkv'))
    const whole = demux(file)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: file.byteLength }), { maxLength: 40 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), file.byteLength]
        const chunks = edges.slice(1).map((edge, index) => file.slice(edges[index], edge))
        expect(demuxChunks(chunks)).toEqual(whole)
      }),
      { numRuns: 100 },
    )
  })

  test('settles every byte except the start of an element header', () => {
    const file = toLiveForm(readFixture('h264-only.mkv'))
    const demuxer = new MatroskaDemuxer()
    const starts = eventsOf(demux(file), 'cluster-start').map(({ start }) => start)
    for (let at = 0; at < file.byteLength; at += 1) {
      const settledBefore = demuxer.settled
      const events = demuxer.push(file.slice(at, at + 1))
      const start = events.find((event) => event.kind === 'cluster-start')
      // No settled byte turns out to belong to another Cluster.
      if (start) expect(settledBefore).toBeLessThanOrEqual(start.start)
      if (start) expect(starts).toContain(start.start)
      expect(at + 1 - demuxer.settled).toBeLessThanOrEqual(11)
    }
  })
})

describe('an EBML header', () => {
  const announcing = (id: number, data: Uint8Array) => {
    const header = encodeElement(ELEMENT.EBML, encodeStringElement(ELEMENT.DocType, 'matroska'), encodeElement(id, data))
    const document = matroska([VIDEO, cluster(0, [block])])
    return concatBytes(header, document.subarray(ebmlHeader().byteLength))
  }

  test.each([
    ['EBMLMaxIDLength', ELEMENT.EBMLMaxIDLength, 4, 'element ids'],
    ['EBMLMaxSizeLength', ELEMENT.EBMLMaxSizeLength, 8, 'data sizes'],
  ])('can announce an %s of up to the maximum of RFC 9559', (_, id, most, message) => {
    for (const data of [bytesOf(most), bytesOf(0, 0, most), bytesOf()])
      expect(eventsOf(demux(announcing(id, data)), 'cluster-end')).toHaveLength(1)
    for (const data of [bytesOf(most + 1), bytesOf(255), bytesOf(1, 0)]) {
      const { events, failure } = demux(announcing(id, data))
      expect(failure?.message).toContain(message)
      expect(events.map(({ kind }) => kind)).toEqual(['document'])
    }
  })

  test('can omit both', () => {
    expect(eventsOf(demux(matroska([VIDEO, cluster(0, [block])])), 'cluster-end')).toHaveLength(1)
  })
})
