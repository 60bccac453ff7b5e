import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { askFor, readContent, startClipHarness, startFootage, tokenOf } from '../support/clip-harness.js'
import { probePackets } from '../support/ffmpeg.js'
import { enoughTime } from '../support/kvs-for-test.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-one-run-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('a clip by producer time of fragments that overlap', () => {
  test.each([
    ['shadowed-2fps-b-aac.mkv', 16, 500],
    ['join-lost-fragment.mkv', 1875, 40],
  ])('of %s has all %i frames, by ffprobe', async (name, frames, frameMs) => {
    await using server = await startFootage([new Uint8Array(await readFile(`test/fixtures/hard/${name}`))])
    await using harness = await startClipHarness(server.url)
    const { clip, issues } = await harness.clips.request(askFor(-1000, 3_600_000), enoughTime())
    if (clip === null) throw new Error(JSON.stringify(issues))
    const path = join(folder, `${name}.mp4`)
    await writeFile(path, await readContent(await harness.clips.open(tokenOf(clip), enoughTime()), enoughTime()))
    expect((await harness.clips.find(clip.id, enoughTime()))?.state).toBe('READY')
    const times = (await probePackets(path, 'v')).map(({ ptsMs }) => ptsMs).sort((a, b) => a - b)
    expect(times).toHaveLength(frames)
    const steps = times.slice(1).map((timeMs, index) => timeMs - (times[index] ?? 0))
    expect(Math.max(...steps)).toBeLessThan(frameMs + 2)
    expect(Math.min(...steps)).toBeGreaterThan(frameMs - 2)
  })
})
