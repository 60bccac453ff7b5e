// Broken uploads and broken requests on the wire. Each gets a typed error. Persisted fragments survive, and no files are left behind.
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encodeId, encodeUnsigned } from '../../src/media/matroska/ebml-writer.js'
import { ELEMENT } from '../../src/media/matroska/element-ids.js'
import { readFixture } from '../support/fixtures.js'
import { AVCC, footage, frame, header, recording, tags, VIDEO } from '../support/footage.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'
import { bytesOf, cluster, concatBytes, simpleBlock, sizedElement, timestamp, voidElement } from '../support/mkv-builder.js'
import { type Ack, Producer } from '../support/producer.js'

let kvs: KvsTestServer
beforeAll(async () => {
  kvs = await startKvsTestServer()
  await kvs.post('/createStream', { StreamName: 'cam', DataRetentionInHours: 24 })
})
afterAll(async () => {
  await kvs[Symbol.asyncDispose]()
})

let persisted = 0

setFlagsFromString('--expose-gc')
const collectGarbage: unknown = runInNewContext('gc')

/** The memory outside the heap after garbage collection, which holds the bytes of uploads. */
function heldBytes(): number {
  if (typeof collectGarbage === 'function') collectGarbage()
  return process.memoryUsage().arrayBuffers
}

async function listed(): Promise<number> {
  const TimestampRange = { StartTimestamp: -1_000_000_000, EndTimestamp: 250_000_000_000 }
  const FragmentSelector = { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange }
  let [count, NextToken]: [number, string | null] = [0, null]
  do {
    const answer = await kvs.post('/listFragments', { StreamName: 'cam', MaxResults: 1000, FragmentSelector, NextToken })
    const page: { Fragments: unknown[]; NextToken: string | null } = JSON.parse(await answer.text())
    count += page.Fragments.length
    NextToken = page.NextToken
  } while (NextToken !== null)
  return count
}

/** Sends all of the upload (or as much as the server takes), and compares the archive with the acknowledgements. */
async function send(body: Uint8Array, chunkBytes = 65_536): Promise<readonly Ack[]> {
  const producer = new Producer(kvs.url, { stream: 'cam' })
  try {
    for (let at = 0; at < body.byteLength; at += chunkBytes) await producer.send(body.subarray(at, at + chunkBytes))
    await producer.finish()
  } catch {
    // The server has sent its last acknowledgement and closed the connection.
    await producer.answer.catch(() => {})
  }
  persisted += producer.acks.filter(({ EventType }) => EventType === 'PERSISTED').length
  expect(await listed()).toBe(persisted)
  expect(await readdir(join(kvs.dataDir, 'incoming'))).toEqual([])
  return producer.acks
}

const told = (acks: readonly Ack[]) => acks.filter(({ EventType }) => EventType === 'PERSISTED' || EventType === 'ERROR')
const outcomeOf = (acks: readonly Ack[]) => told(acks).map(({ EventType, ErrorId }) => (EventType === 'ERROR' ? ErrorId : 'kept'))

function nested(depth: number): Uint8Array {
  let element: Uint8Array = new Uint8Array(0)
  for (let level = 0; level < depth; level += 1) element = sizedElement(ELEMENT.SimpleTag, 'known', element)
  return sizedElement(ELEMENT.Tags, 'known', sizedElement(ELEMENT.Tag, 'known', element))
}

function clusterOf(ticksElement: Uint8Array): Uint8Array {
  return sizedElement(ELEMENT.Cluster, 'known', ticksElement, simpleBlock({ track: 1, time: 0, isKey: true, payload: frame(40) }))
}

const HEADER_STRIPPING = bytesOf(0x6d, 0x80, 0x8a, 0x62, 0x40, 0x87, 0x50, 0x34, 0x84, 0x42, 0x54, 0x81, 3)
const laced = (flags: number, ...payload: number[]) =>
  cluster(1000, [simpleBlock({ track: 1, time: 0, isKey: true, flags, payload: bytesOf(...payload) })])

describe('a broken upload', () => {
  test.each([
    ['a 4-byte timecode', [clusterOf(timestamp(1000, 4))], ['kept', 'kept']],
    ['a timecode of one byte', [clusterOf(timestamp(200, 1))], ['kept', 'kept']],
    ['a timecode of nine bytes', [clusterOf(concatBytes(bytesOf(0xe7, 0x89), new Uint8Array(9)))], ['kept', 4006]],
    ['a Cluster of no length', [sizedElement(ELEMENT.Cluster, 'known')], ['kept', 4006]],
    ['a Cluster with nothing but its timecode', [sizedElement(ELEMENT.Cluster, 'known', timestamp(1000))], ['kept', 4011]],
    ['a Cluster that says 10 GB and ends', [cluster(1000, [], { claimed: 10_000_000_000 })], ['kept', 4006]],
    [
      'a Block that says 10 GB',
      [cluster(1000, [sizedElement(ELEMENT.SimpleBlock, { claimed: 10_000_000_000 })], 'unknown-1')],
      ['kept', 4006],
    ],
    ['a Tags element that says 10 GB', [sizedElement(ELEMENT.Tags, { claimed: 10_000_000_000 }), footage(1000)], ['kept', 4006]],
    ['a Block longer than its Cluster', [cluster(1000, [sizedElement(ELEMENT.SimpleBlock, { claimed: 500 }, frame(40))])], ['kept', 4006]],
    ['a Block of two bytes', [cluster(1000, [sizedElement(ELEMENT.SimpleBlock, 'known', bytesOf(0x81, 0))])], ['kept', 4006]],
    ['Xiph lacing that lies', [laced(0x02, 2, 255, 255, 255, 1)], ['kept', 4006]],
    ['EBML lacing that lies', [laced(0x06, 2, 0x7f, 0xff, 1)], ['kept', 4006]],
    ['fixed-size lacing that does not divide', [laced(0x04, 2, 1, 2, 3, 4)], ['kept', 4006]],
    ['tags nested a thousand deep', [nested(1000), footage(1000)], ['kept', 4006]],
    [
      'an element that Matroska does not have',
      [concatBytes(encodeId(0x1abcdef0), encodeUnsigned(0x83, 1), bytesOf(1, 2, 3)), footage(1000)],
      ['kept', 'kept'],
    ],
    ['zeros', [new Uint8Array(100_000)], ['kept', 4006]],
  ])('with %s after a valid fragment keeps that fragment', async (_, children, outcome) => {
    expect(outcomeOf(await send(recording([footage(0), ...children])))).toEqual(outcome)
  })

  test.each([
    ['header-stripping compression', recording([footage(0)], [{ ...VIDEO, extra: HEADER_STRIPPING }]), [4006]],
    ['no Tracks', recording([footage(0)], []), [4010]],
    ['a track number of 0', recording([footage(0)], [{ ...VIDEO, number: 0 }]), [4006]],
    ['two tracks of one number', recording([footage(0)], [VIDEO, VIDEO]), [4006]],
    ['an EBML header that says 10 GB', sizedElement(ELEMENT.EBML, { claimed: 10_000_000_000 }, new Uint8Array(1000)), [4006]],
    [
      'another DocType',
      concatBytes(bytesOf(0x1a, 0x45, 0xdf, 0xa3, 0x87, 0x42, 0x82, 0x84, 0x65, 0x76, 0x69, 0x6c), header().subarray(20)),
      [4006],
    ],
    ['an MP4', Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1'), [4006]],
    ['nothing at all', new Uint8Array(0), []],
  ])('with %s keeps nothing', async (_, body, outcome) => {
    expect(outcomeOf(await send(body))).toEqual(outcome)
  })

  test('in Annex-B form is accepted, and refused as a clip for its first error', async () => {
    const startCode = bytesOf(0, 0, 0, 1, 0x65, 1, 2)
    const annexB = (ticks: number) => cluster(ticks, [simpleBlock({ track: 1, time: 0, isKey: true, payload: startCode })])
    await kvs.post('/createStream', { StreamName: 'annex-b', DataRetentionInHours: 24 })
    const clipError = async () => {
      const TimestampRange = { StartTimestamp: 1_700_000_000, EndTimestamp: 1_700_000_060 }
      const ClipFragmentSelector = { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange }
      const answer = await kvs.post('/getClip', { StreamName: 'annex-b', ClipFragmentSelector })
      return answer.headers.get('x-amzn-errortype')
    }
    const producer = new Producer(kvs.url, { stream: 'annex-b' })
    await producer.send(recording([annexB(0)], [{ ...VIDEO, codecPrivate: AVCC }]))
    await producer.finish()
    expect(await clipError()).toBe('InvalidMediaFrameException')
  })

  test('that is cut off anywhere keeps the earlier fragments, whether the connection ends or breaks', async () => {
    const file = recording([tags({ a: 'b' }), footage(0), footage(1000), tags({ c: 'd' }), footage(2000)])
    for (let length = 0; length < file.byteLength; length += 41) {
      const acks = await send(file.subarray(0, length), 200)
      expect(told(acks).filter(({ EventType }) => EventType === 'ERROR').length).toBeLessThanOrEqual(1)
    }
    for (let length = 100; length < file.byteLength; length += 200) await breakOff(file.subarray(0, length))
  })

  async function breakOff(bytes: Uint8Array): Promise<void> {
    const producer = new Producer(kvs.url, { stream: 'cam' })
    await producer.send(bytes)
    producer.breakOff()
    await producer.answer.catch(() => {})
    // The stream accepts the next producer once it is done with the broken one.
    for (;;) {
      const next = new Producer(kvs.url, { stream: 'cam' })
      next.request.end()
      if ((await next.answer).status === 200) break
    }
    // A complete fragment may have been persisted after the connection was gone.
    persisted = await listed()
    expect(await readdir(join(kvs.dataDir, 'incoming'))).toEqual([])
  }

  test('with flipped bytes is either accepted or refused', async () => {
    const sources = [recording([footage(0), tags({ a: 'b' }), footage(1000)]), readFixture('h264-aac.mkv').subarray(0, 30_000)]
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...sources), flips, async (source, changes) => {
        const body = source.slice()
        for (const [at, mask] of changes) body[at % body.byteLength] = (body[at % body.byteLength] ?? 0) ^ mask
        expect(told(await send(body)).filter(({ EventType }) => EventType === 'ERROR').length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 60 },
    )
  })

  test('without end uses bounded memory: Void, a Cluster of 10 GB, frames that never end', async () => {
    const megabyte = new Uint8Array(1_000_000)
    const pour = async (start: Uint8Array, chunk: Uint8Array, chunks: number) => {
      const producer = new Producer(kvs.url, { stream: 'cam' })
      let most = 0
      try {
        await producer.send(start)
        for (let sent = 0; sent < chunks; sent += 1) {
          await producer.send(chunk)
          if (sent % 10 === 9) most = Math.max(most, heldBytes())
        }
        await producer.finish()
      } catch {
        await producer.answer.catch(() => {})
      }
      persisted = await listed()
      expect(await readdir(join(kvs.dataDir, 'incoming'))).toEqual([])
      return { most, outcome: outcomeOf(producer.acks) }
    }
    const before = heldBytes()
    const voids = await pour(recording([footage(0)]), voidElement(megabyte.byteLength), 150)
    const huge = await pour(concatBytes(header(), cluster(0, [], { claimed: 10_000_000_000 })), voidElement(megabyte.byteLength), 150)
    const endless = concatBytes(
      header(),
      sizedElement(ELEMENT.Cluster, 'unknown-8', timestamp(0), sizedElement(ELEMENT.SimpleBlock, { claimed: 10_000_000_000 })),
    )
    const block = await pour(endless, megabyte, 150)
    expect([voids.outcome, huge.outcome, block.outcome]).toEqual([['kept'], [4001], [expect.any(Number)]])
    // The bytes in flight between client and server, which share this process. Nothing accumulates.
    expect([voids, huge, block].map(({ most }) => Math.round((most - before) / 1e6)).filter((megabytes) => megabytes > 30)).toEqual([])
  })
})

describe('a broken request', () => {
  const paths = ['/getClip', '/listFragments', '/getMediaForFragmentList', '/getMedia', '/getHLSStreamingSessionURL', '/createStream']
  const controls = ['/describeStream', '/listStreams', '/updateStream', '/updateDataRetention', '/deleteStream', '/getDataEndpoint']
  const tagging = ['/tagStream', '/untagStream', '/listTagsForStream', '/TagResource', '/UntagResource', '/ListTagsForResource']
  const all = [...paths, ...controls, ...tagging]

  test('with any JSON gets a typed client error, or succeeds', async () => {
    const members = [
      'StreamName',
      'StreamARN',
      'ClipFragmentSelector',
      'FragmentSelector',
      'StartSelector',
      'MaxResults',
      'NextToken',
      'Fragments',
    ]
    const more = [
      'Tags',
      'TagKeyList',
      'APIName',
      'CurrentVersion',
      'DataRetentionInHours',
      'ResourceARN',
      'Operation',
      'PlaybackMode',
      'Expires',
    ]
    const leaf = fc.oneof(
      fc.constantFrom('cam', 'none', '', 'PRODUCER_TIMESTAMP', '__proto__', 'arn:aws:kinesisvideo:us-east-1:000000000000:stream/cam/1'),
      fc.double(),
      fc.integer(),
      fc.constant(null),
      fc.boolean(),
      fc.string(),
    )
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie('value'), { maxLength: 3 }), tie('object')),
      object: fc.dictionary(
        fc.constantFrom(
          'FragmentSelectorType',
          'TimestampRange',
          'StartTimestamp',
          'EndTimestamp',
          'StartSelectorType',
          'Key',
          'Value',
          'constructor',
        ),
        tie('value'),
      ),
    }))
    const body = fc.dictionary(fc.constantFrom(...members, ...more), value)
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...all), body, async (path, input) => {
        const answer = await fetch(kvs.url + path, { method: 'POST', body: JSON.stringify(input) })
        await answer.body?.cancel()
        expect([200, 400, 404]).toContain(answer.status)
        if (answer.status !== 200) expect(answer.headers.get('x-amzn-errortype')).toMatch(/Exception$/)
      }),
      { numRuns: 400 },
    )
  })

  test.each(all)('with invalid JSON is refused at %s', async (path) => {
    for (const body of [
      '{',
      '\u0000',
      '[1]',
      '"x"',
      '{"StreamName":"\ud800"}',
      '{"a":1e999}',
      `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
      `{"StreamName":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
      `{"ResourceARN":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
    ]) {
      const answer = await fetch(kvs.url + path, { method: 'POST', body })
      await answer.body?.cancel()
      expect([200, 400]).toContain(answer.status)
      if (answer.status !== 200) expect(answer.headers.get('x-amzn-errortype')).toMatch(/Exception$/)
    }
  })

  test.each([
    [{}, 400],
    [{ 'x-amzn-stream-name': 'cam' }, 400],
    [{ 'x-amzn-stream-name': 'none', 'x-amzn-fragment-timecode-type': 'ABSOLUTE' }, 404],
    [{ 'x-amzn-stream-name': 'cam', 'x-amzn-stream-arn': 'arn', 'x-amzn-fragment-timecode-type': 'ABSOLUTE' }, 400],
    [{ 'x-amzn-stream-name': 'cam', 'x-amzn-fragment-timecode-type': 'BOGUS', 'x-amzn-producer-start-timestamp': '1' }, 400],
    [{ 'x-amzn-stream-name': 'cam', 'x-amzn-fragment-timecode-type': 'RELATIVE', 'x-amzn-producer-start-timestamp': 'now' }, 400],
    [{ 'x-amzn-stream-name': 'cam', 'x-amzn-fragment-timecode-type': 'RELATIVE', 'x-amzn-producer-start-timestamp': '-1' }, 400],
  ])('of PutMedia with the headers %j is answered with %i', async (headers, status) => {
    const answer = await new Promise<number>((resolve, reject) => {
      const upload = request(`${kvs.url}/putMedia`, { method: 'POST', headers }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      upload.on('error', reject)
      upload.end()
    })
    expect(answer).toBe(status)
  })
})
