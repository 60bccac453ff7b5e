import type { EpochMs } from '../../lib/clock.js'

const MINUTE_MS = 60_000
export const DEMO_FOOTAGE_MS = 60 * MINUTE_MS

export interface DemoCamera {
  readonly streamName: string
  readonly mediaType: string
  /** Short for the live camera, which records about 15 MB an hour. */
  readonly dataRetentionInHours: number
  readonly isLive: boolean
  /** A gap, in minutes before the start of the demo: [from, to). */
  readonly gap: { readonly fromMinutes: number; readonly toMinutes: number } | null
  readonly footage: URL
}

export const DEMO_CAMERAS: readonly DemoCamera[] = [
  {
    streamName: 'front-door',
    mediaType: 'video/h264,audio/aac',
    dataRetentionInHours: 2,
    isLive: true,
    gap: null,
    footage: new URL('footage/front-door.mkv', import.meta.url),
  },
  {
    streamName: 'loading-dock',
    mediaType: 'video/h264',
    dataRetentionInHours: 24,
    isLive: false,
    gap: { fromMinutes: 31, toMinutes: 24 },
    footage: new URL('footage/loading-dock.mkv', import.meta.url),
  },
  {
    streamName: 'car-park',
    mediaType: 'video/h264,audio/aac',
    dataRetentionInHours: 24,
    isLive: false,
    gap: null,
    footage: new URL('footage/car-park.mkv', import.meta.url),
  },
]

export function isRecording({ gap }: DemoCamera, timestampMs: EpochMs, beginMs: EpochMs): boolean {
  if (gap === null) return true
  return timestampMs < beginMs - gap.fromMinutes * MINUTE_MS || timestampMs >= beginMs - gap.toMinutes * MINUTE_MS
}
