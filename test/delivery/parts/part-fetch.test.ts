import { describe, expect, test } from '@jest/globals'
import { createPartFetch, type PartFetchOptions } from '../../../src/delivery/parts/part-fetch.js'
import { Semaphore } from '../../../src/lib/semaphore.js'
import type { ParsedMovie } from '../../../src/media/mp4/read/read-movie.js'
import { readWhole } from '../../support/mp4-movies.js'
import { record, toPart } from '../../support/mp4-recording.js'
import { collect, inChunks } from '../../support/part-bodies.js'

const NEVER = new AbortController().signal
const { file: bytes } = toPart(record({ fragments: 20 }), null, 0)
const file = Buffer.from(bytes)

function createFetch({ chunkBytes, ...options }: { chunkBytes: number } & Partial<PartFetchOptions>) {
  return createPartFetch({
    getClip: async () => ({ sizeBytes: file.byteLength, bytes: inChunks(file, chunkBytes) }),
    fetches: new Semaphore(1),
    onHead: () => undefined,
    accepted: Promise.resolve(),
    ...options,
  })
}

function mediaEnd(): number {
  const parsed = readWhole(file, 0)
  if (!parsed.understood) throw new Error(parsed.reason)
  return parsed.mediaEnd
}

describe('The fetch of a part', () => {
  test('does not wait for a turn of the event loop for each small chunk of its head', async () => {
    const chunkBytes = 16
    const heads: ParsedMovie[] = []
    let turns = 0
    let isOver = false
    const count = () => {
      turns += 1
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    const body = await createFetch({ chunkBytes, onHead: (head) => heads.push(head) })(NEVER)
    const passed = await collect(body.bytes).finally(() => {
      isOver = true
    })
    expect(passed.equals(file)).toBe(true)
    expect(heads.map(({ understood }) => understood)).toEqual([true])
    expect(turns).toBeLessThan(20)
    expect(file.byteLength / chunkBytes).toBeGreaterThan(200)
  })

  test('returns the head before the footage is accepted, and the end of the media afterwards', async () => {
    const { promise: accepted, resolve: accept } = Promise.withResolvers<void>()
    const { promise: hasHead, resolve: onHead } = Promise.withResolvers<ParsedMovie>()
    const body = await createFetch({ chunkBytes: 100, onHead, accepted })(NEVER)
    const chunks: Uint8Array[] = []
    let passedBytes = 0
    const reading = (async () => {
      for await (const chunk of body.bytes) {
        chunks.push(chunk)
        passedBytes += chunk.byteLength
      }
    })()
    expect(await hasHead).toMatchObject({ understood: true })
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    expect(passedBytes).toBeLessThan(mediaEnd())
    expect(passedBytes).toBeGreaterThanOrEqual(mediaEnd() - 100)
    accept()
    await reading
    expect(Buffer.concat(chunks).equals(file)).toBe(true)
  })

  test('fails when the footage is not accepted', async () => {
    const accepted = Promise.reject(new Error('other footage'))
    accepted.catch(() => null)
    const body = await createFetch({ chunkBytes: 65_536, accepted })(NEVER)
    await expect(collect(body.bytes)).rejects.toThrow('other footage')
  })

  test('starts when another fetch ends, up to the limit of concurrent fetches', async () => {
    const fetches = new Semaphore(1)
    const leaving = new AbortController()
    let calls = 0
    const fetch = createFetch({
      chunkBytes: 65_536,
      fetches,
      getClip: async () => {
        calls += 1
        return { sizeBytes: file.byteLength, bytes: inChunks(file, 65_536) }
      },
    })
    const [first, second, third] = [fetch(NEVER), fetch(leaving.signal), fetch(NEVER)]
    const body = await first
    await new Promise((resolve) => setImmediate(resolve))
    expect(calls).toBe(1)
    await collect(body.bytes)
    await second
    expect(calls).toBe(2)
    // The second fetch has no reader.
    leaving.abort(new Error('left'))
    await collect((await third).bytes)
    expect(calls).toBe(3)
  })
})
