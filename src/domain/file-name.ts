/** Characters a caller may give, counted as Unicode code points. */
export const MAX_FILE_NAME_CHARACTERS = 100

/** Path separators, what Windows refuses, and controls. */
const FORBIDDEN = /[\p{Cc}/\\:*?"<>|]/gu
/** Invisible, or turning the reading direction: a name must look like what it is. */
const DECEIVING = /[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/gu
const DEVICE_NAME = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/**
 * A name that every file system takes, in any script, ending in `.mp4`. Null when nothing of the given name can be kept.
 * Joiners (U+200C, U+200D) stay: scripts and emoji need them.
 */
export function toSafeFileName(given: string): string | null {
  const cleaned = given
    .toWellFormed()
    .normalize('NFC')
    .replace(DECEIVING, (character) => (character === '\u200c' || character === '\u200d' ? character : ''))
    .replace(FORBIDDEN, '_')
    .replace(/\s+/gu, ' ')
  const stem = cleaned
    .replace(/\.mp4$/i, '')
    .replace(/^[. ]+/, '')
    .replace(/[. ]+$/, '')
  if (!/[\p{L}\p{N}\p{S}\p{P}]/u.test(stem) || /^_+$/.test(stem)) return null
  return `${DEVICE_NAME.test(stem) ? `_${stem}` : stem}.mp4`
}

/** The name of a clip for which none was given: the stream and the first instant asked for, safe as it stands. */
export function toDefaultFileName(streamName: string, startMs: number): string {
  const instant = new Date(startMs).toISOString().replaceAll(':', '-')
  return `${streamName.slice(0, MAX_FILE_NAME_CHARACTERS - instant.length - 1).replace(/^[.-]+/, '_')}-${instant}.mp4`
}
