import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Settings } from '../config/load-settings.js'
import { fillArchive } from '../kvs-server/demo/fill-archive.js'
import { buildKvsServer, type KvsServer } from '../kvs-server/server.js'
import type { EpochMs } from '../lib/clock.js'
import { startLiveCameras } from './live-cameras.js'

export interface EmbeddedKvs extends AsyncDisposable {
  readonly url: string
  /** Footage for the example query, or null when there is none. */
  readonly newest: NewestFootage | null
}

export interface NewestFootage {
  readonly streamName: string
  /** Server time of its newest fragment. */
  readonly timestampMs: EpochMs
}

/** Starts the embedded KVS with these settings. Its data is in a folder of its own in DATA_DIR. */
export async function startEmbeddedKvs({ config, secrets }: Settings, logger: Logger): Promise<EmbeddedKvs> {
  const { host, port, quotas, strictCodecs, faults, listDelayMs, demo } = config.embeddedKvs
  const accessKeys = secrets.kvsAccessKeys
  const dataDir = join(config.dataDir, 'kvs')
  const demoStreams = demo ? (await fillArchive({ dataDir, nowMs: Date.now() })).streams : []
  const server = await buildKvsServer({
    dataDir,
    host,
    port,
    quotas,
    strictCodecs,
    faults,
    listDelayMs,
    accessKeys,
    logger,
  })
  await using starting = new AsyncDisposableStack()
  starting.defer(() => server.close({ graceMs: config.shutdownGraceMs }))
  const url = await server.listen()
  const newest = findNewest(server)
  const target = { backend: 'embedded', endpoint: url, accessKey: accessKeys[0] ?? null } as const
  starting.use(startLiveCameras({ target, server, demoStreams, logger }))
  const running = starting.move()
  return { url, newest, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** The stream with the newest footage among the first hundred. */
function findNewest({ streams, archive }: KvsServer): NewestFootage | null {
  const newest = streams
    .list({ limit: 100 })
    .flatMap((stream) => {
      const fragment = archive.findNewest(stream)
      return fragment === null ? [] : [{ streamName: stream.name, timestampMs: fragment.serverTimestampMs }]
    })
    .sort((a, b) => b.timestampMs - a.timestampMs)
  return newest[0] ?? null
}
