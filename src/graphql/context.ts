import DataLoader from 'dataloader'
import { Caller, type CallerOptions } from '../auth/caller.js'
import type { GuardedEndpoints } from '../auth/guarded-reads.js'
import type { GuardedStreams } from '../auth/guarded-streams.js'
import type { ClipService } from '../delivery/clip-service.js'
import type { StreamRef } from '../domain/stream-ref.js'
import type { EndpointKey, StreamDescription } from '../kvs/ports.js'
import { notePrincipal } from '../lib/running-request.js'
import { AnswerBytes, type AnswerMemory, MAX_ANSWER_BYTES } from './answer-bytes.js'

/** The abort reason when a client disconnects before its response. The errors that follow are expected and not logged. */
export class ClientLeft extends Error {
  override readonly name = 'ClientLeft'
}

/** What the resolvers of one operation share. A type, not an interface: graphql-ws requires an index signature. */
export type RequestContext = {
  /** Its signal aborts when the client disconnects (ClientLeft), the time limit expires, or the response is too large. */
  readonly caller: Caller
  /** Counts the size of the response while it is built. */
  readonly answer: AnswerBytes
  readonly streams: DataLoader<StreamRef, StreamDescription | null, string>
  readonly endpoints: DataLoader<EndpointKey, string, string>
  readonly findSuccessor: (stream: StreamDescription) => Promise<StreamDescription | null>
  /** For subscriptions, which have no access to a resolver. Null when this gateway did not issue the ID. */
  readonly watchClip: (id: string) => ReturnType<ClipService['watch']>
}

export interface ContextSources {
  readonly streams: Pick<GuardedStreams, 'findMany' | 'findSuccessor'>
  readonly endpoints: GuardedEndpoints
  readonly clips: Pick<ClipService, 'watch'>
  readonly answers: AnswerMemory
}

/** Creates the context of one operation. Its loaders batch the lookups of one turn of the event loop; longer caches are behind the ports. */
export function createContext(
  { streams, endpoints, clips, answers }: ContextSources,
  { principal, requestId, signal }: CallerOptions,
  maxAnswerBytes: number = MAX_ANSWER_BYTES,
): RequestContext {
  notePrincipal(principal.id)
  const answer = new AnswerBytes(answers, maxAnswerBytes)
  const caller = new Caller({ principal, requestId, signal: AbortSignal.any([signal, answer.signal]) })
  return {
    caller,
    answer,
    streams: new DataLoader((refs) => streams.findMany(refs, caller), {
      cacheKeyFn: (ref) => ('arn' in ref ? `arn ${ref.arn}` : `name ${ref.name}`),
    }),
    endpoints: new DataLoader((keys) => endpoints.getMany(keys, caller), { cacheKeyFn: ({ api, streamArn }) => `${api} ${streamArn}` }),
    findSuccessor: (stream) => streams.findSuccessor(stream, caller),
    watchClip: (id) => clips.watch(id, caller),
  }
}
