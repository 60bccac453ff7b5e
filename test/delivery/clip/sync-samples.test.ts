import { expect, test } from '@jest/globals'
import { findSyncSamples } from '../../../src/delivery/clip/sync-samples.js'
import type { MovieTrack } from '../../../src/media/mp4/movie.js'
import { runOf } from '../../../src/media/mp4/tables/runs.js'
import { finishNow } from '../../../src/media/steps.js'

const TRACK: MovieTrack = {
  ...{ kind: 'video', timescale: 1000, sampleEntry: new Uint8Array(0), width: 64, height: 48, matrix: null, edits: [] },
  samples: { count: 40, durations: runOf(40, 40), compositionOffsets: null },
  pieces: [],
}

/** Two parts of 20 pictures, with five pictures in each fragment. */
function trackOf(...keys: readonly (readonly number[] | null)[]): MovieTrack {
  const chunks = { count: 1, spans: 0, offsets: Uint8Array.of(0), sampleCounts: 20 }
  return { ...TRACK, pieces: keys.map((column) => ({ count: 20, sizes: 1, keys: column && Uint8Array.from(column), chunks })) }
}

function read(place: number, openKeys: readonly number[], keys: readonly number[] = [0]) {
  return {
    place,
    firstSample: 5 * place,
    pictures: { frames: 5, blockBytes: 35, timesMs: [0, 40, 80, 120, 160], sizes: [1, 1, 1, 1, 1], keys, openKeys },
  }
}

function choose(video: MovieTrack, located: readonly ReturnType<typeof read>[]) {
  const { closed, open } = finishNow(findSyncSamples(video, located, [20, 20]))
  const keysOf = (track: MovieTrack | null) => track?.pieces.map(({ keys }) => keys && [...keys])
  return { closed: keysOf(closed), open: keysOf(open) }
}

test('footage without a detected open GOP is unchanged', () => {
  const video = trackOf([0, 5, 10, 15], [0, 10])
  expect(finishNow(findSyncSamples(video, [read(0, []), read(3, [])], [20, 20]))).toEqual({ closed: video, open: null })
})

test('in footage with marked I-frames of open GOPs, only pictures that were read are known to be IDR pictures', () => {
  const located = [read(0, []), read(3, [0]), read(4, [0]), read(7, [])]
  expect(choose(trackOf([0, 5, 10, 15], [0, 5, 10, 15]), located)).toEqual({
    closed: [[0], [15]],
    open: [
      [0, 5, 10, 15],
      [0, 5, 10, 15],
    ],
  })
})

test('the marks are correct where none of the pictures that were read is marked', () => {
  const located = [read(0, []), read(3, [0]), read(4, [0]), read(7, [0])]
  expect(choose(trackOf([0, 10], [5]), located)).toEqual({
    closed: [[0, 10], [5]],
    open: [
      [0, 10, 15],
      [0, 5, 15],
    ],
  })
})

test('each part is judged independently', () => {
  const located = [read(0, []), read(3, [0]), read(4, []), read(7, [])]
  expect(choose(trackOf([0, 5, 15], [0, 5, 15]), located).closed).toEqual([[0], [0, 5, 15]])
})

test('every sample can be marked', () => {
  const located = [read(0, [0], [0]), read(7, [])]
  expect(choose(trackOf(null, null), located).closed).toEqual([[], Array.from({ length: 20 }, (_, index) => index)])
})
