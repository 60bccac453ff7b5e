import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { parseConfig } from '../../src/config/config.js'
import type { Env } from '../../src/config/env.js'
import { buildGateway, type Gateway } from '../../src/gateway.js'
import { PutMediaClient } from '../../src/kvs/put-media-client.js'
import type { KvsTestServer } from './kvs-test-server.js'
import { openSuiteLogger, TEST_SECRETS } from './suite-logs.js'

export { TEST_SECRETS } from './suite-logs.js'

export interface TestGateway extends AsyncDisposable {
  readonly gateway: Gateway
  readonly url: string
  /** One operation by POST over a socket. */
  ask(query: string, variables?: Record<string, unknown>): Promise<{ data: unknown; errors?: unknown }>
}

/** A gateway over its own folder, listening on any free port. */
export async function startTestGateway(kvs: Pick<KvsTestServer, 'url'>, env: Env = {}): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'clipgate-gateway-'))
  const config = parseConfig({ PORT: '0', KVS_QUOTAS: 'off', SHUTDOWN_GRACE_MS: '500', DATA_DIR: folder, ...env })
  const log = openSuiteLogger()
  const secrets = { clipUrlSecrets: TEST_SECRETS, kvsAccessKeys: [] }
  const gateway = await buildGateway(config, secrets, { embeddedKvsUrl: kvs.url, logger: log.logger })
  const url = await gateway.listen()
  return {
    gateway,
    url,
    async ask(query, variables) {
      const body = JSON.stringify({ query, variables })
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      return JSON.parse(await response.text())
    },
    async [Symbol.asyncDispose]() {
      await gateway.close()
      log.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Uploads a whole Matroska file to a stream, which is created if it is missing. */
export async function upload(
  kvs: KvsTestServer,
  { streamName, file, producerStartMs }: { streamName: string; file: Uint8Array; producerStartMs: number },
): Promise<void> {
  const client = new PutMediaClient({ backend: 'embedded', endpoint: kvs.url, accessKey: null })
  try {
    const media = Readable.from([file], { objectMode: false })
    const createStream = { dataRetentionInHours: 24 }
    await client.upload({ streamName, media, timecodeType: 'RELATIVE', producerStartMs, createStream }, AbortSignal.timeout(120_000))
  } finally {
    client.close()
  }
}
