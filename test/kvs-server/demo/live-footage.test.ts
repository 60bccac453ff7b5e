import { describe, expect, test } from '@jest/globals'
import { liveFootage } from '../../../src/kvs-server/demo/live-footage.js'
import { LoopedFootage } from '../../../src/kvs-server/demo/looped-footage.js'
import { NOW, SetClock } from '../../support/archive-for-test.js'
import { demux, eventsOf } from '../../support/demux.js'

const footage = await LoopedFootage.load(new URL('../../../src/kvs-server/demo/footage/front-door.mkv', import.meta.url))
const never = new AbortController().signal

async function clustersOf(media: AsyncIterable<Uint8Array>, onPiece = () => {}): Promise<number[]> {
  const pieces: Uint8Array[] = []
  for await (const piece of media) {
    pieces.push(piece)
    onPiece()
  }
  return eventsOf(demux(new Uint8Array(Buffer.concat(pieces))), 'cluster-end').map(({ timestampMs }) => timestampMs)
}

describe('live footage', () => {
  test('is every Cluster from the first instant to the last, each complete', async () => {
    const clock = new SetClock(NOW + 6_000)
    const clusters = await clustersOf(liveFootage(footage, { clock, fromMs: NOW, untilMs: NOW + 6_000, signal: never }))
    const expected: number[] = []
    for (const { timestampMs, endMs } of footage.clustersFrom(NOW)) {
      if (endMs > NOW + 6_000) break
      expected.push(timestampMs)
    }
    expect(expected.length).toBeGreaterThan(1)
    expect(clusters).toEqual(expected)
  })

  test('ends after a complete Cluster when its clock has advanced past it', async () => {
    const clock = new SetClock(NOW + 4_000)
    let pieces = 0
    const media = liveFootage(footage, { clock, fromMs: NOW, untilMs: NOW + 3_600_000, signal: never })
    const clusters = await clustersOf(media, () => {
      pieces += 1
      if (pieces === 3) clock.at += 600_000
    })
    expect(clusters).toHaveLength(1)
  })
})
