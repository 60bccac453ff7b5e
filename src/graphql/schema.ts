import 'reflect-metadata'
import { type GraphQLSchema, isAbstractType, lexicographicSortSchema, printSchema } from 'graphql'
import { buildSchemaSync, type PubSub } from 'type-graphql'
import type { FragmentLister, HlsSessionSource, StreamCatalog } from '../kvs/ports.js'
import type { Clock } from '../lib/clock.js'
import { boundAnswers } from './bounded-answers.js'
import { ClipResolver } from './clip/clip.resolver.js'
import { ClipType } from './clip/clip.type.js'
import type { ClipDesk } from './clip/clip-desk.js'
import { ClipProgressResolver } from './clip/clip-progress.resolver.js'
import { FootageResolver } from './footage/footage.resolver.js'
import type { FootageDesk } from './footage/footage-desk.js'
import { HlsStreamingSessionResolver } from './hls/hls-streaming-session.resolver.js'
import { type ClipLimits, LimitsResolver } from './limits/limits.resolver.js'
import { NodeResolver } from './node/node.resolver.js'
import { StreamResolver } from './stream/stream.resolver.js'
import { StreamType } from './stream/stream.type.js'

/** What the resolvers stand on. */
export interface SchemaServices {
  readonly streams: StreamCatalog
  readonly fragments: FragmentLister
  readonly clips: ClipDesk
  readonly footage: FootageDesk
  readonly hlsSessions: HlsSessionSource
  readonly limits: ClipLimits
  readonly clock: Clock
}

/** type-graphql's container: a lookup of the resolver that stands for a class. */
type Resolvers = ReadonlyMap<unknown, object>

export function createSchema(services: SchemaServices): GraphQLSchema {
  return buildSchemaOf(
    new Map<unknown, object>([
      [StreamResolver, new StreamResolver(services)],
      [FootageResolver, new FootageResolver(services.footage)],
      [HlsStreamingSessionResolver, new HlsStreamingSessionResolver(services)],
      [ClipResolver, new ClipResolver(services.clips)],
      [ClipProgressResolver, new ClipProgressResolver()],
      [NodeResolver, new NodeResolver(services.clips)],
      [LimitsResolver, new LimitsResolver(services.limits)],
    ]),
  )
}

/** The text of schema.graphql: sorted, so that it does not change with the order of the sources. */
export function printSortedSchema(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`
}

/** The schema's text without anything behind it: what schema.graphql holds. */
export function printContract(): string {
  return printSortedSchema(buildSchemaOf(new Map()))
}

function buildSchemaOf(resolvers: Resolvers): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: [
      StreamResolver,
      FootageResolver,
      HlsStreamingSessionResolver,
      ClipResolver,
      ClipProgressResolver,
      NodeResolver,
      LimitsResolver,
    ],
    // Reached through the Node interface alone they would be left out.
    orphanedTypes: [StreamType, ClipType],
    container: { get: (resolver: unknown) => resolvers.get(resolver) },
    pubSub: NO_PUB_SUB,
    // The rules live in domain/; class-validator would echo whole inputs.
    validate: false,
  })
  describeRoots(schema)
  resolveTypesAtOnce(schema)
  boundAnswers(schema)
  return schema
}

/** type-graphql asks for one as soon as there is a subscription, though ours has a source of its own. */
const NO_PUB_SUB: PubSub = {
  publish() {},
  subscribe() {
    throw new Error('subscriptions have sources of their own')
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

/** type-graphql wraps every resolveType in an async function; ours need no waiting. */
function resolveTypesAtOnce(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isAbstractType(type)) type.resolveType = (value) => value.__typename
  }
}
