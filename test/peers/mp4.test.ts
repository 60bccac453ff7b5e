import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { firstFrameInChromium } from '../support/chromium-first-frame.js'
import { joinNow, layOutNow, readWhole, trimNow } from '../support/mp4-movies.js'
import { render } from '../support/mp4-recording.js'

const run = promisify(execFile)

interface Packet {
  readonly timeMs: number
  readonly flags: string
  readonly hash: string
}

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-mp4-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function ffmpeg(...args: string[]): Promise<string> {
  const { stdout, stderr } = await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args], { maxBuffer: 64 * 1024 * 1024 })
  expect(stderr).toBe('')
  return stdout
}

async function packets(file: string, stream: 'v' | 'a'): Promise<Packet[]> {
  const entries = ['-select_streams', stream, '-show_entries', 'packet=pts_time,flags,data_hash', '-show_data_hash', 'md5', '-of', 'json']
  const { stdout, stderr } = await run('ffprobe', ['-v', 'error', ...entries, file], { maxBuffer: 64 * 1024 * 1024 })
  expect(stderr).toBe('')
  const parsed: { packets: { pts_time: string; flags: string; data_hash: string }[] } = JSON.parse(stdout)
  return parsed.packets.map((packet) => ({ timeMs: Number(packet.pts_time) * 1000, flags: packet.flags, hash: packet.data_hash }))
}

/** Decodes all of it with unchanged times. When ffmpeg evens out the frame rate, it also prints messages about its own source. */
const decode = (file: string) => ffmpeg('-i', file, '-fps_mode', 'passthrough', '-enc_time_base', '-1', '-f', 'null', '-')

/** The hash of each shown frame. */
async function pictures(file: string): Promise<string[]> {
  const listed = await ffmpeg('-i', file, '-map', '0:v', '-fps_mode', 'passthrough', '-f', 'framemd5', '-')
  const rows = listed.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return rows.map((row) => row.split(',').at(-1)?.trim() ?? '')
}

const CODECS = {
  'H.264 and AAC': ['-c:v', 'libx264', '-bf', '0', '-c:a', 'aac'],
  'H.264 with B-frames and AAC': ['-c:v', 'libx264', '-bf', '3', '-c:a', 'aac'],
  'H.265 with B-frames and AAC': ['-c:v', 'libx265', '-x265-params', 'log-level=none:bframes=3:keyint=48:open-gop=0', '-c:a', 'aac'],
}

/** Eight seconds with a key frame every two, and the same packets as four files that each begin with one. */
async function record(name: string, options: readonly string[]): Promise<{ whole: string; parts: string[] }> {
  const whole = join(folder, `${name}.mkv`)
  const input = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=24', '-f', 'lavfi', '-i', 'sine=f=440:r=48000', '-t', '8', '-ac', '1']
  await ffmpeg(...input, '-g', '48', '-keyint_min', '48', '-sc_threshold', '0', '-preset', 'ultrafast', ...options, whole)
  const cut = ['-f', 'segment', '-segment_time', '2', '-segment_format', 'mp4', '-reset_timestamps', '1', '-video_track_timescale', '1000']
  const tag = options.includes('libx265') ? ['-tag:v', 'hvc1'] : []
  await ffmpeg('-i', whole, '-c', 'copy', ...tag, ...cut, join(folder, `${name}-%d.mp4`))
  return { whole, parts: [0, 1, 2, 3].map((part) => join(folder, `${name}-${part}.mp4`)) }
}

/** `whole` gives the producer's clock: the times of the first and the last picture of each part, in decoding order. */
async function joinFiles(files: readonly string[], whole: string) {
  const pictures = await packets(whole, 'v')
  let decoded = 0
  const sources = await Promise.all(files.map((file) => readFile(file)))
  const parts = sources.map((file, index) => {
    const parsed = readWhole(file, index)
    if (!parsed.understood) throw new Error(parsed.reason)
    const first = pictures[decoded]
    decoded += parsed.movie.tracks[0]?.samples.count ?? Number.NaN
    const last = pictures[decoded - 1]
    if (first === undefined || last === undefined) throw new Error('the parts hold other pictures than the whole')
    return { movie: parsed.movie, clock: { firstSampleMs: first.timeMs, lastSampleMs: last.timeMs } }
  })
  const tags = [
    { name: 'title', value: 'Front door' },
    { name: 'date', value: '2026-11-23T12:00:00.250Z' },
  ]
  const joined = joinNow(parts, { startMs: Date.UTC(2026, 10, 23, 12, 0, 0, 250), tags })
  if (!joined.joined) throw new Error(joined.message)
  return { movie: joined.movie, sources }
}

describe.each(Object.entries(CODECS))('%s', (name, options) => {
  const label = name.replaceAll(/\W/g, '')
  let whole = ''
  let file = ''
  let joined: Awaited<ReturnType<typeof joinFiles>>

  beforeAll(async () => {
    const made = await record(label, options)
    whole = made.whole
    joined = await joinFiles(made.parts, whole)
    file = join(folder, `${label}-joined.mp4`)
    await writeFile(file, render(layOutNow(joined.movie), joined.sources))
  })

  test('ffprobe finds every packet of the source in the joined file, at its time', async () => {
    const [expected, got] = [await packets(whole, 'v'), await packets(file, 'v')]
    expect(got.map(({ hash, flags }) => [hash, flags[0]])).toEqual(expected.map(({ hash, flags }) => [hash, flags[0]]))
    const offset = (expected[0]?.timeMs ?? 0) - (got[0]?.timeMs ?? 0)
    expect(Math.max(...got.map(({ timeMs }, index) => Math.abs(timeMs + offset - (expected[index]?.timeMs ?? 0))))).toBeLessThan(1.001)
    const [sound, joinedSound] = [await packets(whole, 'a'), await packets(file, 'a')]
    expect(joinedSound.map(({ hash }) => hash)).toEqual(sound.map(({ hash }) => hash))
  })

  test('ffmpeg decodes it without a message, to the same pictures', async () => {
    expect(await pictures(file)).toEqual(await pictures(whole))
    await decode(file)
  })

  test('the exact cut shows exactly the pictures of the window', async () => {
    const cut = trimNow(joined.movie, { fromMs: 3300, toMs: 5690 })
    if (!cut.trimmed) throw new Error('frames were in the window')
    const path = join(folder, `${label}-cut.mp4`)
    await writeFile(path, render(layOutNow(cut.movie), joined.sources))
    const all = await pictures(file)
    const times = (await packets(file, 'v')).map(({ timeMs }) => Math.round(timeMs)).sort((a, b) => a - b)
    const inside = all.filter((_, index) => (times[index] ?? 0) >= 3300 && (times[index] ?? 0) <= 5690)
    expect(inside.length).toBeGreaterThan(50)
    expect(await pictures(path)).toEqual(inside)
    await decode(path)
  })
})

test('ffprobe shows when the footage began, and the tags', async () => {
  const { whole, parts } = await record('tags', CODECS['H.264 and AAC'])
  const { movie, sources } = await joinFiles(parts, whole)
  const file = join(folder, 'tags-joined.mp4')
  await writeFile(file, render(layOutNow(movie), sources))
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'format_tags:stream_tags', '-of', 'json', file])
  const shown: { format: { tags: Record<string, string> }; streams: { tags: Record<string, string> }[] } = JSON.parse(stdout)
  const began = '2026-11-23T12:00:00.000000Z'
  expect(shown.format.tags).toMatchObject({ title: 'Front door', date: '2026-11-23T12:00:00.250Z', creation_time: began })
  expect(shown.streams.map(({ tags }) => tags.creation_time)).toEqual([began, began])
})

test('Chromium shows the first picture of an exact cut with B-frames, and its duration', async () => {
  const { whole, parts } = await record('chromium', CODECS['H.264 with B-frames and AAC'])
  const { movie, sources } = await joinFiles(parts, whole)
  const cut = trimNow(movie, { fromMs: 3300, toMs: 5690 })
  if (!cut.trimmed) throw new Error('frames were in the window')
  const file = join(folder, 'chromium-cut.mp4')
  await writeFile(file, render(layOutNow(cut.movie), sources))
  const seen = await firstFrameInChromium(await readFile(file), join(folder, 'profile'))
  expect(Math.abs(seen.durationMs - (cut.endMs - cut.firstFrameMs))).toBeLessThan(2)
  expect(seen.firstFrameMs).toBe(0)

  const picture = async (number: number) => {
    const path = join(folder, `picture-${number}.rgba`)
    await ffmpeg('-i', file, '-vf', `select=eq(n\\,${number})`, '-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'rgba', path)
    const bytes = await readFile(path)
    return bytes.reduce((total, value, index) => total + Math.abs(value - (seen.pixels[index] ?? 0)), 0) / bytes.byteLength
  }
  const [first, second] = [await picture(0), await picture(1)]
  expect(first).toBeLessThan(second)
})
