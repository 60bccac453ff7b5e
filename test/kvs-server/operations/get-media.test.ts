import { existsSync, readFileSync } from 'node:fs'
import { GetMediaCommand, KinesisVideoMediaClient } from '@aws-sdk/client-kinesis-video-media'
import { describe, expect, test } from '@jest/globals'
import { getMediaForFragmentList } from '../../../src/kvs-server/operations/get-media-for-fragment-list.js'
import { Quotas } from '../../../src/kvs-server/quotas/quotas.js'
import { isMediaAnswer } from '../../../src/kvs-server/wire/operation.js'
import { openTestArchive } from '../../support/archive-for-test.js'
import { demux, eventsOf } from '../../support/demux.js'
import { footage, header, recording, tags } from '../../support/footage.js'
import { type KvsTestServer, startKvsTestServer, TEST_CREDENTIALS } from '../../support/kvs-test-server.js'
import { concatBytes } from '../../support/mkv-builder.js'
import { type Ack, Producer, upload } from '../../support/producer.js'

const START = 1_700_000_000

async function startWith(
  body: Uint8Array,
  { hours = 24, ...options }: Parameters<typeof startKvsTestServer>[0] & { hours?: number } = {},
): Promise<{ kvs: KvsTestServer; numbers: string[] }> {
  const kvs = await startKvsTestServer(options)
  await kvs.post('/createStream', { StreamName: 'cam', DataRetentionInHours: hours })
  const acks = await upload(kvs.url, body, { stream: 'cam', start: String(START) })
  return { kvs, numbers: numbersOf(acks) }
}

function numbersOf(acks: readonly Ack[]): string[] {
  return acks.filter(({ EventType }) => EventType === 'RECEIVED').map(({ FragmentNumber = '' }) => FragmentNumber)
}

/** Reads until the bytes contain a number of the tags that end a fragment, then disconnects. */
async function readMedia(kvs: KvsTestServer, StartSelector: object, fragments: number): Promise<Uint8Array> {
  const hangUp = new AbortController()
  const answer = await fetch(`${kvs.url}/getMedia`, {
    method: 'POST',
    body: JSON.stringify({ StreamName: 'cam', StartSelector }),
    signal: hangUp.signal,
  })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/webm'])
  const reader = answer.body?.getReader()
  let bytes: Uint8Array = new Uint8Array(0)
  while (tagsOf(bytes, 'AWS_KINESISVIDEO_CONTINUATION_TOKEN').length < fragments) {
    const next = await reader?.read()
    if (next === undefined || next.done) break
    bytes = concatBytes(bytes, next.value)
  }
  hangUp.abort()
  return bytes
}

function tagsOf(bytes: Uint8Array, name: string): string[] {
  return eventsOf(demux(bytes), 'tags').flatMap((event) => event.tags.filter((tag) => tag.name === name).map(({ value }) => value))
}

async function bytesOfBody(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk.slice())
  return concatBytes(...chunks)
}

describe('GetMedia', () => {
  const BODY = recording([0, 2000, 4000].map((ticks) => footage(ticks)))

  test('returns each fragment as a separate document: header, tags of the service, the unchanged Cluster, tags again', async () => {
    const behind = tags({ place: 'gate' })
    const { kvs, numbers } = await startWith(recording([footage(0), behind, footage(2000)]))
    await using _ = kvs
    const media = await readMedia(kvs, { StartSelectorType: 'EARLIEST' }, 2)
    const { events } = demux(media)
    const kinds = events.map(({ kind }) => kind).filter((kind) => kind !== 'cluster-start' && kind !== 'cluster-timestamp')
    expect(kinds.slice(0, 7)).toEqual(['document', 'tags', 'tracks', 'cluster-end', 'tags', 'tags', 'document'])
    expect(Buffer.from(media).includes(Buffer.from(footage(0)))).toBe(true)
    expect(Buffer.from(media).includes(Buffer.from(behind))).toBe(true)
    expect(tagsOf(media, 'AWS_KINESISVIDEO_FRAGMENT_NUMBER')).toEqual(numbers)
    expect(tagsOf(media, 'AWS_KINESISVIDEO_CONTINUATION_TOKEN')).toEqual(numbers)
    expect(tagsOf(media, 'AWS_KINESISVIDEO_PRODUCER_TIMESTAMP')).toEqual([`${START}.000`, `${START + 2}.000`])
    expect(tagsOf(media, 'AWS_KINESISVIDEO_SERVER_TIMESTAMP')[0]).toMatch(/^\d{10}\.\d{3}$/)
  })

  test('reports how far behind the clock each fragment is when it is sent', async () => {
    const clock = { at: Date.parse('2026-05-04T12:00:00Z'), now: () => clock.at }
    const { kvs } = await startWith(BODY, { clock })
    await using _ = kvs
    clock.at += 7500
    const media = await readMedia(kvs, { StartSelectorType: 'EARLIEST' }, 3)
    expect(tagsOf(media, 'AWS_KINESISVIDEO_MILLIS_BEHIND_NOW')).toEqual(['7500', '7500', '7500'])
  })

  test.each(['FRAGMENT_NUMBER', 'CONTINUATION_TOKEN'])(
    'reports in the media that the fragment to continue from does not exist (%s)',
    async (type) => {
      const clock = { at: Date.parse('2026-05-04T12:00:00Z'), now: () => clock.at }
      const { kvs, numbers } = await startWith(BODY, { clock, hours: 1 })
      await using _ = kvs
      await kvs.post('/createStream', { StreamName: 'other', DataRetentionInHours: 1 })
      const [number = ''] = numbers
      const StartSelector = { StartSelectorType: type, AfterFragmentNumber: number, ContinuationToken: number }
      const ask = async (StreamName: string) => {
        const answer = await kvs.post('/getMedia', { StreamName, StartSelector })
        expect(answer.status).toBe(200)
        return demux(new Uint8Array(await answer.arrayBuffer()))
      }
      clock.at += 3_600_001
      for (const media of [await ask('other'), await ask('cam')]) {
        expect(media.failure).toBeNull()
        expect(eventsOf(media, 'tags').flatMap((event) => event.tags)).toEqual([
          { name: 'AWS_KINESISVIDEO_ERROR_CODE', value: 'Requested fragment is not found.' },
          { name: 'AWS_KINESISVIDEO_ERROR_ID', value: '4000' },
        ])
      }
    },
  )

  test('begins at the position of the selector', async () => {
    const { kvs, numbers } = await startWith(BODY)
    await using _ = kvs
    const [a = '', b = '', c = ''] = numbers
    const starts: [object, string[]][] = [
      [{ StartSelectorType: 'EARLIEST' }, [a, b, c]],
      [{ StartSelectorType: 'NOW' }, [c]],
      [{ StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: a }, [b, c]],
      [{ StartSelectorType: 'CONTINUATION_TOKEN', ContinuationToken: b }, [c]],
      [{ StartSelectorType: 'PRODUCER_TIMESTAMP', StartTimestamp: START + 2.5 }, [b, c]],
      [{ StartSelectorType: 'PRODUCER_TIMESTAMP', StartTimestamp: START + 3.5 }, [c]],
      [{ StartSelectorType: 'PRODUCER_TIMESTAMP', StartTimestamp: START - 100 }, [a, b, c]],
      [{ StartSelectorType: 'SERVER_TIMESTAMP', StartTimestamp: 0 }, [a, b, c]],
    ]
    for (const [selector, expected] of starts) {
      const media = await readMedia(kvs, selector, expected.length)
      expect(tagsOf(media, 'AWS_KINESISVIDEO_FRAGMENT_NUMBER')).toEqual(expected)
    }
  })

  test.each([
    [{ StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: '12' }],
    [{ StartSelectorType: 'LATEST' }],
    [{ StartSelectorType: 'SERVER_TIMESTAMP' }],
  ])('refuses %j', async (StartSelector) => {
    const { kvs } = await startWith(BODY)
    await using _ = kvs
    const answer = await kvs.post('/getMedia', { StreamName: 'cam', StartSelector })
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([400, 'InvalidArgumentException'])
  })

  test('returns footage that was read with GetMedia and uploaded again with only its own tags and those of the producer', async () => {
    const { kvs, numbers } = await startWith(recording([tags({ place: 'gate' }), footage(0), tags({ gate: 'open' }), footage(2000)]))
    await using _ = kvs
    await kvs.post('/createStream', { StreamName: 'copy', DataRetentionInHours: 24 })
    const first = await readMedia(kvs, { StartSelectorType: 'EARLIEST' }, 2)
    const copied = numbersOf(await upload(kvs.url, first, { stream: 'copy', start: String(START) }))
    const answer = await kvs.post('/getMediaForFragmentList', { StreamName: 'copy', Fragments: copied })
    const media = new Uint8Array(await answer.arrayBuffer())
    expect(tagsOf(first, 'AWS_KINESISVIDEO_FRAGMENT_NUMBER')).toEqual(numbers)
    expect(tagsOf(media, 'AWS_KINESISVIDEO_FRAGMENT_NUMBER')).toEqual(copied)
    expect([tagsOf(media, 'AWS_KINESISVIDEO_CONTINUATION_TOKEN'), producerTags(media)]).toEqual([[], producerTags(first)])
    expect(producerTags(first)).toContain('gate=open')
  })

  test.each([24, 0])('follows a stream live through the SDK (retention of %i hours), until it is deleted', async (hours) => {
    const { kvs } = await startWith(footage(0).subarray(0, 0), { hours })
    await using _ = kvs
    const client = new KinesisVideoMediaClient({ endpoint: kvs.url, region: 'us-east-1', credentials: TEST_CREDENTIALS })
    const { Payload } = await client.send(new GetMediaCommand({ StreamName: 'cam', StartSelector: { StartSelectorType: 'NOW' } }))
    const producer = new Producer(kvs.url, { stream: 'cam', start: String(START) })
    await producer.send(concatBytes(header(), footage(0), footage(1000)))
    await producer.until('RECEIVED', 2)
    await producer.finish()
    const { StreamInfoList } = JSON.parse(await (await kvs.post('/listStreams', {})).text())
    const reading = Payload?.transformToByteArray()
    await new Promise((resolve) => setTimeout(resolve, 100))
    await kvs.post('/deleteStream', { StreamARN: StreamInfoList[0].StreamARN })
    const media = (await reading) ?? new Uint8Array(0)
    expect(tagsOf(media, 'AWS_KINESISVIDEO_FRAGMENT_NUMBER')).toEqual(numbersOf(producer.acks))
    client.destroy()
  })
})

describe('GetMediaForFragmentList', () => {
  test('returns the requested fragments in the requested order, with both spellings of the times', async () => {
    const { kvs, numbers } = await startWith(recording([0, 2000, 4000].map((ticks) => footage(ticks))))
    await using _ = kvs
    const Fragments = [numbers[2], numbers[0]]
    const answer = await kvs.post('/getMediaForFragmentList', { StreamName: 'cam', Fragments })
    const media = new Uint8Array(await answer.arrayBuffer())
    expect(tagsOf(media, 'AWS_KINESISVIDEO_FRAGMENT_NUMBER')).toEqual(Fragments)
    expect(tagsOf(media, 'AWS_KINESISVIDEO_PRODUCER_SIDE_TIMESTAMP')).toEqual([`${START + 4}.000`, `${START}.000`])
    expect(tagsOf(media, 'AWS_KINESISVIDEO_PRODUCER_TIMESTAMP')).toEqual([`${START + 4}.000`, `${START}.000`])
    expect(tagsOf(media, 'AWS_KINESISVIDEO_MILLIS_BEHIND_NOW')).toEqual([])
    expect(eventsOf(demux(media), 'cluster-end').map(({ timestampMs }) => timestampMs)).toEqual([4000, 0])
  })

  test('returns a document of tags instead of a fragment that expires during the call, also for the first one', async () => {
    await using archive = await openTestArchive()
    const stream = archive.createStream('cam', 1)
    const acks = await archive.upload(stream, recording([footage(0), footage(2000)]))
    const Fragments = acks.flatMap(({ EventType, FragmentNumber }) => (EventType === 'RECEIVED' ? [FragmentNumber] : []))
    const services = { ...archive, quotas: new Quotas({ clock: archive.clock, enabled: false }) }
    const call = { requestId: 'id', signal: AbortSignal.timeout(20_000), baseUrl: '' }
    const answer = await getMediaForFragmentList.run(getMediaForFragmentList.parse({ StreamName: 'cam', Fragments }), services, call)
    archive.clock.at += 3_600_001
    await archive.archive.sweep()
    const media = demux(isMediaAnswer(answer) ? await bytesOfBody(answer.body) : new Uint8Array(0))
    expect(media.failure).toBeNull()
    const told = (name: string) =>
      eventsOf(media, 'tags').flatMap((event) => event.tags.flatMap((tag) => (tag.name === name ? [tag.value] : [])))
    expect(told('AWS_KINESISVIDEO_FRAGMENT_NUMBER')).toEqual(Fragments)
    expect(told('AWS_KINESISVIDEO_EXCEPTION_ERROR_CODE')).toEqual(['4000', '4000'])
    expect(told('AWS_KINESISVIDEO_ERROR_CODE')).toEqual(['FRAGMENT_NOT_FOUND', 'FRAGMENT_NOT_FOUND'])
  })

  test('refuses numbers of another stream with the message of the service', async () => {
    const { kvs, numbers } = await startWith(recording([footage(0)]))
    await using _ = kvs
    await kvs.post('/createStream', { StreamName: 'other', DataRetentionInHours: 1 })
    const answer = await kvs.post('/getMediaForFragmentList', { StreamName: 'other', Fragments: numbers })
    expect(await answer.json()).toMatchObject({
      __type: 'InvalidArgumentException',
      Message: expect.stringMatching(/^Fragment numbers are invalid :/),
    })
  })
})

const CAPTURES = '../shared/media'
const describeCaptures = existsSync(CAPTURES) ? describe : describe.skip

describeCaptures(`real captures (skipped where ${CAPTURES} is missing)`, () => {
  test.each([
    ['output_get_media.mkv', 5, 200],
    ['clusters.mkv', 8, 200],
    ['test_mixed_tags.mkv', 10, 400],
    ['test_tags_empty_cluster.mkv', 0, 404],
  ])('%s is returned as it was uploaded: %i fragments; GetClip answers %i', async (name, count, status) => {
    const capture = new Uint8Array(readFileSync(`${CAPTURES}/${name}`))
    const clusters = eventsOf(demux(capture), 'cluster-end')
    await using kvs = await startKvsTestServer()
    await kvs.post('/createStream', { StreamName: 'cam', DataRetentionInHours: 24 })
    const acks = await upload(kvs.url, capture, { stream: 'cam', timecodes: 'ABSOLUTE' })
    const Fragments = numbersOf(acks)
    expect(acks.filter(({ EventType }) => EventType === 'ERROR')).toEqual([])
    expect([clusters.length, Fragments.length]).toEqual([count, count])

    const startMs = clusters[0]?.timestampMs ?? 0
    const TimestampRange = { StartTimestamp: startMs / 1000, EndTimestamp: startMs / 1000 + 3600 }
    const ClipFragmentSelector = { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange }
    const clip = await kvs.post('/getClip', { StreamName: 'cam', ClipFragmentSelector })
    expect([clip.status, (await clip.arrayBuffer()).byteLength > 0]).toEqual([status, true])
    if (count === 0) return

    const answer = await kvs.post('/getMediaForFragmentList', { StreamName: 'cam', Fragments })
    const media = Buffer.from(await answer.arrayBuffer())
    for (const { range } of clusters) expect(media.includes(Buffer.from(capture.subarray(range.start, range.end)))).toBe(true)
    expect(new Set(producerTags(media))).toEqual(new Set(producerTags(capture)))
  })
})

function producerTags(bytes: Uint8Array): string[] {
  const own = eventsOf(demux(bytes), 'tags').flatMap((event) => event.tags.filter(({ name }) => !name.startsWith('AWS')))
  return own.map(({ name, value }) => `${name}=${value}`)
}
