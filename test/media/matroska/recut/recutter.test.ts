import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encodeElement, encodeUintElement } from '../../../../src/media/matroska/ebml-writer.js'
import { ELEMENT } from '../../../../src/media/matroska/element-ids.js'
import { MatroskaRecutter } from '../../../../src/media/matroska/recut/recutter.js'
import { chunksOf, demux, eventsOf } from '../../../support/demux.js'
import { FIXTURES, readFixture } from '../../../support/fixtures.js'
import { AVCC, frame, tags, VIDEO } from '../../../support/footage.js'
import { clusterFramesOf, clusterTimesOf } from '../../../support/matroska-frames.js'
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
  type TrackFields,
  timestamp,
  tracks,
  voidElement,
} from '../../../support/mkv-builder.js'

const SOUND: TrackFields = {
  number: 2,
  type: 2,
  codecId: 'A_AAC',
  codecPrivate: bytesOf(0x11, 0x90),
  audio: { sampleRate: 48_000, channels: 1 },
}

function recut(file: Uint8Array, chunkBytes = file.byteLength): { bytes: Uint8Array; failure: string | null } {
  const recutter = new MatroskaRecutter()
  const pieces = [...chunksOf(file, chunkBytes)].flatMap((chunk) => recutter.push(chunk))
  pieces.push(...recutter.end())
  return { bytes: concatBytes(...pieces), failure: recutter.failure?.message ?? null }
}

function recutWhole(file: Uint8Array, chunkBytes?: number): Uint8Array {
  const { bytes, failure } = recut(file, chunkBytes)
  expect(failure).toBeNull()
  return bytes
}

let payloads = 0
/** A picture or a sound with unique bytes. */
function block(track: number, time: number, isKey = false): Uint8Array {
  payloads += 1
  return simpleBlock({ track, time, isKey, payload: concatBytes(frame(20), bytesOf(payloads % 256, Math.floor(payloads / 256) % 256)) })
}

/** Each picture in a short Cluster of its own. `K` is a key frame. */
function shredded(picturesMs: readonly (readonly [number, boolean])[]): Uint8Array {
  return matroska([tracks(VIDEO), ...picturesMs.map(([ms, isKey]) => cluster(ms, [block(1, 0, isKey)]))])
}

const HARD = ['clusters-without-key', 'join-lost-fragment', 'mkvmerge-default-tags', 'shadowed-2fps-b-aac'].map(
  (name) => `hard/${name}.mkv`,
)

describe('real files', () => {
  test.each([...FIXTURES, ...HARD])('keep every frame, time and key flag: %s', (name) => {
    const file = readFixture(name)
    const [whole, pieces] = [recutWhole(file), recutWhole(file, 977)]
    expect(Buffer.compare(whole, pieces)).toBe(0)
    expect(clusterFramesOf(whole).flat()).toEqual(clusterFramesOf(file).flat())
    expect(eventsOf(demux(whole), 'tracks').map((event) => event.tracks)).toEqual(
      eventsOf(demux(file), 'tracks').map((event) => event.tracks),
    )
    for (const frames of clusterFramesOf(whole)) expect(frames.find(({ track }) => track === 1)?.isKey).toBe(true)
    // A second recut keeps the cuts.
    expect(clusterTimesOf(recutWhole(whole))).toEqual(clusterTimesOf(whole))
  })

  test('with a GOP of 2 s become Clusters of 2 s', () => {
    const times = clusterTimesOf(recutWhole(readFixture('hard/clusters-without-key.mkv')))
    expect(times).toEqual(times.map((_, index) => index * 2000))
    expect(times.length).toBeGreaterThan(3)
  })
})

describe('a cut', () => {
  test('is made at the first key frame at least 1 s after the last cut', () => {
    const pictures = [0, 400, 800, 999, 1000, 1400, 1999, 2000, 5000].map((ms) => [ms, true] as const)
    expect(clusterTimesOf(recutWhole(shredded(pictures)))).toEqual([0, 1000, 2000, 5000])
  })

  test('is made immediately after pictures that cannot be decoded', () => {
    const file = shredded([
      [0, false],
      [40, false],
      [80, true],
      [120, false],
      [1080, true],
    ])
    expect(clusterTimesOf(recutWhole(file))).toEqual([0, 80, 1080])
  })

  test('is made at the key frame, whose leading pictures and sound may be earlier', () => {
    const pictures = [block(1, 0, true), block(2, 0), block(1, 2000, true), block(1, 1880), block(2, 1500), block(1, 1960), block(1, 2040)]
    const file = matroska([tracks(VIDEO, SOUND), cluster(0, pictures)])
    const [first, second] = clusterFramesOf(recutWhole(file))
    expect(first?.map(({ ms }) => ms)).toEqual([0, 0])
    expect(second?.map(({ ms }) => ms)).toEqual([2000, 1880, 1500, 1960, 2040])
  })

  test('leaves a frame of every track on both sides', () => {
    const blocks = [
      ...[block(1, 0, true), block(1, 1000, true), block(2, 1001)],
      ...[block(1, 2000, true), block(1, 3000, true), block(2, 3001), block(1, 4000, true)],
    ]
    const clusters = clusterFramesOf(recutWhole(matroska([tracks(VIDEO, SOUND), cluster(0, blocks)])))
    expect(clusters.map((frames) => frames.map(({ ms }) => ms))).toEqual([
      [0, 1000, 1001, 2000],
      [3000, 3001, 4000],
    ])
  })

  test('in footage with only sound is made at the first frame at least 1 s after the last cut', () => {
    const frames = Array.from({ length: 150 }, (_, index) => block(2, index * 21, true))
    expect(clusterTimesOf(recutWhole(matroska([tracks(SOUND), cluster(0, frames)])))).toEqual([0, 1008, 2016, 3024])
  })

  test('in footage with only sound is made earlier when the TimestampScale is too fine for 1 s, as mkvmerge writes it', () => {
    const scale = 20_833
    const clusters = Array.from({ length: 10 }, (_, index) => cluster(index * 30_000, [block(2, 0, true), block(2, 15_000, true)]))
    const file = matroska([info(scale), tracks(SOUND), ...clusters])
    const whole = recutWhole(file)
    expect(clusterFramesOf(whole).flat()).toEqual(clusterFramesOf(file).flat())
    expect(clusterFramesOf(whole)).toHaveLength(7)
  })

  test('is also made where tags end a fragment, so that each fragment keeps its tags', () => {
    const gop = (ms: number, ...around: readonly Uint8Array[]) => [cluster(ms, [block(1, 0, true), block(1, 200)]), ...around]
    const file = matroska([
      tracks(VIDEO),
      ...gop(0, tags({ n: '1' })),
      ...gop(400),
      ...gop(800, tags({ n: '2' }), tags({ n: '3' })),
      ...gop(1200),
    ])
    expect(orderOf(recutWhole(file))).toEqual(['Cluster 0', 'n 1', 'Cluster 400', 'n 2', 'n 3', 'Cluster 1200'])
  })
})

describe('the elements around blocks', () => {
  test('tags stay after the frames that they follow, and in the header', () => {
    const middle = [cluster(0, [block(1, 0, true)]), tags({ a: '1' }), cluster(300, [block(1, 0)]), cluster(2000, [block(1, 0, true)])]
    const file = matroska([tags({ head: '0' }), tracks(VIDEO), ...middle, tags({ last: '2' })])
    expect(orderOf(recutWhole(file))).toEqual(['head 0', 'Cluster 0', 'a 1', 'Cluster 2000', 'last 2'])
  })

  test('SeekHead, Cues, Void and CRC-32 are removed; Info and Tracks stay byte for byte', () => {
    const [about, entries] = [info(1_000_000), tracks(VIDEO)]
    const crc = encodeElement(ELEMENT.CRC32, bytesOf(1, 2, 3, 4))
    const places = [encodeElement(ELEMENT.SeekHead, bytesOf(0xec, 0x80)), encodeElement(ELEMENT.Cues, bytesOf(0xec, 0x80)), voidElement(9)]
    const inside = [crc, timestamp(5), voidElement(3), encodeUintElement(ELEMENT.PrevSize, 7), block(1, 0, true)]
    const file = matroska(
      [places[0] ?? crc, about, voidElement(4), entries, sizedElement(ELEMENT.Cluster, 'known', ...inside), ...places],
      'known',
    )
    const whole = Buffer.from(recutWhole(file))
    expect(whole.includes(Buffer.concat([about, entries, bytesOf(0x1f, 0x43, 0xb6, 0x75)]))).toBe(true)
    for (const left of [...places, crc]) expect(whole.includes(Buffer.from(left))).toBe(false)
    expect(clusterFramesOf(whole)).toEqual(clusterFramesOf(file))
  })

  test('a BlockGroup keeps the properties of its frame, and is a key frame when it has no reference', () => {
    const reference = encodeElement(ELEMENT.ReferenceBlock, bytesOf(0xd8))
    const duration = encodeUintElement(ELEMENT.BlockDuration, 40)
    const crc = encodeElement(ELEMENT.CRC32, bytesOf(1, 2, 3, 4))
    const group = (time: number, ...around: readonly Uint8Array[]) => blockGroup({ track: 1, time, payload: frame(30) }, ...around)
    const withCrc = encodeElement(ELEMENT.BlockGroup, crc, group(80, duration).subarray(2), reference)
    const file = matroska([
      tracks(VIDEO),
      cluster(0, [group(0, duration), group(40, duration, reference), withCrc, group(1000), group(1040, reference)]),
    ])
    const whole = recutWhole(file)
    expect(clusterFramesOf(whole).flat()).toEqual(clusterFramesOf(file).flat())
    expect(clusterTimesOf(whole)).toEqual([0, 1000])
    expect(
      Buffer.from(whole)
        .toString('hex')
        .match(/9b0128|9b8128/g),
    ).toHaveLength(3)
  })

  test('a new EBML header begins a new document with its own tracks, which starts no earlier than the end of the previous document', () => {
    const one = [tracks(VIDEO), cluster(5000, [block(1, 0, true), block(1, 500)])]
    const two = [tracks({ ...VIDEO, number: 7 }), cluster(0, [block(7, 0, true), block(7, 400, true)])]
    const file = concatBytes(matroska(one), matroska(two, 'known'), matroska(one))
    const whole = recutWhole(file, 13)
    const [first = [], second = [], third = []] = clusterFramesOf(file)
    const shifted = (frames: typeof first, byMs: number) => frames.map((found) => ({ ...found, ms: found.ms + byMs }))
    expect(clusterFramesOf(whole)).toEqual([first, shifted(second, 6000), shifted(third, 1800)])
    expect(eventsOf(demux(whole), 'document')).toHaveLength(3)
  })
})

describe('a live pipe', () => {
  test('waits only for the rest of the frame', () => {
    const recutter = new MatroskaRecutter()
    recutter.push(matroska([tracks(VIDEO)]))
    recutter.push(cluster(0, [], 'unknown-1'))
    const sent = [block(1, 0, true), block(1, 400), block(1, 1200, true), block(1, 1600)].map((bytes) => {
      expect(concatBytes(...recutter.push(bytes.subarray(0, 10)))).toHaveLength(0)
      return clusterIds(concatBytes(...recutter.push(bytes.subarray(10))))
    })
    expect(sent).toEqual([1, 0, 1, 0])
  })

  test('waits after a key frame for the first frame of each other track', () => {
    const recutter = new MatroskaRecutter()
    recutter.push(matroska([tracks(VIDEO, SOUND)]))
    recutter.push(cluster(0, [], 'unknown-1'))
    const sizes = [block(1, 0, true), block(2, 0), block(1, 1000, true), block(1, 1040), block(2, 1000), block(1, 1080)].map(
      (bytes) => concatBytes(...recutter.push(bytes)).byteLength > 0,
    )
    expect(sizes).toEqual([true, true, false, false, true, true])
  })

  test('that breaks off is complete up to its last frame, and reports where', () => {
    const file = shredded([0, 500, 1000].map((ms) => [ms, true] as const))
    const { bytes, failure } = recut(file.subarray(0, -5), 7)
    expect(clusterFramesOf(bytes).flat()).toEqual(clusterFramesOf(file).flat().slice(0, 2))
    expect(failure).toMatch(/^the footage ends inside an element \(at byte \d+\)$/)
  })

  test('that becomes invalid is complete up to that point', () => {
    const file = shredded([0, 500, 1000].map((ms) => [ms, true] as const))
    const { bytes, failure } = recut(concatBytes(file, new Uint8Array(100)))
    expect(clusterFramesOf(bytes).flat()).toEqual(clusterFramesOf(file).flat())
    expect(failure).toMatch(/^not an element/)
  })
})

describe('footage that cannot be cut', () => {
  test.each<[string, Uint8Array, RegExp]>([
    [
      'a GOP over 20 s',
      shredded(Array.from({ length: 60 }, (_, index) => [index * 500, index === 0] as const)),
      /^The footage has no key frame for 20\.5 s, but a fragment of Kinesis Video lasts 20 s at most: encode it with key frames closer together \(ffmpeg -g 50\), or send it as it is with --keep-clusters\.$/,
    ],
    [
      'sound that ends long before the pictures do',
      matroska([
        tracks(VIDEO, SOUND),
        cluster(0, [block(2, 0), ...Array.from({ length: 26 }, (_, index) => block(1, index * 1000, true))]),
      ]),
      /^Track 2 has too few frames: /,
    ],
    [
      'a GOP of more than 50 MB',
      matroska([
        tracks(VIDEO),
        ...Array.from({ length: 6 }, (_, index) =>
          cluster(index * 100, [simpleBlock({ track: 1, time: 0, isKey: index === 0, payload: frame(9_900_000) })]),
        ),
      ]),
      /^The footage has no place to cut within 50 MB/,
    ],
    [
      'a TimestampScale that is too fine for the GOP',
      matroska([info(1000), tracks(VIDEO), cluster(0, [block(1, 0, true)]), cluster(40_000, [block(1, 0)])]),
      /^The footage has no key frame for 0 s, and its TimestampScale is too fine/,
    ],
  ])('%s is refused with a one-sentence error, and the earlier footage is complete', (_, file, sentence) => {
    const { bytes, failure } = recut(file, 1_000_000)
    expect(failure).toMatch(sentence)
    const whole = clusterFramesOf(file).flat()
    const sent = clusterFramesOf(bytes).flat()
    expect(sent).toEqual(whole.slice(0, sent.length))
    expect(sent.length).toBeGreaterThan(0)
  })

  test('a block before the Timestamp of its Cluster is refused, and so is a block larger than any fragment', () => {
    const late = matroska([tracks(VIDEO), sizedElement(ELEMENT.Cluster, 'known', block(1, 0, true), timestamp(0))])
    expect(recut(late).failure).toContain('a block before the Timestamp')
    const huge = matroska([
      tracks(VIDEO),
      sizedElement(ELEMENT.Cluster, 'unknown-1', timestamp(0), sizedElement(ELEMENT.SimpleBlock, { claimed: 1e12 })),
    ])
    expect(recut(huge).failure).toContain('1000000000000 bytes')
  })
})

/** Footage of any shape: the frames of the tracks in file order, scattered over Clusters of any size and form. */
const anyFootage = fc
  .record({
    gopFrames: fc.integer({ min: 1, max: 30 }),
    frameMs: fc.constantFrom(33, 40, 100, 500),
    gops: fc.integer({ min: 1, max: 6 }),
    leadMs: fc.integer({ min: -200, max: 400 }),
    soundMs: fc.constantFrom(0, 21, 64, 900),
    reorder: fc.boolean(),
    startMs: fc.constantFrom(0, 777, 1_700_000_000_000),
    seed: fc.array(fc.integer({ min: 0, max: 999 }), { minLength: 40, maxLength: 40 }),
  })
  .filter(({ gopFrames, frameMs }) => gopFrames * frameMs < 15_000)

type AnyFootage = typeof anyFootage extends fc.Arbitrary<infer Value> ? Value : never

interface Planned {
  readonly track: number
  readonly ms: number
  readonly isKey: boolean
}

function plan({ gopFrames, frameMs, gops, leadMs, soundMs, reorder, startMs }: AnyFootage): Planned[] {
  const pictures = Array.from({ length: gopFrames * gops }, (_, index) => {
    const isKey = index % gopFrames === 0
    // Pairs of pictures are swapped, as B-frames are.
    const shown = !reorder || isKey ? index : (index % gopFrames) % 2 === 1 && (index + 1) % gopFrames !== 0 ? index + 1 : index - 1
    return { track: 1, ms: startMs + 500 + shown * frameMs, isKey, fileMs: index * frameMs }
  })
  const count = soundMs === 0 ? 0 : Math.ceil((pictures.length * frameMs) / soundMs) + 1
  const sounds = Array.from({ length: count }, (_, index) => ({
    track: 2,
    ms: startMs + 500 + index * soundMs - Math.min(leadMs, 500),
    isKey: true,
    fileMs: index * soundMs - leadMs,
  }))
  return [...pictures, ...sounds].sort((a, b) => a.fileMs - b.fileMs)
}

function build(footage: AnyFootage): Uint8Array {
  const planned = plan(footage)
  const children: Uint8Array[] = []
  const pick = (index: number) => footage.seed[index % footage.seed.length] ?? 0
  for (let at = 0, turn = 0; at < planned.length; turn += 1) {
    const part = planned.slice(at, at + 1 + (pick(turn) % 12))
    at += part.length
    const base = Math.max(0, Math.min(...part.map(({ ms }) => ms)) - (pick(turn + 7) % 50))
    const blocks = part.map((each, index) => toBlock(each, base, pick(turn + index)))
    const form: SizeForm = pick(turn) % 3 === 0 ? 'unknown-1' : 'known'
    children.push(cluster(base, pick(turn) % 5 === 0 ? [voidElement(pick(turn) % 20), ...blocks] : blocks, form))
    if (pick(turn) % 11 === 0) children.push(encodeElement(ELEMENT.Cues, bytesOf(0xec, 0x80)))
  }
  const entries = footage.soundMs === 0 ? [{ ...VIDEO, codecPrivate: AVCC }] : [VIDEO, SOUND]
  return matroska([tracks(...entries), ...children])
}

function toBlock({ track, ms, isKey }: Planned, base: number, pick: number): Uint8Array {
  if (pick % 4 === 1) {
    const reference = isKey ? [] : [encodeElement(ELEMENT.ReferenceBlock, bytesOf(0xd8))]
    return blockGroup({ track, time: ms - base, payload: frame(10 + pick) }, ...reference)
  }
  if (track === 2 && pick % 4 === 2) {
    // Three frames of 5 bytes with fixed lacing.
    return simpleBlock({ track, time: ms - base, isKey, flags: 0x04, payload: concatBytes(bytesOf(2), frame(5), frame(5), frame(5)) })
  }
  return simpleBlock({ track, time: ms - base, isKey, payload: frame(10 + pick) })
}

test('any footage keeps its frames, begins each Cluster with a key frame, and is cut wherever possible', () => {
  fc.assert(
    fc.property(anyFootage, fc.integer({ min: 5, max: 5000 }), (footage, chunkBytes) => {
      const file = build(footage)
      const whole = recutWhole(file, chunkBytes)
      const clusters = clusterFramesOf(whole)
      expect(clusters.flat()).toEqual(clusterFramesOf(file).flat())
      const times = clusterTimesOf(whole)
      for (const [index, frames] of clusters.entries()) {
        expect(frames.find(({ track }) => track === 1)?.isKey).toBe(true)
        if (index === 0) continue
        expect(frames[0]).toMatchObject({ track: 1, isKey: true, ms: times[index] })
        expect((times[index] ?? 0) - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(1000)
      }
      if (footage.soundMs !== 0) return
      // Without sound, the only rule is that no Cluster contains a key frame 1 s or more after the previous cut.
      for (const [index, frames] of clusters.entries()) {
        const late = frames.filter(({ ms, isKey }) => isKey && ms - (times[index] ?? 0) >= 1000)
        expect(late).toEqual([])
      }
    }),
    { numRuns: 60 },
  )
})

function clusterIds(bytes: Uint8Array): number {
  return Buffer.from(bytes).toString('hex').split('1f43b675').length - 1
}

/** Clusters and tags in file order. */
function orderOf(file: Uint8Array): string[] {
  return demux(file).events.flatMap((event) => {
    if (event.kind === 'cluster-end') return [`Cluster ${event.timestampMs}`]
    return event.kind === 'tags' ? event.tags.map(({ name, value }) => `${name} ${value}`) : []
  })
}

test('an EBML header without Matroska after it is an error', () => {
  expect(recut(ebmlHeader()).failure).toContain('ends before its elements do')
  expect(recut(concatBytes(ebmlHeader(), block(1, 0))).failure).toContain('wrong place')
})
