import { expect, test } from '@jest/globals'
import { createPartFetch } from '../../../src/delivery/assembly/part-fetch.js'
import { PartWaits } from '../../../src/delivery/assembly/part-waits.js'
import type { ParsedMovie } from '../../../src/media/mp4/reader.js'
import { record, toPart } from '../../support/mp4-recording.js'
import { collect } from '../../support/part-bodies.js'

const CHUNK_BYTES = 16

test('A head that comes in many small chunks takes no turn of the event loop for each of them', async () => {
  const fragments = record({ fragments: 20 })
  const { file, part } = toPart(fragments, null, 0)
  const listed = part.fragments
  async function* inSmallChunks() {
    for (let at = 0; at < file.byteLength; at += CHUNK_BYTES) yield file.slice(at, at + CHUNK_BYTES)
  }
  const heads: ParsedMovie[] = []
  const fetch = createPartFetch({
    clips: { getClip: async () => ({ contentType: 'video/mp4', sizeBytes: file.byteLength, bytes: inSmallChunks() }) },
    spec: { streamArn: 'arn', fragmentSelectorType: 'PRODUCER_TIMESTAMP' },
    part: {
      key: 'part',
      range: { startMs: 0, endMs: 1 },
      fragmentCount: fragments.length,
      startsMs: Float64Array.from(listed, ({ startMs }) => startMs),
      producerStartsMs: Float64Array.from(listed, ({ startMs }) => startMs),
      lengthsMs: Float64Array.from(listed, ({ lengthMs }) => lengthMs),
      sizesBytes: Float64Array.from(listed, () => file.byteLength),
      estimatedBytes: file.byteLength,
    },
    source: 0,
    onHead: (head) => heads.push(head),
    waits: new PartWaits(),
  })
  let turns = 0
  let isOver = false
  const count = () => {
    turns += 1
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  const { bytes } = await fetch(new AbortController().signal)
  const passed = await collect(bytes).finally(() => {
    isOver = true
  })
  expect(passed.equals(file)).toBe(true)
  expect(heads.map(({ understood }) => understood)).toEqual([true])
  expect(turns).toBeLessThan(20)
  expect(file.byteLength / CHUNK_BYTES).toBeGreaterThan(200)
})
