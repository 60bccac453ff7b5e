import { expect, test } from '@jest/globals'
import { measureLead } from '../../../src/kvs-server/hls/lead-span.js'

const table = (rows: readonly (readonly [track: number, time: number])[]) => ({
  count: rows.length,
  offsets: new Uint32Array(rows.length),
  sizes: new Uint32Array(rows.length),
  times: Int32Array.from(rows.map(([, time]) => time)),
  tracks: Uint8Array.from(rows.map(([track]) => track)),
  keys: new Uint8Array(rows.length),
})

test.each([
  [
    'frames in order',
    [
      [1, 0],
      [1, 40],
      [1, 80],
    ],
    { startMs: 0, durationMs: 120, frames: 3 },
  ],
  [
    'frames that are shown out of order',
    [
      [1, 20],
      [1, 140],
      [1, 60],
      [1, 100],
    ],
    { startMs: 20, durationMs: 160, frames: 4 },
  ],
  [
    'sound before and behind the picture',
    [
      [2, -20],
      [1, 0],
      [1, 40],
      [2, 100],
    ],
    { startMs: 0, durationMs: 80, frames: 2 },
  ],
  [
    'a frame before the timestamp',
    [
      [1, -40],
      [1, 0],
    ],
    { startMs: -40, durationMs: 80, frames: 2 },
  ],
  ['a single frame', [[1, 7]], { startMs: 7, durationMs: 0, frames: 1 }],
  [
    'frames of one time',
    [
      [1, 7],
      [1, 7],
    ],
    { startMs: 7, durationMs: 1, frames: 2 },
  ],
  ['no frame of the track', [[2, 0]], null],
] as const)('measures %s', (_, rows, expected) => {
  expect(measureLead(table(rows), 1)).toEqual(expected)
})
