import { readFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { WrongArgument } from '../../src/cli/failure.js'
import { openUploadMedia } from '../../src/cli/upload-media.js'
import { demux, eventsOf } from '../support/demux.js'
import { readFixture } from '../support/fixtures.js'
import { cluster, concatBytes, matroska, simpleBlock, tracks } from '../support/mkv-builder.js'

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return concatBytes(...all)
}

function footage(...clusterTimesMs: number[]): Uint8Array {
  const frame = simpleBlock({ track: 1, time: 0, isKey: true, payload: new Uint8Array(100) })
  return matroska([tracks({ number: 1 }), ...clusterTimesMs.map((time) => cluster(time, [frame]))])
}

const never = new AbortController().signal
const AS_IT_IS = { keepsClusters: true, stop: never }

describe('media to upload', () => {
  test.each([1, 7, 4096, 1_000_000])('goes through byte for byte, in pieces of %d', async (size) => {
    const bytes = await readFile('test/fixtures/h264-only.mkv')
    const media = await openUploadMedia(inPieces(bytes, size), { ...AS_IT_IS, isLive: false })
    expect(media.timecodeType).toBe('RELATIVE')
    expect(Buffer.compare(await collect(media.chunks), bytes)).toBe(0)
  })

  test('counts from 1970 when its first Cluster does', async () => {
    const media = await openUploadMedia(inPieces(footage(1_700_000_000_000), 64), { ...AS_IT_IS, isLive: false })
    expect(media.timecodeType).toBe('ABSOLUTE')
  })

  test('goes through at its own speed when it is live', async () => {
    const bytes = footage(0, 100, 200)
    const media = await openUploadMedia(inPieces(bytes, 32), { ...AS_IT_IS, isLive: true })
    const startedMs = performance.now()
    expect(Buffer.compare(await collect(media.chunks), bytes)).toBe(0)
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(199)
  })

  test('ends when it is stopped, in the middle of a wait too', async () => {
    const stop = new AbortController()
    const media = await openUploadMedia(inPieces(footage(0, 3_600_000), 32), { isLive: true, keepsClusters: true, stop: stop.signal })
    setTimeout(() => stop.abort(), 50)
    expect((await collect(media.chunks)).byteLength).toBeGreaterThan(0)
  })

  test.each([
    ['nothing', new Uint8Array(0), 'ends before its first Cluster'],
    ['text', Buffer.from('root:x:0:0:root:/root:/bin/sh\n'.repeat(5000)), 'at byte 0'],
    ['a header without a Cluster', matroska([tracks({ number: 1 })]), 'ends before its first Cluster'],
    ['half a header', footage(0).subarray(0, 60), 'ends before its first Cluster'],
    ['a header and then garbage', concatBytes(matroska([tracks({ number: 1 })]), new Uint8Array(100)), 'byte'],
  ])('is refused before anything is sent when it is %s', async (_, bytes, reason) => {
    for (const size of [1, 1000]) {
      const opened = openUploadMedia(inPieces(bytes, size), { ...AS_IT_IS, isLive: false })
      await expect(opened).rejects.toThrow(WrongArgument)
      await expect(opened).rejects.toThrow(reason)
    }
  })

  test('is divided again at key frames, and reports where it ends early', async () => {
    const bytes = readFixture('hard/clusters-without-key.mkv').subarray(0, 30_000)
    const media = await openUploadMedia(inPieces(bytes, 1000), { isLive: false, keepsClusters: false, stop: never })
    const sent = demux(await collect(media.chunks))
    expect(sent.failure).toBeNull()
    const starts = eventsOf(sent, 'cluster-end').map(({ timestampMs, samples }) => [timestampMs, samples.keys[0]])
    expect(starts.slice(0, 2)).toEqual([
      [0, 1],
      [2000, 1],
    ])
    expect(media.failure()?.message).toContain('up to the first error: the footage ends')
  })

  test('may break off anywhere when it is stopped, and yet ends with a whole frame', async () => {
    const stop = new AbortController()
    async function* stopping(): AsyncGenerator<Uint8Array> {
      const bytes = readFixture('h264-only.mkv')
      yield bytes.subarray(0, 20_000)
      stop.abort()
      yield bytes.subarray(20_000)
    }
    const media = await openUploadMedia(stopping(), { isLive: false, keepsClusters: false, stop: stop.signal })
    expect(demux(await collect(media.chunks)).failure).toBeNull()
    expect(media.failure()).toBeNull()
  })

  test('goes through as it is when it breaks behind its first Cluster: refusing that is the server’s affair', async () => {
    const bytes = concatBytes(footage(0), new Uint8Array(1000))
    for (const isLive of [false, true]) {
      const media = await openUploadMedia(inPieces(bytes, 100), { ...AS_IT_IS, isLive })
      expect((await collect(media.chunks)).byteLength).toBe(bytes.byteLength)
    }
  })
})

describe('several Matroska files in one input', () => {
  const file = (...timesMs: number[]) =>
    matroska([
      tracks({ number: 1 }),
      ...timesMs.map((time) =>
        cluster(
          time,
          [0, 500].map((offset) => simpleBlock({ track: 1, time: offset, isKey: offset === 0, payload: new Uint8Array(100) })),
        ),
      ),
    ])
  const DAY = Date.UTC(2026, 0, 31)

  async function send(bytes: Uint8Array, { keepsClusters = false, pieceBytes = 50 } = {}) {
    const media = await openUploadMedia(inPieces(bytes, pieceBytes), { isLive: false, keepsClusters, stop: never })
    const sent = await collect(media.chunks)
    const starts = eventsOf(demux(sent), 'cluster-end').map(({ timestampMs }) => timestampMs)
    return { sent, starts, failure: media.failure()?.message ?? null, shifted: media.shiftedFiles() }
  }

  test.each([1, 50, 100_000])('follow each other when each starts at 0, in pieces of %d', async (pieceBytes) => {
    const { starts, failure, shifted } = await send(concatBytes(file(0, 1000, 2000), file(0, 1000), file(0)), { pieceBytes })
    expect(starts).toEqual([0, 1000, 2000, 3000, 4000, 5000])
    expect({ failure, shifted }).toEqual({ failure: null, shifted: 2 })
  })

  test('keep their times when these ascend, and the gap between them', async () => {
    const { starts, shifted } = await send(concatBytes(file(0, 1000), file(1500), file(60_000)))
    expect(starts).toEqual([0, 1000, 1500, 60_000])
    expect(shifted).toBe(0)
  })

  test('are refused from the first one whose times of day go back', async () => {
    const { starts, failure } = await send(concatBytes(file(DAY, DAY + 1000), file(DAY + 1000), file(DAY + 2000)))
    expect(starts).toEqual([DAY, DAY + 1000])
    expect(failure).toContain(
      'file 2 of the input starts at 2026-01-31T00:00:01.000Z, before the end of the file before it (2026-01-31T00:00:02.000Z)',
    )
    expect(failure).toContain('upload each file with a put-media command of its own')
  })

  test.each([
    ['times of day, then times from 0', file(DAY), file(0)],
    ['times from 0, then times of day', file(0), file(DAY)],
  ])('are refused from the first one with another origin: %s', async (_, first, second) => {
    const { starts, failure } = await send(concatBytes(first, second))
    expect(starts).toHaveLength(1)
    expect(failure).toContain('counts its times from another origin')
  })

  test.each([1, 50, 100_000])(
    'with their Clusters kept, end before the file whose times start over, in pieces of %d',
    async (pieceBytes) => {
      const [first, second] = [file(0, 1000), file(2000)]
      const kept = await send(concatBytes(first, second, file(0), file(9000)), { keepsClusters: true, pieceBytes })
      expect(Buffer.compare(kept.sent, concatBytes(first, second))).toBe(0)
      expect(kept.failure).toContain('Matroska file 3 of the input start over')
    },
  )

  test('are sent in real time one after the other', async () => {
    const media = await openUploadMedia(inPieces(concatBytes(footage(0, 100), footage(0, 100)), 32), {
      ...{ isLive: true, keepsClusters: false, stop: never },
    })
    const startedMs = performance.now()
    await collect(media.chunks)
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(199)
  })
})
