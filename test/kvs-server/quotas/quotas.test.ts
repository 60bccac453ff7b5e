import { ClientLimitExceededException, CreateStreamCommand, DescribeStreamCommand } from '@aws-sdk/client-kinesis-video'
import { describe, expect, test } from '@jest/globals'
import { Quotas } from '../../../src/kvs-server/quotas/quotas.js'
import { paceFragment } from '../../../src/kvs-server/quotas/transfer-pace.js'
import { AwsException } from '../../../src/kvs-server/wire/aws-exception.js'
import { systemClock } from '../../../src/lib/clock.js'
import { TokenBucket } from '../../../src/lib/token-bucket.js'
import { startKvsTestServer } from '../../support/kvs-test-server.js'

class TestClock {
  constructor(private ms = 1_790_000_000_000) {}
  now() {
    return this.ms
  }
  advance(ms: number) {
    this.ms += ms
  }
}

/** How many calls are accepted before the first refusal. */
function countAdmitted(call: () => void, most = 20_000): number {
  for (let admitted = 0; admitted < most; admitted++) {
    try {
      call()
    } catch (error) {
      if (error instanceof AwsException && error.name === 'ClientLimitExceededException') return admitted
      throw error
    }
  }
  return most
}

describe('request rates', () => {
  test.each([
    ['CreateStream', 50, null],
    ['DescribeStream', 300, 5],
    ['GetDataEndpoint', 300, 5],
    ['ListStreams', 50, null],
    ['UpdateStream', 50, 5],
    ['UpdateDataRetention', 50, 5],
    ['DeleteStream', 50, 5],
    ['TagStream', 50, 5],
    ['UntagStream', 50, 5],
    ['ListTagsForStream', 50, 5],
    ['DescribeStreamStorageConfiguration', 50, 5],
    ['UpdateStreamStorageConfiguration', 50, 5],
  ])('%s is accepted %d times for the account and %s times for a stream', (operation, perAccount, perStream) => {
    const clock = new TestClock()
    const quotas = new Quotas({ clock, enabled: true })
    if (perStream !== null) expect(countAdmitted(() => quotas.admit(operation, 1))).toBe(perStream)
    clock.advance(60_000)
    let streamId = 100
    expect(countAdmitted(() => quotas.admit(operation, streamId++))).toBe(perAccount)
  })

  test.each([
    ['PutMedia', 5],
    ['GetMedia', 5],
    ['GetHLSStreamingSessionURL', 25],
  ])('%s is accepted %d times for a stream, and another stream is not affected', (operation, perStream) => {
    const quotas = new Quotas({ clock: new TestClock(), enabled: true })
    expect(countAdmitted(() => quotas.admit(operation, 1))).toBe(perStream)
    expect(countAdmitted(() => quotas.admit(operation, 2))).toBe(perStream)
  })

  test('recover steadily, and a refused request consumes nothing', () => {
    const clock = new TestClock()
    const quotas = new Quotas({ clock, enabled: true })
    countAdmitted(() => quotas.admit('DescribeStream', 1))
    expect(() => quotas.admit('DescribeStream', 1)).toThrow(
      'Rate exceeded: the requests a second of DescribeStream are used up. Try again in 200 ms.',
    )
    clock.advance(200)
    expect(countAdmitted(() => quotas.admit('DescribeStream', 1))).toBe(1)
    clock.advance(10_000)
    expect(countAdmitted(() => quotas.admit('DescribeStream', 1))).toBe(5)
  })

  test('do not apply to operations without a limit, or when quotas are off', () => {
    const clock = new TestClock()
    expect(countAdmitted(() => new Quotas({ clock, enabled: true }).admit('GetClip', 1), 1000)).toBe(1000)
    const off = new Quotas({ clock, enabled: false })
    expect(countAdmitted(() => off.admit('DescribeStream', 1), 1000)).toBe(1000)
    expect(countAdmitted(() => off.charge(1, { media: 500, metadata: 10_000 }), 1000)).toBe(1000)
    expect(off.pace('PutMedia', 1)).toBeNull()
  })
})

describe('quota points', () => {
  test('allow two clips of 200 fragments in a second, or a hundred of 5', () => {
    const clock = new TestClock()
    const quotas = new Quotas({ clock, enabled: true })
    expect(countAdmitted(() => quotas.charge(1, { media: 200, metadata: 200 }))).toBe(2)
    expect(countAdmitted(() => quotas.charge(2, { media: 5, metadata: 5 }))).toBe(100)
    clock.advance(1000)
    expect(countAdmitted(() => quotas.charge(1, { media: 200, metadata: 200 }))).toBe(2)
  })

  test('allow ten full pages of ListFragments in a second, counted by the requested page size', () => {
    const quotas = new Quotas({ clock: new TestClock(), enabled: true })
    expect(countAdmitted(() => quotas.charge(1, { metadata: 1000 }))).toBe(10)
  })

  test('of one kind are not consumed when those of the other kind are exhausted', () => {
    const quotas = new Quotas({ clock: new TestClock(), enabled: true })
    quotas.charge(1, { metadata: 9_990 })
    expect(() => quotas.charge(1, { media: 100, metadata: 100 })).toThrow(AwsException)
    quotas.charge(1, { media: 500 })
  })

  test("allow a request that costs more than a second's worth, and then block until it is repaid", () => {
    const clock = new TestClock()
    const quotas = new Quotas({ clock, enabled: true })
    quotas.charge(1, { media: 1000 })
    clock.advance(1000)
    expect(() => quotas.charge(1, { media: 1 })).toThrow(AwsException)
    clock.advance(1000)
    quotas.charge(1, { media: 500 })
  })
})

describe('connections', () => {
  test('are limited for each stream and operation, and each is released exactly once', () => {
    const quotas = new Quotas({ clock: new TestClock(), enabled: true })
    const close = [1, 2, 3].map(() => quotas.connect('GetMedia', 7))
    expect(() => quotas.connect('GetMedia', 7)).toThrow(expect.objectContaining({ name: 'ConnectionLimitExceededException' }))
    quotas.connect('GetMedia', 8)
    close[0]?.()
    close[0]?.()
    quotas.connect('GetMedia', 7)
    expect(() => quotas.connect('GetMedia', 7)).toThrow(AwsException)
  })
})

describe('an upload', () => {
  test('is not slowed for a burst of 1,000 fragments, and is then limited to 5 a second', () => {
    const clock = new TestClock()
    const pace = new Quotas({ clock, enabled: true }).pace('PutMedia', 1)
    for (let i = 0; i < 1000; i++) expect(pace?.count({ bytes: 1000, fragments: 1 })).toBe(0)
    expect(pace?.count({ bytes: 1000, fragments: 1 })).toBe(200)
    expect(pace?.count({ bytes: 1000, fragments: 4 })).toBe(1000)
    clock.advance(1000)
    expect(pace?.count({ bytes: 1000, fragments: 0 })).toBe(0)
  })

  test('is slowed to 12.5 MB a second after a burst of the same number of bytes', () => {
    const clock = new TestClock()
    const pace = new Quotas({ clock, enabled: true }).pace('PutMedia', 1)
    expect(pace?.count({ bytes: 2_500_000_000, fragments: 0 })).toBe(0)
    expect(pace?.count({ bytes: 12_500_000, fragments: 0 })).toBe(1000)
  })

  test('shares its rate with the other uploads of the stream, and with no other stream', () => {
    const quotas = new Quotas({ clock: new TestClock(), enabled: true })
    quotas.pace('PutMedia', 1)?.count({ bytes: 0, fragments: 1000 })
    expect(quotas.pace('PutMedia', 1)?.count({ bytes: 0, fragments: 1 })).toBe(200)
    expect(quotas.pace('PutMedia', 2)?.count({ bytes: 0, fragments: 1 })).toBe(0)
  })
})

describe('reads of media', () => {
  async function* chunks(count: number, bytes: number) {
    for (let i = 0; i < count; i++) yield new Uint8Array(bytes)
  }

  async function takeAll(body: AsyncIterable<Uint8Array>): Promise<number> {
    let bytes = 0
    for await (const chunk of body) bytes += chunk.byteLength
    return bytes
  }

  test.each(['GetMedia', 'GetMediaForFragmentList'] as const)(
    'by %s are limited to 25 MB a second for all readers together',
    async (operation) => {
      const clock = new TestClock()
      const quotas = new Quotas({ clock, enabled: true })
      expect(quotas.pace(operation, 1)?.count({ bytes: 25_000_000, fragments: 0 })).toBe(0)
      expect(quotas.pace(operation, 1)?.count({ bytes: 2_500_000, fragments: 0 })).toBe(100)
      expect(quotas.pace(operation, 2)?.count({ bytes: 2_500_000, fragments: 0 })).toBe(0)
      clock.advance(100)
      expect(quotas.pace(operation, 1)?.count({ bytes: 0, fragments: 0 })).toBe(0)
      quotas.forget(1)
      expect(quotas.pace(operation, 1)?.count({ bytes: 25_000_000, fragments: 0 })).toBe(0)
    },
  )

  test('are limited to 5 fragments a second by GetMedia after a burst, and not by fragments in other operations', () => {
    const quotas = new Quotas({ clock: new TestClock(), enabled: true })
    expect(quotas.pace('GetMedia', 1)?.count({ bytes: 0, fragments: 1000 })).toBe(0)
    expect(quotas.pace('GetMedia', 1)?.count({ bytes: 0, fragments: 1 })).toBe(200)
    expect(quotas.pace('GetMediaForFragmentList', 1)?.count({ bytes: 0, fragments: 2000 })).toBe(0)
  })

  test('wait for earlier reads, arrive complete, and stop waiting when their reader leaves', async () => {
    const pace = new Quotas({ clock: systemClock, enabled: true }).pace('GetMedia', 1)
    const reader = new AbortController()
    const startedAt = performance.now()
    expect(await takeAll(paceFragment(chunks(3, 14_000_000), { pace, signal: reader.signal }))).toBe(42_000_000)
    expect(performance.now() - startedAt).toBeGreaterThan(100)
    pace?.count({ bytes: 2_500_000_000, fragments: 0 })
    const rest = takeAll(paceFragment(chunks(1, 1), { pace, signal: reader.signal }))
    reader.abort(new Error('left'))
    await expect(rest).rejects.toThrow('left')
    expect(await takeAll(paceFragment(chunks(3, 14_000_000), { pace: null, signal: new AbortController().signal }))).toBe(42_000_000)
  })
})

test('a clock that is set back neither refills nor breaks a rate', () => {
  const clock = new TestClock()
  const bucket = new TokenBucket({ clock, perSecond: 10 })
  bucket.take(10)
  clock.advance(-3_600_000)
  expect(bucket.waitMs(1)).toBe(100)
  clock.advance(100)
  expect(bucket.waitMs(1)).toBe(0)
})

test('with quotas, the sixth DescribeStream of a stream in a second is refused with an error class of the SDK', async () => {
  const clock = new TestClock()
  await using kvs = await startKvsTestServer({ quotas: true, clock })
  await kvs.control.send(new CreateStreamCommand({ StreamName: 'dock' }))
  await kvs.control.send(new CreateStreamCommand({ StreamName: 'gate' }))
  for (let i = 0; i < 5; i++) await kvs.control.send(new DescribeStreamCommand({ StreamName: 'dock' }))
  const sixth = kvs.control.send(new DescribeStreamCommand({ StreamName: 'dock' }))
  await expect(sixth).rejects.toBeInstanceOf(ClientLimitExceededException)
  await expect(sixth).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } })
  await kvs.control.send(new DescribeStreamCommand({ StreamName: 'gate' }))
  clock.advance(1000)
  await kvs.control.send(new DescribeStreamCommand({ StreamName: 'dock' }))
})
