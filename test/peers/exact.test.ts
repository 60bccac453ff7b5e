import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Clip } from '../../src/domain/clip.js'
import type { ListedFragment } from '../../src/domain/listed-fragment.js'
import { createKvs } from '../../src/kvs/kvs.js'
import { askFor, type ClipHarness, readContent, START, STREAM, startClipHarness, startFootage, tokenOf } from '../support/clip-harness.js'
import { decode, ffmpeg, probePackets } from '../support/ffmpeg.js'
import { enoughTime } from '../support/kvs-for-test.js'
import type { KvsTestServer } from '../support/kvs-test-server.js'

const CODECS = {
  'H.264 without B-frames': ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0'],
  'H.264 with B-frames': ['-c:v', 'libx264', '-bf', '3'],
  'H.265 with B-frames': ['-c:v', 'libx265', '-x265-params', 'log-level=none:bframes=3:keyint=25:min-keyint=25:open-gop=0'],
}

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-exact-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** Ten seconds of 25 frames with sound, a fragment each second. */
async function record(name: string, codec: readonly string[]): Promise<string> {
  const path = join(folder, `${name}.mkv`)
  const input = ['-f', 'lavfi', '-i', 'testsrc2=s=192x108:r=25', '-f', 'lavfi', '-i', 'sine=f=440:r=48000', '-t', '10', '-ac', '1']
  const groups = ['-g', '25', '-keyint_min', '25', '-sc_threshold', '0', '-c:a', 'aac']
  await ffmpeg([...input, ...codec, ...groups, '-cluster_time_limit', '20000', '-cluster_size_limit', '60000000', path])
  return path
}

/** The hash of each shown picture, in order. */
async function pictures(file: string): Promise<string[]> {
  const { stdout } = await ffmpeg(['-i', file, '-map', '0:v', '-fps_mode', 'passthrough', '-f', 'framemd5', '-'])
  const rows = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return rows.map((row) => row.split(',').at(-1)?.trim() ?? '')
}

describe.each(Object.entries(CODECS))('an exact cut of %s, decoded by ffmpeg', (name, codec) => {
  const label = name.replaceAll(/\W/g, '')
  let server: KvsTestServer
  let harness: ClipHarness
  let source: { readonly timeMs: number; readonly picture: string }[] = []
  let fragments: readonly ListedFragment[] = []
  beforeAll(async () => {
    const path = await record(label, codec)
    server = await startFootage([new Uint8Array(await readFile(path))])
    harness = await startClipHarness(server.url)
    const shown = await pictures(path)
    const times = (await probePackets(path, 'v')).map(({ ptsMs }) => Math.round(ptsMs)).sort((a, b) => a - b)
    source = shown.map((picture, index) => ({ picture, timeMs: START + (times[index] ?? 0) }))
    const kvs = createKvs({ target: { backend: 'embedded', endpoint: server.url, accessKey: null }, isPaced: false })
    const stream = await kvs.streams.find({ name: STREAM }, enoughTime())
    const range = { startMs: START - 1000, endMs: START + 60_000 }
    const query = { streamArn: stream?.arn ?? '', fragmentSelectorType: 'PRODUCER_TIMESTAMP' as const, range }
    fragments = await kvs.fragments.list(query, enoughTime())
    kvs.close()
  })
  afterAll(async () => {
    await harness[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  async function cut(startMs: number, endMs: number): Promise<{ clip: Clip; path: string }> {
    const { clip, issues } = await harness.clips.request(askFor(startMs - START, endMs - START, { cut: 'EXACT' }), enoughTime())
    if (clip === null) throw new Error(JSON.stringify(issues))
    const path = join(folder, `${label}-${startMs}-${endMs}.mp4`)
    await writeFile(path, await readContent(await harness.clips.open(tokenOf(clip), enoughTime()), enoughTime()))
    return { clip: (await harness.clips.find(clip.id, enoughTime())) ?? clip, path }
  }

  test('shows exactly the pictures of the requested range, at edges of fragments and between them', async () => {
    expect(fragments.length).toBe(10)
    const [second, sixth] = [fragments[1]?.producerTimestampMs ?? 0, fragments[5]?.producerTimestampMs ?? 0]
    for (const [startMs, endMs] of [
      [second - 1, sixth - 1],
      [second, sixth],
      [second + 1, sixth + 1],
      [START + 3300, START + 7700],
    ] as const) {
      const { clip, path } = await cut(startMs, endMs)
      const wanted = source.filter(({ timeMs }) => timeMs >= startMs && timeMs <= endMs)
      const shown = await pictures(path)
      expect(shown).toHaveLength(wanted.length)
      expect([shown[0], shown.at(-1)]).toEqual([wanted[0]?.picture, wanted.at(-1)?.picture])
      expect(shown).toEqual(wanted.map(({ picture }) => picture))
      expect(clip.delivered).toEqual({ startMs: wanted[0]?.timeMs, endMs: (wanted.at(-1)?.timeMs ?? 0) + 40 })
      await decode(path)
    }
  })

  test('can be a single picture', async () => {
    const frame = source[88]
    const { path } = await cut(frame?.timeMs ?? 0, (frame?.timeMs ?? 0) + 1)
    expect(await pictures(path)).toEqual([frame?.picture])
  })
})
