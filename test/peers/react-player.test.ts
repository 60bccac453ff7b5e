import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bundleForBrowsers } from '../support/bundle.js'
import { ffmpeg } from '../support/ffmpeg.js'
import { startTestGateway, type TestGateway, upload } from '../support/gateway-test.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'
import { freePort } from '../support/nginx.js'
import { reportOf } from '../support/page-in-chromium.js'
import { findPeer } from '../support/peer-programs.js'

// A page with Apollo Client and React that polls a clip each second while it plays, as many dashboards do.

interface SeenByPage {
  readonly times: readonly number[]
  readonly urls: readonly { readonly id: string; readonly downloadUrl: string; readonly expiresAt: string; readonly state: string }[]
  /** Name and playback time of the events that reveal a restart. */
  readonly events: readonly string[]
  readonly durationS: number
  readonly seekedAfterExpiry: boolean
}

const SMALL = 'front-door'
const LARGE = 'car-park'
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-keyint_min', '25', '-sc_threshold', '0', '-pix_fmt', 'yuv420p']
const CLUSTERS = ['-cluster_time_limit', '20000', '-cluster_size_limit', '50M', '-f', 'matroska']
const startMs = Math.floor(Date.now() / 1000) * 1000 - 600_000

let kvs: KvsTestServer
let gateway: TestGateway
let pagePort = 0
let folder = ''
let script: (response: ServerResponse) => void

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-react-'))
  kvs = await startKvsTestServer()
  await record(SMALL, ['-f', 'lavfi', '-i', 'testsrc2=s=320x240:r=25:d=14', ...H264])
  // More than Chromium reads ahead.
  await record(LARGE, ['-f', 'lavfi', '-i', 'color=gray:s=320x180:r=25:d=40,noise=alls=100:allf=t+u', ...H264, '-qp', '10'])
  pagePort = await freePort()
  gateway = await startTestGateway(kvs, { CORS_ORIGINS: `http://127.0.0.1:${pagePort}` })
  script = await bundleForBrowsers('test/peers/clients/react-page.jsx', await documentedModules())
}, 240_000)
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function record(streamName: string, source: readonly string[]): Promise<void> {
  const path = join(folder, `${streamName}.mkv`)
  await ffmpeg([...source, ...CLUSTERS, path])
  await upload(kvs, { streamName, file: new Uint8Array(await readFile(path)), producerStartMs: startMs })
}

/** The code of docs/frontends.md, by the file names in its first lines. */
async function documentedModules(): Promise<Record<string, string>> {
  const text = await readFile('docs/frontends.md', 'utf8')
  const blocks = [...text.matchAll(/```jsx\n\/\/ (\S+)\n(.*?)```/gs)]
  return Object.fromEntries(blocks.map(([, name = '', code = '']) => [name, code]))
}

async function requestClip(streamName: string, expiresInSeconds: number): Promise<string> {
  const input = {
    streamName,
    fragmentSelectorType: 'PRODUCER_TIMESTAMP',
    startTimestamp: new Date(startMs - 1000).toISOString(),
    endTimestamp: new Date(startMs + 60_000).toISOString(),
    expiresInSeconds,
  }
  const query = 'mutation ($input: ClipInput!) { requestClip(input: $input) { clip { id } issues { message } } }'
  const { data } = JSON.parse(JSON.stringify(await gateway.ask(query, { input })))
  return data.requestClip.clip.id
}

async function play(options: {
  readonly id: string
  readonly isNaive?: boolean
  readonly seekTo?: number
  readonly props?: object
}): Promise<SeenByPage> {
  const { path: chromium } = await findPeer('chromium')
  const files = {
    '/page.js': script,
    '/options': (response: ServerResponse) => response.end(JSON.stringify({ url: `${gateway.url}/graphql`, ...options })),
  }
  const html = '<!doctype html><body></body><script type="module" src="/page.js"></script>'
  return reportOf<SeenByPage>(
    { html, files, port: pagePort },
    { chromium, profile: join(folder, `profile-${JSON.stringify(options).length}`) },
  )
}

const count = ({ events }: SeenByPage, name: string) => events.filter((event) => event.startsWith(`${name} `)).length

describe('a page that polls a clip each second, with URLs of 8 seconds,', () => {
  test('plays on to the end: the URL changes, and the player keeps the first one', async () => {
    const id = await requestClip(SMALL, 8)
    const seen = await play({ id })
    expect(new Set(seen.urls.map((clip) => clip.downloadUrl)).size).toBeGreaterThan(2)
    expect(new Set(seen.urls.map((clip) => clip.id))).toEqual(new Set([id]))
    expect(seen.events.filter((event) => !event.startsWith('stalled'))).toEqual(['loadedmetadata 0.00', expect.stringMatching(/^ended /)])
    expect(seen.times).toEqual(seen.times.toSorted((a, b) => a - b))
    expect(seen.times.at(-1)).toBeCloseTo(seen.durationS, 1)
  })

  test('restarts repeatedly when it uses the URL of each poll', async () => {
    const seen = await play({ id: await requestClip(SMALL, 8), isNaive: true })
    expect(count(seen, 'emptied')).toBeGreaterThan(1)
  })

  test.each([
    ['', {}],
    [', also where the page may not read the answer', { crossOrigin: null }],
  ])('continues from the seek position after its URL expired%s', async (_, props) => {
    const seen = await play({ id: await requestClip(LARGE, 8), seekTo: 37, props })
    expect(seen.seekedAfterExpiry).toBe(true)
    expect(count(seen, 'emptied')).toBe(1)
    // Events between the new source and the resume position have time 0.
    const after = seen.times.slice(seen.times.lastIndexOf(0) + 1)
    expect(after[0]).toBeGreaterThanOrEqual(37)
    expect(after).toEqual(after.toSorted((a, b) => a - b))
    expect(after.at(-1)).toBeCloseTo(seen.durationS, 1)
  })
})
