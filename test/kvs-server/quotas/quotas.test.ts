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

/** How many of the calls are let in before the first is refused. */
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

describe('requests a second', () => {
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
  ])('%s is let in %d times for the account and %s times for a stream', (operation, perAccount, perStream) => {
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
  ])('%s is let in %d times for a stream, and another stream is not touched', (operation, perStream) => {
    const quotas = new Quotas({ clock: new TestClock(), enabled: true })
    expect(countAdmitted(() => quotas.admit(operation, 1))).toBe(perStream)
    expect(countAdmitted(() => quotas.admit(operation, 2))).toBe(perStream)
  })

  test('come back steadily, and a refused request uses up nothing', () => {
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

  test('are not counted for operations without a row, nor when quotas are off', () => {
    const clock = new TestClock()
    expect(countAdmitted(() => new Quotas({ clock, enabled: true }).admit('GetClip', 1), 1000)).toBe(1000)
    const off = new Quotas({ clock, enabled: false })
    expect(countAdmitted(() => off.admit('DescribeStream', 1), 1000)).toBe(1000)
    expect(countAdmitted(() => off.charge(1, { media: 500, metadata: 10_000 }), 1000)).toBe(1000)
    expect(off.pace('PutMedia', 1)).toBeNull()
  })
})

describe('quota points', () => {
  test('let two clips of 200 fragments through in a second, or a hundred of 5', () => {
    const clock = new TestClock()
    const quotas = new Quotas({ clock, enabled: true })
    expect(countAdmitted(() => quotas.charge(1, { media: 200, metadata: 200 }))).toBe(2)
    expect(countAdmitted(() => quotas.charge(2, { media: 5, metadata: 5 }))).toBe(100)
    clock.advance(1000)
    expect(countAdmitted(() => quotas.charge(1, { media: 200, metadata: 200 }))).toBe(2)
  })

  test('let ten full pages of ListFragments through in a second, counted by what was asked for', () => {
    const quotas = new Quotas({ clock: new TestClock(), enabled: true })
    expect(countAdmitted(() => quotas.charge(1, { metadata: 1000 }))).toBe(10)
  })

  test('of one kind are not taken when those of the other are used up', () => {
    const quotas = new Quotas({ clock: new TestClock(), enabled: true })
    quotas.charge(1, { metadata: 9_990 })
    expect(() => quotas.charge(1, { media: 100, metadata: 100 })).toThrow(AwsException)
    quotas.charge(1, { media: 500 })
  })

  test('let a request in that costs more than a second brings, and then wait until it is paid', () => {
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
  test('are limited for each stream and operation, and come back when they are closed, once', () => {
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
  test('is not slowed for a burst of 1,000 fragments, and then reads 5 a second', () => {
    const clock = new TestClock()
    const pace = new Quotas({ clock, enabled: true }).pace('PutMedia', 1)
    for (let i = 0; i < 1000; i++) expect(pace?.count({ bytes: 1000, fragments: 1 })).toBe(0)
    expect(pace?.count({ bytes: 1000, fragments: 1 })).toBe(200)
    expect(pace?.count({ bytes: 1000, fragments: 4 })).toBe(1000)
    clock.advance(1000)
    expect(pace?.count({ bytes: 1000, fragments: 0 })).toBe(0)
  })

  test('is slowed to 12.5 MB a second once the bytes of the same burst are through', () => {
    const clock = new TestClock()
    const pace = new Quotas({ clock, enabled: true }).pace('PutMedia', 1)
    expect(pace?.count({ bytes: 2_500_000_000, fragments: 0 })).toBe(0)
    expect(pace?.count({ bytes: 12_500_000, fragments: 0 })).toBe(1000)
  })

  test('shares its pace with the other uploads of the stream, and with no other stream', () => {
    const quotas = new Quotas({ clock: new TestClock(), enabled: true })
    quotas.pace('PutMedia', 1)?.count({ bytes: 0, fragments: 1000 })
    expect(quotas.pace('PutMedia', 1)?.count({ bytes: 0, fragments: 1 })).toBe(200)
    expect(quotas.pace('PutMedia', 2)?.count({ bytes: 0, fragments: 1 })).toBe(0)
  })
})

describe('media that is read', () => {
  async function* chunks(count: number, bytes: number) {
    for (let i = 0; i < count; i++) yield new Uint8Array(bytes)
  }

  async function takeAll(body: AsyncIterable<Uint8Array>): Promise<number> {
    let bytes = 0
    for await (const chunk of body) bytes += chunk.byteLength
    return bytes
  }

  test.each(['GetMedia', 'GetMediaForFragmentList'] as const)(
    'by %s is slowed to 25 MB a second, all readers together',
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

  test('is slowed to 5 fragments a second by GetMedia after a burst, and not counted by fragments elsewhere', () => {
    const quotas = new Quotas({ clock: new TestClock(), enabled: true })
    expect(quotas.pace('GetMedia', 1)?.count({ bytes: 0, fragments: 1000 })).toBe(0)
    expect(quotas.pace('GetMedia', 1)?.count({ bytes: 0, fragments: 1 })).toBe(200)
    expect(quotas.pace('GetMediaForFragmentList', 1)?.count({ bytes: 0, fragments: 2000 })).toBe(0)
  })

  test('waits for what was read before it, arrives whole, and is let go of when its reader leaves', async () => {
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

test('a server that keeps quotas refuses the sixth DescribeStream of a stream in a second, as a class of the SDK', async () => {
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
