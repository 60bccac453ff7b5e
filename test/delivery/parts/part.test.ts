import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { DiskPartStore } from '../../../src/delivery/parts/disk-part-store.js'
import { Part } from '../../../src/delivery/parts/part.js'
import { GatewayError } from '../../../src/domain/errors.js'
import type { ClipSource } from '../../../src/kvs/ports.js'
import { Semaphore } from '../../../src/lib/semaphore.js'
import { until } from '../../support/clip-client.js'
import { enoughTime } from '../../support/kvs-for-test.js'
import { record, toPart } from '../../support/mp4-recording.js'
import { collect, inChunks } from '../../support/part-bodies.js'

const file = Buffer.from(toPart(record({ fragments: 20 }), null, 0).file)
const REQUEST = {
  streamArn: 'arn',
  fragmentSelectorType: 'PRODUCER_TIMESTAMP',
  range: { startMs: 0, endMs: 1 },
  expectedFragments: 20,
} as const
const whole: ClipSource = {
  getClip: async () => ({ sizeBytes: file.byteLength, bytes: inChunks(file, 1000) }),
}

let folder = ''
let store: DiskPartStore
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-part-'))
  store = await DiskPartStore.open({ folder, capBytes: 100_000_000 })
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

function createPart(clips: ClipSource, onFailed: () => void = () => undefined): Part {
  return new Part({ key: 'part', request: REQUEST, clips, store, fetches: new Semaphore(1), onFailed })
}

describe('A part', () => {
  test('gives its head to each clip that takes it, and is stored after one clip has accepted it', async () => {
    const part = createPart(whole)
    part.start()
    const heads = [await part.takeHead(enoughTime()), await part.takeHead(enoughTime())]
    expect(heads[1]).toEqual(heads[0])
    expect(heads[0]?.understood).toBe(true)
    expect([await part.opened, part.isAccepted, await store.has('part')]).toEqual(['fetched', false, false])
    part.accept()
    expect(await part.whole(enoughTime())).toBe(file.byteLength)
    expect((await collect(part.read({ start: 0, end: file.byteLength }, enoughTime()))).equals(file)).toBe(true)
    await until(() => store.has('part'))
    part.close()
  })

  test('needs no acceptance if it is stored', async () => {
    const fetched = createPart(whole)
    fetched.start()
    fetched.accept()
    await fetched.whole(enoughTime())
    await until(() => store.has('part'))
    fetched.close()
    const stored = createPart({ getClip: () => Promise.reject(new Error('it is stored')) })
    stored.start()
    expect([await stored.opened, stored.isAccepted]).toEqual(['stored', true])
    expect(await stored.takeHead(enoughTime())).toMatchObject({ understood: true })
    stored.close()
  })

  test('is not stored if it is closed before a clip accepts it', async () => {
    const part = createPart(whole)
    part.start()
    await part.takeHead(enoughTime())
    const reading = part.read({ start: 0, end: file.byteLength }, enoughTime())
    await reading.next()
    part.close()
    await expect(collect(reading)).rejects.toMatchObject({ name: 'AbortError' })
    expect(await store.has('part')).toBe(false)
  })

  test('reports why its call is late until the headers arrive', async () => {
    const reason = new GatewayError('KVS_THROTTLED', 'Too many requests.', { retryAfterMs: 1000 })
    const answered = new GatewayError('KVS_THROTTLED', 'Kinesis Video throttles GetClip.', { awsRequestId: 'a' })
    const headers = Promise.withResolvers<void>()
    const part = createPart({
      getClip: async (request, signal) => {
        for (const one of [reason, answered, reason]) request.onThrottled?.(one)
        await headers.promise
        return whole.getClip(request, signal)
      },
    })
    expect(part.throttled).toBeNull()
    part.start()
    await until(() => part.throttled !== null)
    expect(part.throttled).toBe(answered)
    headers.resolve()
    await part.opened
    expect(part.throttled).toBeNull()
    part.close()
  })

  test('fails once for all waiting clips', async () => {
    let failures = 0
    const part = createPart({ getClip: () => Promise.reject(new Error('no clip')) }, () => {
      failures += 1
    })
    part.start()
    part.start()
    await expect(part.opened).rejects.toThrow('no clip')
    await expect(part.takeHead(enoughTime())).rejects.toThrow('no clip')
    await expect(part.whole(enoughTime())).rejects.toThrow('no clip')
    expect(failures).toBe(1)
  })
})
