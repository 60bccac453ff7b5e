import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import type { FastifyInstance } from 'fastify'
import { print } from 'graphql'
import { pino } from 'pino'
import { Authenticator } from '../../src/auth/authenticator.js'
import type { CallerOptions } from '../../src/auth/caller.js'
import { guardServices } from '../../src/auth/guarded-services.js'
import type { ListedFragment } from '../../src/domain/listed-fragment.js'
import { FootageService } from '../../src/footage/footage-service.js'
import { AnswerMemory } from '../../src/graphql/answer-bytes.js'
import { createApolloServer } from '../../src/graphql/apollo-server.js'
import { createContext } from '../../src/graphql/context.js'
import type { CostMeter } from '../../src/graphql/cost/cost-meter.js'
import { createSchema, printSortedSchema } from '../../src/graphql/schema.js'
import { Subscriptions } from '../../src/graphql/subscriptions.js'
import type { TrustedDocuments } from '../../src/graphql/trusted-documents.js'
import { buildApp } from '../../src/http/app.js'
import { clipRoute } from '../../src/http/clip-route.js'
import { GatewayMetrics } from '../../src/http/gateway-metrics.js'
import { type Dependency, Health } from '../../src/http/health.js'
import type { SendLimits } from '../../src/http/send-buffers.js'
import type { StreamDescription } from '../../src/kvs/ports.js'
import { untaggedAccess } from './callers.js'
import { FakeClips } from './fake-clips.js'
import { FakeEndpoints, FakeFragmentMedia, FakeFragments, FakeHlsSessions, FakeStreams, fakeQuotas, fakeStream } from './fake-kvs.js'

export interface HarnessOptions {
  readonly streams?: readonly StreamDescription[]
  readonly fragments?: readonly ListedFragment[]
  readonly dependencies?: readonly Dependency[]
  readonly hasAdminAddress?: boolean
  readonly corsOrigins?: readonly string[]
  readonly introspection?: boolean
  readonly maxDepth?: number
  readonly maxCost?: number
  readonly meter?: CostMeter
  readonly trusted?: TrustedDocuments
  readonly requestTimeoutMs?: number
  readonly identifiedWithinMs?: number
  readonly sendLimits?: SendLimits
}

export const NOW_MS = 1_700_090_000_000

export interface GraphqlAnswer {
  readonly status: number
  readonly data: Readonly<Record<string, unknown>> | null
  readonly errors: readonly {
    readonly message: string
    readonly path?: readonly unknown[]
    readonly extensions: Readonly<Record<string, unknown>>
  }[]
}

/** The gateway's HTTP app over fakes of its ports. */
export async function buildHarness(options: HarnessOptions = {}) {
  const logged: string[] = []
  const logger = pino({ level: 'error' }, { write: (line: string) => logged.push(line) })
  const streams = new FakeStreams(options.streams ?? [fakeStream('camera-01'), fakeStream('camera-02'), fakeStream('camera-03')])
  const endpoints = new FakeEndpoints()
  const fragments = new FakeFragments(options.fragments ?? [])
  const clips = new FakeClips()
  const clock = { now: () => NOW_MS }
  const media = new FakeFragmentMedia()
  const hlsSessions = new FakeHlsSessions()
  const footage = new FootageService({ fragments, media, clock })
  const limits = { maxClipBytes: 2_147_483_648, maxUrlSeconds: 86_400, defaultUrlSeconds: 900 }
  const metrics = new GatewayMetrics({ storeBytes: () => 42 })
  const services = guardServices({ streams, endpoints, fragments, hls: hlsSessions, quotas: fakeQuotas }, footage, untaggedAccess())
  const schema = createSchema({ ...services, clips, limits, meter: null, clock })
  const { maxDepth = 12, maxCost = 5000, introspection = true, requestTimeoutMs = 30_000, corsOrigins = [], dependencies = [] } = options
  const rules = { maxDepth, maxCost, introspection, meter: options.meter ?? null, trusted: options.trusted ?? null, log: logger }
  const answers = new AnswerMemory()
  const sources = { ...services, clips, answers }
  const contextOf = (caller: CallerOptions, maxAnswerBytes?: number) => createContext(sources, caller, maxAnswerBytes)
  const origins = () => ({ publicUrl: 'http://127.0.0.1:4000', corsOrigins, isLoopbackOnly: true })
  const app = await buildApp({
    apollo: createApolloServer(schema, { ...rules, listener: metrics }),
    createContext: contextOf,
    authenticator: new Authenticator({ keys: null, tokens: null }),
    clock,
    subscriptions: new Subscriptions(schema, {
      ...rules,
      createContext: contextOf,
      maxAnswerBytes: 900_000,
      listener: metrics.subscriptions,
    }),
    sendLimits: options.sendLimits ?? { bytesPerSocket: 1_048_576, totalBytes: 67_108_864 },
    schemaText: introspection ? printSortedSchema(schema) : null,
    metrics,
    health: new Health(dependencies),
    hasAdminAddress: options.hasAdminAddress ?? false,
    origins,
    requestTimeoutMs,
    trustProxy: false,
    logger,
  })
  const open = (token: string, signal: AbortSignal) => clips.open(token, signal)
  const patience = options.identifiedWithinMs === undefined ? {} : { identifiedWithinMs: options.identifiedWithinMs }
  await app.register(clipRoute({ open, downloads: metrics.downloads, origins, ...patience }))
  return { app, schema, answers, streams, endpoints, fragments, media, clips, hlsSessions, metrics, logged, ask: askOf(app) }
}

/** One operation by POST: the text of a document, or a typed document with its variables. */
function askOf(app: FastifyInstance) {
  return async <Result, Variables extends Record<string, unknown>>(
    document: string | TypedDocumentNode<Result, Variables>,
    variables?: Record<string, unknown>,
  ): Promise<GraphqlAnswer> => {
    const query = typeof document === 'string' ? document : print(document)
    const response = await app.inject({ method: 'POST', url: '/graphql', payload: { query, variables } })
    const { data = null, errors = [] } = response.json()
    return { status: response.statusCode, data, errors }
  }
}
