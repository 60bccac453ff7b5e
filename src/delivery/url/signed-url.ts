import { toDefaultFileName } from '../../domain/file-name.js'
import { toStreamName } from '../../domain/stream-ref.js'
import type { EpochMs } from '../../lib/clock.js'
import type { ClipSpec } from './clip-spec.js'

/** Browsers, proxies and chat programs accept URLs of this length. */
export const MAX_URL_LENGTH = 2000

export function fileNameOf({ fileName, streamArn, range }: ClipSpec): string {
  return fileName ?? toDefaultFileName(toStreamName(streamArn), range.startMs)
}

/**
 * The URL of a token. Its last segment is only for people and players, because the token has the file name. The segment is shortened if the
 * URL would be too long.
 */
export function toClipUrl(publicUrl: string, token: string, fileName: string): string {
  const base = `${publicUrl}/clips/${token}/`
  const room = MAX_URL_LENGTH - base.length
  const whole = encodeURIComponent(fileName)
  return base + (whole.length <= room ? whole : `${encodeStart(fileName.replace(/\.mp4$/, ''), room - '.mp4'.length)}.mp4`)
}

/** The start of the text, in whole characters, that fits into `room` when encoded. */
function encodeStart(text: string, room: number): string {
  let encoded = ''
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)) {
    const next = encodeURIComponent(segment)
    if (encoded.length + next.length > room) break
    encoded += next
  }
  return encoded || 'clip'
}

const MS_PER_SECOND = 1000
/** A URL is issued at the start of a quarter of its lifetime, and expires five quarters later. */
const QUARTERS_OPEN = 5

/**
 * The issue time of a URL: now, rounded down to a quarter of the lifetime. All reads within one quarter therefore return the same URL, and
 * a page that polls does not restart its player. The next quarter has a new URL. The previous one stays valid for its whole lifetime.
 */
export function toIssueTime(nowMs: EpochMs, lifetimeSeconds: number): EpochMs {
  const quarterMs = toQuarterMs(lifetimeSeconds)
  return Math.floor(nowMs / quarterMs) * quarterMs
}

/** Always between 1 and 1.25 lifetimes after the read that gave out the URL. */
export function toExpiry(issuedAtMs: EpochMs, lifetimeSeconds: number): EpochMs {
  return issuedAtMs + QUARTERS_OPEN * toQuarterMs(lifetimeSeconds)
}

/** Whole, because lifetimes are whole seconds. */
function toQuarterMs(lifetimeSeconds: number): number {
  return (lifetimeSeconds * MS_PER_SECOND) / 4
}
