import { createHash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Movie, MovieTrack } from '../../../../src/media/mp4/movie.js'
import { readMovie } from '../../../../src/media/mp4/read/read-movie.js'
import { type SlicedFile, sliceLength } from '../../../../src/media/mp4/slices.js'
import { narrow } from '../../../../src/media/mp4/tables/columns.js'
import { runOf } from '../../../../src/media/mp4/tables/runs.js'
import { layOutMovie, MP4_FORMAT_VERSION } from '../../../../src/media/mp4/write/lay-out-movie.js'
import { finishInTurns } from '../../../../src/media/steps.js'
import { anyMovie } from '../../../support/mp4-any-movie.js'
import { joinNow, layOutNow, readWhole, trimNow } from '../../../support/mp4-movies.js'
import { md5, readWithMp4box } from '../../../support/mp4-packets.js'
import { clipMovie, record, render, toPart, videoEntry } from '../../../support/mp4-recording.js'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

function headOf(file: SlicedFile): Uint8Array {
  return render({ ...file, slices: file.slices.filter(({ kind }) => kind === 'bytes') }, [])
}

function boxTypes(file: Uint8Array): string[] {
  const view = new DataView(file.buffer)
  const types: string[] = []
  for (let at = 0; at + 8 <= file.byteLength; at += Math.max(view.getUint32(at), 8))
    types.push(String.fromCharCode(...file.subarray(at + 4, at + 8)))
  return types
}

/** One video track of `count` frames of `size` bytes, each in its own chunk and span. */
function longMovie(count: number, size: number): Movie {
  const indexes = narrow(Array.from({ length: count }, (_, index) => index))
  const track: MovieTrack = {
    kind: 'video',
    timescale: 1000,
    sampleEntry: videoEntry,
    width: 320,
    height: 180,
    matrix: null,
    samples: { count, durations: runOf(count, 40), compositionOffsets: null },
    pieces: [
      {
        ...{ count, sizes: new Uint32Array(count).fill(size), keys: null },
        chunks: { count, spans: indexes, offsets: new Float64Array(count), sampleCounts: 1 },
      },
    ],
    edits: [],
  }
  return {
    startMs: null,
    tracks: [track],
    spans: Array.from(indexes, (source) => ({ source, offset: 0, length: size, skipped: 0 })),
    tags: [],
  }
}

describe('laying out a movie', () => {
  test('survives a round trip for any movie', () => {
    fc.assert(
      fc.property(anyMovie, (movie) => {
        const file = layOutNow(movie)
        const head = headOf(file)
        const parsed = readWhole(head, 0)
        const media = { source: 0, offset: head.byteLength, length: file.sizeBytes - head.byteLength, skipped: 0 }
        expect(parsed).toEqual({ understood: true, movie: { ...movie, spans: [media] }, mediaEnd: file.sizeBytes })
      }),
      { numRuns: 300 },
    )
  })

  test('puts ftyp and moov before mdat, and knows its length', () => {
    const { movie, media } = clipMovie(record({ fragments: 2, sound: 'aac' }), 'aac')
    const file = layOutNow(movie)
    const bytes = render(file, [media])
    expect(boxTypes(bytes)).toEqual(['ftyp', 'moov', 'mdat'])
    expect(bytes.byteLength).toBe(file.sizeBytes)
    expect(file.slices.reduce((total, slice) => total + sliceLength(slice), 0)).toBe(file.sizeBytes)
  })

  test('uses 64-bit offsets and a 64-bit mdat above 4 GiB, and not below', () => {
    const small = layOutNow(longMovie(4, 1_000_000_000))
    const large = layOutNow(longMovie(5, 1_000_000_000))
    expect(Buffer.from(headOf(small)).includes('co64')).toBe(false)
    expect(Buffer.from(headOf(large)).includes('co64')).toBe(true)
    const head = headOf(large)
    expect(new DataView(head.buffer).getUint32(head.byteLength - 16)).toBe(1)
    const parsed = readWhole(head, 3)
    expect(parsed.understood && parsed.movie.tracks[0]?.pieces[0]?.chunks.offsets.at(-1)).toBe(4_000_000_000)
    expect(parsed.understood && parsed.movie.spans).toEqual([{ source: 3, offset: head.byteLength, length: 5_000_000_000, skipped: 0 }])
  })

  test('switches to 64 bits exactly when 32 no longer suffice', () => {
    const headBytes = headOf(layOutNow(longMovie(1, 1000))).byteLength
    const largest = layOutNow(longMovie(1, 0xffffffff - headBytes))
    const next = layOutNow(longMovie(1, 0xffffffff - headBytes + 1))
    expect(largest.sizeBytes).toBe(0xffffffff)
    expect(Buffer.from(headOf(largest)).includes('co64')).toBe(false)
    expect(Buffer.from(headOf(next)).includes('co64')).toBe(true)
  })

  test('gives the same bytes at once and in turns of the event loop', async () => {
    const movie = longMovie(200_000, 10)
    const file = await finishInTurns(layOutMovie(movie), { sliceMs: 1 })
    expect(md5(headOf(file))).toBe(md5(headOf(layOutNow(movie))))
  })

  test('writes when the footage began, in seconds since 1904, and in 64 bits when 32 do not suffice', () => {
    const { movie, media } = clipMovie(record({ fragments: 1 }), null)
    const in2026 = render(layOutNow({ ...movie, startMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) }), [media])
    const in2050 = render(layOutNow({ ...movie, startMs: Date.UTC(2050, 0, 1) }), [media])
    expect(creationTimes(in2026)).toEqual([0, 0, 0].map(() => Date.UTC(2026, 0, 2, 3, 4, 5)))
    expect(creationTimes(in2050)).toEqual([0, 0, 0].map(() => Date.UTC(2050, 0, 1)))
    expect(readWithMp4box(in2050)[0]?.samples).toHaveLength(12)
  })

  test('writes tags where readers look for them', () => {
    const { movie, media } = clipMovie(record({ fragments: 1 }), null)
    const tags = [
      { name: 'title', value: 'Hof, Süd' },
      { name: 'producer', value: 'x' },
    ]
    const bytes = Buffer.from(render(layOutNow({ ...movie, tags }), [media]))
    expect(bytes.includes(Buffer.from('a96e616d', 'hex'))).toBe(true)
    expect(bytes.includes('Hof, Süd')).toBe(true)
    expect(bytes.includes('----')).toBe(true)
  })

  test('gives the bytes of the current format version', () => {
    const recording = record({ fragments: 3, hasBFrames: true, sound: 'aac', gaps: new Map([[2, 700]]) })
    const { movie, media } = clipMovie(recording, 'aac')
    const bytes = render(layOutNow({ ...movie, startMs: 1_700_000_000_000, tags: [{ name: 'title', value: 'golden' }] }), [media])
    const parts = [recording.slice(0, 2), recording.slice(2)].map((cut, source) => toPart(cut, 'aac', source))
    const joined = joinNow(
      parts.map(({ part }) => part),
      { startMs: 1_700_000_000_000, tags: [] },
    )
    const cut = joined.joined ? trimNow(joined.movie, { fromMs: 500, toMs: 1700 }) : joined
    if (!('trimmed' in cut && cut.trimmed)) throw new Error('frames were in the window')
    const sources = parts.map(({ file }) => file)
    const cutBytes = render(layOutNow(cut.movie), sources)
    // When a deliberate change makes this fail, raise MP4_FORMAT_VERSION: stored ETags must not identify two different files.
    expect({ version: MP4_FORMAT_VERSION, whole: sha256(bytes), joinedAndCut: sha256(cutBytes) }).toEqual({
      version: 2,
      whole: '8f8ddfe8d5544064c048afa8e0e2582bd9966be77bed9dea236168c939fb7b69',
      joinedAndCut: '7738fdef684ac7f3a099b4eb4062e5782f72c23310cf3f97c60174c3d18fdc31',
    })
  })
})

describe('reading a file while it arrives', () => {
  test('with moov first requests no more than the header of mdat', () => {
    const { movie, media } = clipMovie(record({ fragments: 2 }), null)
    const file = render(layOutNow(movie), [media])
    const reading = readMovie(0)
    let furthest = 0
    let step = reading.next(new Uint8Array(0))
    while (step.done !== true) {
      furthest = Math.max(furthest, step.value.end)
      step = reading.next(file.subarray(step.value.start, step.value.end))
    }
    expect(furthest).toBeLessThanOrEqual(file.byteLength - media.byteLength + 8)
    expect(step.value.understood).toBe(true)
  })
})

/** Of mvhd, tkhd and mdhd, in milliseconds since 1970. */
function creationTimes(file: Uint8Array): number[] {
  const bytes = Buffer.from(file)
  return ['mvhd', 'tkhd', 'mdhd'].map((type) => {
    const at = bytes.indexOf(type) + 4
    const seconds = bytes.readUInt8(at) === 1 ? Number(bytes.readBigUInt64BE(at + 4)) : bytes.readUInt32BE(at + 4)
    return (seconds - 2_082_844_800) * 1000
  })
}
