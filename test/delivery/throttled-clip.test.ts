import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../src/domain/errors.js'
import { createKvs } from '../../src/kvs/kvs.js'
import type { ClipRequestOfKvs, ClipSource } from '../../src/kvs/ports.js'
import { until } from '../support/clip-client.js'
import { askFor, type ClipHarness, START, startClipHarness, startFootage } from '../support/clip-harness.js'
import { recording, variedFootage } from '../support/footage.js'
import { enoughTime } from '../support/kvs-for-test.js'
import type { KvsTestServer } from '../support/kvs-test-server.js'

let server: KvsTestServer
beforeAll(async () => {
  server = await startFootage([recording([variedFootage(0), variedFootage(1000)])], { faults: true })
})
afterEach(() => setFaults([]))
afterAll(() => server[Symbol.asyncDispose]())

async function setFaults(rules: readonly object[]): Promise<void> {
  await fetch(`${server.url}/_faults`, { method: 'DELETE' })
  if (rules.length > 0) await server.post('/_faults', { rules })
}

function abortedOnceThrottled({ heard }: ClipHarness, reason: unknown): AbortSignal {
  const end = new AbortController()
  until(() => heard.requests.includes('GetClip ClientLimitExceededException')).then(() => end.abort(reason))
  return end.signal
}

function timeUpOnceThrottled(harness: ClipHarness): AbortSignal {
  return abortedOnceThrottled(harness, new DOMException('The time of the request is over.', 'TimeoutError'))
}

const everything = askFor(0, 3_600_000)
const throttling = { operation: 'GetClip', fault: { kind: 'throttle' } }

describe('a clip whose GetClip is throttled', () => {
  test('fails when its caller runs out of time, with the error of the service and the time to retry', async () => {
    await using harness = await startClipHarness(server.url)
    await setFaults([throttling])
    await expect(harness.clips.request(everything, timeUpOnceThrottled(harness))).rejects.toMatchObject({
      code: 'KVS_THROTTLED',
      details: { retryAfterMs: 1000, awsRequestId: expect.stringMatching(/./) },
    })
    expect(harness.outcomes).toEqual(['failed'])
  })

  test('continues, and the next request joins it', async () => {
    await using harness = await startClipHarness(server.url)
    await setFaults([{ ...throttling, times: 3 }])
    await expect(harness.clips.request(everything, timeUpOnceThrottled(harness))).rejects.toMatchObject({ code: 'KVS_THROTTLED' })
    const { clip } = await harness.clips.request(everything, enoughTime())
    expect(clip?.fragmentCount).toBe(2)
    expect(harness.outcomes).toEqual(['failed', 'joined_in_flight'])
  })

  test('rejects with the abort reason of a caller that left', async () => {
    await using harness = await startClipHarness(server.url)
    await setFaults([throttling])
    const reason = new Error('The client left before its answer.')
    await expect(harness.clips.request(everything, abortedOnceThrottled(harness, reason))).rejects.toBe(reason)
  })
})

test('a clip whose edges are throttled until its caller runs out of time fails with the error of the service', async () => {
  await using harness = await startClipHarness(server.url)
  await setFaults([{ ...throttling, operation: 'GetMediaForFragmentList' }])
  const end = new AbortController()
  const isThrottled = () => harness.heard.requests.includes('GetMediaForFragmentList ClientLimitExceededException')
  until(isThrottled).then(() => end.abort(new DOMException('The time of the request is over.', 'TimeoutError')))
  await expect(harness.clips.request(everything, end.signal)).rejects.toMatchObject({ code: 'KVS_THROTTLED' })
})

const throttle = ({ onThrottled }: ClipRequestOfKvs) =>
  onThrottled?.(new GatewayError('KVS_THROTTLED', 'Kinesis Video throttles GetClip: ask again later.', { retryAfterMs: 1000 }))

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))

/** Never answers. */
const silent: ClipSource = {
  getClip(request, signal) {
    throttle(request)
    return untilAborted(signal)
  },
}

/** Sends headers, and no body. */
const stuck: ClipSource = {
  async getClip(request, signal) {
    throttle(request)
    const bytes = { [Symbol.asyncIterator]: () => ({ next: () => untilAborted(signal) }) }
    return { sizeBytes: null, bytes }
  },
}

describe('a part that is throttled', () => {
  test('is throttled for every clip that waits for it', async () => {
    await using harness = await startClipHarness(server.url, { clips: silent })
    const late = AbortSignal.timeout(4000)
    const inputs = [everything, { ...everything, fileName: 'another' }, { ...everything, startTimestamp: START - 1000 }]
    const ends = await Promise.allSettled(inputs.map((input) => harness.clips.request(input, late)))
    for (const end of ends) expect(end).toMatchObject({ reason: { code: 'KVS_THROTTLED', details: { retryAfterMs: 1000 } } })
  })

  test('is no longer throttled after its headers arrive', async () => {
    await using harness = await startClipHarness(server.url, { clips: stuck })
    await expect(harness.clips.request(everything, AbortSignal.timeout(1000))).rejects.toMatchObject({ name: 'TimeoutError' })
  })
})

test('a clip that waits for the quota of its stream for longer than its caller does is refused as throttled', async () => {
  const paced = createKvs({ target: { backend: 'embedded', endpoint: server.url, accessKey: null } })
  await using harness = await startClipHarness(server.url, { clips: paced.clips })
  const stream = await paced.streams.find({ name: 'front-door' }, enoughTime())
  const range = { startMs: START - 1000, endMs: START + 3_600_000 }
  const costly = { streamArn: stream?.arn ?? '', fragmentSelectorType: 'PRODUCER_TIMESTAMP' as const, range, expectedFragments: 200 }
  const stop = new AbortController()
  const queued = Array.from({ length: 30 }, () => paced.clips.getClip(costly, stop.signal))
  await expect(harness.clips.request(everything, AbortSignal.timeout(5000))).rejects.toMatchObject({
    code: 'KVS_THROTTLED',
    message: expect.stringContaining('quota'),
    details: { retryAfterMs: 1000 },
  })
  stop.abort()
  await Promise.allSettled(queued)
  paced.close()
})
