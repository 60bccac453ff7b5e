import { describe, expect, test } from '@jest/globals'
import { createPartFetch, type PartFetchOptions } from '../../../src/delivery/parts/part-fetch.js'
import { PartWaits } from '../../../src/delivery/parts/part-waits.js'
import type { ParsedMovie } from '../../../src/media/mp4/read/read-movie.js'
import { readWhole } from '../../support/mp4-movies.js'
import { record, toPart } from '../../support/mp4-recording.js'
import { collect } from '../../support/part-bodies.js'

const FRAGMENTS = 20
const NEVER = new AbortController().signal
const recorded = record({ fragments: FRAGMENTS })
const { file } = toPart(recorded, null, 0)

async function* inChunksOf(chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.byteLength; at += chunkBytes) yield file.slice(at, at + chunkBytes)
}

function createFetch({ chunkBytes, ...options }: { chunkBytes: number } & Pick<PartFetchOptions, 'onHead' | 'mediaTurn'>) {
  const startsMs = Float64Array.from(recorded, ({ startMs }) => startMs)
  return createPartFetch({
    clips: { getClip: async () => ({ contentType: 'video/mp4', sizeBytes: file.byteLength, bytes: inChunksOf(chunkBytes) }) },
    spec: { streamArn: 'arn', fragmentSelectorType: 'PRODUCER_TIMESTAMP' },
    part: {
      key: 'part',
      range: { startMs: 0, endMs: 1 },
      fragmentCount: FRAGMENTS,
      firstPlace: 0,
      firstFragmentNumber: '1',
      lastFragmentNumber: String(FRAGMENTS),
      startsMs,
      producerStartsMs: startsMs,
      lengthsMs: Float64Array.from(recorded, () => 367),
      sizesBytes: Float64Array.from(recorded, () => file.byteLength),
      estimatedBytes: file.byteLength,
    },
    source: 0,
    pictures: async () => null,
    waits: new PartWaits(),
    ...options,
  })
}

/** Where the media begins: the tables stand before it. */
function mediaStart(): number {
  const parsed = readWhole(file, 0)
  if (!parsed.understood) throw new Error(parsed.reason)
  return parsed.movie.spans[0]?.offset ?? 0
}

describe('A part that is fetched', () => {
  test('takes no turn of the event loop for each of the many small chunks that its head may come in', async () => {
    const chunkBytes = 16
    const heads: ParsedMovie[] = []
    let turns = 0
    let isOver = false
    const count = () => {
      turns += 1
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    const { bytes } = await createFetch({ chunkBytes, onHead: (head) => heads.push(head), mediaTurn: async () => {} })(NEVER)
    const passed = await collect(bytes).finally(() => {
      isOver = true
    })
    expect(passed.equals(file)).toBe(true)
    expect(heads.map(({ understood }) => understood)).toEqual([true])
    expect(turns).toBeLessThan(20)
    expect(file.byteLength / chunkBytes).toBeGreaterThan(200)
  })

  test('tells what its head says, and gives its media when the turn of that has come', async () => {
    const { promise: turn, resolve: begin } = Promise.withResolvers<void>()
    const chunkBytes = Math.ceil(mediaStart() / 4)
    let hasHead = false
    const told = Promise.withResolvers<number>()
    let passedBytes = 0
    const mediaTurn = () => {
      told.resolve(passedBytes)
      return turn
    }
    const { bytes } = await createFetch({ chunkBytes, onHead: () => (hasHead = true), mediaTurn })(NEVER)
    const chunks: Uint8Array[] = []
    const reading = (async () => {
      for await (const chunk of bytes) {
        chunks.push(chunk)
        passedBytes += chunk.byteLength
      }
    })()
    // The chunk that ends the head may bring some media along.
    expect(await told.promise).toBeGreaterThanOrEqual(mediaStart())
    expect({ hasHead, isAll: passedBytes === file.byteLength }).toEqual({ hasHead: true, isAll: false })
    begin()
    await reading
    expect(Buffer.concat(chunks).equals(file)).toBe(true)
  })
})
