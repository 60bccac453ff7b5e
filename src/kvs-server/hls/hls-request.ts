import type { EpochMs } from '../../lib/clock.js'
import type { StreamSelector } from '../archive/stream-table.js'
import { AwsException } from '../wire/aws-exception.js'
import { parseStreamSelector, SELECTOR_TYPES } from '../wire/selectors.js'
import { parseOptionalEnum, parseOptionalInteger, parseOptionalStructure, parseTimestamp, type WireInput } from '../wire/wire-input.js'
import { DISCONTINUITY_MODES, type HlsSession, PLAYBACK_MODES, type PlaybackMode } from './hls-session.js'

/** The input of GetHLSStreamingSessionURL with its defaults. */
export interface HlsRequest extends Pick<HlsSession, 'mode' | 'clock' | 'discontinuityMode' | 'showsTimestamps' | 'maxFragments'> {
  readonly stream: StreamSelector
  /** Null for LIVE. */
  readonly range: { readonly startMs: EpochMs; readonly endMs: EpochMs | null } | null
  readonly expiresInSeconds: number
}

const DEFAULT_FRAGMENTS: Readonly<Record<PlaybackMode, number>> = { LIVE: 5, LIVE_REPLAY: 5, ON_DEMAND: 1000 }
const EXPIRY = { min: 300, max: 43_200 }

export function parseHlsRequest(input: WireInput): HlsRequest {
  const stream = parseStreamSelector(input)
  const mode = parseOptionalEnum(input, 'PlaybackMode', PLAYBACK_MODES) ?? 'LIVE'
  const selector = parseOptionalStructure(input, 'HLSFragmentSelector')
  const type = (selector && parseOptionalEnum(selector, 'FragmentSelectorType', SELECTOR_TYPES)) ?? 'SERVER_TIMESTAMP'
  refuseTransportStream(input)
  return {
    stream,
    mode,
    clock: type === 'PRODUCER_TIMESTAMP' ? 'producer' : 'server',
    range: parseRange(mode, selector && parseOptionalStructure(selector, 'TimestampRange')),
    discontinuityMode:
      parseOptionalEnum(input, 'DiscontinuityMode', DISCONTINUITY_MODES) ?? (type === 'SERVER_TIMESTAMP' ? 'ALWAYS' : 'NEVER'),
    showsTimestamps: parseOptionalEnum(input, 'DisplayFragmentTimestamp', ['ALWAYS', 'NEVER']) === 'ALWAYS',
    maxFragments: parseOptionalInteger(input, 'MaxMediaPlaylistFragmentResults', { min: 1, max: 5000 }) ?? DEFAULT_FRAGMENTS[mode],
    expiresInSeconds: parseOptionalInteger(input, 'Expires', EXPIRY) ?? EXPIRY.min,
  }
}

function parseRange(mode: PlaybackMode, range: WireInput | null): HlsRequest['range'] {
  if (mode === 'LIVE') {
    if (range === null) return null
    throw new AwsException('InvalidArgumentException', 'TimestampRange must not be given when PlaybackMode is LIVE')
  }
  if (range === null) {
    throw new AwsException('InvalidArgumentException', `HLSFragmentSelector.TimestampRange is required when PlaybackMode is ${mode}`)
  }
  const mayBeOpen = mode === 'LIVE_REPLAY' && (range.EndTimestamp ?? null) === null
  return { startMs: parseTimestamp(range, 'StartTimestamp'), endMs: mayBeOpen ? null : parseTimestamp(range, 'EndTimestamp') }
}

function refuseTransportStream(input: WireInput): void {
  if (parseOptionalEnum(input, 'ContainerFormat', ['FRAGMENTED_MP4', 'MPEG_TS']) !== 'MPEG_TS') return
  throw new AwsException(
    'InvalidArgumentException',
    "ContainerFormat MPEG_TS is not offered by this server (clipgate's embedded KVS). Use FRAGMENTED_MP4, the default.",
  )
}
