import { createHash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { buildClipMovie } from '../../../src/delivery/clip/clip-movie.js'
import { findSufficientStart } from '../../../src/delivery/clip/sufficient-start.js'
import { listEdgeFragments } from '../../../src/delivery/parts/edge-media.js'
import { type ClipOutline, toOutline } from '../../../src/delivery/plan/clip-outline.js'
import type { PartHandle } from '../../../src/delivery/ports.js'
import type { FragmentPictures } from '../../../src/delivery/verify/fragment-pictures.js'
import { planClip } from '../../../src/domain/clip-plan.js'
import type { ListedFragment } from '../../../src/domain/listed-fragment.js'
import type { Movie } from '../../../src/media/mp4/movie.js'
import { enoughTime } from '../../support/kvs-for-test.js'
import { picturesOf, type RecordedFragment, record, render, toPart } from '../../support/mp4-recording.js'
import { openSlicedClip } from '../../support/opened-clips.js'

const ARN = 'arn:aws:kinesisvideo:eu-west-1:123456789012:stream/front-door/1700000000000'
const GIB = 1024 ** 3
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** A plan over fixed fragments, packed into parts of 200. */
function outlineOf(recorded: readonly RecordedFragment[], { cut }: { readonly cut: 'FRAGMENT' | 'EXACT' }): ClipOutline {
  const listed = recorded.map(
    ({ startMs }, index): ListedFragment => ({
      fragmentNumber: String(91_343_852_333_181_432_392_682_062_600_000_000n + BigInt(index)),
      producerTimestampMs: startMs,
      serverTimestampMs: startMs + 250,
      lengthMs: 367,
      sizeBytes: 1000,
    }),
  )
  const [first, last] = [recorded[0]?.startMs ?? 0, recorded.at(-1)?.startMs ?? 0]
  const range = cut === 'EXACT' ? { startMs: first + 500, endMs: last + 100 } : { startMs: first, endMs: last + 1000 }
  const request = { fragmentSelectorType: 'PRODUCER_TIMESTAMP', range, cut, overflow: 'JOIN', fileName: null } as const
  const { plan } = planClip(request, listed, { nowMs: last + 60_000, maxClipBytes: GIB })
  if (plan === null) throw new Error('the clip can be planned')
  return toOutline(request, ARN, plan)
}

function partsOf(outline: ClipOutline, recorded: readonly RecordedFragment[]) {
  const made: ReturnType<typeof toPart>[] = []
  let first = recorded.findIndex(({ startMs }) => startMs === outline.parts[0]?.startsMs[0])
  for (const [source, { fragmentCount }] of outline.parts.entries()) {
    made.push(toPart(recorded.slice(first, first + fragmentCount), 'aac', source))
    first += fragmentCount
  }
  return made
}

/** The pictures of the fragments at the edges and borders of the clip. */
function readPictures(outline: ClipOutline, recorded: readonly RecordedFragment[]) {
  const first = recorded.findIndex(({ startMs }) => startMs === outline.parts[0]?.startsMs[0])
  return new Map(
    listEdgeFragments(outline).flatMap(({ place }) => {
      const fragment = recorded[first + place]
      return fragment ? [[place, picturesOf(fragment)] as const] : []
    }),
  )
}

describe('a rebuilt clip', () => {
  const recorded = record({ fragments: 405, hasBFrames: true, sound: 'aac', gaps: new Map([[203, 5000]]) })

  test.each([
    ['FRAGMENT', 'a251ec6cbe4b03a3c266202a48e89d60cecaf15f44f6f6ebf02fbc95dee6b272', '"eEpfvd3K3ywWOUlAEftJMhHO1XhucLyXNHNVz59SU8A"'],
    ['EXACT', '386c395d54ed47c5f55d906fd3760948f905a8b6435aa45dbd7d48fa7716abed', '"FWqohNk0MAKqJNtBd9fd81OcygeZUklZlN6pyRT3ZZk"'],
  ] as const)('has the same bytes under the same tag today and tomorrow (%s)', async (cut, bytes, etag) => {
    const outline = outlineOf(recorded, { cut })
    const parts = partsOf(outline, recorded)
    const { layout } = await buildClipMovie(outline, {
      movies: parts.map(({ part }) => part.movie),
      parts: outline.parts,
      pictures: readPictures(outline, recorded),
      signal: enoughTime(),
    })
    const file = render(
      layout.file,
      parts.map((part) => part.file),
    )
    // When a deliberate change makes this fail, raise MP4_FORMAT_VERSION: two different files must not have the same tag.
    expect([sha256(file), layout.etag]).toEqual([bytes, etag])
  })
})

test.each([false, true])(
  'a clip whose first picture decides its layout does not depend on what else is read (sound: %s)',
  async (hasSound) => {
    const recorded = record({ fragments: 20, sound: hasSound ? 'aac' : null })
    const outline = outlineOf(recorded, { cut: 'FRAGMENT' })
    const pictures = readPictures(outline, recorded)
    const build = async (decide: (movies: readonly Movie[]) => ReadonlyMap<number, FragmentPictures> | null) => {
      const movies = [toPart(recorded, hasSound ? 'aac' : null, 0).part.movie]
      const decided = decide(movies)
      if (decided === null) throw new Error('the first picture is enough')
      return buildClipMovie(outline, { movies, parts: outline.parts, pictures: decided, signal: enoughTime() })
    }
    const [whole, short] = [await build(() => pictures), await build((movies) => findSufficientStart(outline, movies, pictures.get(0)))]
    const { layout, ...facts } = short
    expect({ ...facts, etag: layout.etag }).toEqual({ ...whole, layout: undefined, etag: whole.layout.etag })
  },
)

describe('a clip of more than 4 GiB', () => {
  const recorded = record({ fragments: 401 })
  const outline = outlineOf(recorded, { cut: 'FRAGMENT' })

  /** The same tables over media whose chunks are forty thousand times as far apart. */
  function spread(movie: Movie, source: number): Movie {
    const [video] = movie.tracks
    if (video === undefined) throw new Error('there is video')
    const pieces = video.pieces.map((piece) => {
      const offsets = Float64Array.from(piece.chunks.offsets, (offset) => offset * 40_000)
      return { ...piece, sizes: 16, chunks: { ...piece.chunks, offsets } }
    })
    return { ...movie, tracks: [{ ...video, pieces }], spans: [{ source, offset: 64, length: 2.5 * GIB, skipped: 0 }] }
  }

  /** Byte n of part p, for files that do not exist. */
  const byteAt = (part: number, offset: number) => (offset * 7 + Math.floor(offset / 65_536) + part * 101) & 0xff

  const sparsePart = (part: number): PartHandle => ({
    origin: 'stored',
    state: { state: 'complete', sizeBytes: 3 * GIB },
    whole: async () => 3 * GIB,
    sha256: async () => '',
    async *read({ start, end }) {
      yield Uint8Array.from({ length: end - start }, (_, index) => byteAt(part, start + index))
    },
    onProgress: () => () => {},
    release: () => {},
  })

  test('has 64-bit offsets and lengths, and serves ranges across 4 GiB', async () => {
    const movies = partsOf(outline, recorded).map(({ part }, source) => spread(part.movie, source))
    const chunks = movies.map(({ tracks }) => tracks[0]?.pieces[0]?.chunks)
    const { layout } = await buildClipMovie(outline, {
      movies,
      parts: outline.parts,
      pictures: readPictures(outline, recorded),
      signal: enoughTime(),
    })
    expect(layout.file.sizeBytes).toBeGreaterThan(5 * GIB)
    const description = { fileName: 'a.mp4', lastModifiedMs: 0, urlExpiresAtMs: 0 }
    const content = await openSlicedClip(description, { parts: outline.parts.map((_, part) => sparsePart(part)), layout })
    const read = async (start: number, end: number) => {
      const pieces: Uint8Array[] = []
      for await (const piece of content.read({ start, end }, enoughTime())) pieces.push(piece)
      return Buffer.concat(pieces)
    }

    const headBytes = layout.file.sizeBytes - outline.parts.length * 2.5 * GIB
    const head = await read(0, headBytes)
    expect(head.readUInt32BE(headBytes - 16)).toBe(1)
    expect(head.toString('latin1', headBytes - 12, headBytes - 8)).toBe('mdat')
    expect(Number(head.readBigUInt64BE(headBytes - 8))).toBe(16 + outline.parts.length * 2.5 * GIB)
    expect(head.includes('stco')).toBe(false)

    const at = head.indexOf('co64') + 12
    const first = chunks[0]?.count ?? 0
    for (const [chunk, part, row] of [
      [0, 0, 0],
      [first, 1, 0],
      [first + (chunks[1]?.count ?? 0) - 1, 1, (chunks[1]?.count ?? 0) - 1],
    ] as const) {
      const place = Number(head.readBigUInt64BE(at + 8 * chunk))
      const offset = 64 + (chunks[part]?.offsets[row] ?? 0)
      expect([...(await read(place, place + 16))]).toEqual(Array.from({ length: 16 }, (_, index) => byteAt(part, offset + index)))
    }
    const mark = 4 * GIB
    const offset = mark - headBytes - 2.5 * GIB + 64
    expect([...(await read(mark - 40, mark + 40))]).toEqual(Array.from({ length: 80 }, (_, index) => byteAt(1, offset - 40 + index)))
  })
})
