import DataLoader from 'dataloader'
import type { ClipService } from '../delivery/clip-service.js'
import type { StreamRef } from '../domain/stream-ref.js'
import type { EndpointDirectory, EndpointKey, StreamCatalog, StreamDescription } from '../kvs/ports.js'
import { AnswerBytes, type AnswerMemory, MAX_ANSWER_BYTES } from './answer-bytes.js'

/** The abort reason when a client disconnects before its response. The errors that follow are expected and not logged. */
export class ClientLeft extends Error {
  override readonly name = 'ClientLeft'
}

/** What the resolvers of one operation share. A type, not an interface: graphql-ws requires an index signature. */
export type RequestContext = {
  /** Aborted when the client disconnects (ClientLeft), the time limit expires, or the response is too large. */
  readonly signal: AbortSignal
  /** Counts the size of the response while it is built. */
  readonly answer: AnswerBytes
  readonly streams: DataLoader<StreamRef, StreamDescription | null, string>
  readonly endpoints: DataLoader<EndpointKey, string, string>
  /** See StreamCatalog. */
  readonly findSuccessor: (stream: StreamDescription) => Promise<StreamDescription | null>
  /** For subscriptions, which have no access to a resolver. Null when this gateway did not issue the ID. */
  readonly watchClip: (id: string) => ReturnType<ClipService['watch']>
}

export interface ContextSources {
  readonly streams: StreamCatalog
  readonly endpoints: EndpointDirectory
  readonly clips: Pick<ClipService, 'watch'>
  readonly answers: AnswerMemory
}

/** Creates the context of one operation. Its loaders batch the lookups of one turn of the event loop; longer caches are behind the ports. */
export function createContext(
  { streams, endpoints, clips, answers }: ContextSources,
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
    endpoints: new DataLoader((keys) => endpoints.getMany(keys, end), { cacheKeyFn: ({ api, streamArn }) => `${api} ${streamArn}` }),
    findSuccessor: (stream) => streams.findSuccessor(stream, end),
    watchClip: (id) => clips.watch(id, end),
  }
}
