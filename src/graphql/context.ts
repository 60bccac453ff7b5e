import DataLoader from 'dataloader'
import type { ClipService } from '../delivery/clip-service.js'
import type { StreamRef } from '../domain/stream-ref.js'
import type { EndpointKey, StreamCatalog, StreamDescription } from '../kvs/ports.js'
import { AnswerBytes, type AnswerMemory, MAX_ANSWER_BYTES } from './answer-bytes.js'

/** What one operation shares among its resolvers. A type and not an interface: graphql-ws and graphql-sse ask for an index signature. */
export type RequestContext = {
  /** Aborted when the client has gone, the operation's time is over, or its answer is too large. */
  readonly signal: AbortSignal
  /** What the answer takes, counted while it is built. */
  readonly answer: AnswerBytes
  readonly streams: DataLoader<StreamRef, StreamDescription | null, string>
  readonly endpoints: DataLoader<EndpointKey, string, string>
  /** See StreamCatalog. */
  readonly findSuccessor: (stream: StreamDescription) => Promise<StreamDescription | null>
  /** Here and not in a resolver: what subscribes is given no resolver. Null when the id is not ours. */
  readonly watchClip: (id: string) => ReturnType<ClipService['watch']>
}

export interface ContextSources {
  readonly streams: StreamCatalog
  /** The lookups of one operation, over what the process remembers. */
  readonly createEndpointLoader: (signal: AbortSignal) => RequestContext['endpoints']
  readonly clips: Pick<ClipService, 'watch'>
  readonly answers: AnswerMemory
}

/**
 * One context for each operation. Its loaders gather what the operation asks in one turn of the event loop; what is remembered for
 * longer than the operation is remembered behind the ports.
 */
export function createContext(
  { streams, createEndpointLoader, clips, answers }: ContextSources,
  signal: AbortSignal,
  maxAnswerBytes: number = MAX_ANSWER_BYTES,
): RequestContext {
  const answer = new AnswerBytes(answers, maxAnswerBytes)
  const end = AbortSignal.any([signal, answer.signal])
  return {
    signal: end,
    answer,
    streams: new DataLoader((refs) => streams.findMany(refs, end), {
      cacheKeyFn: (ref) => ('arn' in ref ? `arn ${ref.arn}` : `name ${ref.name}`),
    }),
    endpoints: createEndpointLoader(end),
    findSuccessor: (stream) => streams.findSuccessor(stream, end),
    watchClip: (id) => clips.watch(id, end),
  }
}
