import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { ChromiumTab } from '../support/chromium-tab.js'
import { START, STREAM } from '../support/clip-harness.js'
import { type GatewayInChromium, startGatewayInChromium } from '../support/gateway-in-chromium.js'
import type { TestGateway } from '../support/gateway-test.js'
import { openHlsSession } from '../support/hls-player.js'
import type { KvsTestServer } from '../support/kvs-test-server.js'
import type { Site } from '../support/site.js'

// What docs/clip-url.md tells players to do when a URL or a session expires during playback. A page of another origin does it.

// Noise, so that Chromium does not buffer all of it before the URL expires.
const NOISE = ['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=25:d=20,noise=alls=80:allf=t', '-c:v', 'libx264', '-preset', 'ultrafast']
const CLUSTERS = ['-b:v', '16M', '-g', '25', '-pix_fmt', 'yuv420p', '-cluster_time_limit', '20000', '-cluster_size_limit', '50M']
const HOUR_MS = 3_600_000

let setup: GatewayInChromium
let kvs: KvsTestServer
let kvsAheadMs = 0
let site: Site
let gateway: TestGateway
let tab: ChromiumTab

beforeAll(async () => {
  setup = await startGatewayInChromium({
    footage: [...NOISE, ...CLUSTERS],
    html: '<!doctype html><video muted></video>',
    server: { clock: { now: () => Date.now() + kvsAheadMs } },
  })
  ;({ kvs, site, gateway, tab } = setup)
}, 180_000)
afterAll(async () => {
  await setup?.[Symbol.asyncDispose]()
})

const PLAYER = `
  globalThis.video = document.querySelector('video')
  globalThis.until = async (isTrue) => { while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 50)) }
`

test('a <video> whose URL has expired continues with a new one', async () => {
  const input = {
    streamName: STREAM,
    fragmentSelectorType: 'PRODUCER_TIMESTAMP',
    startTimestamp: new Date(START).toISOString(),
    endTimestamp: new Date(START + 20_000).toISOString(),
    expiresInSeconds: 4,
  }
  const request = 'mutation ($input: ClipInput!) { requestClip(input: $input) { clip { id downloadUrl } } }'
  const renew = 'mutation ($id: ID!) { renewClipUrl(id: $id, expiresInSeconds: 600) { clip { downloadUrl } } }'
  await tab.open(site.url)
  const seen = await tab.run<{ errors: number[]; at: number; expired: number }>(`(async () => {
    ${PLAYER}
    const ask = async (query, variables) => {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch('${gateway.url}/graphql', { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
      return (await response.json()).data
    }
    const { requestClip: { clip } } = await ask(${JSON.stringify(request)}, { input: ${JSON.stringify(input)} })
    const errors = []
    video.addEventListener('error', async () => {
      errors.push(video.error.code)
      const at = video.currentTime
      const { renewClipUrl } = await ask(${JSON.stringify(renew)}, { id: clip.id })
      video.src = renewClipUrl.clip.downloadUrl
      video.currentTime = at
      await video.play()
    })
    video.src = clip.downloadUrl
    await video.play()
    await until(() => video.currentTime > 0.5)
    video.pause()
    let expired = 0
    await until(async () => (expired = (await fetch(clip.downloadUrl, { method: 'HEAD', cache: 'no-store' })).status) === 410)
    video.currentTime = 17
    await video.play().catch(() => undefined)
    await until(() => video.currentTime > 18 && !video.error)
    return { errors, at: video.currentTime, expired }
  })()`)
  expect(seen.expired).toBe(410)
  // MEDIA_ERR_NETWORK
  expect(seen.errors).toEqual([2])
  expect(seen.at).toBeGreaterThan(18)
})

test('hls.js continues with a new session at the same position', async () => {
  const range = { StartTimestamp: new Date(START - HOUR_MS), EndTimestamp: new Date(START + HOUR_MS) }
  const openSession = () =>
    openHlsSession(kvs.url, {
      StreamName: STREAM,
      PlaybackMode: 'ON_DEMAND',
      HLSFragmentSelector: { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange: range },
      Expires: 300,
    })
  await tab.open(site.url)
  await tab.run(`${await readFile('node_modules/hls.js/dist/hls.min.js', 'utf8')};0`)
  await tab.run(`(async () => {
    ${PLAYER}
    const hls = new Hls({ maxBufferLength: 1, maxMaxBufferLength: 1 })
    globalThis.fatal = new Promise((resolve) => hls.on(Hls.Events.ERROR, (_, { fatal, details, response }) => {
      if (fatal) resolve({ details, status: response?.code, at: video.currentTime })
    }))
    globalThis.resume = (url, at) => { hls.loadSource(url); hls.startLoad(at); video.currentTime = at; return video.play() }
    hls.loadSource(${JSON.stringify(await openSession())})
    hls.attachMedia(video)
    await until(() => video.readyState > 2)
    await video.play()
    await until(() => video.currentTime > 0.5)
    video.pause()
  })()`)
  kvsAheadMs = 400_000
  const fatal = await tab.run<{ details: string; status: number; at: number }>(`(video.currentTime = 12, globalThis.fatal)`)
  expect(fatal).toMatchObject({ details: 'fragLoadError', status: 403, at: 12 })
  const resumed = `(async () => { resume(${JSON.stringify(await openSession())}, ${fatal.at}); await until(() => video.currentTime > 13); return video.currentTime })()`
  expect(await tab.run(resumed)).toBeGreaterThan(13)
})
