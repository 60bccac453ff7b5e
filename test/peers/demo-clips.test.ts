import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { DEMO_CAMERAS } from '../../src/kvs-server/demo/demo-camera.js'
import { fillArchive } from '../../src/kvs-server/demo/fill-archive.js'
import { decode, probePackets } from '../support/ffmpeg.js'
import { startTestGateway, type TestGateway } from '../support/gateway-test.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'

// What a new user downloads first, played by ffmpeg: the clips of test/kvs-server/demo, through a whole gateway.

const NOW_MS = Math.floor(Date.now() / 1000) * 1000 - 5000
const START_MS = NOW_MS - 20 * 60_000

let folder = ''
let kvs: KvsTestServer
let gateway: TestGateway

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-demo-peers-'))
  const dataDir = join(folder, 'kvs')
  await fillArchive({ dataDir, nowMs: NOW_MS })
  kvs = await startKvsTestServer({ dataDir })
  gateway = await startTestGateway(kvs)
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function download(streamName: string, cut: 'FRAGMENT' | 'EXACT'): Promise<string> {
  const times = { startTimestamp: new Date(START_MS + 700).toISOString(), endTimestamp: new Date(START_MS + 70_000).toISOString() }
  const { data, errors } = await gateway.ask('mutation ($input: ClipInput!) { requestClip(input: $input) { clip { downloadUrl } } }', {
    input: { streamName, cut, ...times },
  })
  expect(errors).toBeUndefined()
  const { requestClip }: { requestClip: { clip: { downloadUrl: string } } } = JSON.parse(JSON.stringify(data))
  const file = join(folder, `${streamName}-${cut}.mp4`)
  await writeFile(file, Buffer.from(await (await fetch(requestClip.clip.downloadUrl)).arrayBuffer()))
  return file
}

test.each(
  DEMO_CAMERAS.flatMap(({ streamName }) => [
    { streamName, cut: 'FRAGMENT' as const },
    { streamName, cut: 'EXACT' as const },
  ]),
)('ffprobe and ffmpeg print no error over the $cut clip of $streamName', async ({ streamName, cut }) => {
  const file = await download(streamName, cut)
  const packets = await probePackets(file, 'v')
  expect(packets.length).toBeGreaterThan(300)
  expect(packets.every(({ dtsMs }, index) => dtsMs > (packets[index - 1]?.dtsMs ?? Number.NEGATIVE_INFINITY))).toBe(true)
  await decode(file)
})
