// The reads of one stream. Each first decides whether the stream exists for the caller.

import { GatewayError } from '../domain/errors.js'
import type { FootageService } from '../footage/footage-service.js'
import type { EndpointDirectory, FragmentLister, HlsSessionSource, QuotaBook } from '../kvs/ports.js'
import { type Access, type StreamJudge, streamNotFound } from './access.js'
import type { ForCaller } from './caller.js'

export type GuardedEndpoints = ForCaller<EndpointDirectory>
export type GuardedFragments = ForCaller<FragmentLister>
export type GuardedHlsSessions = ForCaller<HlsSessionSource>
export type GuardedQuotas = ForCaller<QuotaBook>
export type GuardedFootage = ForCaller<Pick<FootageService, 'coverage' | 'media'>>

/** The keys of one call stay one batch. */
export function guardEndpoints(endpoints: EndpointDirectory, access: Access): GuardedEndpoints {
  return {
    async getMany(keys, caller) {
      const judge = await access.judge('endpoints:read', caller)
      const refusals = keys.map(({ streamArn }) => refusalOf(judge, streamArn))
      const allowed = keys.filter((_, index) => refusals[index] === null)
      const found = (allowed.length === 0 ? [] : await endpoints.getMany(allowed, caller.signal)).values()
      return refusals.map((refusal) => refusal ?? found.next().value ?? new GatewayError('NOT_FOUND', 'The endpoint is missing.'))
    },
  }
}

export function guardFragments(fragments: FragmentLister, access: Access): GuardedFragments {
  return {
    async list(query, caller) {
      await access.check('streams:read', query.streamArn, caller)
      return fragments.list(query, caller.signal)
    },
  }
}

export function guardHlsSessions(sessions: HlsSessionSource, access: Access): GuardedHlsSessions {
  return {
    async getSessionUrl(request, caller) {
      await access.check('hls:create', request.streamArn, caller)
      return sessions.getSessionUrl(request, caller.signal)
    },
  }
}

export function guardFootage(footage: Pick<FootageService, 'coverage' | 'media'>, access: Access): GuardedFootage {
  return {
    async coverage(stream, query, caller) {
      await access.check('streams:read', stream.arn, caller)
      return footage.coverage(stream, query, caller.signal)
    },
    async media(stream, query, caller) {
      await access.check('streams:read', stream.arn, caller)
      return footage.media(stream, query, caller.signal)
    },
  }
}

export function guardQuotas(quotas: QuotaBook, access: Access): GuardedQuotas {
  return {
    async read(streamArn, caller) {
      await access.check('streams:read', streamArn, caller)
      return quotas.read(streamArn, caller.signal)
    },
  }
}

function refusalOf(judge: StreamJudge, arn: string): GatewayError | null {
  try {
    return judge.sees(arn) ? null : streamNotFound()
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
}
