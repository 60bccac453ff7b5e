import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql'
import type { GuardedHlsSessions } from '../../auth/guarded-reads.js'
import { checkHlsSession, type HlsPlaybackMode } from '../../domain/hls-session.js'
import type { FragmentSelectorType } from '../../domain/time-range.js'
import type { StreamDescription } from '../../kvs/ports.js'
import type { Clock } from '../../lib/clock.js'
import type { RequestContext } from '../context.js'
import { costOfCall } from '../cost/field-cost.js'
import { FragmentSelectorTypeEnum } from '../fragment/fragment.type.js'
import { onCurrentStream } from '../stream/on-current-stream.js'
import { StreamType } from '../stream/stream.type.js'
import { TimestampRangeInput } from '../time/timestamp-range.input.js'
import { HlsPlaybackModeEnum, HlsStreamingSessionType } from './hls-streaming-session.type.js'

@Resolver(() => StreamType)
export class HlsStreamingSessionResolver {
  private readonly sessions: GuardedHlsSessions
  private readonly clock: Clock

  constructor({ hlsSessions, clock }: { hlsSessions: GuardedHlsSessions; clock: Clock }) {
    this.sessions = hlsSessions
    this.clock = clock
  }

  @FieldResolver(() => HlsStreamingSessionType, {
    nullable: true,
    complexity: costOfCall,
    description:
      'A URL of an HLS playlist that Kinesis Video serves (GetHLSStreamingSessionURL). It contains a session token: treat it as a credential. On failure, this field is null and errors gives the reason. The code is NOT_FOUND when there is no footage to play.',
  })
  async hlsStreamingSession(
    @Root() stream: StreamDescription,
    @Ctx() ctx: RequestContext,
    @Arg('playbackMode', () => HlsPlaybackModeEnum, { defaultValue: 'LIVE', description: 'The playback mode.' })
    playbackMode: HlsPlaybackMode,
    @Arg('range', () => TimestampRangeInput, {
      nullable: true,
      description: 'The range of footage, at most 24 hours. Required for ON_DEMAND and LIVE_REPLAY, not allowed for LIVE.',
    })
    range: TimestampRangeInput | null = null,
    @Arg('fragmentSelectorType', () => FragmentSelectorTypeEnum, {
      defaultValue: 'SERVER_TIMESTAMP',
      description: 'The clock of the range and of the playlists.',
    })
    fragmentSelectorType: FragmentSelectorType = 'SERVER_TIMESTAMP',
    @Arg('expiresInSeconds', () => Int, { defaultValue: 300, description: 'Duration of the session: 300 to 43,200 seconds.' })
    expiresInSeconds: number = 300,
  ): Promise<HlsStreamingSessionType> {
    const nowMs = this.clock.now()
    const requested = range && { startMs: range.startTimestamp, endMs: range.endTimestamp }
    const choice = checkHlsSession({ playbackMode, range: requested, fragmentSelectorType, expiresInSeconds }, nowMs)
    const url = await onCurrentStream(stream, ctx, ({ arn }) => this.sessions.getSessionUrl({ streamArn: arn, ...choice }, ctx.caller))
    // Measured from before the call, so that the session never ends earlier.
    return { url, expiresAtMs: nowMs + expiresInSeconds * 1000 }
  }
}
