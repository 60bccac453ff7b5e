import DataLoader from 'dataloader'
import type { StreamRef } from '../domain/stream-ref.js'
import type { EndpointDirectory, EndpointKey, StreamCatalog, StreamDescription } from '../kvs/ports.js'

/** What one operation shares among its resolvers. A type and not an interface: graphql-ws and graphql-sse ask for an index signature. */
export type RequestContext = {
  /** Aborted when the client has gone or the operation's time is over. */
  readonly signal: AbortSignal
  readonly streams: DataLoader<StreamRef, StreamDescription | null, string>
  readonly endpoints: DataLoader<EndpointKey, string, string>
}

export interface ContextSources {
  readonly streams: StreamCatalog
  readonly endpoints: EndpointDirectory
}

/**
 * One context for each operation. Its loaders gather what the operation asks in one turn of the event loop; what is remembered for
 * longer than the operation is remembered behind the ports.
 */
export function createContext({ streams, endpoints }: ContextSources, signal: AbortSignal): RequestContext {
  return {
    signal,
    streams: new DataLoader((refs) => streams.findMany(refs, signal), {
      cacheKeyFn: (ref) => ('arn' in ref ? `arn ${ref.arn}` : `name ${ref.name}`),
    }),
    endpoints: new DataLoader((keys) => endpoints.getMany(keys, signal), { cacheKeyFn: ({ api, streamArn }) => `${api} ${streamArn}` }),
  }
}
