import 'reflect-metadata'
import { type GraphQLSchema, isAbstractType, lexicographicSortSchema, printSchema } from 'graphql'
import { buildSchemaSync, type PubSub } from 'type-graphql'
import type { GuardedFootage, GuardedFragments, GuardedHlsSessions, GuardedQuotas } from '../auth/guarded-reads.js'
import type { GuardedStreams } from '../auth/guarded-streams.js'
import type { ClipService } from '../delivery/clip-service.js'
import type { Clock } from '../lib/clock.js'
import { isTracing } from '../lib/tracing.js'
import { boundAnswers } from './bounded-answers.js'
import { ClipResolver } from './clip/clip.resolver.js'
import { ClipType } from './clip/clip.type.js'
import { RevokeClipUrlsResolver } from './clip/revoke-clip-urls.resolver.js'
import type { CostMeter } from './cost/cost-meter.js'
import { FootageResolver } from './footage/footage.resolver.js'
import { HlsStreamingSessionResolver } from './hls/hls-streaming-session.resolver.js'
import { type ClipLimits, LimitsResolver } from './limits/limits.resolver.js'
import { NodeResolver } from './node/node.resolver.js'
import { StreamResolver } from './stream/stream.resolver.js'
import { StreamType } from './stream/stream.type.js'
import { StreamQuotaResolver } from './stream/stream-quota.resolver.js'
import { traceFields } from './traced-fields.js'
import { ViewerResolver } from './viewer/viewer.resolver.js'

export interface SchemaServices {
  readonly streams: GuardedStreams
  readonly fragments: GuardedFragments
  readonly clips: Pick<ClipService, 'validate' | 'request' | 'find' | 'renew' | 'revokeUrls'>
  readonly footage: GuardedFootage
  readonly hlsSessions: GuardedHlsSessions
  readonly quotas: GuardedQuotas
  readonly limits: ClipLimits
  readonly meter: Pick<CostMeter, 'budget'> | null
  readonly clock: Clock
}

const RESOLVERS = [
  StreamResolver,
  StreamQuotaResolver,
  FootageResolver,
  HlsStreamingSessionResolver,
  ClipResolver,
  RevokeClipUrlsResolver,
  NodeResolver,
  LimitsResolver,
  ViewerResolver,
] as const

export function createSchema(services: SchemaServices): GraphQLSchema {
  return buildSchemaOf([
    new StreamResolver(services),
    new StreamQuotaResolver(services.quotas),
    new FootageResolver(services.footage),
    new HlsStreamingSessionResolver(services),
    new ClipResolver(services.clips),
    new RevokeClipUrlsResolver(services.clips),
    new NodeResolver(services.clips),
    new LimitsResolver(services.limits),
    new ViewerResolver(services.meter),
  ])
}

/** The text of schema.graphql. Sorted, so that it does not depend on the order of the source files. */
export function printSortedSchema(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`
}

/** The text of schema.graphql, printed without services. */
export function printContract(): string {
  return printSortedSchema(buildSchemaOf([]))
}

function buildSchemaOf(resolvers: readonly object[]): GraphQLSchema {
  const byClass = new Map<unknown, object>(resolvers.map((resolver) => [resolver.constructor, resolver]))
  const schema = buildSchemaSync({
    resolvers: RESOLVERS,
    // Only the Node interface refers to these types, so type-graphql would omit them.
    orphanedTypes: [StreamType, ClipType],
    container: { get: (resolverClass: unknown) => byClass.get(resolverClass) },
    pubSub: NO_PUB_SUB,
    // Validation belongs in domain/. The errors of class-validator repeat the whole input.
    validate: false,
  })
  describeRoots(schema)
  makeResolveTypeSynchronous(schema)
  boundAnswers(schema)
  if (isTracing()) traceFields(schema)
  return schema
}

/** type-graphql requires one as soon as the schema has a subscription. Ours use `subscribe`, so it is never called. */
const NO_PUB_SUB: PubSub = {
  publish() {},
  subscribe() {
    throw new Error('PubSub is not used: each subscription has its own source')
  },
}

/** Decorators cannot describe the root types. */
function describeRoots(schema: GraphQLSchema): void {
  const query = schema.getQueryType()
  const mutation = schema.getMutationType()
  const subscription = schema.getSubscriptionType()
  if (query) query.description = 'The queries of clipgate.'
  if (mutation) mutation.description = 'The mutations of clipgate.'
  if (subscription) subscription.description = 'The subscriptions of clipgate, over a WebSocket (graphql-transport-ws).'
}

/** type-graphql wraps each resolveType in an async function, which costs a promise for each object. */
function makeResolveTypeSynchronous(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isAbstractType(type)) type.resolveType = (value) => value.__typename
  }
}
