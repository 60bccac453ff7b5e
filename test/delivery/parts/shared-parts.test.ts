import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { DiskPartStore } from '../../../src/delivery/parts/disk-part-store.js'
import { SharedParts } from '../../../src/delivery/parts/shared-parts.js'
import type { OutlinedPart } from '../../../src/delivery/plan/clip-outline.js'
import type { ClipBody, ClipSource } from '../../../src/kvs/ports.js'
import { until } from '../../support/clip-client.js'

const CLIP = { spec: { streamArn: 'arn', fragmentSelectorType: 'SERVER_TIMESTAMP' } as const, parts: [null] }
const EMPTY = new Float64Array(0)
/** GetClip calls of all clips together. */
const MOST_FETCHES = 32

let folder = ''
let store: DiskPartStore
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-parts-'))
  store = await DiskPartStore.open({ folder, capBytes: 100_000_000 })
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

/** Calls that are answered when the test says so. */
class HeldCalls implements ClipSource {
  readonly #answers: PromiseWithResolvers<ClipBody>[] = []

  get count(): number {
    return this.#answers.length
  }

  getClip(): Promise<ClipBody> {
    const answer = Promise.withResolvers<ClipBody>()
    this.#answers.push(answer)
    return answer.promise
  }

  refuse(from: number, to: number): void {
    for (const { reject } of this.#answers.slice(from, to)) reject(new Error('refused'))
  }
}

function createParts(clips: ClipSource): SharedParts {
  return new SharedParts({ clips, media: { getMedia: () => Promise.reject(new Error('no media')) }, store })
}

function outlined(key: string): OutlinedPart {
  const [range, numbers] = [
    { startMs: 0, endMs: 1 },
    { firstFragmentNumber: '1', lastFragmentNumber: '1', fragmentCount: 1 },
  ]
  const columns = { startsMs: EMPTY, producerStartsMs: EMPTY, lengthsMs: EMPTY, sizesBytes: EMPTY }
  return { key, range, ...numbers, ...columns, firstPlace: 0, estimatedBytes: 1 }
}

describe('SharedParts', () => {
  test('makes one GetClip call for all clips that hold a part', async () => {
    const calls = new HeldCalls()
    const parts = createParts(calls)
    const holds = Array.from({ length: 3 }, () => parts.hold(outlined('shared'), CLIP))
    expect(holds.map(({ isNew }) => isNew)).toEqual([true, false, false])
    for (const { value } of holds) value.start()
    await until(() => calls.count > 0)
    calls.refuse(0, 1)
    for (const { value } of holds) await expect(value.opened).rejects.toThrow('refused')
    expect(calls.count).toBe(1)
    for (const { release } of holds) release()
  })

  test('limits the GetClip calls in progress, as 25 clips of one requestClips mutation would make 150', async () => {
    const calls = new HeldCalls()
    const parts = createParts(calls)
    const holds = Array.from({ length: 150 }, (_, index) => parts.hold(outlined(`part-${index}`), CLIP))
    for (const { value } of holds) value.start()
    await until(() => calls.count === MOST_FETCHES)
    for (let answered = 0; answered < 150; answered += MOST_FETCHES) {
      const most = Math.min(150, answered + MOST_FETCHES)
      await until(() => calls.count === most)
      // A call that should wait would be made within a few turns.
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate)
      expect(calls.count).toBe(most)
      calls.refuse(answered, most)
    }
    await Promise.allSettled(holds.map(({ value }) => value.opened))
    for (const { release } of holds) release()
  })
})
