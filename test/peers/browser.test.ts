import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { ChromiumTab } from '../support/chromium-tab.js'
import { START } from '../support/clip-harness.js'
import { type GatewayInChromium, startGatewayInChromium } from '../support/gateway-in-chromium.js'
import type { TestGateway } from '../support/gateway-test.js'
import { type Site, startSite } from '../support/site.js'

// The gateway as a person and a frontend use it: in the address bar of Chromium, and from a page of another origin.

const FOOTAGE = [
  '-f',
  'lavfi',
  '-i',
  'testsrc2=s=320x240:r=25:d=20',
  '-c:v',
  'libx264',
  '-preset',
  'ultrafast',
  '-g',
  '25',
  '-pix_fmt',
  'yuv420p',
]
const CLUSTERS = ['-cluster_time_limit', '20000', '-cluster_size_limit', '50M']
const REQUEST = `mutation ($input: ClipInput!) { requestClip(input: $input) { clip { id downloadUrl } issues { message } } }`

let setup: GatewayInChromium
let site: Site
let gateway: TestGateway
let tab: ChromiumTab

beforeAll(async () => {
  setup = await startGatewayInChromium({ footage: [...FOOTAGE, ...CLUSTERS] })
  ;({ site, gateway, tab } = setup)
}, 120_000)
afterAll(async () => {
  await setup?.[Symbol.asyncDispose]()
})

async function requestClip(expiresInSeconds = 600, endMs = 15_000): Promise<{ readonly id: string; readonly downloadUrl: string }> {
  const input = {
    streamName: 'front-door',
    fragmentSelectorType: 'PRODUCER_TIMESTAMP',
    startTimestamp: new Date(START).toISOString(),
    endTimestamp: new Date(START + endMs).toISOString(),
    expiresInSeconds,
  }
  const { data, errors } = await gateway.ask(REQUEST, { input })
  if (errors) throw new Error(JSON.stringify(errors))
  const { requestClip: answer } = JSON.parse(JSON.stringify(data))
  return answer.clip
}

/** Plays the document that the browser made of the response, a video element, for a moment. */
const PLAY = `(async () => {
  const video = document.querySelector('video')
  if (video === null) throw new Error('there is no video: ' + document.body.innerText)
  video.muted = true
  await video.play()
  while (video.currentTime < 0.3) {
    if (video.error) throw new Error(video.error.message)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return video.videoWidth
})()`

describe('a clip in the address bar', () => {
  test('plays, reloads, and plays again', async () => {
    const { downloadUrl } = await requestClip()
    await tab.open(downloadUrl)
    expect(await tab.run(PLAY)).toBe(320)
    for (let reload = 0; reload < 3; reload += 1) {
      await tab.reload()
      expect(await tab.run(PLAY)).toBe(320)
    }
    expect((await tab.screenshot()).byteLength).toBeGreaterThan(10_000)
    await tab.open(downloadUrl)
    expect(await tab.run(PLAY)).toBe(320)
  })

  test.each([
    ['a 416', { headers: { range: 'bytes=999999999-' } }, 416],
    ['a HEAD', { method: 'HEAD' }, 200],
    ['a 304', { headers: { 'if-none-match': '*' } }, 304],
    ['an error', { method: 'DELETE' }, 405],
  ])('plays after the browser received %s for it', async (_, init, status) => {
    const { downloadUrl } = await requestClip(600, 14_000 - status)
    await tab.open(downloadUrl)
    expect(await tab.run(PLAY)).toBe(320)
    const fetched = `fetch(${JSON.stringify(downloadUrl)}, ${JSON.stringify({ cache: 'no-cache', ...init })})`
    // From the document of the clip itself. For a 304 that it did not request, a browser shows the stored response.
    expect(await tab.run(`${fetched}.then(({ status }) => status)`)).toBe(status)
    await tab.reload()
    expect(await tab.run(PLAY)).toBe(320)
  })
})

describe('a page of another origin', () => {
  const QUERY = JSON.stringify({ query: '{ limits { maxRangeHours } }' })
  const ANSWER = JSON.stringify({ data: { limits: { maxRangeHours: 24 } }, extensions: { cost: { requested: 2, limit: 5000 } } })

  /** What the page of an origin gets: status, body and some headers, or a refusal by its browser. */
  async function ask(
    page: string,
    path: string,
    init: object = {},
  ): Promise<{ status: number; text: string; range: string | null } | string> {
    await tab.open(page)
    const url = new URL(path, gateway.url).href
    return tab.run(`fetch(${JSON.stringify(url)}, ${JSON.stringify(init)}).then(
      async (answer) => ({ status: answer.status, text: await answer.text(), range: answer.headers.get('content-range') }),
      (error) => error.name,
    )`)
  }
  const post = (headers: Record<string, string> = {}, more: object = {}) =>
    ask(site.url, '/graphql', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: QUERY, ...more })

  test.each([
    ['Apollo Client, with client awareness', { 'apollographql-client-name': 'web', 'apollographql-client-version': '1.2' }],
    ['Sentry', { 'sentry-trace': '00-1-1', baggage: 'sentry-environment=production' }],
    ['OpenTelemetry', { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'a=b' }],
    ['a proxy', { 'x-request-id': '1', 'x-correlation-id': '2' }],
    ['an identity provider', { authorization: 'Bearer token', 'x-api-key': 'key' }],
  ])('can send the headers of %s when it is allowed', async (_, headers) => {
    expect(await post(headers)).toMatchObject({ status: 200, text: `${ANSWER}\n` })
    expect(await post(headers, { credentials: 'include' })).toMatchObject({ status: 200 })
  })

  test.each([
    ['a body that is no JSON', '/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' }, 400],
    ['a content type that is not taken', '/graphql', { method: 'POST', body: '<a/>', headers: { 'content-type': 'application/xml' } }, 415],
    [
      'a body that is too large',
      '/graphql',
      { method: 'POST', body: 'a'.repeat(1_500_000), headers: { 'content-type': 'application/json' } },
      413,
    ],
    ['an address that is too long', `/graphql?query=${'a'.repeat(20_000)}`, {}, 431],
    ['an address where nothing is', '/nothing', {}, 404],
    ['an address that is broken', '/clips/%zz/a.mp4', {}, 400],
    ['a clip of which the token is wrong', '/clips/wrong/a.mp4', { headers: { range: 'bytes=0-1' } }, 403],
  ])('can read the error for %s when it is allowed', async (_, path, init, status) => {
    expect(await ask(site.url, path, init)).toMatchObject({ status, text: expect.stringMatching(/^\{.*"message"|"detail"/) })
  })

  test('can read clips and their errors, and nothing else, when it is not allowed', async () => {
    await using other = await startSite()
    const { downloadUrl } = await requestClip()
    const headers = { range: 'bytes=4-7', 'x-request-id': '7', traceparent: '00-1-2-3' }
    expect(await ask(other.url, downloadUrl, { headers })).toMatchObject({
      status: 206,
      text: 'ftyp',
      range: expect.stringMatching(/^bytes 4-7\//),
    })
    // Chromium's cache, which holds the clip, would answer this range with 200 itself.
    expect(await ask(other.url, downloadUrl, { headers: { range: 'bytes=999999999-' }, cache: 'no-store' })).toMatchObject({ status: 416 })
    expect(await ask(other.url, '/clips/wrong/a.mp4')).toMatchObject({ status: 403, text: expect.stringContaining('BAD_TOKEN') })
    expect(await ask(other.url, '/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: QUERY })).toBe(
      'TypeError',
    )
  })

  test('can read clips with credentials when it is allowed', async () => {
    const { downloadUrl } = await requestClip()
    const init = { headers: { range: 'bytes=4-7' }, credentials: 'include' }
    expect(await ask(site.url, downloadUrl, init)).toMatchObject({ status: 206, text: 'ftyp' })
    expect(await ask(site.url, downloadUrl, { ...init, headers: { range: 'bytes=999999999-' }, cache: 'no-store' })).toMatchObject({
      status: 416,
    })
  })
})
