import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { beforeAll, describe, expect } from '@jest/globals'
import { buildDist, type CliProcess, startCli } from '../support/cli-process.js'
import { eventually } from '../support/eventually.js'
import { testOnPosix } from '../support/platforms.js'

beforeAll(buildDist, 120_000)

/** A gateway with demo footage, and a download of it whose client has stopped reading. */
interface Downloading {
  readonly url: string
  readonly adminUrl: string
  readonly response: IncomingMessage
}

async function startDownload(serve: CliProcess): Promise<Downloading> {
  const { input } = await serve.until(/Press Ctrl-C to stop/)
  const [, url = ''] = /GraphQL +(\S+)\/graphql/.exec(input) ?? []
  const [, adminUrl = ''] = /Metrics +(\S+)\/metrics/.exec(input) ?? []
  const endMs = Date.now() - 600_000
  const range = `startTimestamp: "${new Date(endMs - 2_400_000).toISOString()}", endTimestamp: "${new Date(endMs).toISOString()}"`
  const query = `mutation { requestClip(input: { streamName: "front-door", ${range} }) { clip { downloadUrl } issues { message } } }`
  const { data } = JSON.parse((await ask(url, query)).text)
  const request = get(data.requestClip.clip.downloadUrl, { agent: false })
  const [response]: IncomingMessage[] = await once(request, 'response')
  if (response === undefined) throw new Error('no response')
  response.on('error', () => undefined)
  await once(response, 'readable')
  return { url, adminUrl, response }
}

async function ask(url: string, query: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ query }),
  })
  return { status: response.status, text: await response.text() }
}

async function statusOf(url: string): Promise<number | 'refused'> {
  return fetch(url, { headers: { connection: 'close' } }).then(
    ({ status }) => status,
    () => 'refused',
  )
}

async function readToEnd(response: IncomingMessage): Promise<number> {
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength
  })
  if (!response.closed) await new Promise((resolve) => response.once('close', resolve))
  return bytes
}

const ENV = { KVS_DEMO: 'true', KVS_QUOTAS: 'off', ADMIN_HOST: '127.0.0.1', ADMIN_PORT: '0' }

describe('clipgate serve at SIGTERM', () => {
  testOnPosix('is not ready, serves on, then stops listening and finishes running downloads (skipped on Windows: no signals)', async () => {
    await using serve = await startCli(['serve'], { ...ENV, SHUTDOWN_DELAY_MS: '3000', SHUTDOWN_GRACE_MS: '60000' })
    const { url, adminUrl, response } = await startDownload(serve)
    expect(await statusOf(`${url}/health/ready`)).toBe(200)
    const ended = serve.stop('SIGTERM')
    await eventually(async () => expect(await statusOf(`${url}/health/ready`)).toBe(503))
    expect(await statusOf(`${adminUrl}/health/ready`)).toBe(503)
    expect((await ask(url, '{ limits { maxRangeHours } }')).status).toBe(200)
    await eventually(async () => expect(await statusOf(`${url}/health/live`)).toBe('refused'))
    // Probes see the whole shutdown.
    expect([await statusOf(`${adminUrl}/health/live`), await statusOf(`${adminUrl}/health/ready`)]).toEqual([200, 503])
    expect(await readToEnd(response)).toBe(Number(response.headers['content-length']))
    expect(response.complete).toBe(true)
    expect(await ended).toMatchObject({ code: 0, stderr: '' })
  })

  testOnPosix('cuts downloads after the grace period (skipped on Windows: no signals)', async () => {
    await using serve = await startCli(['serve'], { ...ENV, SHUTDOWN_GRACE_MS: '500' })
    const { response } = await startDownload(serve)
    const ended = serve.stop('SIGTERM')
    expect((await ended).code).toBe(0)
    expect(await readToEnd(response)).toBeLessThan(Number(response.headers['content-length']))
    expect(response.complete).toBe(false)
  })

  testOnPosix('ends at once at a second signal (skipped on Windows: no signals)', async () => {
    await using serve = await startCli(['serve'], { ...ENV, SHUTDOWN_GRACE_MS: '600000' })
    const { url, response } = await startDownload(serve)
    const ended = serve.stop('SIGTERM')
    await eventually(async () => expect(await statusOf(`${url}/health/live`)).toBe('refused'))
    // Signals within a second count as one.
    await new Promise((resolve) => setTimeout(resolve, 1500))
    void serve.stop('SIGTERM')
    expect((await ended).code).toBe(143)
    response.destroy()
  })
})
