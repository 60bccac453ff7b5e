import { readFileSync } from 'node:fs'
import { CreateStreamCommand } from '@aws-sdk/client-kinesis-video'
import { expect, test } from '@jest/globals'
import { readPictures } from '../../../src/delivery/parts/read-pictures.js'
import { type AnswerMeasures, measureAnswer } from '../../../src/delivery/verify/answer-measures.js'
import { compareFootage } from '../../../src/delivery/verify/compare-footage.js'
import type { ListedFragment } from '../../../src/domain/listed-fragment.js'
import { createKvs, type Kvs } from '../../../src/kvs/kvs.js'
import { START, STREAM, startFootage } from '../../support/clip-harness.js'
import { demux, eventsOf } from '../../support/demux.js'
import { readFixture } from '../../support/fixtures.js'
import { enoughTime } from '../../support/kvs-for-test.js'
import { readWhole } from '../../support/mp4-movies.js'
import { collect } from '../../support/part-bodies.js'
import { upload } from '../../support/producer.js'

const HOUR = 3_600_000
const FIXTURES = ['h264-aac', 'h264-aac-live', 'h264-alaw', 'h264-bframes-aac', 'h264-only', 'h264-ulaw-stereo', 'hevc-aac']

async function list({ fragments }: Kvs, streamArn: string): Promise<readonly ListedFragment[]> {
  const range = { startMs: START - HOUR, endMs: START + HOUR }
  return fragments.list({ streamArn, fragmentSelectorType: 'PRODUCER_TIMESTAMP', range }, enoughTime())
}

async function answerOf({ clips }: Kvs, streamArn: string, fragments: readonly ListedFragment[]): Promise<AnswerMeasures> {
  const [first, last] = [fragments[0]?.producerTimestampMs ?? 0, fragments.at(-1)?.producerTimestampMs ?? 0]
  const range = { startMs: first, endMs: Math.max(last, first + 1) }
  const { bytes } = await clips.getClip({ streamArn, fragmentSelectorType: 'PRODUCER_TIMESTAMP', range }, enoughTime())
  const parsed = readWhole(await collect(bytes), 0)
  if (!parsed.understood) throw new Error(parsed.reason)
  return measureAnswer(parsed.movie)
}

function listed(fragments: readonly ListedFragment[]) {
  return {
    firstPlace: 0,
    fragmentCount: fragments.length,
    producerStartsMs: Float64Array.from(fragments, ({ producerTimestampMs }) => producerTimestampMs),
    sizesBytes: Float64Array.from(fragments, ({ sizeBytes }) => sizeBytes),
    lengthsMs: Float64Array.from(fragments, ({ lengthMs }) => lengthMs),
  }
}

/** The pictures of the first and the last fragment. */
async function read({ fragmentMedia }: Kvs, streamArn: string, fragments: readonly ListedFragment[]) {
  const places = [0, fragments.length - 1]
  const fragmentNumbers = places.map((place) => fragments[place]?.fragmentNumber ?? '')
  const pictures = await readPictures(fragmentMedia, { streamArn, fragmentNumbers }, { signal: enoughTime() })
  return new Map(pictures.map((one, index) => [places[index] ?? 0, one]))
}

test.each(FIXTURES)('a response with camera footage (%s) is accepted as listed, and not with fewer or more fragments', async (fixture) => {
  await using server = await startFootage([readFixture(`${fixture}.mkv`)])
  const kvs = createKvs({ target: { backend: 'embedded', endpoint: server.url, accessKey: null }, isPaced: false })
  const stream = await kvs.streams.find({ name: STREAM }, enoughTime())
  const arn = stream?.arn ?? ''
  const fragments = await list(kvs, arn)
  expect(fragments.length).toBeGreaterThan(1)
  const compare = async (given: readonly ListedFragment[], known: readonly ListedFragment[]) =>
    compareFootage(await answerOf(kvs, arn, given), listed(known), await read(kvs, arn, known))
  expect(await compare(fragments, fragments)).toBeNull()
  expect(await compare(fragments.slice(1), fragments)).toBe('missing')
  expect(await compare(fragments.slice(0, -1), fragments)).toBe('missing')
  expect(await compare(fragments, fragments.slice(0, -1))).toBe('added')
  kvs.close()
})

const HARD = ['clusters-without-key', 'lead-10fps-b-aac', 'shadowed-2fps-b-aac', 'opengop-hevc', 'opengop-mkvmerge']
const MOST_LOST = 6
/** The most fragments that GetClip returns. */
const MOST_FRAGMENTS = 200

test.each(HARD)('a response with %s.mkv is accepted, and incomplete without any one of its fragments', async (name) => {
  const file = new Uint8Array(readFileSync(`test/fixtures/hard/${name}.mkv`))
  await using server = await startFootage([file])
  const kvs = createKvs({ target: { backend: 'embedded', endpoint: server.url, accessKey: null }, isPaced: false })
  const arn = (await kvs.streams.find({ name: STREAM }, enoughTime()))?.arn ?? ''
  const known = (await list(kvs, arn)).slice(0, MOST_FRAGMENTS)
  const pictures = await read(kvs, arn, known)
  expect(compareFootage(await answerOf(kvs, arn, known), listed(known), pictures)).toBeNull()
  const step = Math.ceil((known.length - 2) / MOST_LOST)
  for (let lost = 1; lost < known.length - 1; lost += step) {
    const StreamName = `without-${lost}`
    await server.control.send(new CreateStreamCommand({ StreamName, DataRetentionInHours: 24 }))
    await upload(server.url, withoutCluster(file, lost), { stream: StreamName, start: String(START / 1000) })
    const other = (await kvs.streams.find({ name: StreamName }, enoughTime()))?.arn ?? ''
    const answer = await answerOf(kvs, other, known)
    expect([lost, compareFootage(answer, listed(known), pictures)]).toEqual([lost, 'missing'])
  }
  kvs.close()
})

function withoutCluster(file: Uint8Array, number: number): Uint8Array {
  const clusters = eventsOf(demux(file), 'cluster-end').map(({ range }) => range)
  const [lost, next] = [clusters[number]?.start ?? 0, clusters[number + 1]?.start ?? file.byteLength]
  return Buffer.concat([file.subarray(0, lost), file.subarray(next)])
}

test('a response with 200 tiny overlapping fragments is accepted', async () => {
  await using server = await startFootage([new Uint8Array(readFileSync('test/fixtures/hard/join-lost-fragment.mkv'))])
  const kvs = createKvs({ target: { backend: 'embedded', endpoint: server.url, accessKey: null }, isPaced: false })
  const arn = (await kvs.streams.find({ name: STREAM }, enoughTime()))?.arn ?? ''
  const known = (await list(kvs, arn)).slice(0, MOST_FRAGMENTS)
  expect(compareFootage(await answerOf(kvs, arn, known), listed(known), await read(kvs, arn, known))).toBeNull()
  kvs.close()
})
