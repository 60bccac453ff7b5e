import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { demux, eventsOf } from '../support/demux.js'
import { decode, probePackets, probeTracks } from '../support/ffmpeg.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'
import { md5 } from '../support/mp4-packets.js'
import { type Ack, type ProducerOptions, upload } from '../support/producer.js'

const CAPTURES = '../shared/media'
const isThere = existsSync(CAPTURES)
if (!isThere) process.stderr.write(`real captures: skipped, there is no ${CAPTURES}\n`)
const describeCaptures = isThere ? describe : describe.skip

let kvs: KvsTestServer
let folder = ''
beforeAll(async () => {
  kvs = await startKvsTestServer()
  folder = await mkdtemp(join(tmpdir(), 'clipgate-captures-'))
})
afterAll(async () => {
  await kvs[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** What differs between ingestions: numbers, the clock, how far behind a reader is. */
const VOLATILE = /^AWS_KINESISVIDEO_(FRAGMENT_NUMBER|SERVER_TIMESTAMP|MILLIS_BEHIND_NOW|CONTINUATION_TOKEN)$/

/** What a reader of GetMedia gets, in order: documents, tags, tracks, and Clusters byte for byte. */
function layoutOf(media: Uint8Array): string[] {
  return demux(media).events.flatMap((event) => {
    switch (event.kind) {
      case 'document':
        return ['document']
      case 'tags':
        return [event.tags.map(({ name, value }) => (VOLATILE.test(name) ? name : `${name}=${value}`)).join(' ')]
      case 'tracks':
        return event.tracks.map(({ codecId, codecPrivate }) => `track ${codecId} ${md5(codecPrivate ?? new Uint8Array(0))}`)
      case 'cluster-end':
        return [`cluster ${md5(media.subarray(event.range.start, event.range.end))}`]
      default:
        return []
    }
  })
}

interface Uploaded {
  readonly capture: Uint8Array
  readonly acks: readonly Ack[]
  readonly numbers: readonly string[]
}

async function uploadCapture(name: string, options: Omit<ProducerOptions, 'stream'>): Promise<Uploaded> {
  const capture = new Uint8Array(readFileSync(join(CAPTURES, name)))
  await kvs.post('/createStream', { StreamName: name, DataRetentionInHours: 87_600 })
  const acks = await upload(kvs.url, capture, { stream: name, ...options })
  const numbers = acks.flatMap(({ EventType, FragmentNumber = '' }) => (EventType === 'PERSISTED' ? [FragmentNumber] : []))
  return { capture, acks, numbers }
}

interface Fragment {
  readonly FragmentNumber: string
  readonly FragmentSizeInBytes: number
  readonly ProducerTimestamp: number
}

const range = (StartTimestamp: number, EndTimestamp: number) => ({
  FragmentSelectorType: 'PRODUCER_TIMESTAMP',
  TimestampRange: { StartTimestamp, EndTimestamp },
})

async function listAll(StreamName: string): Promise<Fragment[]> {
  const answer = await kvs.post('/listFragments', { StreamName, FragmentSelector: range(0, 4_000_000_000) })
  const { Fragments }: { Fragments: Fragment[] } = JSON.parse(await answer.text())
  return Fragments
}

async function getMedia(StreamName: string, Fragments: readonly string[]): Promise<Uint8Array> {
  const body = JSON.stringify({ StreamName, StartSelector: { StartSelectorType: 'EARLIEST' } })
  const answer = await fetch(`${kvs.url}/getMedia`, { method: 'POST', body })
  const chunks: Uint8Array[] = []
  // It is live and would continue. Leaving the loop disconnects.
  for await (const chunk of answer.body ?? []) {
    chunks.push(chunk)
    const media = new Uint8Array(Buffer.concat(chunks))
    if (countTokens(media) >= Fragments.length) return media
  }
  throw new Error('GetMedia ended')
}

function countTokens(media: Uint8Array): number {
  const tags = eventsOf(demux(media), 'tags').flatMap((event) => event.tags)
  return tags.filter(({ name }) => name === 'AWS_KINESISVIDEO_CONTINUATION_TOKEN').length
}

async function getClip(StreamName: string, startMs: number, endMs: number): Promise<Response> {
  return kvs.post('/getClip', { StreamName, ClipFragmentSelector: range(startMs / 1000, endMs / 1000) })
}

/** Payload hashes and key flags of the frames of a Cluster, or of all frames. */
function framesOf(capture: Uint8Array, only?: number): string[] {
  const clusters = eventsOf(demux(capture), 'cluster-end').filter((_, index) => only === undefined || index === only)
  return clusters.flatMap(({ range: { start }, samples }) =>
    Array.from({ length: samples.count }, (_, row) => {
      const at = start + (samples.offsets[row] ?? 0)
      return `${md5(capture.subarray(at, at + (samples.sizes[row] ?? 0)))} ${samples.keys[row] === 1}`
    }),
  )
}

describeCaptures('captures of Kinesis Video', () => {
  const START = 1_511_852_108.513

  test.each([
    ['output_get_media.mkv', 5, { timecodes: 'RELATIVE', start: String(START) }],
    ['clusters.mkv', 8, { timecodes: 'RELATIVE', start: String(START) }],
    ['test_mixed_tags.mkv', 10, { timecodes: 'ABSOLUTE' }],
    ['test_tags_empty_cluster.mkv', 0, { timecodes: 'ABSOLUTE' }],
  ] as const)('%s is accepted unchanged: %i fragments, each acknowledged and listed', async (name, count, options) => {
    const { capture, acks, numbers } = await uploadCapture(name, options)
    expect(acks.filter(({ EventType }) => EventType === 'ERROR')).toEqual([])
    const listed = await listAll(name)
    expect([numbers.length, listed.map(({ FragmentNumber }) => FragmentNumber).toSorted()]).toEqual([count, numbers.toSorted()])
    const startMs = options.timecodes === 'RELATIVE' ? START * 1000 : 0
    const clusters = eventsOf(demux(capture), 'cluster-end')
    expect(listed.map(({ ProducerTimestamp }) => Math.round(ProducerTimestamp * 1000))).toEqual(
      clusters.map(({ timestampMs }) => startMs + timestampMs),
    )
    for (const [index, { range: bytes }] of clusters.entries()) {
      expect(listed[index]?.FragmentSizeInBytes).toBeGreaterThan(bytes.end - bytes.start)
    }
  })

  test('GetMedia returns output_get_media.mkv in the layout of the service, with the times of the producer', async () => {
    const name = 'output_get_media.mkv'
    const capture = new Uint8Array(readFileSync(join(CAPTURES, name)))
    const numbers = (await listAll(name)).map(({ FragmentNumber }) => FragmentNumber)
    const got = layoutOf(await getMedia(name, numbers))
    expect(got).toEqual(layoutOf(capture))
    expect(got.filter((line) => line.includes('PRODUCER_TIMESTAMP=1511852116.513'))).toHaveLength(1)
  })

  test('GetMedia returns test_mixed_tags.mkv with every tag before and after each Cluster', async () => {
    const name = 'test_mixed_tags.mkv'
    const capture = new Uint8Array(readFileSync(join(CAPTURES, name)))
    const numbers = (await listAll(name)).map(({ FragmentNumber }) => FragmentNumber)
    expect(layoutOf(await getMedia(name, numbers))).toEqual(layoutOf(capture))
  })

  test.each(['output_get_media.mkv', 'clusters.mkv'])(
    'each fragment of %s is a clip, and so are all of them together, with the frames as sent',
    async (name) => {
      const capture = new Uint8Array(readFileSync(join(CAPTURES, name)))
      const starts = eventsOf(demux(capture), 'cluster-end').map(({ timestampMs }) => Math.round(START * 1000 + timestampMs))
      const windows = starts.map((ms, index) => ({ fromMs: ms, toMs: ms + 1, only: index }))
      const all = { fromMs: START * 1000, toMs: START * 1000 + 60_000, only: undefined }
      for (const { fromMs, toMs, only } of [...windows, all]) {
        const answer = await getClip(name, fromMs, toMs)
        expect(answer.status).toBe(200)
        const file = join(folder, 'clip.mp4')
        await writeFile(file, new Uint8Array(await answer.arrayBuffer()))
        expect((await probePackets(file, 'v')).map((packet) => `${packet.md5} ${packet.isKey}`)).toEqual(framesOf(capture, only))
        if (only !== undefined) continue
        expect(await probeTracks(file)).toEqual(['h264 avc1'])
        await decode(file)
      }
    },
  )

  test('footage that cannot be clipped is refused with the right exception', async () => {
    const mixed = await getClip('test_mixed_tags.mkv', 0, 60_000)
    expect(await mixed.json()).toEqual({
      __type: 'UnsupportedStreamMediaTypeException',
      Message: 'The type of the media is not supported or could not be determined from the media codec ids: (track 1: V_MS/VFW/FOURCC).',
    })
    const empty = await getClip('test_tags_empty_cluster.mkv', 0, 60_000)
    expect(await empty.json()).toEqual({
      __type: 'ResourceNotFoundException',
      Message: 'No fragments found in the stream for the clip request.',
    })
  })
})
