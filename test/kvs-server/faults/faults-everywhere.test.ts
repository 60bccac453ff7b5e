import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { SetClock } from '../../support/archive-for-test.js'
import { demux } from '../../support/demux.js'
import { recording, variedFootage } from '../../support/footage.js'
import { type KvsTestServer, startKvsTestServer } from '../../support/kvs-test-server.js'
import { Producer, upload } from '../../support/producer.js'

const START = 1_700_000_000
const BODY = recording([0, 1000, 2000].map((ticks) => variedFootage(ticks, { bytes: 4000 })))
const RANGE = { StartTimestamp: START, EndTimestamp: START + 60 }
const SELECTOR = { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange: RANGE }

interface Received {
  readonly status: number
  readonly type: string | null
  readonly bytes: Uint8Array
  /** How a response ended: completely, cut off, or not within the time of the test. */
  readonly end: 'whole' | 'cut' | 'open'
  readonly ms: number
}

let kvs: KvsTestServer
let fragmentNumber = ''

beforeAll(async () => {
  kvs = await startKvsTestServer({ faults: true, clock: new SetClock() })
  await kvs.post('/createStream', { StreamName: 'cam', DataRetentionInHours: 24 })
  const acks = await upload(kvs.url, BODY, { stream: 'cam', start: String(START) })
  fragmentNumber = acks.find(({ EventType }) => EventType === 'PERSISTED')?.FragmentNumber ?? ''
})
afterEach(() => fetch(`${kvs.url}/_faults`, { method: 'DELETE' }))
afterAll(() => kvs[Symbol.asyncDispose]())

const OPERATIONS: Readonly<Record<string, () => object>> = {
  DescribeStream: () => ({}),
  ListFragments: () => ({ FragmentSelector: SELECTOR }),
  GetClip: () => ({ ClipFragmentSelector: SELECTOR }),
  GetMediaForFragmentList: () => ({ Fragments: [fragmentNumber] }),
  GetMedia: () => ({ StartSelector: { StartSelectorType: 'EARLIEST' } }),
}

/** How long a busy machine may take to start the response. */
const BEGUN_WITHIN_MS = 60_000

/** GetMedia never ends, with or without faults. The test leaves when no byte has arrived for a moment. */
async function call(operation: string, quietMs = 1500): Promise<Received> {
  const startedAt = performance.now()
  const hangUp = new AbortController()
  const answer = await fetch(`${kvs.url}/${operation[0]?.toLowerCase()}${operation.slice(1)}`, {
    method: 'POST',
    body: JSON.stringify({ StreamName: 'cam', ...OPERATIONS[operation]?.() }),
    signal: hangUp.signal,
  })
  const parts: Uint8Array[] = []
  let end: Received['end'] = 'whole'
  let timer = setTimeout(() => hangUp.abort(), BEGUN_WITHIN_MS)
  try {
    for await (const part of answer.body ?? []) {
      parts.push(part)
      clearTimeout(timer)
      if (parts.reduce((sum, { byteLength }) => sum + byteLength, 0) > 400_000) break
      timer = setTimeout(() => hangUp.abort(), quietMs)
    }
  } catch {
    end = hangUp.signal.aborted ? 'open' : 'cut'
  }
  clearTimeout(timer)
  const type = answer.headers.get('x-amzn-errortype')
  return { status: answer.status, type, bytes: Buffer.concat(parts), end, ms: performance.now() - startedAt }
}

async function setFault(operation: string, fault: object, stream = 'cam'): Promise<number> {
  return (await kvs.post('/_faults', { operation, stream, times: 1, fault })).status
}

describe.each(Object.keys(OPERATIONS))('%s', (operation) => {
  const isLive = operation === 'GetMedia'

  test.each([
    [{ kind: 'throttle' }, 400, 'ClientLimitExceededException'],
    [{ kind: 'exception', name: 'NotAuthorizedException' }, 401, 'NotAuthorizedException'],
    [{ kind: 'exception', name: 'AccessDeniedException', status: 403 }, 403, 'AccessDeniedException'],
    [{ kind: 'status', status: 502 }, 502, null],
  ])('can fail once with %j', async (fault, status, type) => {
    await setFault(operation, fault)
    expect(await call(operation)).toMatchObject({ status, type })
    expect(await call(operation)).toMatchObject({ status: 200 })
  })

  test('can have its connection refused, and can be delayed', async () => {
    await setFault(operation, { kind: 'refuse' })
    await expect(call(operation)).rejects.toThrow()
    await setFault(operation, { kind: 'delay', ms: 150 })
    const late = await call(operation)
    expect([late.status, late.ms > 145]).toEqual([200, true])
  })

  test('can be cut, stall, be slow and never end', async () => {
    const { bytes, end } = await call(operation)
    expect(end).toBe(isLive ? 'open' : 'whole')
    await setFault(operation, { kind: 'cut', afterBytes: 100 })
    expect(await call(operation)).toMatchObject({ status: 200, end: 'cut', bytes: bytes.subarray(0, 100) })
    await setFault(operation, { kind: 'stall', afterBytes: 100 })
    expect(await call(operation)).toMatchObject({ status: 200, end: 'open', bytes: bytes.subarray(0, 100) })
    await setFault(operation, { kind: 'slow', bytesPerSecond: bytes.byteLength * 4 })
    const slow = await call(operation)
    expect([slow.bytes.byteLength, slow.ms > 200]).toEqual([bytes.byteLength, true])
    // A live response never ends anyway.
    if (isLive) return
    await setFault(operation, { kind: 'endless' })
    const endless = await call(operation)
    expect(endless.bytes.byteLength).toBeGreaterThan(400_000)
    expect(endless.bytes.subarray(0, bytes.byteLength)).toEqual(bytes)
  })

  test('can be corrupted, counted from the front or from the end', async () => {
    const { bytes } = await call(operation)
    await setFault(operation, { kind: 'corrupt', offset: 120, length: 2 })
    expect(differences(bytes, (await call(operation)).bytes)).toEqual([120, 121])
    await setFault(operation, { kind: 'corrupt', offset: -40, length: 3 })
    const { bytes: spoilt } = await call(operation)
    // A response without an end never sends its last bytes: that many bytes are held back.
    if (isLive) expect(spoilt).toEqual(bytes.subarray(0, bytes.byteLength - 40))
    else expect(differences(bytes, spoilt)).toEqual([-40, -39, -38].map((offset) => bytes.byteLength + offset))
  })

  test('reports an exception inside the media only when the response is Matroska', async () => {
    const status = await setFault(operation, { kind: 'mediaException' })
    expect(status).toBe(operation.startsWith('GetMedia') ? 200 : 400)
    if (status !== 200) return
    const { status: answered, bytes } = await call(operation)
    const tags = demux(bytes).events.flatMap((event) => (event.kind === 'tags' ? event.tags : []))
    expect([answered, tags]).toEqual([
      200,
      [
        { name: 'AWS_KINESISVIDEO_ERROR_CODE', value: 'FRAGMENT_NOT_FOUND' },
        { name: 'AWS_KINESISVIDEO_ERROR_ID', value: '3000' },
      ],
    ])
  })

  test('can have a wrong length only when it declares a length', async () => {
    const status = await setFault(operation, { kind: 'wrongLength', extraBytes: 9 })
    expect(status).toBe(operation.startsWith('GetMedia') ? 400 : 200)
    if (status === 200) expect((await call(operation)).end).toBe('cut')
  })
})

/** Bytes that differ from before. On a clock that stands still, GetMedia is always the same time behind. */
function differences(left: Uint8Array, right: Uint8Array): number[] {
  expect(right.byteLength).toBe(left.byteLength)
  return [...left.keys()].filter((index) => left[index] !== right[index])
}

describe('PutMedia', () => {
  // One stream for each test, because an interrupted producer occupies its stream for a moment.
  let stream = ''
  let streams = 0
  beforeEach(async () => {
    stream = `put-${streams++}`
    await kvs.post('/createStream', { StreamName: stream, DataRetentionInHours: 24 })
  })

  const send = () => upload(kvs.url, BODY, { stream, start: String(START) })
  const persisted = async () => (await send()).filter(({ EventType }) => EventType === 'PERSISTED').length
  const setUploadFault = (fault: object) => setFault('PutMedia', fault, stream)

  test.each([
    [{ kind: 'throttle' }, 400, 'ClientLimitExceededException'],
    [{ kind: 'exception', name: 'NotAuthorizedException' }, 401, 'NotAuthorizedException'],
    [{ kind: 'status', status: 503 }, 503, undefined],
  ])('can fail once with %j', async (fault, status, type) => {
    await setUploadFault(fault)
    const producer = new Producer(kvs.url, { stream })
    expect(await producer.answer).toMatchObject({ status, type })
    producer.breakOff()
    expect(await persisted()).toBe(3)
  })

  test('can have its connection refused, and can be delayed', async () => {
    await setUploadFault({ kind: 'refuse' })
    await expect(new Producer(kvs.url, { stream }).answer).rejects.toThrow()
    await setUploadFault({ kind: 'delay', ms: 150 })
    const startedAt = performance.now()
    expect(await persisted()).toBe(3)
    expect(performance.now() - startedAt).toBeGreaterThan(145)
  })

  test('can be cut: complete fragments are kept, and the connection closes', async () => {
    await setUploadFault({ kind: 'cut', afterBytes: BODY.byteLength - 100 })
    const producer = new Producer(kvs.url, { stream })
    await producer.send(BODY)
    await expect(producer.answer).rejects.toThrow()
    expect(producer.acks.filter(({ EventType }) => EventType === 'RECEIVED').length).toBeLessThan(3)
  })

  test('can stall', async () => {
    await setUploadFault({ kind: 'stall', afterBytes: BODY.byteLength - 100 })
    const stalled = new Producer(kvs.url, { stream })
    await stalled.send(BODY)
    stalled.request.end()
    await stalled.until('PERSISTED', 2)
    stalled.breakOff()
  })

  test('can be slow', async () => {
    await setUploadFault({ kind: 'slow', bytesPerSecond: BODY.byteLength * 4 })
    const startedAt = performance.now()
    expect(await persisted()).toBe(3)
    expect(performance.now() - startedAt).toBeGreaterThan(200)
  })

  test('can answer without end: all fragments are kept, and IDLE is repeated', async () => {
    await setUploadFault({ kind: 'endless' })
    const producer = new Producer(kvs.url, { stream })
    await producer.send(BODY)
    producer.request.end()
    await producer.until('PERSISTED', 3)
    await producer.until('IDLE', 2)
    producer.breakOff()
  })

  test('can be corrupted: an invalid frame is recorded for GetClip', async () => {
    // The NAL length of the last block: 4,000 bytes of payload from the end.
    await setUploadFault({ kind: 'corrupt', offset: -4000, length: 4 })
    await send()
    const clip = async (from: number, to: number) => {
      const TimestampRange = { StartTimestamp: from, EndTimestamp: to }
      return kvs.post('/getClip', {
        StreamName: stream,
        ClipFragmentSelector: { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange },
      })
    }
    const whole = await clip(START, START + 1)
    expect(whole.status).toBe(200)
    await whole.arrayBuffer()
    expect((await clip(START, START + 2)).headers.get('x-amzn-errortype')).toBe('InvalidMediaFrameException')
  })

  test('has no length that could be wrong', async () => {
    expect(await setUploadFault({ kind: 'wrongLength', extraBytes: 1 })).toBe(400)
  })
})

test('fragments that are listed late affect only ListFragments', async () => {
  expect(await setFault('GetClip', { kind: 'listLate', ms: 1000 })).toBe(400)
  expect((await kvs.post('/_faults', { operation: 'ListFragments', fault: { kind: 'listLate', ms: 3_600_000 } })).status).toBe(200)
  expect(JSON.parse(Buffer.from((await call('ListFragments')).bytes).toString())).toMatchObject({ Fragments: [] })
  expect((await call('GetClip')).status).toBe(200)
})
