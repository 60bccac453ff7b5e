import { CreateStreamCommand, DescribeStreamCommand, ListStreamsCommand } from '@aws-sdk/client-kinesis-video'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { type FaultRule, parseFaultRule } from '../../../src/kvs-server/faults/fault-rule.js'
import { Faults } from '../../../src/kvs-server/faults/faults.js'
import { type KvsTestServer, startKvsTestServer } from '../../support/kvs-test-server.js'

function rule(input: object): FaultRule {
  return parseFaultRule({ fault: { kind: 'throttle' }, ...input }, ['GetClip', 'ListFragments'])
}

function strikes(faults: Faults, count: number): boolean[] {
  return Array.from({ length: count }, () => faults.apply('GetClip', 'dock').length > 0)
}

describe('a rule', () => {
  test.each([
    ['nothing said', {}, [true, true, true, true, true, true]],
    ['times 2', { times: 2 }, [true, true, false, false, false, false]],
    ['after 2', { after: 2 }, [false, false, true, true, true, true]],
    ['every 3', { every: 3 }, [false, false, true, false, false, true]],
    ['after 1, every 2, times 2', { after: 1, every: 2, times: 2 }, [false, false, true, false, true, false]],
    ['probability 0', { probability: 0 }, [false, false, false, false, false, false]],
    ['another operation', { operation: 'ListFragments' }, [false, false, false, false, false, false]],
    ['another stream', { stream: 'gate' }, [false, false, false, false, false, false]],
    ['this operation and stream', { operation: 'GetClip', stream: 'dock' }, [true, true, true, true, true, true]],
  ])('with %s applies as configured', (_what, input, expected) => {
    const faults = new Faults()
    faults.add([rule(input)])
    expect(strikes(faults, 6)).toEqual(expected)
  })

  test('with a probability applies at random', () => {
    const chances = [0.1, 0.6, 0.49, 0.5]
    const faults = new Faults(() => chances.shift() ?? 1)
    faults.add([rule({ probability: 0.5 })])
    expect(strikes(faults, 4)).toEqual([true, false, true, false])
  })

  test('combines with other rules, and its count is returned by GET', () => {
    const faults = new Faults()
    faults.add([rule({ fault: { kind: 'delay', ms: 5 } }), rule({ times: 1 })])
    expect(faults.apply('GetClip', 'dock').map(({ kind }) => kind)).toEqual(['delay', 'throttle'])
    expect(faults.apply('GetClip', 'dock').map(({ kind }) => kind)).toEqual(['delay'])
    expect(faults.list().map(({ matched, struck }) => [matched, struck])).toEqual([
      [2, 2],
      [2, 1],
    ])
    faults.clear()
    expect(faults.list()).toEqual([])
  })

  test('that lists fragments late is a state of its streams and affects no request', () => {
    const faults = new Faults()
    faults.add([rule({ stream: 'dock', fault: { kind: 'listLate', ms: 700 } }), rule({ fault: { kind: 'listLate', ms: 200 } })])
    expect([faults.listDelayMs('dock'), faults.listDelayMs('gate')]).toEqual([700, 200])
    expect(faults.apply('GetClip', 'dock')).toEqual([])
  })

  test.each([
    [{ operation: 'GetImage' }, /operation must be the name of an operation/],
    [{ time: 2 }, /a fault rule must be made of operation, stream/],
    [{ times: 0 }, /times must be a whole number from 1/],
    [{ probability: 2 }, /probability must be a number from 0 to 1/],
    [{ fault: { kind: 'explode' } }, /kind must be one of throttle, exception/],
    [{ fault: { kind: 'delay' } }, /ms is required/],
    [{ fault: { kind: 'delay', ms: 4e6 } }, /ms must be a whole number from 0 to 3600000/],
    [{ fault: { kind: 'cut', afterBytes: -1 } }, /afterBytes must be a whole number/],
    [{ fault: { kind: 'throttle', ms: 1 } }, /a fault rule must be made of kind/],
    [{ fault: { kind: 'exception', name: 'not a name!' } }, /name must be of the form/],
    [{ fault: 'throttle' }, /fault must be a structure/],
  ])('in the form %j is refused', (input, expected) => {
    expect(() => rule(input)).toThrow(expected)
  })
})

/** An EBML header, a Segment of unknown size, and a Void of 1,000 bytes in it. */
const EMPTY_MATROSKA = Buffer.concat([Buffer.from('1a45dfa38b4282886d6174726f736b61' + '18538067ff' + 'ec43e8', 'hex'), Buffer.alloc(1000)])

describe('a server that allows faults', () => {
  let kvs: KvsTestServer
  beforeAll(async () => {
    kvs = await startKvsTestServer({ faults: true })
    await kvs.control.send(new CreateStreamCommand({ StreamName: 'dock' }))
  })
  afterEach(() => fetch(`${kvs.url}/_faults`, { method: 'DELETE' }))
  afterAll(() => kvs[Symbol.asyncDispose]())

  const describeDock = () => kvs.control.send(new DescribeStreamCommand({ StreamName: 'dock' }))
  const raw = () => kvs.post('/describeStream', { StreamName: 'dock' })

  async function setFault(fault: object, others: object = {}): Promise<void> {
    const answer = await kvs.post('/_faults', { operation: 'DescribeStream', fault, ...others })
    expect(answer.status).toBe(200)
  }

  test('sets one or several rules, shows them with their counts, and clears them', async () => {
    const rules = [{ operation: 'GetDataEndpoint', fault: { kind: 'throttle' } }, { fault: { kind: 'delay', ms: 1 } }]
    const set = await (await kvs.post('/_faults', { rules })).json()
    expect(set).toMatchObject({
      rules: [
        { id: expect.any(String), operation: 'GetDataEndpoint', matched: 0 },
        { operation: null, every: 1 },
      ],
    })
    await kvs.control.send(new ListStreamsCommand({}))
    expect(await (await fetch(`${kvs.url}/_faults`)).json()).toMatchObject({ rules: [{ struck: 0 }, { struck: 1 }] })
    expect(await (await fetch(`${kvs.url}/_faults`, { method: 'DELETE' })).json()).toEqual({ rules: [] })
    expect(await (await fetch(`${kvs.url}/_faults`)).json()).toEqual({ rules: [] })
  })

  test('refuses an invalid rule, and sets none of the rules in the same request', async () => {
    const answer = await kvs.post('/_faults', { rules: [{ fault: { kind: 'throttle' } }, { fault: { kind: 'thottle' } }] })
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([400, 'InvalidArgumentException'])
    expect(await (await fetch(`${kvs.url}/_faults`)).json()).toEqual({ rules: [] })
  })

  test('throttles twice, then serves', async () => {
    await setFault({ kind: 'throttle' }, { stream: 'dock', times: 2 })
    await expect(describeDock()).rejects.toMatchObject({ name: 'ClientLimitExceededException', $metadata: { httpStatusCode: 400 } })
    await expect(describeDock()).rejects.toMatchObject({ name: 'ClientLimitExceededException' })
    expect((await describeDock()).StreamInfo?.StreamName).toBe('dock')
  })

  test('returns any exception by name, with its default status or another', async () => {
    await setFault({ kind: 'exception', name: 'NotAuthorizedException', message: 'expired' }, { times: 1 })
    await expect(describeDock()).rejects.toMatchObject({
      name: 'NotAuthorizedException',
      message: 'expired',
      $metadata: { httpStatusCode: 401 },
    })
    for (const [name, httpStatusCode] of [
      ['MissingAuthenticationToken', 403],
      ['InvalidClientTokenId', 403],
      ['StreamEdgeConfigurationNotFoundException', 404],
      ['ThrottlingException', 400],
    ] as const) {
      await setFault({ kind: 'exception', name }, { times: 1 })
      const answer = await raw()
      expect([answer.headers.get('x-amzn-errortype'), answer.status]).toEqual([name, httpStatusCode])
    }
    await setFault({ kind: 'exception', name: 'RequestTimeTooSkewed', status: 403 }, { times: 1 })
    await expect(describeDock()).rejects.toMatchObject({ name: 'RequestTimeTooSkewed', $metadata: { httpStatusCode: 403 } })
    await setFault({ kind: 'exception', name: 'InternalFailure' }, { times: 1 })
    await expect(describeDock()).rejects.toMatchObject({ name: 'InternalFailure', $metadata: { httpStatusCode: 500 } })
  })

  test('counts exceptions under known names, regardless of the names that rules give', async () => {
    for (const name of ['ExpiredTokenException', 'InvalidClientTokenId', 'InventedA', 'InventedB', 'toString']) {
      await setFault({ kind: 'exception', name }, { times: 1 })
      await raw()
    }
    const metrics = await (await fetch(`${kvs.url}/metrics`)).text()
    const outcomes = [...metrics.matchAll(/^kvs_describe_stream_requests_total\{outcome="(\w+)"\} (\d+)$/gm)]
    const counts = new Map(outcomes.map(([, outcome, count]) => [outcome, Number(count)]))
    expect(counts.get('other')).toBeGreaterThanOrEqual(3)
    expect([...counts.keys()]).toEqual(expect.arrayContaining(['ExpiredTokenException', 'InvalidClientTokenId']))
    expect([...counts.keys()]).not.toEqual(expect.arrayContaining([expect.stringMatching(/Invented|toString/)]))
  })

  test('returns a bare status', async () => {
    await setFault({ kind: 'status', status: 503 })
    const answer = await raw()
    expect([answer.status, await answer.text()]).toEqual([503, ''])
  })

  test('delays a response', async () => {
    await setFault({ kind: 'delay', ms: 120 })
    const startedAt = performance.now()
    await describeDock()
    expect(performance.now() - startedAt).toBeGreaterThan(115)
  })

  test('refuses connections', async () => {
    await setFault({ kind: 'refuse' }, { times: 1 })
    await expect(raw()).rejects.toThrow()
    expect((await raw()).status).toBe(200)
  })

  test('cuts a body after a number of bytes, after its headers', async () => {
    for (const afterBytes of [0, 10]) {
      await setFault({ kind: 'cut', afterBytes }, { times: 1 })
      const answer = await raw()
      expect(answer.status).toBe(200)
      expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(100)
      await expect(answer.text()).rejects.toThrow()
    }
  })

  test('sends a body that stalls', async () => {
    await setFault({ kind: 'stall', afterBytes: 10 }, { times: 1 })
    const leaving = new AbortController()
    const answer = await fetch(`${kvs.url}/describeStream`, { method: 'POST', body: '{"StreamName":"dock"}', signal: leaving.signal })
    const reader = answer.body?.getReader()
    expect((await reader?.read())?.value?.byteLength).toBe(10)
    const more = reader?.read()
    setTimeout(() => leaving.abort(new Error('left')), 200)
    await expect(more).rejects.toThrow('left')
  })

  test('sends a body without end', async () => {
    await setFault({ kind: 'endless' }, { times: 1 })
    const answer = await raw()
    expect(answer.headers.get('content-length')).toBeNull()
    let received = 0
    for await (const chunk of answer.body ?? []) {
      received += chunk.byteLength
      if (received > 300_000) break
    }
    expect(received).toBeGreaterThan(300_000)
  })

  test('sends a body slowly', async () => {
    const whole = (await (await raw()).text()).length
    await setFault({ kind: 'slow', bytesPerSecond: whole * 5 })
    const startedAt = performance.now()
    expect((await (await raw()).text()).length).toBe(whole)
    expect(performance.now() - startedAt).toBeGreaterThan(150)
  })

  test.each([[7], [-7]])('declares a length that is wrong by %d bytes', async (extraBytes) => {
    const whole = (await (await raw()).text()).length
    await setFault({ kind: 'wrongLength', extraBytes }, { times: 1 })
    const answer = await raw()
    expect(answer.headers.get('content-length')).toBe(String(whole + extraBytes))
    await answer.text().catch(() => {})
  })

  test('corrupts bytes, counted from the front or from the end', async () => {
    const whole = new Uint8Array(await (await raw()).arrayBuffer())
    await setFault({ kind: 'corrupt', offset: 5, length: 2 }, { times: 1 })
    const front = new Uint8Array(await (await raw()).arrayBuffer())
    expect(differences(whole, front)).toEqual([5, 6])
    await setFault({ kind: 'corrupt', offset: -1 }, { times: 1 })
    const back = new Uint8Array(await (await raw()).arrayBuffer())
    expect(differences(whole, back)).toEqual([whole.length - 1])
  })

  test('throttles an upload, and cuts one', async () => {
    const headers = { 'x-amzn-stream-name': 'dock', 'x-amzn-fragment-timecode-type': 'ABSOLUTE' }
    const upload = () => fetch(`${kvs.url}/putMedia`, { method: 'POST', body: EMPTY_MATROSKA, headers })
    await setFault({ kind: 'throttle' }, { operation: 'PutMedia', times: 1 })
    expect((await upload()).headers.get('x-amzn-errortype')).toBe('ClientLimitExceededException')
    await setFault({ kind: 'cut', afterBytes: 100 }, { operation: 'PutMedia', times: 1 })
    await expect(upload().then((answer) => answer.text())).rejects.toThrow()
  })
})

function differences(left: Uint8Array, right: Uint8Array): number[] {
  return [...left.keys()].filter((index) => left[index] !== right[index])
}

test('a server that does not allow faults has no path for them', async () => {
  await using kvs = await startKvsTestServer()
  for (const method of ['GET', 'POST', 'DELETE']) {
    expect((await fetch(`${kvs.url}/_faults`, { method })).status).toBe(404)
  }
})
