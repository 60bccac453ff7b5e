// Checks the rules of GetHLSStreamingSessionURL before the call.
import { GatewayError } from './errors.js'
import { KVS_LIMITS } from './limits.js'
import type { FragmentSelectorType, TimeRange } from './time-range.js'

export type HlsPlaybackMode = 'LIVE' | 'LIVE_REPLAY' | 'ON_DEMAND'

export interface HlsSessionChoice {
  readonly playbackMode: HlsPlaybackMode
  readonly range: TimeRange | null
  readonly fragmentSelectorType: FragmentSelectorType
  readonly expiresInSeconds: number
}

/** Returns a valid choice unchanged. @throws GatewayError BAD_USER_INPUT */
export function checkHlsSession(choice: HlsSessionChoice, nowMs: number): HlsSessionChoice {
  const { playbackMode, range, fragmentSelectorType, expiresInSeconds } = choice
  const { minHlsSessionSeconds, maxHlsSessionSeconds } = KVS_LIMITS
  if (expiresInSeconds < minHlsSessionSeconds || expiresInSeconds > maxHlsSessionSeconds) {
    refuse(`expiresInSeconds must be from ${minHlsSessionSeconds} to ${maxHlsSessionSeconds}, got ${expiresInSeconds}.`)
  }
  if (range === null) {
    if (playbackMode !== 'LIVE') refuse(`range is required when playbackMode is ${playbackMode}.`)
    return choice
  }
  if (playbackMode === 'LIVE') refuse('range must be omitted when playbackMode is LIVE, which shows the newest footage.')
  checkRange(range, { isPast: fragmentSelectorType === 'SERVER_TIMESTAMP', nowMs })
  return choice
}

/** The same rules as for GetClip. */
function checkRange({ startMs, endMs }: TimeRange, { isPast, nowMs }: { isPast: boolean; nowMs: number }): void {
  const given = `(start ${new Date(startMs).toISOString()}, end ${new Date(endMs).toISOString()})`
  if (endMs <= startMs) refuse(`range must end after it starts ${given}.`)
  if (endMs - startMs > KVS_LIMITS.maxRangeHours * 3_600_000) refuse(`range must span at most ${KVS_LIMITS.maxRangeHours} hours ${given}.`)
  if (isPast && endMs > nowMs) refuse(`range must end in the past with SERVER_TIMESTAMP ${given}.`)
}

function refuse(message: string): never {
  throw new GatewayError('BAD_USER_INPUT', message)
}
