import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { buildDist, startCli } from '../support/cli-process.js'
import { type PlayedClip, playClipInChromium } from '../support/clip-in-chromium.js'
import { decode, ffmpeg, probePackets } from '../support/ffmpeg.js'
import { startTestGateway, type TestGateway } from '../support/gateway-test.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'
import { clusterFramesOf } from '../support/matroska-frames.js'
import { findPeer, runProgram } from '../support/peer-programs.js'
import { bodyOfRecording } from '../support/recorded-body.js'
import { acknowledgementsOf, RecordedUpload } from '../support/recorded-upload.js'

// Footage of other programs with their defaults, uploaded by the documented command. Other programs verify the clips.

const HOUR_MS = 3_600_000
let kvs: KvsTestServer
let gateway: TestGateway
let folder = ''
let chromium = ''

beforeAll(async () => {
  await buildDist()
  folder = await mkdtemp(join(tmpdir(), 'clipgate-producers-'))
  kvs = await startKvsTestServer()
  gateway = await startTestGateway(kvs)
  chromium = (await findPeer('chromium')).path
}, 120_000)
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function shell(script: string): Promise<void> {
  const { code, stderr } = await runProgram('/bin/sh', ['-c', script], { cwd: folder })
  expect([code, stderr]).toEqual([0, ''])
}

const PICTURE = '-f lavfi -i testsrc2=s=192x108:r=25:d=6'
const SOUND = '-f lavfi -i sine=f=440:r=48000:d=6'

/** Each command writes `$OUT` as it would write to a pipe. */
const PRODUCERS = [
  {
    // The options in the README.
    name: 'ffmpeg with a GOP of 2 s',
    write: async (out: string) => shell(`ffmpeg -v error ${PICTURE} -c:v libx264 -g 50 -f matroska - > ${out}`),
  },
  {
    name: 'ffmpeg with sound and its own GOP, whose B-frames follow x264’s default',
    write: async (out: string) => shell(`ffmpeg -v error ${PICTURE} ${SOUND} -c:v libx264 -c:a aac -f matroska - > ${out}`),
  },
  {
    name: 'ffmpeg that writes a file, with open GOPs',
    write: async (out: string) =>
      shell(`ffmpeg -v error ${PICTURE} ${SOUND} -c:v libx264 -x264-params open-gop=1:keyint=60 -c:a aac ${out}`),
  },
  {
    name: 'GStreamer',
    write: async (out: string) => {
      const { path } = await findPeer('gst')
      const picture =
        'videotestsrc num-buffers=180 ! video/x-raw,format=I420,width=192,height=144,framerate=30/1 ! x264enc ! h264parse ! m.'
      const sound = 'audiotestsrc num-buffers=258 ! audio/x-raw,rate=44100 ! avenc_aac ! aacparse ! m.'
      await shell(`${path} -q matroskamux name=m streamable=true ! fdsink ${picture} ${sound} > ${out}`)
    },
  },
  {
    name: 'mkvmerge',
    write: async (out: string) => {
      const { path } = await findPeer('mkvmerge')
      await shell(`ffmpeg -v error ${PICTURE} ${SOUND} -c:v libx264 -g 50 -c:a aac -y taken.mp4 && ${path} -q -o ${out} taken.mp4`)
    },
  },
]

describe.each(PRODUCERS)('footage of $name', ({ name, write }) => {
  const stream = name.replaceAll(/[^A-Za-z0-9]/g, '-')
  const source = `${stream}.mkv`

  test('is cut at key frames by put-media, and its clips are complete', async () => {
    await write(source)
    const file = new Uint8Array(readFileSync(join(folder, source)))
    await using cli = await startCli(['put-media', '-', '--stream-name', stream], { KVS_PORT: new URL(kvs.url).port })
    cli.stdin?.end(file)
    expect(await cli.ended).toMatchObject({ code: 0, stderr: '' })
    const first = clusterFramesOf(file)[0]?.[0]
    const startMs = (await firstFragmentMs(stream)) - (first?.ms ?? 0)
    await expectGoodClips({ stream, sources: [join(folder, source)], startMs })
  }, 180_000)
})

describe('footage of AWS’s C producer', () => {
  test.each([
    ['cproducer', ['c-producer-video.http']],
    ['cproducer-av', ['c-producer-audio-video.http']],
    // Two consecutive connections: a token rotation. A refused one between them has no footage.
    ['cproducer-rot', ['c-producer-rotation-1.http', 'c-producer-rotation-3.http']],
  ])(
    'in the stream %s makes complete clips',
    async (stream, fixtures) => {
      await kvs.post('/createStream', { StreamName: stream, DataRetentionInHours: 24 })
      const sources: string[] = []
      for (const fixture of fixtures) {
        const producer = new RecordedUpload(kvs.url, fixture)
        await producer.open()
        expect(acknowledgementsOf(await producer.finish(), 'ERROR')).toEqual([])
        sources.push(join(folder, `${fixture}.mkv`))
        await writeFile(sources.at(-1) ?? '', bodyOfRecording(fixture))
      }
      const first = clusterFramesOf(bodyOfRecording(fixtures[0] ?? ''))[0]?.[0]
      await expectGoodClips({ stream, sources, startMs: (await firstFragmentMs(stream)) - (first?.ms ?? 0) })
    },
    180_000,
  )
})

test('footage of ffmpeg with the end tag of AWS’s producers is accepted', async () => {
  await shell(
    'ffmpeg -v error -f lavfi -i testsrc2=s=320x240:r=25 -t 4 -c:v libx264 -g 25 -metadata AWS_KINESISVIDEO_END_OF_FRAGMENT=1 -f matroska - > eofr.mkv',
  )
  await using cli = await startCli(['put-media', '-', '--stream-name', 'eofr'], { KVS_PORT: new URL(kvs.url).port })
  cli.stdin?.end(readFileSync(join(folder, 'eofr.mkv')))
  expect(await cli.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/4 fragments kept/), stderr: '' })
})

interface Taken {
  readonly stream: string
  /** The uploaded Matroska of each connection. */
  readonly sources: readonly string[]
  /** The instant of its time 0. */
  readonly startMs: number
}

async function firstFragmentMs(StreamName: string): Promise<number> {
  const TimestampRange = { StartTimestamp: 0, EndTimestamp: 4_102_444_800 }
  const FragmentSelector = { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange }
  const answer = await kvs.post('/listFragments', { StreamName, FragmentSelector })
  const { Fragments }: { Fragments: { ProducerTimestamp: number }[] } = JSON.parse(await answer.text())
  return Math.round(Math.min(...Fragments.map(({ ProducerTimestamp }) => ProducerTimestamp)) * 1000)
}

/** The whole footage, and two seconds from the middle of it, exact to the frame. */
async function expectGoodClips({ stream, sources, startMs }: Taken): Promise<void> {
  const shown = (await Promise.all(sources.map(picturesOf))).flat()
  const packets = (await Promise.all(sources.map((source) => probePackets(source, 'v')))).flat()
  const times = packets.map(({ ptsMs }) => Math.round(ptsMs)).sort((a, b) => a - b)
  expect(shown).toHaveLength(times.length)
  const firstMs = times[0] ?? 0
  const whole = await saveClip({ stream, cut: 'FRAGMENT', fromMs: startMs + firstMs - 1000, toMs: startMs + firstMs + HOUR_MS })
  expect(await picturesOf(whole.file)).toEqual(shown)
  await decode(whole.file)
  const spanS = ((times.at(-1) ?? 0) - firstMs) / 1000
  await expectPlayed(whole.url, { stream, seekToS: [0.8 * spanS, 0.45 * spanS], playFromS: Math.max(0, spanS - 1) })

  const [fromMs, toMs] = [firstMs + 1500, firstMs + 3500]
  const exact = await saveClip({ stream, cut: 'EXACT', fromMs: startMs + fromMs, toMs: startMs + toMs })
  const wanted = shown.filter((_, index) => (times[index] ?? 0) >= fromMs && (times[index] ?? 0) <= toMs)
  expect(await picturesOf(exact.file)).toEqual(wanted)
  await decode(exact.file)
  const played = await expectPlayed(exact.url, { stream, seekToS: [0.5, 1.7, 1.1], playFromS: 0.2 })
  expect(played.first.timeS).toBe(0)
  expect(played.durationS).toBeGreaterThan(1.9)
}

interface Seeks {
  readonly stream: string
  readonly seekToS: readonly number[]
  readonly playFromS: number
}

/** Chromium shows the frames that it seeks to, also behind open GOPs, and plays to the end. */
async function expectPlayed(url: string, { stream, ...seeks }: Seeks): Promise<PlayedClip> {
  const played = await playClipInChromium(url, { chromium, profile: join(folder, `${stream}-profile`), ...seeks })
  expect(played.readyState).toBeGreaterThanOrEqual(2)
  for (const [index, { timeS }] of played.sought.entries()) expect(Math.abs(timeS - (seeks.seekToS[index] ?? 0))).toBeLessThan(0.3)
  expect(played.last.timeS).toBeGreaterThan(played.durationS - 0.3)
  return played
}

interface Wanted {
  readonly stream: string
  readonly cut: 'EXACT' | 'FRAGMENT'
  readonly fromMs: number
  readonly toMs: number
}

async function saveClip({ stream, cut, fromMs, toMs }: Wanted): Promise<{ file: string; url: string }> {
  const input = {
    ...{ streamName: stream, fragmentSelectorType: 'PRODUCER_TIMESTAMP', cut },
    ...{ startTimestamp: new Date(fromMs).toISOString(), endTimestamp: new Date(toMs).toISOString() },
  }
  const { data, errors } = await gateway.ask(
    'mutation ($input: ClipInput!) { requestClip(input: $input) { clip { downloadUrl } issues { severity message } } }',
    { input },
  )
  expect(errors).toBeUndefined()
  const { requestClip }: { requestClip: { clip: { downloadUrl: string } | null; issues: object[] } } = JSON.parse(JSON.stringify(data))
  if (requestClip.clip === null) throw new Error(JSON.stringify(requestClip.issues))
  const url = requestClip.clip.downloadUrl
  const download = await fetch(url)
  expect(download.status).toBe(200)
  const file = join(folder, `${stream}-${cut}.mp4`)
  await writeFile(file, new Uint8Array(await download.arrayBuffer()))
  return { file, url }
}

/** The hash of each shown picture, in order. */
async function picturesOf(file: string): Promise<string[]> {
  const { stdout } = await ffmpeg(['-i', file, '-map', '0:v', '-fps_mode', 'passthrough', '-f', 'framemd5', '-'])
  const rows = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return rows.map((row) => row.split(',').at(-1)?.trim() ?? '')
}
