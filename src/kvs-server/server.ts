// The embedded Kinesis Video Streams: control plane, PutMedia and archived media on one origin, over one folder.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { type Clock, systemClock } from '../lib/clock.js'
import { closeServer, isLoopbackHost, isWildcardHost, toUrlHost } from '../lib/http-server.js'
import { Archive } from './archive/archive.js'
import { INDEX_FILE, inTransaction, lockDataDir, openDatabase } from './archive/database.js'
import { DiskReserve } from './archive/disk-reserve.js'
import { rebuildIndex } from './archive/rebuild-index.js'
import { StreamFile, type StreamsEntry } from './archive/stream-file.js'
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION, StreamTable } from './archive/stream-table.js'
import { TagTable } from './archive/tag-table.js'
import { createGatekeeper } from './edge/gatekeeper.js'
import { buildKvsApp } from './edge/kvs-app.js'
import type { AccessKey } from './edge/signature.js'
import { Faults } from './faults/faults.js'
import { HlsPlaylists } from './hls/hls-playlists.js'
import { SessionTokens } from './hls/session-tokens.js'
import { KvsMetrics } from './operations/kvs-metrics.js'
import type { KvsServices } from './operations/kvs-services.js'
import { COUNTED_OPERATIONS, MEDIA_OPERATIONS } from './operations/served-operations.js'
import { Quotas } from './quotas/quotas.js'

export { rebuildIndex }

export interface KvsServerOptions {
  /** The folder of streams and footage. Created if it does not exist. */
  readonly dataDir: string
  readonly host?: string
  /** 0 selects a free port. */
  readonly port?: number
  readonly clock?: Clock
  readonly region?: string
  readonly accountId?: string
  /** Enforce the quotas of the service. Default: true. */
  readonly quotas?: boolean
  /** Refuse the codec pairs that the playback table leaves out. */
  readonly strictCodecs?: boolean
  /** Allow fault rules (`/_faults`). */
  readonly faults?: boolean
  /** With access keys, every request must be signed with one of them. Without, the server listens on loopback only. */
  readonly accessKeys?: readonly AccessKey[]
  /** The delay before ListFragments returns a new fragment. */
  readonly listDelayMs?: number
  readonly logger?: FastifyBaseLogger
}

export interface KvsServer {
  readonly app: FastifyInstance
  readonly archive: Archive
  readonly streams: StreamTable
  /** Starts listening. Returns the URL. */
  listen(): Promise<string>
  /** Ends uploads and live reads, gives other requests `graceMs` (5 s) to finish, and closes the archive. */
  close(options?: { readonly graceMs?: number }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Builds the server without listening. @throws ArchiveError, or Error for a host beyond loopback without access keys */
export async function buildKvsServer(options: KvsServerOptions): Promise<KvsServer> {
  const { host = '127.0.0.1', port = 4010, clock = systemClock, accessKeys = [] } = options
  if (accessKeys.length === 0 && !isLoopbackHost(host)) {
    throw new Error(`The embedded KVS listens on loopback only unless access keys are given (host ${host})`)
  }
  const closing = new AbortController()
  const faults = options.faults === true ? new Faults() : null
  const { services, closeArchive } = await openServices(options, { clock, faults, closing: closing.signal })
  let ownUrl = toUrl(host, port)
  const app = buildKvsApp({
    context: { services, faults, gatekeeper: createGatekeeper(accessKeys, clock) },
    ownUrl: () => ownUrl,
    logger: options.logger ?? null,
  })

  let closed: Promise<void> | null = null
  const close = ({ graceMs = 5000 } = {}) => {
    closing.abort()
    closed ??= closeServer(app, graceMs).then(closeArchive)
    return closed
  }
  return {
    app,
    archive: services.archive,
    streams: services.streams,
    async listen() {
      await app.listen({ host, port })
      const address = app.server.address()
      ownUrl = toUrl(host, typeof address === 'object' && address !== null ? address.port : port)
      return ownUrl
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}

async function openServices(
  options: KvsServerOptions,
  { clock, faults, closing }: Pick<KvsServices, 'clock' | 'closing'> & { readonly faults: Faults | null },
): Promise<{ services: KvsServices; closeArchive: () => Promise<void> }> {
  const { dataDir, region = DEFAULT_REGION, accountId = DEFAULT_ACCOUNT_ID, quotas = true, strictCodecs = false, listDelayMs = 0 } = options
  await mkdir(dataDir, { recursive: true })
  await using opening = new AsyncDisposableStack()
  opening.defer(lockDataDir(dataDir))
  const database = opening.use(openDatabase(join(dataDir, INDEX_FILE)))
  const streamFile = new StreamFile({
    dataDir,
    read: () => toStreamsEntry(streams, tags),
    onFailed: (err) => options.logger?.error({ err }, 'the file of streams was not written; the next change of a stream tries again'),
  })
  const streams: StreamTable = new StreamTable(database, { region, accountId, clock, onChanged: streamFile.changed })
  const tags = new TagTable(database, streamFile.changed)
  await streamFile.check(streams.lastId())
  const diskReserve = new DiskReserve({ dataDir })
  opening.defer(() => diskReserve.close())
  const archive = await Archive.open({
    ...{ dataDir, database, streams, clock },
    onSweepFailed(err) {
      options.logger?.error({ err }, 'the retention sweep failed; the next one tries again')
      diskReserve.yieldTo(err)
    },
    onSetAside: (count) => options.logger?.warn({ count }, 'media without a record was moved to the folder aside'),
  })
  opening.defer(() => archive.close())
  // Only after the archive has opened: an index that lost its streams must not empty their file.
  opening.defer(() => streamFile.close())
  streamFile.changed()
  void diskReserve.make()
  const services: KvsServices = {
    clock,
    streams,
    tags,
    archive,
    diskReserve,
    inTransaction: (work) => inTransaction(database, work),
    quotas: new Quotas({ clock, enabled: quotas }),
    metrics: new KvsMetrics({ operations: COUNTED_OPERATIONS, mediaOperations: MEDIA_OPERATIONS }),
    hlsTokens: new SessionTokens(),
    hlsPlaylists: new HlsPlaylists({ archive, clock }),
    strictCodecs,
    listDelayMs: (stream) => Math.max(listDelayMs, faults?.listDelayMs(stream) ?? 0),
    closing,
  }
  const opened = opening.move()
  return { services, closeArchive: () => opened.disposeAsync() }
}

function toStreamsEntry(streams: StreamTable, tags: TagTable): StreamsEntry {
  const all = streams.list({ limit: Number.MAX_SAFE_INTEGER })
  return {
    lastId: streams.lastId(),
    streams: all.map((stream) => ({ stream, storageTier: streams.storageTier(stream.id), tags: tags.list(stream.id) })),
  }
}

/** Not every system can connect to a wildcard address. It includes loopback. */
function toUrl(host: string, port: number): string {
  return `http://${toUrlHost(isWildcardHost(host) ? '127.0.0.1' : host)}:${port}`
}
