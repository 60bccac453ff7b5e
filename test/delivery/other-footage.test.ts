import { expect, test } from '@jest/globals'
import type { Clip } from '../../src/domain/clip.js'
import type { KvsServerOptions } from '../../src/kvs-server/server.js'
import { getClip, whenEnded } from '../support/clip-calls.js'
import { until } from '../support/clip-client.js'
import { askFor, START, STREAM, startClipHarness, startFootage } from '../support/clip-harness.js'
import { recording, variedFootage } from '../support/footage.js'
import type { KvsTestServer } from '../support/kvs-test-server.js'
import { upload } from '../support/producer.js'

// Between the listing and the response, fragments expire or become listed. The response does not name the fragments that it contains.

const HOUR = 3_600_000
const at = (...startsMs: readonly number[]) => startsMs.map((startMs) => variedFootage(startMs))
const recorded = async ({ url }: KvsTestServer, clusters: readonly Uint8Array[]) =>
  upload(url, recording(clusters), { start: String(START / 1000), stream: STREAM })

/** The clip of all footage, after the oldest of it has expired since the listing. */
async function clipWhileExpiring(first: readonly Uint8Array[], later: readonly Uint8Array[]): Promise<Clip> {
  let nowMs = Date.now()
  const clock = { now: () => nowMs }
  const options: Partial<KvsServerOptions> = { clock, faults: true }
  await using server = await startFootage([recording(first)], options)
  nowMs += HOUR
  await recorded(server, later)
  nowMs += 22.9 * HOUR
  await using harness = await startClipHarness(server.url, { clock })
  await server.post('/_faults', { operation: 'GetClip', times: 1, fault: { kind: 'delay', ms: 300 } })
  const asking = getClip(harness)
  await until(async () => (await (await fetch(`${server.url}/_faults`)).text()).includes('"struck":1'))
  nowMs += HOUR / 2
  return await whenEnded(harness, await asking)
}

/** The clip of all listed footage, while some footage is not listed yet. */
async function clipWhileLate(listed: readonly Uint8Array[], late: readonly Uint8Array[]): Promise<Clip> {
  let nowMs = Date.now() - HOUR
  await using server = await startFootage([recording(listed)], { faults: true, clock: { now: () => nowMs } })
  nowMs += 60_000
  await recorded(server, late)
  await server.post('/_faults', { fault: { kind: 'listLate', ms: 30_000 } })
  await using harness = await startClipHarness(server.url)
  return await whenEnded(harness, await getClip(harness, askFor(0, HOUR)))
}

test.each([
  ['in the middle', at(2000), at(0, 1000, 3000, 4000, 5000)],
  ['at the beginning, where there is a hole elsewhere', at(0), at(1000, 2000, 3900, 4900, 5900)],
  ['at several places', at(1000, 4000), at(0, 2000, 3000, 5000, 6000)],
])('footage that expires %s after it was listed fails the clip', async (_, first, later) => {
  expect(await clipWhileExpiring(first, later)).toMatchObject({ state: 'FAILED', failure: { code: 'FOOTAGE_EXPIRED' } })
})

test.each([
  ['fills a hole', at(0, 1000, 3000, 4000), at(2000)],
  ['lies in a hole', at(0, 1000, 9000, 10_000), at(4000)],
])('footage that is listed late and %s fails the clip with FOOTAGE_CHANGED', async (_, listed, late) => {
  expect(await clipWhileLate(listed, late)).toMatchObject({ state: 'FAILED', failure: { code: 'FOOTAGE_CHANGED' } })
})

test('footage that is listed late and replaces the last fragment of a full part fails the clip', async () => {
  const starts = Array.from({ length: 401 }, (_, index) => index * 1000).filter((startMs) => startMs !== 100_000)
  const listed = starts.map((startMs) => variedFootage(startMs, { bytes: 600 + (startMs % 7000) }))
  expect(await clipWhileLate(listed, at(100_000))).toMatchObject({ state: 'FAILED', failure: { code: 'FOOTAGE_CHANGED' } })
}, 60_000)
