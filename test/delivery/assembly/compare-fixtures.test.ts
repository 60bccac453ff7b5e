import { expect, test } from '@jest/globals'
import { compareFootage } from '../../../src/delivery/assembly/compare-footage.js'
import { readPictures } from '../../../src/delivery/assembly/read-pictures.js'
import { createKvs, type Kvs } from '../../../src/kvs/kvs.js'
import type { FragmentInfo } from '../../../src/kvs/ports.js'
import type { Movie } from '../../../src/media/mp4/movie.js'
import { readMovieFrom } from '../../../src/media/mp4/reader.js'
import { START, STREAM, startFootage } from '../../support/clip-harness.js'
import { readFixture } from '../../support/fixtures.js'
import { enoughTime } from '../../support/kvs-for-test.js'
import { collect } from '../../support/part-bodies.js'

const HOUR = 3_600_000
const FIXTURES = ['h264-aac', 'h264-aac-live', 'h264-alaw', 'h264-bframes-aac', 'h264-only', 'h264-ulaw-stereo', 'hevc-aac']

async function list({ fragments }: Kvs, streamArn: string): Promise<readonly FragmentInfo[]> {
  const range = { startMs: START - HOUR, endMs: START + HOUR }
  return fragments.list({ streamArn, fragmentSelectorType: 'PRODUCER_TIMESTAMP', range }, enoughTime())
}

async function answerOf({ clips }: Kvs, streamArn: string, asked: readonly FragmentInfo[]): Promise<Movie> {
  const [first, last] = [asked[0]?.producerTimestampMs ?? 0, asked.at(-1)?.producerTimestampMs ?? 0]
  const range = { startMs: first, endMs: Math.max(last, first + 1) }
  const { bytes } = await clips.getClip({ streamArn, fragmentSelectorType: 'PRODUCER_TIMESTAMP', range }, enoughTime())
  const parsed = readMovieFrom(await collect(bytes), 0)
  if (!parsed.understood) throw new Error(parsed.reason)
  return parsed.movie
}

function listed(fragments: readonly FragmentInfo[]) {
  return {
    firstPlace: 0,
    fragmentCount: fragments.length,
    producerStartsMs: Float64Array.from(fragments, ({ producerTimestampMs }) => producerTimestampMs),
    lengthsMs: Float64Array.from(fragments, ({ lengthMs }) => lengthMs),
  }
}

/** The pictures of the first and the last of them. */
async function read({ fragmentMedia }: Kvs, streamArn: string, fragments: readonly FragmentInfo[]) {
  const places = [0, fragments.length - 1]
  const fragmentNumbers = places.map((place) => fragments[place]?.fragmentNumber ?? '')
  const pictures = await readPictures(fragmentMedia, { streamArn, fragmentNumbers }, { signal: enoughTime() })
  return new Map(pictures.map((one, index) => [places[index] ?? 0, one]))
}

test.each(FIXTURES)('an answer of what cameras record (%s) is right, and neither less nor more is', async (fixture) => {
  await using server = await startFootage([readFixture(`${fixture}.mkv`)])
  const kvs = createKvs({ target: { backend: 'embedded', endpoint: server.url, accessKey: null }, isPaced: false })
  const stream = await kvs.streams.find({ name: STREAM }, enoughTime())
  const arn = stream?.arn ?? ''
  const fragments = await list(kvs, arn)
  expect(fragments.length).toBeGreaterThan(1)
  const compare = async (given: readonly FragmentInfo[], known: readonly FragmentInfo[]) =>
    compareFootage(await answerOf(kvs, arn, given), listed(known), await read(kvs, arn, known))
  expect(await compare(fragments, fragments)).toBeNull()
  expect(await compare(fragments.slice(1), fragments)).toBe('missing')
  expect(await compare(fragments.slice(0, -1), fragments)).toBe('missing')
  expect(await compare(fragments, fragments.slice(0, -1))).toBe('added')
  kvs.close()
})
