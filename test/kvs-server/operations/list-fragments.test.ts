import { describe, expect, test } from '@jest/globals'
import { footage, recording } from '../../support/footage.js'
import { type KvsTestServer, startKvsTestServer } from '../../support/kvs-test-server.js'
import { upload } from '../../support/producer.js'

const START = 1_700_000_000

async function startWithFootage(count: number, options: Parameters<typeof startKvsTestServer>[0] = {}): Promise<KvsTestServer> {
  const kvs = await startKvsTestServer(options)
  await kvs.post('/createStream', { StreamName: 'cam', DataRetentionInHours: 1 })
  await upload(kvs.url, recording(Array.from({ length: count }, (_, index) => footage(index * 2000))), {
    stream: 'cam',
    start: String(START),
  })
  return kvs
}

const selector = (from: number, to: number, type = 'PRODUCER_TIMESTAMP') => ({
  FragmentSelectorType: type,
  TimestampRange: { StartTimestamp: from, EndTimestamp: to },
})

interface Page {
  readonly Fragments: readonly {
    readonly ProducerTimestamp: number
    readonly FragmentSizeInBytes: number
    readonly FragmentLengthInMilliseconds: number
  }[]
  readonly NextToken: string | null
}

async function list(kvs: KvsTestServer, body: object): Promise<Page> {
  const answer = await kvs.post('/listFragments', { StreamName: 'cam', ...body })
  expect(answer.status).toBe(200)
  return JSON.parse(await answer.text())
}

describe('ListFragments', () => {
  test('returns fragments whose start lies in the range, both ends inclusive', async () => {
    await using kvs = await startWithFootage(4)
    const { Fragments, NextToken } = await list(kvs, { FragmentSelector: selector(START + 2, START + 4) })
    expect(Fragments.map(({ ProducerTimestamp }) => ProducerTimestamp - START)).toEqual([2, 4])
    expect(NextToken).toBeNull()
    expect(Fragments[0]?.FragmentLengthInMilliseconds).toBe(800)
    expect(Fragments[0]?.FragmentSizeInBytes).toBe(recording([footage(0)]).byteLength)
  })

  test('paginates with base64 tokens that are valid only for their query', async () => {
    await using kvs = await startWithFootage(5)
    const FragmentSelector = selector(START, START + 100)
    const seen: number[] = []
    let NextToken: string | null = null
    do {
      const page: Page = await list(kvs, { MaxResults: 2, ...(NextToken === null ? { FragmentSelector } : { NextToken }) })
      expect(page.Fragments.length).toBeLessThanOrEqual(2)
      expect(page.NextToken ?? 'A').toMatch(/^[a-zA-Z0-9+/]+={0,2}$/)
      seen.push(...page.Fragments.map(({ ProducerTimestamp }) => ProducerTimestamp - START))
      NextToken = page.NextToken
    } while (NextToken !== null)
    expect(seen).toEqual([0, 2, 4, 6, 8])

    const first = await list(kvs, { MaxResults: 1, FragmentSelector })
    const refused = [
      { NextToken: first.NextToken, FragmentSelector: selector(START, START + 99) },
      { NextToken: `${first.NextToken}`.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A')) },
      { NextToken: 'not base64!' },
      {},
      { FragmentSelector: selector(START + 1, START) },
      { FragmentSelector, MaxResults: 1001 },
      { FragmentSelector: selector(START, START, 'WALL_CLOCK') },
    ]
    for (const body of refused) {
      const answer = await kvs.post('/listFragments', { StreamName: 'cam', ...body })
      expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([400, 'InvalidArgumentException'])
    }
    await kvs.post('/createStream', { StreamName: 'other', DataRetentionInHours: 1 })
    const foreign = await kvs.post('/listFragments', { StreamName: 'other', NextToken: first.NextToken })
    expect(foreign.status).toBe(400)
  })

  test('reports a range beyond the retention period with the message of the service', async () => {
    await using kvs = await startWithFootage(1)
    const end = Math.floor(Date.now() / 1000) - 7200
    const answer = await kvs.post('/listFragments', { StreamName: 'cam', FragmentSelector: selector(end - 60, end, 'SERVER_TIMESTAMP') })
    expect(await answer.json()).toMatchObject({
      __type: 'InvalidArgumentException',
      Message: `End timestamp ${end * 1000} is outside of the stream retention period.`,
    })
  })

  test('can list late: a fragment that was just persisted is not listed yet, but can be clipped', async () => {
    await using kvs = await startWithFootage(2, { listDelayMs: 60_000 })
    const { Fragments } = await list(kvs, { FragmentSelector: selector(START, START + 100) })
    expect(Fragments).toEqual([])
    const clip = await kvs.post('/getClip', { StreamName: 'cam', ClipFragmentSelector: selector(START, START + 100) })
    expect(clip.status).toBe(200)
    await clip.arrayBuffer()
  })
})
