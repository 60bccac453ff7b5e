import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { box, boxHeader, fourCC, fullBox } from '../../../../src/media/box.js'
import { concat, u16, u32, zeros } from '../../../../src/media/bytes.js'
import { MalformedMedia } from '../../../../src/media/malformed-media.js'
import type { Movie } from '../../../../src/media/mp4/movie.js'
import { readMovie } from '../../../../src/media/mp4/read/read-movie.js'
import { runOf } from '../../../../src/media/mp4/tables/runs.js'
import { chunkRows, joinNow, layOutNow, onlyPiece, readWhole } from '../../../support/mp4-movies.js'
import { clipFile, clipMovie, record } from '../../../support/mp4-recording.js'

const file = clipFile(record({ fragments: 2, hasBFrames: true, sound: 'aac' }), 'aac')
const latin = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

/** The file with the first `type` renamed, or with the bytes from there on changed by `change`. */
function changed(type: string, change: (bytes: Uint8Array, at: number) => void): Uint8Array {
  const copy = file.slice()
  const at = latin(copy).indexOf(type)
  if (at < 0) throw new Error(`no ${type} in the file`)
  change(copy, at)
  return copy
}

const rename = (type: string, other: string) => changed(type, (bytes, at) => bytes.set(fourCC(other), at))
const setU32 = (type: string, distance: number, value: number) => changed(type, (bytes, at) => bytes.set(u32(value), at + distance))

/** moov after mdat, with matching chunk offsets. */
function moovLast(): Uint8Array {
  const { movie, media } = clipMovie(record({ fragments: 2, hasBFrames: true, sound: 'aac' }), 'aac')
  const head = layOutNow(movie).slices.flatMap((slice) => (slice.kind === 'bytes' ? [slice.bytes] : []))
  const bytes = concat(head)
  const moovAt = latin(bytes).indexOf('moov') - 4
  const moov = bytes.slice(moovAt, -8)
  const view = new DataView(moov.buffer)
  for (let at = latin(moov).indexOf('stco'); at >= 0; at = latin(moov).indexOf('stco', at + 4)) {
    for (let row = 0; row < view.getUint32(at + 8); row += 1)
      view.setUint32(at + 12 + 4 * row, view.getUint32(at + 12 + 4 * row) - moov.byteLength)
  }
  return concat([bytes.subarray(0, moovAt), box('mdat', media), moov])
}

/** The media split in two before one of its chunks. The offsets from there on grow by the second header. */
function twoMdats(whole: Uint8Array): Uint8Array {
  const view = new DataView(whole.slice().buffer)
  const mdatAt = latin(whole).lastIndexOf('mdat') - 4
  const tables = [...latin(whole).matchAll(/stco/g)].map(({ index }) => index)
  const rowsOf = (at: number) => Array.from({ length: view.getUint32(at + 8) }, (_, row) => at + 12 + 4 * row)
  const offsets = tables.flatMap(rowsOf).map((at) => view.getUint32(at))
  const cut = offsets.toSorted((a, b) => a - b)[Math.floor(offsets.length / 2)] ?? 0
  for (const at of tables.flatMap(rowsOf)) if (view.getUint32(at) >= cut) view.setUint32(at, view.getUint32(at) + 8)
  view.setUint32(mdatAt, cut - mdatAt)
  const moved = new Uint8Array(view.buffer)
  return concat([moved.subarray(0, cut), u32(whole.byteLength - cut + 8), fourCC('mdat'), moved.subarray(cut)])
}

describe('a file that is not fully understood is a value with a reason', () => {
  test.each([
    ['a fragmented file', rename('mdat', 'moof'), 'moof'],
    ['encrypted pictures', rename('avc1', 'encv').slice(), "'encv'"],
    ['an unknown box among the tables', rename('stss', 'saiz'), "'saiz'"],
    ['another handler', rename('soun', 'text'), "'text'"],
    ['another kind of sound', rename('mp4a', 'Opus'), "'Opus'"],
    ['a sample entry with a box of its own', rename('avcC', 'sinf'), "'sinf'"],
    ['two sample entries', setU32('stsd', 8, 2), 'sample entry'],
    ['media in another file', setU32('url ', 4, 0), 'another file'],
    ['an edit that changes the speed', setU32('elst', 12 + 8, 0x20000), 'speed'],
    ['a movie that is rotated as a whole', setU32('mvhd', 4 + 36, 0), 'rotated'],
    ['a later version of a table', setU32('stsz', 4, 0x02000000), 'version 2'],
    ['a moov without end', setU32('moov', -4, 0), 'no size'],
    ['a huge moov', setU32('moov', -4, 0x7fffffff), 'moov has'],
  ])('%s', (_, bytes, reason) => {
    // The brand list also contains avc1, so the sample entry is the second occurrence.
    const subject = _ === 'encrypted pictures' ? lastRenamed('avc1', 'encv') : bytes
    const parsed = readWhole(subject, 0)
    expect(parsed).toMatchObject({ understood: false })
    expect(parsed.understood ? '' : parsed.reason).toContain(reason)
  })
})

function lastRenamed(type: string, other: string): Uint8Array {
  const copy = file.slice()
  copy.set(fourCC(other), latin(copy).lastIndexOf(type))
  return copy
}

describe('a contradictory file is malformed', () => {
  test.each([
    ['a file that is no MP4', Uint8Array.from({ length: 64 }, () => 65)],
    ['an empty file', new Uint8Array(0)],
    ['a file cut off in moov', file.slice(0, 200)],
    ['more sizes than bytes', setU32('stsz', 12, 0x3fffffff)],
    ['more time rows than samples', setU32('stts', 12, 100_000)],
    ['fewer time rows than samples', setU32('stts', 12, 0)],
    ['a chunk outside the media', setU32('stco', 12, 0x7ffffff0)],
    ['a chunk in the head', setU32('stco', 12, 8)],
    ['chunks of no samples', setU32('stsc', 16, 0)],
    ['a sync sample that is not there', setU32('stss', 12, 9999)],
    ['a timescale of 0', setU32('mdhd', 4 + 12, 0)],
    ['a missing table', rename('stsc', 'free')],
    ['samples of a gigabyte each', setU32('stsz', 8, 0x40000000)],
  ])('%s', (_, bytes) => {
    expect(() => readWhole(bytes, 0)).toThrow(MalformedMedia)
  })
})

describe('hostile heads', () => {
  const readAll = (bytes: Uint8Array) => {
    try {
      const parsed = readWhole(bytes, 0)
      // Every movie that is understood can be joined and laid out, whatever its content.
      if (parsed.understood) {
        const joined = joinNow([{ movie: parsed.movie, clock: null }], { startMs: null, tags: [] })
        if (joined.joined) layOutNow(joined.movie)
      }
      return 'read'
    } catch (error) {
      if (error instanceof MalformedMedia) return 'malformed'
      throw error
    }
  }

  test('every prefix is either malformed or read', () => {
    for (let length = 0; length < file.byteLength; length += 1) readAll(file.subarray(0, length))
  })

  test('any flipped bytes are malformed, not understood or read', () => {
    const flips = fc.array(fc.tuple(fc.integer({ min: 0, max: 1800 }), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(flips, (changes) => {
        const copy = file.slice()
        for (const [at, mask] of changes) copy[at] = (copy[at] ?? 0) ^ mask
        readAll(copy)
      }),
      { numRuns: 3000 },
    )
  })

  test('a short head cannot allocate much memory', () => {
    const before = process.memoryUsage().arrayBuffers
    // 300 million samples of one byte with two durations and a sync table: rows that are not in the file.
    const subject = setU32('stsz', 8, 1)
    new DataView(subject.buffer).setUint32(latin(subject).indexOf('stsz') + 12, 300_000_000)
    expect(() => readWhole(subject, 0)).toThrow(MalformedMedia)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32_000_000)
  })

  test('billions of pictures with one size and one duration, which take only a few bytes, are not understood', () => {
    const count = 4_000_000_000
    const said = tinyFile({
      sizes: fullBox('stsz', 0, 0, u32(1, count)),
      stts: fullBox('stts', 0, 0, u32(1, count, 1)),
      stsc: fullBox('stsc', 0, 0, u32(1, 1, count, 1)),
      mdat: boxHeader('mdat', count),
    })
    expect(readWhole(said, 0)).toMatchObject({ understood: false, reason: expect.stringContaining('4000000000') })
  })

  test('sound with more one-byte samples than a GetClip response has bytes is not understood', () => {
    const { movie } = clipMovie(record({ fragments: 2, sound: 'alaw' }), 'alaw')
    const count = 300_000_000
    const tracks = movie.tracks.map((track) => {
      if (track.kind === 'video') return track
      const chunks = { count: 1, spans: 0, offsets: Uint32Array.of(0), sampleCounts: count }
      return {
        ...track,
        samples: { ...track.samples, count, durations: runOf(count, 1) },
        pieces: [{ count, sizes: 1, keys: null, chunks }],
      }
    })
    const said = layOutNow({ ...movie, tracks, spans: movie.spans.map((span) => ({ ...span, length: 2 * count })) })
    const head = concat(said.slices.flatMap((slice) => (slice.kind === 'bytes' ? [slice.bytes] : [])))
    expect(readWhole(head, 0)).toMatchObject({ understood: false, reason: expect.stringContaining('300000000') })
  })
})

describe('other forms of the same movie', () => {
  const expected = readWhole(file, 0)

  test('with moov first, no byte after the header of mdat is requested', () => {
    const reading = readMovie(0)
    const asked: number[] = []
    let step = reading.next(new Uint8Array(0))
    while (step.done !== true) {
      asked.push(step.value.end)
      step = reading.next(file.subarray(step.value.start, step.value.end))
    }
    expect(Math.max(...asked)).toBe(latin(file).lastIndexOf('mdat') + 4)
  })

  test('moov after the media gives the same tables', () => {
    const parsed = readWhole(moovLast(), 0)
    expect(parsed.understood && parsed.movie.tracks).toEqual(expected.understood && expected.movie.tracks)
  })

  test('media in several boxes is the same media in several spans', () => {
    const copy = twoMdats(file)
    const parsed = readWhole(copy, 0)
    if (!parsed.understood || !expected.understood) throw new Error('both are understood')
    expect(parsed.movie.spans).toHaveLength(2)
    expect(parsed.mediaEnd).toBe(copy.byteLength)
    const samplesOf = (movie: Movie, bytes: Uint8Array) =>
      movie.tracks.map((track) =>
        chunkRows(onlyPiece(track)).map(({ span, offset }) => {
          const at = (movie.spans[span]?.offset ?? 0) + offset
          return latin(bytes.subarray(at, at + 8))
        }),
      )
    expect(samplesOf(parsed.movie, copy)).toEqual(samplesOf(expected.movie, file))
    expect(() => readWhole(copy.subarray(0, -1000), 0)).toThrow(MalformedMedia)
  })

  test('names, times and bit rates of the muxer are dropped', () => {
    const entry = latin(file).lastIndexOf('avc1')
    const copy = file.slice()
    copy.set(Buffer.from('\x0cUSP Packager'), entry + 4 + 42)
    copy.set(Buffer.from('USP Video'), latin(copy).indexOf('VideoHandler'))
    copy.set(u32(0xdddddddd), latin(copy).indexOf('mvhd') + 8)
    expect(readWhole(copy, 0)).toEqual(expected)
  })

  test('negative composition offsets become an edit', () => {
    const ctts = fullBox('ctts', 1, 0, u32(2), u32(1, 0), u32(1, 0xffffffd8))
    const parsed = readWhole(tinyFile({ ctts }), 0)
    expect(parsed.understood && parsed.movie.tracks[0]).toMatchObject({
      samples: { compositionOffsets: { counts: Uint8Array.of(1, 1), values: Uint8Array.of(40, 0) } },
      edits: [{ durationMs: 80, mediaTime: 40 }],
    })
  })

  test('sizes of 4, 8 and 16 bits', () => {
    for (const [bits, rows] of [
      [4, Uint8Array.of(0x35)],
      [8, Uint8Array.of(3, 5)],
      [16, u16(3, 5)],
    ] as const) {
      const sizes = fullBox('stz2', 0, 0, u32(bits, 2), rows)
      const parsed = readWhole(tinyFile({ sizes }), 0)
      expect(parsed.understood && parsed.movie.tracks[0]?.pieces[0]?.sizes).toEqual(Uint8Array.of(3, 5))
    }
  })

  test('a ctts of version 0 with apparently negative offsets is not understood', () => {
    const ctts = fullBox('ctts', 0, 0, u32(2), u32(1, 0), u32(1, 0xffffffd8))
    expect(readWhole(tinyFile({ ctts }), 0)).toMatchObject({ understood: false })
  })
})

/** Two frames of 3 and 5 bytes, with the given tables. */
function tinyFile({
  ctts,
  sizes = fullBox('stsz', 0, 0, u32(0, 2, 3, 5)),
  stts = fullBox('stts', 0, 0, u32(1, 2, 40)),
  stsc = fullBox('stsc', 0, 0, u32(1, 1, 2, 1)),
  mdat = box('mdat', zeros(8)),
}: Partial<Record<'ctts' | 'sizes' | 'stts' | 'stsc' | 'mdat', Uint8Array>>): Uint8Array {
  const whole = latin(file)
  const piece = (type: string) => {
    const at = whole.indexOf(type) - 4
    return file.slice(at, at + new DataView(file.buffer).getUint32(at))
  }
  const tables = (offset: number) => [
    piece('stsd'),
    stts,
    ...(ctts === undefined ? [] : [ctts]),
    sizes,
    stsc,
    fullBox('stco', 0, 0, u32(1, offset)),
  ]
  const moov = (offset: number) => {
    const minf = box('minf', piece('vmhd'), piece('dinf'), box('stbl', ...tables(offset)))
    return box('moov', piece('mvhd'), box('trak', piece('tkhd'), box('mdia', piece('mdhd'), piece('hdlr'), minf)))
  }
  const fileType = piece('ftyp')
  return concat([fileType, moov(fileType.byteLength + moov(0).byteLength + 8), mdat])
}
