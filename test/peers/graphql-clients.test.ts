import { mkdtemp, rm } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bundleForBrowsers } from '../support/bundle.js'
import { readFixture } from '../support/fixtures.js'
import { startTestGateway, type TestGateway, upload } from '../support/gateway-test.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'
import { freePort } from '../support/nginx.js'
import { CHROMIUM_FLAGS, reportOf } from '../support/page-in-chromium.js'
import { findPeer, runProgram } from '../support/peer-programs.js'

// The GraphQL clients of frontends, each with its default settings and its documented setup, against a real gateway.

interface ClientReport {
  readonly error?: string
  /** Method and status of each HTTP request, in order. */
  readonly sent: readonly string[]
  readonly streams: readonly { readonly id: string; readonly name: string }[]
  readonly requested: { readonly id: string; readonly downloadUrl: string }
  readonly clip: { readonly id: string; readonly downloadUrl: string; readonly state: string }
  readonly states: readonly string[]
  readonly problem: string
}

const STREAM = 'front-door'
const startMs = Math.floor(Date.now() / 1000) * 1000 - 600_000
const input = {
  streamName: STREAM,
  fragmentSelectorType: 'PRODUCER_TIMESTAMP',
  startTimestamp: new Date(startMs - 1000).toISOString(),
  endTimestamp: new Date(startMs + 60_000).toISOString(),
}

/** What each client sends: the list, the mutation, the clip, and a query that is refused. Subscriptions use a WebSocket. */
const CLIENTS: readonly (readonly [string, readonly string[] | 'hashes'])[] = [
  ['urql', ['GET 200', 'POST 200', 'GET 200', 'GET 400']],
  ['urqlPersisted', 'hashes'],
  ['apollo', ['POST 200', 'POST 200', 'POST 200', 'POST 400']],
  ['apolloByGet', ['GET 200', 'POST 200', 'GET 200', 'GET 400']],
  ['apolloPersisted', 'hashes'],
  ['graphqlRequest', ['POST 200', 'POST 200', 'POST 200', 'POST 400']],
  ['graphqlRequestByGet', ['GET 200', 'POST 200', 'GET 200', 'GET 400']],
  ['relay', ['POST 200', 'POST 200', 'POST 200', 'POST 400']],
]

let kvs: KvsTestServer
let gateway: TestGateway
let pagePort = 0
let folder = ''

beforeAll(async () => {
  kvs = await startKvsTestServer()
  await upload(kvs, { streamName: STREAM, file: readFixture('h264-aac.mkv'), producerStartMs: startMs })
  pagePort = await freePort()
  gateway = await startTestGateway(kvs, { CORS_ORIGINS: `http://127.0.0.1:${pagePort}` })
  folder = await mkdtemp(join(tmpdir(), 'clipgate-clients-'))
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

function expectWhole(report: ClientReport, sent: readonly string[] | 'hashes'): void {
  expect(report.error).toBeUndefined()
  expect(report.streams.map(({ name }) => name)).toEqual([STREAM])
  expect(report.clip.id).toBe(report.requested.id)
  expect(report.states.at(-1)).toBe('READY')
  expect(report.problem).toBe('GRAPHQL_VALIDATION_FAILED')
  if (sent === 'hashes') {
    // Which persisted queries are sent again in full depends on earlier clients.
    expect(report.sent.filter((one) => one === 'GET 200').length).toBeGreaterThan(1)
    expect(report.sent.filter((one) => !one.endsWith(' 200'))).toEqual([report.sent.at(-1)])
  } else expect(report.sent).toEqual(sent)
}

describe('in Node', () => {
  test.each(CLIENTS)('%s queries, mutates and subscribes', async (name, sent) => {
    const options = JSON.stringify({ url: `${gateway.url}/graphql`, input })
    const { stdout, stderr } = await runProgram(process.execPath, ['test/peers/clients/main.js', name, options])
    expect(stderr).toBe('')
    expectWhole(JSON.parse(stdout), sent)
  })
})

describe('in Chromium', () => {
  test('all of them work on a page of an allowed origin', async () => {
    const { path: chromium } = await findPeer('chromium')
    const files = {
      '/page.js': await bundleForBrowsers('test/peers/clients/page.js'),
      '/options': (response: ServerResponse) => response.end(JSON.stringify({ url: `${gateway.url}/graphql`, input })),
    }
    const html = '<!doctype html><script type="module" src="/page.js"></script>'
    const browser = { chromium, profile: join(folder, 'clients') }
    const reports = await reportOf<Record<string, ClientReport>>({ html, files, port: pagePort }, browser)
    for (const [name, sent] of CLIENTS) {
      if (reports[name] === undefined) throw new Error(`${name} has not reported`)
      expectWhole(reports[name], sent)
    }
  })

  test('a page of another origin cannot make the gateway execute anything', async () => {
    const { path: chromium } = await findPeer('chromium')
    const before = await countOperations()
    const address = `${gateway.url}/graphql?query=${encodeURIComponent('{ streams { nodes { name dataEndpoint } } }')}`
    const seen = await reportOf<Record<string, string>>({ html: ATTACK(address) }, { chromium, profile: join(folder, 'attack') })
    expect(seen).toEqual({ fetch: 'TypeError', noCors: 'TypeError', image: 'error', script: 'error', post: 'TypeError' })
    expect(await countOperations()).toBe(before)
    await gateway.ask('{ limits { maxRangeHours } }')
    expect(await countOperations()).toBe(before + 1)
  })

  test('opening /graphql shows a page, or the response when the address contains a query', async () => {
    const { path } = await findPeer('chromium')
    const open = async (address: string) => {
      const args = [...CHROMIUM_FLAGS, `--user-data-dir=${join(folder, 'visit')}`, '--dump-dom', address]
      return (await runProgram(path, args)).stdout
    }
    const page = await open(`${gateway.url}/graphql`)
    expect(page).toContain('This is the GraphQL endpoint')
    expect(page).toContain(`${gateway.url}/graphql`)
    expect(await open(`${gateway.url}/graphql?query={limits{maxRangeHours}}`)).toContain('{"data":{"limits":{"maxRangeHours":24}},')
  })
})

/** What a page can send without a preflight, and what it can read of the response. */
const ATTACK = (address: string) => `<!doctype html><script type="module">
const address = ${JSON.stringify(address)}
const load = (element) => new Promise((resolve) => {
  element.onload = () => resolve('load')
  element.onerror = () => resolve('error')
  element.src = address
  document.head.append(element)
})
const name = (error) => error.name
const type = (response) => response.type
const body = new Blob([JSON.stringify({ query: '{ limits { maxRangeHours } }' })], { type: 'text/plain' })
const seen = {
  fetch: await fetch(address).then(type, name),
  noCors: await fetch(address, { mode: 'no-cors' }).then(type, name),
  image: await load(new Image()),
  script: await load(document.createElement('script')),
  post: await fetch(address.split('?')[0], { method: 'POST', mode: 'no-cors', body }).then(type, name),
}
await fetch('/seen', { method: 'POST', body: JSON.stringify(seen) })
</script>`

async function countOperations(): Promise<number> {
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
  const counts = metrics.matchAll(/^clipgate_graphql_request_seconds_count\{[^}]*\} (\d+)$/gm)
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}

describe('curl with no options', () => {
  const ask = async (...args: string[]) => {
    const { path } = await findPeer('curl')
    const { code, stdout } = await runProgram(path, ['-s', ...args])
    return [code, JSON.parse(stdout)]
  }

  test('queries by GET', async () => {
    const query = encodeURIComponent('{ streams { nodes { name } } }')
    expect(await ask(`${gateway.url}/graphql?query=${query}`)).toMatchObject([0, { data: { streams: { nodes: [{ name: STREAM }] } } }])
    const parameters = ['-G', '--data-urlencode', 'query=query ($n: String) { stream(name: $n) { name } }']
    expect(await ask(`${gateway.url}/graphql`, ...parameters, '--data-urlencode', `variables={"n":"${STREAM}"}`)).toMatchObject([
      0,
      { data: { stream: { name: STREAM } } },
    ])
  })

  test('and --json queries by POST', async () => {
    const body = JSON.stringify({ query: '{ streams { nodes { name } } }' })
    expect(await ask('--json', body, `${gateway.url}/graphql`)).toMatchObject([0, { data: { streams: { nodes: [{ name: STREAM }] } } }])
  })

  test('gets an error that says what to send when -d sends a form', async () => {
    const [code, { errors }] = await ask('-d', '{"query":"{ limits { maxRangeHours } }"}', `${gateway.url}/graphql`)
    expect(code).toBe(0)
    expect(errors).toEqual([{ message: expect.stringContaining('must be application/json'), extensions: { code: 'BAD_USER_INPUT' } }])
  })
})
