import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { askFor, startFootage } from '../support/clip-harness.js'
import { type ClipHttp, startClipHttp } from '../support/clip-http.js'
import { playClipInChromium } from '../support/clip-in-chromium.js'
import { ffmpeg } from '../support/ffmpeg.js'
import type { KvsTestServer } from '../support/kvs-test-server.js'
import { NUMBERED_PICTURE } from '../support/numbered-picture.js'
import { findPeer } from '../support/peer-programs.js'

// Clips of several parts whose fragments are open GOPs: the pictures at each border refer to pictures of the previous part.

const RATE = 25
// 250 fragments of five frames each, which take two GetClip calls.
const GOPS = 'open-gop=1:keyint=5:min-keyint=5:scenecut=0:bframes=2:b-adapt=0'
const ENCODING = [
  '-c:v',
  'libx264',
  '-preset',
  'veryfast',
  '-x264-params',
  GOPS,
  '-cluster_time_limit',
  '20000',
  '-cluster_size_limit',
  '50M',
]

let kvs: KvsTestServer
let gateway: ClipHttp
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-open-gops-'))
  const source = join(folder, 'source.mkv')
  await ffmpeg(['-f', 'lavfi', '-i', `color=s=320x80:r=${RATE}:d=50,format=yuv420p,${NUMBERED_PICTURE}`, ...ENCODING, source])
  kvs = await startFootage([new Uint8Array(await readFile(source))])
  gateway = await startClipHttp(kvs.url)
}, 120_000)
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

test.each([
  ['all of it', askFor(0, 3_600_000), 0, 1249],
  ['an exact cut', askFor(1010, 48_990, { cut: 'EXACT' }), 26, 1224],
] as const)(
  'Chromium plays a joined clip of open GOPs across the border of its parts: %s',
  async (name, input, first, last) => {
    const clip = await gateway.request(input)
    expect(clip.fragmentCount).toBeGreaterThan(200)
    const { path: chromium } = await findPeer('chromium')
    const borderS = (1000 - first) / RATE
    const seekToS = [borderS - 0.02, borderS + 0.02, 5.02]
    const profile = join(folder, name.replaceAll(' ', '-'))
    const seen = await playClipInChromium(gateway.urlOf(clip), { chromium, profile, seekToS, playFromS: borderS - 2.02 })
    expect(seen.first).toEqual({ timeS: 0, number: first })
    expect(seen.sought.map(({ number }) => number)).toEqual([999, 1000, first + 125])
    expect(seen.last.number).toBe(last)
    expect(seen.durationS).toBeCloseTo((last + 1 - first) / RATE, 1)
    expect(seen.endedAtS).toBeCloseTo(seen.durationS, 1)
  },
  60_000,
)
