import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { askFor, readContent, startClipHarness, startFootage, tokenOf } from '../support/clip-harness.js'
import { ffmpeg, probePackets } from '../support/ffmpeg.js'
import { clusterTimesOf } from '../support/matroska-frames.js'

// Clips of many parts, in which every frame must have its time in the source, to the millisecond. GetClip returns 200 fragments.

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-joins-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

const SOUND = ['-f', 'lavfi', '-i', 'sine=f=440:r=48000']
const picture = (rate: string) => ['-f', 'lavfi', '-i', `testsrc2=s=64x48:r=${rate}`]
const X264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-sc_threshold', '0']
const clusters = (ms: number) => ['-cluster_time_limit', String(ms), '-cluster_size_limit', '50M']
/** ffmpeg begins a Cluster of video only at a key frame, unless the last Cluster is over its limits. */
const FOOTAGE = [
  {
    name: 'B-frames whose fragments begin without key frames',
    args: [...picture('25'), '-t', '600', ...X264, '-bf', '3', '-g', '250', ...clusters(300)],
    leastFragments: 1500,
  },
  {
    name: 'open GOPs with sound',
    args: [
      ...picture('25'),
      ...SOUND,
      '-t',
      '300',
      ...X264,
      '-bf',
      '3',
      '-x264-params',
      'open-gop=1:keyint=12',
      '-c:a',
      'aac',
      ...clusters(380),
    ],
    leastFragments: 600,
  },
  {
    name: 'B-frames at 10 fps whose sound leads',
    args: [...picture('10'), ...SOUND, '-t', '400', ...X264, '-bf', '3', '-g', '8', '-c:a', 'aac', ...clusters(20_000)],
    leastFragments: 450,
  },
  {
    name: 'a camera of two frames a second',
    args: [...picture('2'), '-t', '700', ...X264, '-bf', '2', '-g', '4', ...clusters(1000)],
    leastFragments: 300,
  },
] as const

describe.each(FOOTAGE)('a clip of $name', ({ name, args, leastFragments }) => {
  test('keeps every frame at its time, by ffprobe', async () => {
    const source = join(folder, `${name}.mkv`)
    await ffmpeg([...args, source])
    const file = new Uint8Array(await readFile(source))
    expect(clusterTimesOf(file).length).toBeGreaterThanOrEqual(leastFragments)
    await using server = await startFootage([file])
    await using harness = await startClipHarness(server.url)
    const { clip, issues } = await harness.clips.request(askFor(-1000, 3_600_000), AbortSignal.timeout(60_000))
    if (clip === null) throw new Error(JSON.stringify(issues))
    const path = join(folder, `${name}.mp4`)
    await writeFile(
      path,
      await readContent(await harness.clips.open(tokenOf(clip), AbortSignal.timeout(60_000)), AbortSignal.timeout(60_000)),
    )
    for (const kind of args.includes('-c:a') ? (['v', 'a'] as const) : (['v'] as const)) {
      const [wanted, given] = [await timesOf(source, kind), await timesOf(path, kind)]
      expect(given).toHaveLength(wanted.length)
      const shiftMs = (given[0] ?? 0) - (wanted[0] ?? 0)
      const shifts = given.map((ms, index) => Math.abs(ms - (wanted[index] ?? Number.NaN) - shiftMs))
      // Matroska rounds to the millisecond. MP4 gives sound the duration of its samples.
      expect(Math.max(...shifts)).toBeLessThanOrEqual(1.01)
    }
  }, 180_000)
})

async function timesOf(file: string, kind: 'v' | 'a'): Promise<number[]> {
  return (await probePackets(file, kind)).map(({ ptsMs }) => ptsMs).sort((a, b) => a - b)
}
