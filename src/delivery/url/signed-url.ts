import { toDefaultFileName } from '../../domain/file-name.js'
import { toStreamName } from '../../domain/stream-ref.js'
import type { ClipSpec } from './clip-spec.js'

/** Browsers, proxies and chat programs all take this much. */
export const MAX_URL_LENGTH = 2000
/** Leaves room for the longest token. */
export const MAX_PUBLIC_URL_LENGTH = 400

const defaultNames = new WeakMap<ClipSpec, string>()

export function fileNameOf(spec: ClipSpec): string {
  if (spec.fileName !== null) return spec.fileName
  const name = defaultNames.get(spec) ?? toDefaultFileName(toStreamName(spec.streamArn), spec.range.startMs)
  defaultNames.set(spec, name)
  return name
}

/**
 * The URL at which the token opens. Its last segment is only for people and players to see; the name that a download is saved under
 * is in the token. A name in a script that takes many bytes is therefore cut rather than let the URL grow too long.
 */
export function toClipUrl(publicUrl: string, token: string, fileName: string): string {
  const base = `${publicUrl}/clips/${token}/`
  const room = MAX_URL_LENGTH - base.length
  const whole = encodeURIComponent(fileName)
  return base + (whole.length <= room ? whole : `${encodeStart(fileName.replace(/\.mp4$/, ''), room - '.mp4'.length)}.mp4`)
}

/** As many whole characters of the text as fit into `room` when encoded. */
function encodeStart(text: string, room: number): string {
  let encoded = ''
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)) {
    const next = encodeURIComponent(segment)
    if (encoded.length + next.length > room) break
    encoded += next
  }
  return encoded || 'clip'
}
