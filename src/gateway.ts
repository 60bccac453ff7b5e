// The composition root. From the configuration and the secrets it assembles a gateway, and gives each part only what it needs.
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { openAuditLog } from './audit/open-audit-log.js'
import type { CallerOptions } from './auth/caller.js'
import { type GuardedServices, guardServices } from './auth/guarded-services.js'
import { type Auth, openAuth } from './auth/open-auth.js'
import type { Config } from './config/config.js'
import type { Secrets } from './config/secrets.js'
import { ClipAudit } from './delivery/clip-audit.js'
import { ClipService } from './delivery/clip-service.js'
import { DiskPartStore } from './delivery/parts/disk-part-store.js'
import type { UrlLifetime } from './domain/clip-request.js'
import { FootageService } from './footage/footage-service.js'
import { AnswerMemory, MAX_ANSWER_BYTES } from './graphql/answer-bytes.js'
import { createApolloServer } from './graphql/apollo-server.js'
import { createContext } from './graphql/context.js'
import { CostBudgets } from './graphql/cost/cost-budgets.js'
import { CostMeter } from './graphql/cost/cost-meter.js'
import { readTrustedDocuments } from './graphql/read-trusted-documents.js'
import { createSchema, printSortedSchema } from './graphql/schema.js'
import { Subscriptions } from './graphql/subscriptions.js'
import { buildAdminApp } from './http/admin-app.js'
import { buildApp } from './http/app.js'
import { clipRoute } from './http/clip-route.js'
import { DownloadSlots } from './http/download-slots.js'
import { GatewayAddress } from './http/gateway-address.js'
import { GatewayMetrics } from './http/gateway-metrics.js'
import { type Dependency, Health } from './http/health.js'
import { MAX_MESSAGE_BYTES } from './http/web-sockets.js'
import { createKvs, type Kvs } from './kvs/kvs.js'
import type { KvsTarget } from './kvs/kvs-target.js'
import { type Clock, systemClock } from './lib/clock.js'
import { closeServer, isLoopbackHost, toUrlHost } from './lib/http-server.js'

export interface GatewayOptions {
  readonly clock?: Clock
  /** The gateway does not log without it. */
  readonly logger?: FastifyBaseLogger
  /** The address of the embedded KVS, if it differs from KVS_HOST and KVS_PORT (with port 0, the system chooses the port). */
  readonly embeddedKvsUrl?: string
}

/** The services that GraphQL and the HTTP routes use. Each call takes a caller, and shows what exists for that caller. */
export interface GatewayServices extends GuardedServices {
  readonly clips: ClipService
}

export interface Gateway extends AsyncDisposable {
  readonly app: FastifyInstance
  readonly services: GatewayServices
  /** The base of its clip URLs: PUBLIC_URL, or the address on which it listens. */
  readonly publicUrl: string
  /** The address of metrics and health, once it listens. Null without ADMIN_HOST. */
  readonly adminUrl: string | null
  readonly metrics: Pick<GatewayMetrics, 'read'>
  /** Starts listening and returns the address. @throws GatewayError if KVS_BACKEND is aws and no Region or credentials are configured */
  listen(): Promise<string>
  /** Not ready from now on, so that load balancers choose another gateway. Requests are still served. */
  drain(): void
  /** Accepts no more requests, gives running ones SHUTDOWN_GRACE_MS to finish, then cuts them and frees everything. */
  close(): Promise<void>
}

/** Clips without readers keep their parts for a moment. They may hold a quarter of the store, so that other clips have room. */
const IDLE_SHARE = 1 / 4

/** `{"id":…,"type":"next","payload":…}`, and the head of its frame. */
const ENVELOPE_BYTES = 256

/** Assembles a gateway. It does not listen yet. */
export async function buildGateway(config: Config, secrets: Secrets, options: GatewayOptions = {}): Promise<Gateway> {
  const { clock = systemClock, logger = pino({ level: 'silent' }) } = options
  await using undo = new AsyncDisposableStack()
  const setup: Setup = { config, clock, logger, address: new GatewayAddress(config), undo }
  const core = await openCore(setup, secrets, toTarget(config, secrets, options))
  // Before the app, so that it closes after it: probes see the whole shutdown.
  const admin = await openAdmin(setup, core)
  const app = await openApp(setup, core)
  return toGateway(app, { ...core, admin, address: setup.address, undo: undo.move() })
}

/** What each step of the assembly needs. */
interface Setup {
  readonly config: Config
  readonly clock: Clock
  readonly logger: FastifyBaseLogger
  readonly address: GatewayAddress
  /** Closes in reverse order what the steps have opened. */
  readonly undo: AsyncDisposableStack
}

/** The gateway without its APIs. */
interface Core {
  readonly services: GatewayServices
  readonly kvs: Kvs
  readonly auth: Auth
  readonly metrics: GatewayMetrics
  readonly health: Health
  /** Null without AUDIT_LOG. */
  readonly audit: ClipAudit | null
}

async function openCore({ config, clock, logger, address, undo }: Setup, secrets: Secrets, target: KvsTarget): Promise<Core> {
  const warn = (text: string, err: unknown) => logger.warn({ err }, text)
  const store = undo.use(await DiskPartStore.open({ folder: toStoreFolder(config), capBytes: config.clips.storeBytes, onProblem: warn }))
  const metrics = new GatewayMetrics({ storeBytes: () => store.sizeBytes })
  const kvs = createKvs({ target, isPaced: isPaced(config), listener: metrics, warn, clock })
  undo.defer(() => kvs.close())
  const revocationsFile = join(config.dataDir, 'revocations.sqlite')
  const onRead = createReadListener(logger, metrics)
  const auth = undo.use(await openAuth({ ...config.auth, revocationsFile, catalog: kvs.streams, clock, onRead }))
  const footage = new FootageService({ fragments: kvs.fragments, media: kvs.fragmentMedia, clock })
  const audit = await openAudit({ config, clock, logger, undo })
  const clips = new ClipService({
    ...auth,
    audit,
    streams: kvs.streams,
    fragments: kvs.fragments,
    clips: kvs.clips,
    media: kvs.fragmentMedia,
    probe: (streamArn, fragmentNumber, signal) => footage.probe(streamArn, fragmentNumber, signal),
    signatureOf: (streamArn, fragmentNumber, signal) => footage.signatureOf(streamArn, fragmentNumber, signal),
    store,
    clock,
    secrets: secrets.clipUrlSecrets,
    publicUrl: () => address.publicUrl,
    urlLifetime: toUrlLifetime(config),
    maxClipBytes: config.clips.maxBytes,
    maxIdleBytes: Math.floor(config.clips.storeBytes * IDLE_SHARE),
    onRequest: (outcome) => metrics.onClipRequest(outcome),
    onFault: (err) => logger.error({ err }, 'a clip could not be made'),
  })
  undo.defer(() => clips.close())
  return {
    services: { ...guardServices(kvs, footage, auth.access), clips },
    kvs,
    auth,
    metrics,
    audit,
    health: new Health(createDependencies(kvs, toStoreFolder(config))),
  }
}

async function openAudit({ config, clock, logger, undo }: Omit<Setup, 'address'>): Promise<ClipAudit | null> {
  if (config.auditLog === null) return null
  const log = await openAuditLog({
    path: config.auditLog,
    keyPath: join(config.dataDir, 'audit-key.pem'),
    clock,
    onSigned: (audit) => logger.info({ audit }, 'The end of the audit log is signed'),
    onProblem: (message, err) => logger.error({ err }, message),
  })
  undo.use(log)
  return new ClipAudit((event) => log.record(event))
}

function createReadListener(logger: FastifyBaseLogger, metrics: GatewayMetrics): (file: string, error: unknown) => void {
  return (file, error) => {
    metrics.onAuthFileRead(file, error === null ? 'ok' : 'invalid')
    if (error === null) logger.info(`${file} was read`)
    else logger.error({ err: error }, `${file} cannot be used. The last valid version stays in force.`)
  }
}

async function openApp(
  { config, clock, logger, address, undo }: Setup,
  { services, auth, metrics, health, audit }: Core,
): Promise<FastifyInstance> {
  const { streams, endpoints, clips } = services
  const { defaultSeconds, maxSeconds } = toUrlLifetime(config)
  const limits = { maxClipBytes: config.clips.maxBytes, maxUrlSeconds: maxSeconds, defaultUrlSeconds: defaultSeconds }
  const points = config.rateLimits.costPerMinute
  const meter = points === null ? null : new CostMeter(new CostBudgets({ pointsPerMinute: points, clock }))
  const schema = createSchema({ ...services, limits, meter, clock })
  const trusted = await readTrustedDocuments(config.trustedDocuments, schema)
  const rules = {
    maxDepth: config.queryMaxDepth,
    maxCost: config.queryMaxCost,
    introspection: config.introspection,
    meter,
    trusted,
    log: logger,
  }
  const sources = { streams, endpoints, clips, answers: new AnswerMemory() }
  const contextOf = (caller: CallerOptions, maxAnswerBytes?: number) => createContext(sources, caller, maxAnswerBytes)
  const origins = () => ({ publicUrl: address.publicUrl, corsOrigins: config.corsOrigins, isLoopbackOnly: isLoopbackHost(config.host) })
  const app = await buildApp({
    apollo: createApolloServer(schema, { ...rules, listener: metrics }),
    createContext: contextOf,
    authenticator: auth.authenticator,
    clock,
    subscriptions: new Subscriptions(schema, {
      ...rules,
      createContext: contextOf,
      maxAnswerBytes: toMaxResultBytes(config),
      listener: metrics.subscriptions,
    }),
    sendLimits: { bytesPerSocket: config.webSockets.bufferBytes, totalBytes: config.webSockets.totalBufferBytes },
    schemaText: config.introspection ? printSortedSchema(schema) : null,
    metrics,
    health,
    hasAdminAddress: config.admin !== null,
    origins,
    requestTimeoutMs: config.requestTimeoutMs,
    trustProxy: config.trustProxy,
    logger,
  })
  undo.defer(() => closeServer(app, config.shutdownGraceMs))
  const open = (token: string, signal: AbortSignal) => clips.open(token, signal)
  const { downloads } = config.rateLimits
  const slots = downloads === null ? null : new DownloadSlots(downloads)
  const readerIdleTimeoutMs = config.downloadIdleTimeoutMs
  await app.register(clipRoute({ open, audit, slots, downloads: metrics.downloads, clock, origins, readerIdleTimeoutMs }))
  await app.ready()
  return app
}

function toStoreFolder({ dataDir }: Config): string {
  return join(dataDir, 'clips')
}

function toUrlLifetime({ clips }: Config): UrlLifetime {
  return { defaultSeconds: clips.urlTtlSeconds, maxSeconds: clips.urlMaxTtlSeconds }
}

/** A result is sent in one message, with the id that its client chose. */
function toMaxResultBytes({ webSockets: { bufferBytes } }: Config): number {
  return Math.min(MAX_ANSWER_BYTES, bufferBytes - MAX_MESSAGE_BYTES - ENVELOPE_BYTES)
}

/** The second address, which is not listening yet. Null without ADMIN_HOST. */
async function openAdmin({ config, logger, undo }: Setup, { health, metrics }: Core): Promise<AdminAddress | null> {
  if (config.admin === null) return null
  const app = await buildAdminApp({ health, metrics, logger })
  undo.defer(() => closeServer(app, 0))
  return { app, address: new GatewayAddress({ ...config.admin, publicUrl: null }) }
}

interface AdminAddress {
  readonly app: FastifyInstance
  readonly address: GatewayAddress
}

interface Parts extends Core {
  readonly address: GatewayAddress
  readonly admin: AdminAddress | null
  readonly undo: AsyncDisposableStack
}

function toGateway(app: FastifyInstance, { services, kvs, metrics, health, address, admin, undo }: Parts): Gateway {
  const close = () => undo.disposeAsync()
  return {
    app,
    services,
    metrics,
    get publicUrl() {
      return address.publicUrl
    },
    get adminUrl() {
      return admin?.address.publicUrl ?? null
    },
    async listen() {
      await kvs.checkSetup()
      if (admin !== null) await listen(admin.app, admin.address)
      return listen(app, address)
    },
    drain: () => health.close(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function listen(app: FastifyInstance, address: GatewayAddress): Promise<string> {
  await app.listen({ host: address.host, port: address.port })
  return address.found(app.server.address())
}

function toTarget({ kvs, embeddedKvs }: Config, secrets: Secrets, { embeddedKvsUrl }: GatewayOptions): KvsTarget {
  if (kvs.backend === 'aws') return kvs
  const endpoint = embeddedKvsUrl ?? `http://${toUrlHost(embeddedKvs.host)}:${embeddedKvs.port}`
  return { backend: 'embedded', endpoint, accessKey: secrets.kvsAccessKeys[0] ?? null }
}

/** An embedded KVS without quotas has nothing that reads could be paced by. */
function isPaced({ kvs, embeddedKvs }: Config): boolean {
  return kvs.backend === 'aws' || embeddedKvs.quotas
}

function createDependencies(kvs: Kvs, storeFolder: string): Dependency[] {
  return [
    { name: 'kinesisVideo', check: (signal) => kvs.check(signal) },
    { name: 'clipStore', check: () => access(storeFolder, constants.R_OK | constants.W_OK) },
  ]
}
