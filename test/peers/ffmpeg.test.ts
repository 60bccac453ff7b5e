import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { buildDist, startCli } from '../support/cli-process.js'
import { decode, ffmpeg, type ProbedPacket, probePackets, probeTracks } from '../support/ffmpeg.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'
import { findPeer, runProgram } from '../support/peer-programs.js'
import { upload } from '../support/producer.js'

const START = 1_767_323_045

let kvs: KvsTestServer
let folder = ''
beforeAll(async () => {
  kvs = await startKvsTestServer()
  folder = await mkdtemp(join(tmpdir(), 'clipgate-ffmpeg-'))
})
afterAll(async () => {
  await kvs[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=24']
const sound = (rate: number) => ['-f', 'lavfi', '-i', `sine=f=440:r=${rate}`]
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '48', '-keyint_min', '48', '-sc_threshold', '0']
const X265 = 'log-level=none:keyint=48:min-keyint=48:scenecut=0:open-gop=0'
const H265 = ['-c:v', 'libx265', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p']
const CLUSTERS = ['-cluster_time_limit', '20000', '-cluster_size_limit', '60000000']

const VIDEO = {
  'H.264': { options: [...H264, '-bf', '0'], track: 'h264 avc1' },
  'H.264 with B-frames': { options: [...H264, '-bf', '3', '-x264-params', 'b-pyramid=normal'], track: 'h264 avc1' },
  'H.265': { options: [...H265, '-x265-params', `${X265}:bframes=0`], track: 'hevc hvc1' },
  'H.265 with B-frames': { options: [...H265, '-x265-params', `${X265}:bframes=4`], track: 'hevc hvc1' },
}
const AUDIO = {
  'no sound': { input: [], options: [], tracks: [] },
  AAC: { input: sound(48_000), options: ['-c:a', 'aac', '-ac', '2'], tracks: ['aac mp4a'] },
  'A-law': { input: sound(8000), options: ['-c:a', 'pcm_alaw', '-ac', '1'], tracks: ['pcm_alaw alaw'] },
  'mu-law': { input: sound(8000), options: ['-c:a', 'pcm_mulaw', '-ac', '1'], tracks: ['pcm_mulaw ulaw'] },
}

const PAIRS = Object.entries(VIDEO).flatMap(([video, { options, track }]) =>
  Object.entries(AUDIO).map(([audio, { input, options: audioOptions, tracks }]) => ({
    name: `${video} and ${audio}`,
    stream: `${video}-${audio}`.replaceAll(/[^A-Za-z0-9]/g, ''),
    args: [...PICTURE, ...input, '-t', '6', ...options, ...audioOptions, ...CLUSTERS],
    tracks: [track, ...tracks],
  })),
)

async function createStream(StreamName: string): Promise<void> {
  expect((await kvs.post('/createStream', { StreamName, DataRetentionInHours: 24 })).status).toBe(200)
}

async function getClip(StreamName: string, fromSeconds: number, toSeconds: number, file: string): Promise<string> {
  const TimestampRange = { StartTimestamp: START + fromSeconds, EndTimestamp: START + toSeconds }
  const ClipFragmentSelector = { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange }
  const answer = await kvs.post('/getClip', { StreamName, ClipFragmentSelector })
  expect(answer.status).toBe(200)
  const path = join(folder, file)
  await writeFile(path, new Uint8Array(await answer.arrayBuffer()))
  return path
}

const identities = (packets: readonly ProbedPacket[]) => packets.map(({ md5, isKey }) => `${md5} ${isKey}`)

/** How far the times of two lists of the same packets drift apart when both begin at the same instant. */
function drift(got: readonly ProbedPacket[], expected: readonly ProbedPacket[]): number {
  const offset = (got[0]?.ptsMs ?? 0) - (expected[0]?.ptsMs ?? 0)
  return Math.max(0, ...got.map(({ ptsMs }, index) => Math.abs(ptsMs - offset - (expected[index]?.ptsMs ?? Number.NaN))))
}

/** One millisecond, which is the precision of Matroska. */
const GRAIN_MS = 1.001

async function expectSamePackets(clip: string, source: string, hasSound: boolean): Promise<void> {
  const [got, expected] = [await probePackets(clip, 'v'), await probePackets(source, 'v')]
  expect(identities(got)).toEqual(identities(expected))
  expect(drift(got, expected)).toBeLessThan(GRAIN_MS)
  expect(got.every(({ dtsMs, ptsMs }, index) => dtsMs <= ptsMs && dtsMs > (got[index - 1]?.dtsMs ?? Number.NEGATIVE_INFINITY))).toBe(true)
  if (!hasSound) return
  const [heard, sent] = [await probePackets(clip, 'a'), await probePackets(source, 'a')]
  expect(await joinedAudio(clip)).toBe(await joinedAudio(source))
  // Sound and picture stay in sync: both clocks start at the same zero as in the source.
  const lead = (a: readonly ProbedPacket[], v: readonly ProbedPacket[]) => (a[0]?.ptsMs ?? 0) - Math.min(...v.map(({ ptsMs }) => ptsMs))
  expect(Math.abs(lead(heard, got) - lead(sent, expected))).toBeLessThan(2)
}

/** Packets of G.711 may have different boundaries, and the samples must be equal. */
async function joinedAudio(file: string): Promise<string> {
  const { stdout } = await ffmpeg(['-i', file, '-map', '0:a', '-c', 'copy', '-f', 'hash', '-hash', 'md5', '-'])
  return stdout
}

describe('every MP4 that GetClip makes', () => {
  test.each(PAIRS)('of $name contains the packets of the source at their times, and decodes without a message', async (pair) => {
    const source = join(folder, `${pair.stream}.mkv`)
    await ffmpeg([...pair.args, source])
    await createStream(pair.stream)
    const acks = await upload(kvs.url, readFileSync(source), { stream: pair.stream, start: String(START) })
    expect(acks.filter(({ EventType }) => EventType === 'PERSISTED')).toHaveLength(3)
    const clip = await getClip(pair.stream, -1, 60, `${pair.stream}.mp4`)
    expect(await probeTracks(clip)).toEqual(pair.tracks)
    await expectSamePackets(clip, source, pair.tracks.length > 1)
    await decode(clip)
  })

  test('of one fragment in the middle contains that fragment, and begins at its key frame', async () => {
    const source = join(folder, 'H264withBframesAAC.mkv')
    const clip = await getClip('H264withBframesAAC', 1, 3, 'middle.mp4')
    const [got, all] = [await probePackets(clip, 'v'), await probePackets(source, 'v')]
    expect(identities(got)).toEqual(identities(all.slice(48, 96)))
    // The sound of this fragment begins slightly earlier. B-frames delay the picture, and the earliest frame is at zero.
    const times = [...got, ...(await probePackets(clip, 'a'))].map(({ ptsMs }) => ptsMs)
    expect([got[0]?.isKey, Math.min(...times)]).toEqual([true, 0])
    await decode(clip)
  })

  test('keeps a hole between two uploads as long as it was', async () => {
    const source = join(folder, 'H264AAC.mkv')
    await createStream('gap')
    await upload(kvs.url, readFileSync(source), { stream: 'gap', start: String(START) })
    await upload(kvs.url, readFileSync(source), { stream: 'gap', start: String(START + 30) })
    const clip = await getClip('gap', -1, 60, 'gap.mp4')
    const [got, once] = [await probePackets(clip, 'v'), await probePackets(source, 'v')]
    expect(identities(got)).toEqual([...identities(once), ...identities(once)])
    expect(Math.abs((got[once.length]?.ptsMs ?? 0) - (got[0]?.ptsMs ?? 0) - 30_000)).toBeLessThan(GRAIN_MS)
    await decode(clip)
  })
})

test.each(['H264AAC', 'H265withBframesAlaw'])('ffmpeg reads GetMedia’s Matroska of %s, each fragment by itself', async (stream) => {
  const FragmentSelector = {
    FragmentSelectorType: 'PRODUCER_TIMESTAMP',
    TimestampRange: { StartTimestamp: START - 1, EndTimestamp: START + 60 },
  }
  const listed = await kvs.post('/listFragments', { StreamName: stream, FragmentSelector })
  const { Fragments }: { Fragments: { FragmentNumber: string }[] } = JSON.parse(await listed.text())
  const packets: ProbedPacket[] = []
  for (const { FragmentNumber } of Fragments) {
    const answer = await kvs.post('/getMediaForFragmentList', { StreamName: stream, Fragments: [FragmentNumber] })
    const file = join(folder, 'fragment.mkv')
    await writeFile(file, new Uint8Array(await answer.arrayBuffer()))
    packets.push(...(await probePackets(file, 'v')))
    await decode(file)
  }
  const source = await probePackets(join(folder, `${stream}.mkv`), 'v')
  expect([packets.length, identities(packets)]).toEqual([source.length, identities(source)])
  expect(drift(packets, source)).toBeLessThan(GRAIN_MS)
})

/** ffmpeg as a camera: it films in real time and writes Matroska to stdout. */
const FILM = ['-v', 'error', '-nostdin', '-re', ...PICTURE, ...sound(48_000), '-t', '5', ...H264, '-bf', '0', '-c:a', 'aac', ...CLUSTERS]

describe('ffmpeg as a live producer', () => {
  test('uploads through clipgate put-media', async () => {
    await buildDist()
    const { path } = await findPeer('ffmpeg')
    await using cli = await startCli(['put-media', '-', '--stream-name', 'piped', '--verbose'], { KVS_PORT: new URL(kvs.url).port })
    const camera = spawn(path, [...FILM, '-f', 'matroska', '-'], { stdio: ['ignore', 'pipe', 'inherit'] })
    if (cli.stdin === null) throw new Error('put-media takes no input')
    camera.stdout.pipe(cli.stdin)
    const { code, stdout, stderr } = await cli.ended
    expect([code, stdout]).toEqual([0, expect.stringMatching(/MB sent to piped, 3 fragments kept\.\n$/)])
    expect(stderr).toContain('"eventType":"PERSISTED"')
    await expectLiveFootage('piped', 5)
  })

  test('uploads directly with curl and chunked transfer coding', async () => {
    await createStream('curled')
    const [{ path: ffmpegPath }, { path: curlPath }] = [await findPeer('ffmpeg'), await findPeer('curl')]
    const headers = [
      'x-amzn-stream-name: curled',
      'x-amzn-fragment-timecode-type: RELATIVE',
      `x-amzn-producer-start-timestamp: ${Date.now() / 1000}`,
      'Transfer-Encoding: chunked',
    ]
    const curl = ['-sS', '-N', '-X', 'POST', '-T', '-', ...headers.flatMap((header) => ['-H', header]), `${kvs.url}/putMedia`]
    const camera = spawn(ffmpegPath, [...FILM, '-f', 'matroska', '-'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const { code, stdout, stderr } = await runProgram(curlPath, curl, { stdin: camera.stdout })
    expect([code, stderr]).toEqual([0, ''])
    const acks: { EventType: string }[] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const count = (type: string) => acks.filter(({ EventType }) => EventType === type).length
    expect([count('BUFFERING'), count('RECEIVED'), count('PERSISTED'), count('ERROR')]).toEqual([3, 3, 3, 0])
    await expectLiveFootage('curled', 5)
  })

  async function expectLiveFootage(StreamName: string, seconds: number): Promise<void> {
    const now = Date.now() / 1000
    const TimestampRange = { StartTimestamp: now - 60, EndTimestamp: now + 60 }
    const ClipFragmentSelector = { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange }
    const answer = await kvs.post('/getClip', { StreamName, ClipFragmentSelector })
    expect(answer.status).toBe(200)
    const file = join(folder, `${StreamName}.mp4`)
    await writeFile(file, new Uint8Array(await answer.arrayBuffer()))
    expect(await probePackets(file, 'v')).toHaveLength(seconds * 24)
    await decode(file)
  }
})
