import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { buildDist, runCli } from '../support/cli-process.js'
import { START, STREAM } from '../support/clip-harness.js'
import { playClipInChromium } from '../support/clip-in-chromium.js'
import { decode, ffmpeg, probePackets } from '../support/ffmpeg.js'
import { startTestGateway, type TestGateway } from '../support/gateway-test.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'
import { type PacedFootage, startPacedFootage } from '../support/paced-footage.js'
import { findPeer } from '../support/peer-programs.js'

// The hard files, uploaded by the command, clipped over HTTP, and verified only by ffmpeg and Chromium.

const HARD = 'test/fixtures/hard'
const MODES = ['cut anew', 'Clusters as they are'] as const
const SELECTORS = ['PRODUCER_TIMESTAMP', 'SERVER_TIMESTAMP'] as const

type Mode = (typeof MODES)[number]
type Selector = (typeof SELECTORS)[number]

const EXACT: Readonly<Record<string, readonly (readonly [from: number, to: number, first: number, last: number, count: number])[]>> = {
  'clusters-without-key': [
    [3000, 6000, 3000, 6000, 76],
    [5500, 5900, 5520, 5880, 10],
    [4000, 8000, 4000, 8000, 101],
  ],
  'lead-10fps-b-aac': [
    [1050, 5000, 1121, 4921, 39],
    [500, 6850, 521, 6821, 64],
  ],
  'opengop-mkvmerge': [[2500, 3500, 2520, 3480, 25]],
  'opengop-hevc': [[500, 1995, 520, 1960, 37]],
}

const FRAMES: Readonly<Record<string, number>> = {
  'clusters-without-key': 300,
  colour: 50,
  'display-aspect': 50,
  'join-lost-fragment': 1875,
  'lead-10fps-b-aac': 80,
  'mkvmerge-default-tags': 100,
  'no-video-element': 50,
  'opengop-hevc': 150,
  'opengop-mkvmerge': 150,
  rotation: 50,
  'shadowed-2fps-b-aac': 16,
  'trailing-zeros': 50,
}

interface Picture {
  /** From the start of the footage, by the producer's clock. */
  readonly ms: number
  readonly hash: string
}

let kvs: KvsTestServer
let gateway: TestGateway
let folder = ''
const sources = new Map<string, readonly Picture[]>()

beforeAll(async () => {
  await buildDist()
  folder = await mkdtemp(join(tmpdir(), 'clipgate-hard-'))
  kvs = await startKvsTestServer()
  gateway = await startTestGateway(kvs)
  for (const name of Object.keys(FRAMES)) sources.set(name, await picturesOf(`${HARD}/${name}.mkv`))
  await Promise.all(Object.keys(FRAMES).flatMap((name) => MODES.map((mode) => upload(name, mode))))
}, 300_000)
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const streamOf = (name: string, mode: Mode) => `${name}-${MODES.indexOf(mode)}`

async function upload(name: string, mode: Mode): Promise<void> {
  const how = mode === 'cut anew' ? [] : ['--keep-clusters']
  const where = ['--stream-name', streamOf(name, mode), '--producer-start', new Date(START).toISOString()]
  const args = ['put-media', `${HARD}/${name}.mkv`, ...where, ...how]
  expect([name, await runCli(args, { KVS_PORT: new URL(kvs.url).port })]).toMatchObject([name, { code: 0, stderr: '' }])
}

/** In presentation order. */
async function picturesOf(file: string): Promise<Picture[]> {
  const { stdout } = await ffmpeg(['-i', file, '-map', '0:v', '-fps_mode', 'passthrough', '-f', 'framemd5', '-'])
  const rows = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const times = (await probePackets(file, 'v')).map(({ ptsMs }) => Math.round(ptsMs)).sort((a, b) => a - b)
  return rows.map((row, index) => ({ hash: row.split(',').at(-1)?.trim() ?? '', ms: times[index] ?? Number.NaN }))
}

/** The timestamps of all fragments. */
async function listStarts(StreamName: string, selector: Selector): Promise<number[]> {
  const TimestampRange = { StartTimestamp: START / 1000 - 10, EndTimestamp: START / 1000 + 3600 }
  const FragmentSelector = { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange }
  const answer = await kvs.post('/listFragments', { StreamName, FragmentSelector, MaxResults: 1000 })
  const { Fragments }: { Fragments: { ProducerTimestamp: number; ServerTimestamp: number }[] } = JSON.parse(await answer.text())
  const member = selector === 'PRODUCER_TIMESTAMP' ? 'ProducerTimestamp' : 'ServerTimestamp'
  return Fragments.map((fragment) => Math.round(fragment[member] * 1000))
}

interface Wanted {
  readonly stream: string
  readonly cut: 'EXACT' | 'FRAGMENT'
  readonly selector: Selector
  readonly fromMs: number
  readonly toMs: number
}

interface Made {
  readonly pictures: readonly Picture[]
  readonly url: string
  readonly warnings: readonly string[]
  readonly deliveredMs: number
}

const REQUEST = `mutation ($input: ClipInput!) {
  requestClip(input: $input) { clip { downloadUrl delivered { startTimestamp } } issues { severity code message } }
}`

/** Downloads a clip. ffmpeg decodes all of it without a message. */
async function make({ stream, cut, selector, fromMs, toMs }: Wanted, asked = gateway): Promise<Made> {
  const range = { startTimestamp: new Date(fromMs).toISOString(), endTimestamp: new Date(toMs).toISOString() }
  const { data, errors } = await asked.ask(REQUEST, { input: { streamName: stream, fragmentSelectorType: selector, cut, ...range } })
  expect(errors).toBeUndefined()
  interface Answer {
    readonly clip: { readonly downloadUrl: string; readonly delivered: { readonly startTimestamp: string } } | null
    readonly issues: readonly { readonly code: string }[]
  }
  const { requestClip }: { requestClip: Answer } = JSON.parse(JSON.stringify(data))
  const { clip, issues } = requestClip
  if (clip === null) throw new Error(JSON.stringify(issues))
  const download = await fetch(clip.downloadUrl)
  expect([download.status, download.headers.get('content-type')]).toEqual([200, 'video/mp4'])
  const file = join(folder, `${stream}-${cut}-${selector}.mp4`)
  await writeFile(file, new Uint8Array(await download.arrayBuffer()))
  await decode(file)
  const deliveredMs = Date.parse(clip.delivered.startTimestamp)
  return { pictures: await shownPicturesOf(file), url: clip.downloadUrl, warnings: issues.map(({ code }) => code), deliveredMs }
}

/** As a player shows them, without the pictures that the edit list hides. */
async function shownPicturesOf(file: string): Promise<Picture[]> {
  const { stdout } = await ffmpeg([
    '-i',
    file,
    '-map',
    '0:v',
    '-fps_mode',
    'passthrough',
    '-enc_time_base',
    '1:1000',
    '-f',
    'framemd5',
    '-',
  ])
  const rows = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return rows.map((row) => {
    const fields = row.split(',').map((field) => field.trim())
    return { ms: Number(fields[2]), hash: fields[5] ?? '' }
  })
}

/** The same pictures at the same intervals. */
function expectPictures(made: readonly Picture[], wanted: readonly Picture[]): void {
  expect(made.map(({ hash }) => hash)).toEqual(wanted.map(({ hash }) => hash))
  const shiftMs = (made[0]?.ms ?? 0) - (wanted[0]?.ms ?? 0)
  const shifts = made.map(({ ms }, index) => Math.abs(ms - (wanted[index]?.ms ?? Number.NaN) - shiftMs))
  expect(Math.max(...shifts)).toBeLessThanOrEqual(1)
}

const sourceOf = (name: string) => sources.get(name) ?? []

test('every hard file is tested', async () => {
  const files = (await readdir(HARD)).filter((file) => file.endsWith('.mkv'))
  expect(files.map((file) => file.slice(0, -4)).sort()).toEqual(Object.keys(FRAMES).sort())
})

describe.each(Object.entries(FRAMES))('%s.mkv', (name, frames) => {
  const cases = MODES.flatMap((mode) => SELECTORS.map((selector) => ({ mode, selector })))
  test.each(cases)(
    '$mode: a clip of the whole file by $selector has every frame at its time',
    async ({ mode, selector }) => {
      const stream = streamOf(name, mode)
      const starts = await listStarts(stream, selector)
      const range = { fromMs: Math.min(...starts), toMs: Math.max(...starts) + 1 }
      expect(sourceOf(name)).toHaveLength(frames)
      const { pictures } = await make({ stream, cut: 'FRAGMENT', selector, ...range })
      expect(pictures).toHaveLength(frames)
      expect(pictures.map(({ hash }) => hash)).toEqual(sourceOf(name).map(({ hash }) => hash))
      if (selector === 'PRODUCER_TIMESTAMP') expectPictures(pictures, sourceOf(name))
    },
    60_000,
  )

  const cuts = MODES.flatMap((mode) => (EXACT[name] ?? []).map((cut) => [mode, ...cut] as const))
  if (cuts.length === 0) return
  test.each(cuts)(
    '%s: an exact cut from %i to %i shows %i to %i, %i frames',
    async (mode, from, to, firstMs, lastMs, count) => {
      const wanted = sourceOf(name).filter(({ ms }) => ms >= from && ms <= to)
      expect([wanted[0]?.ms, wanted.at(-1)?.ms, wanted.length]).toEqual([firstMs, lastMs, count])
      const range = { fromMs: START + from, toMs: START + to }
      const { pictures, deliveredMs } = await make({ stream: streamOf(name, mode), cut: 'EXACT', selector: 'PRODUCER_TIMESTAMP', ...range })
      expect(pictures).toHaveLength(count)
      expectPictures(pictures, wanted)
      expect(deliveredMs).toBe(START + firstMs)
    },
    60_000,
  )
})

describe.each(Object.keys(EXACT))('%s.mkv, whose fragments arrive at their times,', (name) => {
  let footage: PacedFootage
  let own: TestGateway
  beforeAll(async () => {
    footage = await startPacedFootage(new Uint8Array(await readFile(`${HARD}/${name}.mkv`)))
    own = await startTestGateway(footage.server)
  })
  afterAll(async () => {
    await own?.[Symbol.asyncDispose]()
    await footage?.server[Symbol.asyncDispose]()
  })

  test.each([
    [0.3, 0, 0.7, 0],
    [0.1, 1, 0.9, -1],
    [0.45, -1, 0.55, 17],
    [0, 0, 0.25, 1],
  ])(
    'an exact cut by server time, from part %d of the pictures (%i ms) to part %d (%i ms), shows the right pictures',
    async (from, fromOff, to, toOff) => {
      const pictures = footage.pictures.map(({ timeMs }, index) => ({ ...timeMs, ...sourceOf(name)[index] }))
      const at = (part: number) => pictures[Math.round(part * (pictures.length - 1))]?.SERVER_TIMESTAMP ?? Number.NaN
      const range = { fromMs: at(from) + fromOff, toMs: at(to) + toOff }
      const first = pictures.findIndex(({ SERVER_TIMESTAMP }) => SERVER_TIMESTAMP >= range.fromMs)
      const last = pictures.findLastIndex(({ SERVER_TIMESTAMP }) => SERVER_TIMESTAMP <= range.toMs)
      expect(last).toBeGreaterThan(first)
      const made = await make({ stream: STREAM, cut: 'EXACT', selector: 'SERVER_TIMESTAMP', ...range }, own)
      expectPictures(made.pictures, sourceOf(name).slice(first, last + 1))
      expect(made.deliveredMs).toBe(pictures[first]?.SERVER_TIMESTAMP)
    },
    60_000,
  )
})

test('whole fragments that begin without a key frame show a picture in Chromium, seek, and end', async () => {
  const stream = streamOf('clusters-without-key', 'Clusters as they are')
  const range = { fromMs: START + 3000, toMs: START + 9000 }
  const { pictures, url, warnings, deliveredMs } = await make({ stream, cut: 'FRAGMENT', selector: 'PRODUCER_TIMESTAMP', ...range })
  expect(warnings).toContain('STARTS_WITHOUT_KEY_FRAME')
  const wanted = sourceOf('clusters-without-key')
    .filter(({ ms }) => START + ms >= deliveredMs)
    .slice(0, pictures.length)
  expect(pictures.length).toBeGreaterThan(100)
  expectPictures(pictures, wanted)
  const { path: chromium } = await findPeer('chromium')
  const played = await playClipInChromium(url, { chromium, profile: join(folder, 'profile'), seekToS: [2, 0.5, 3], playFromS: 2.5 })
  expect([played.first.timeS, played.videoWidth > 0]).toEqual([0, true])
  expect(played.sought.map(({ timeS }) => timeS)).toEqual([2, expect.closeTo(0.5, 1), 3])
  const lengthS = (pictures.at(-1)?.ms ?? 0) / 1000
  expect(played.durationS).toBeCloseTo(lengthS + 0.04, 1)
  expect(played.last.timeS).toBeCloseTo(lengthS, 1)
  expect(played.endedAtS).toBeCloseTo(played.durationS, 1)
}, 60_000)
