import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Settings } from '../config/load-settings.js'
import { buildKvsServer, type KvsServer } from '../kvs-server/server.js'

export interface EmbeddedKvs extends AsyncDisposable {
  /** Where it listens. */
  readonly url: string
  /** A stream that a first query can be about; null while there is none. */
  readonly firstStreamName: string | null
}

/** The embedded KVS as the settings want it, listening. Its data is beside the gateway's, in a folder of its own. */
export async function startEmbeddedKvs({ config, secrets }: Settings, logger: Logger): Promise<EmbeddedKvs> {
  const { host, port, quotas, strictCodecs, faults } = config.embeddedKvs
  const accessKeys = secrets.kvsAccessKeys
  const server = await buildKvsServer({
    dataDir: join(config.dataDir, 'kvs'),
    host,
    port,
    quotas,
    strictCodecs,
    faults,
    accessKeys,
    logger,
  })
  const close = () => server.close({ graceMs: config.shutdownGraceMs })
  try {
    const url = await server.listen()
    return { url, firstStreamName: findFirstStreamName(server), [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

function findFirstStreamName({ streams }: KvsServer): string | null {
  return streams.list({ limit: 1 })[0]?.name ?? null
}
