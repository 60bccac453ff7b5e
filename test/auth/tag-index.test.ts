import { expect, test } from '@jest/globals'
import { TagIndex } from '../../src/auth/tag-index.js'
import { GatewayError } from '../../src/domain/errors.js'
import { eventually } from '../support/eventually.js'
import { FakeStreams, fakeStream } from '../support/fake-kvs.js'

const signal = new AbortController().signal

class TaggedCatalog extends FakeStreams {
  calls = 0
  site = 'berlin'
  error: Error | null = null

  override async tags() {
    this.calls += 1
    if (this.error) throw this.error
    return [{ key: 'site', value: this.site }]
  }
}

function indexOf(count: number) {
  const catalog = new TaggedCatalog(Array.from({ length: count }, (_, index) => fakeStream(`camera-${String(index).padStart(4, '0')}`)))
  const time = { nowMs: 1_700_000_000_000 }
  return { catalog, time, index: new TagIndex({ catalog, clock: { now: () => time.nowMs } }) }
}

test('the tags of all streams are read once for many requests', async () => {
  const { catalog, index } = indexOf(70)
  const reads = await Promise.all(Array.from({ length: 5 }, () => index.read(signal)))
  expect(catalog.calls).toBe(70)
  expect(reads[0]?.arnsWith('site', 'berlin')).toHaveLength(70)
  expect(reads[0]?.arnOf('camera-0069')).toBe(fakeStream('camera-0069').arn)
})

test('after half a minute a request starts another read and uses the previous one, and after two minutes it waits', async () => {
  const { catalog, time, index } = indexOf(3)
  await index.read(signal)
  catalog.site = 'rome'
  time.nowMs += 31_000
  expect((await index.read(signal)).arnsWith('site', 'berlin')).toHaveLength(3)
  await eventually(async () => expect((await index.read(signal)).arnsWith('site', 'rome')).toHaveLength(3))
  catalog.site = 'oslo'
  time.nowMs += 121_000
  expect((await index.read(signal)).arnsWith('site', 'oslo')).toHaveLength(3)
})

test('an error of Kinesis Video reaches the requests that wait, and the next one reads again', async () => {
  const { catalog, index } = indexOf(1)
  catalog.error = new GatewayError('KVS_THROTTLED', 'Kinesis Video throttles this call.')
  await expect(index.read(signal)).rejects.toBe(catalog.error)
  catalog.error = null
  expect((await index.read(signal)).arnsWith('site', 'berlin')).toHaveLength(1)
})

test('a read outlasts the request that started it', async () => {
  const { catalog, index } = indexOf(20)
  const left = new AbortController()
  const waiting = index.read(left.signal)
  left.abort(new Error('left'))
  await expect(waiting).rejects.toThrow('left')
  await index.read(signal)
  expect(catalog.calls).toBe(20)
})
