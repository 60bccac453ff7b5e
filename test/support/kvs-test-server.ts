import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KinesisVideoClient } from '@aws-sdk/client-kinesis-video'
import { buildKvsServer, type KvsServer, type KvsServerOptions } from '../../src/kvs-server/server.js'

export interface KvsTestServer {
  readonly server: KvsServer
  readonly url: string
  readonly dataDir: string
  /** The client of the control plane, as a program would create it. */
  readonly control: KinesisVideoClient
  /** POSTs a body to a path, without an SDK. */
  post(path: string, body?: string | object, headers?: Record<string, string>): Promise<Response>
  [Symbol.asyncDispose](): Promise<void>
}

export const TEST_CREDENTIALS = { accessKeyId: 'AKIDTEST', secretAccessKey: 'a-secret-for-tests' }

/** An embedded server over its own folder on any free port. Quotas are off unless a test needs them. */
export async function startKvsTestServer(options: Partial<KvsServerOptions> = {}): Promise<KvsTestServer> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'clipgate-kvs-')))
  const server = await buildKvsServer({ dataDir, port: 0, quotas: false, ...options })
  const url = await server.listen()
  const control = new KinesisVideoClient({ endpoint: url, region: 'us-east-1', credentials: TEST_CREDENTIALS, maxAttempts: 1 })
  return {
    server,
    url,
    dataDir,
    control,
    post: (path, body = '', headers = {}) =>
      fetch(url + path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers }),
    async [Symbol.asyncDispose]() {
      control.destroy()
      await server.close({ graceMs: 200 })
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
