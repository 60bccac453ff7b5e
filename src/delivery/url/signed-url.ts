import { toDefaultFileName } from '../../domain/file-name.js'
import { toStreamName } from '../../domain/stream-ref.js'
import type { ClipSpec } from './clip-spec.js'

/** Browsers, proxies and chat programs all take this much. */
export const MAX_URL_LENGTH = 2000
/** Leaves room for the longest token. */
export const MAX_PUBLIC_URL_LENGTH = 400

export function fileNameOf({ fileName, streamArn, range }: ClipSpec): string {
  return fileName ?? toDefaultFileName(toStreamName(streamArn), range.startMs)
}

/**
 * The URL of a token. Its last segment is for people and players only, because the token holds the name of the download. A name that would
 * make the URL too long is therefore cut.
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
