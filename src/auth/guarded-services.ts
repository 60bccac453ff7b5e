import type { FootageService } from '../footage/footage-service.js'
import type { EndpointDirectory, FragmentLister, HlsSessionSource, QuotaBook, StreamCatalog } from '../kvs/ports.js'
import type { Access } from './access.js'
import {
  type GuardedEndpoints,
  type GuardedFootage,
  type GuardedFragments,
  type GuardedHlsSessions,
  type GuardedQuotas,
  guardEndpoints,
  guardFootage,
  guardFragments,
  guardHlsSessions,
  guardQuotas,
} from './guarded-reads.js'
import { GuardedStreams } from './guarded-streams.js'

/** What resolvers can reach of Kinesis Video. Each call takes a caller, and shows what exists for that caller. */
export interface GuardedServices {
  readonly streams: GuardedStreams
  readonly endpoints: GuardedEndpoints
  readonly fragments: GuardedFragments
  readonly footage: GuardedFootage
  readonly hlsSessions: GuardedHlsSessions
  readonly quotas: GuardedQuotas
}

export interface UnguardedServices {
  readonly streams: StreamCatalog
  readonly endpoints: EndpointDirectory
  readonly fragments: FragmentLister
  readonly hls: HlsSessionSource
  readonly quotas: QuotaBook
}

export function guardServices(
  kvs: UnguardedServices,
  footage: Pick<FootageService, 'coverage' | 'media'>,
  access: Access,
): GuardedServices {
  return {
    streams: new GuardedStreams(kvs.streams, access),
    endpoints: guardEndpoints(kvs.endpoints, access),
    fragments: guardFragments(kvs.fragments, access),
    footage: guardFootage(footage, access),
    hlsSessions: guardHlsSessions(kvs.hls, access),
    quotas: guardQuotas(kvs.quotas, access),
  }
}
