/** Characters a caller may give, and the most that a name has, counted as Unicode code points. */
export const MAX_FILE_NAME_CHARACTERS = 100
/** File systems take 255 bytes; browsers add " (1)" when a name is taken. */
const MAX_UTF8_BYTES = 240
const EXTENSION = '.mp4'

/** Path separators, what Windows refuses, and controls. */
const FORBIDDEN = /[\p{Cc}/\\:*?"<>|]/gu
/** Invisible, or turning the reading direction: a name must look like what it is. */
const DECEIVING = /[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/gu
const DEVICE_NAME = /^(con|prn|aux|nul|(com|lpt)[\d¹²³])(\.|$)/i

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
  const stem = trim(cutToLength(trim(cleaned.replace(/\.mp4$/i, ''))))
  if (!/[^\s_]/u.test(stem)) return null
  return `${DEVICE_NAME.test(stem) ? `_${stem}` : stem}${EXTENSION}`
}

/** Hidden files begin with a dot; Windows drops dots and spaces at the end. */
function trim(stem: string): string {
  return stem.replace(/^[.\s]+|[.\s]+$/gu, '')
}

/** By characters, so that none is cut in two. Leaves room for the extension, and for the mark of a device name. */
function cutToLength(stem: string): string {
  let cut = ''
  let bytes = EXTENSION.length + 1
  for (const character of [...stem].slice(0, MAX_FILE_NAME_CHARACTERS - EXTENSION.length)) {
    bytes += Buffer.byteLength(character)
    if (bytes > MAX_UTF8_BYTES) break
    cut += character
  }
  return cut
}

/** The name of a clip for which none was given: the stream and the first instant asked for, safe as it stands. */
export function toDefaultFileName(streamName: string, startMs: number): string {
  const instant = `-${new Date(startMs).toISOString().replaceAll(':', '-')}${EXTENSION}`
  return `${streamName.slice(0, MAX_FILE_NAME_CHARACTERS - instant.length).replace(/^[.-]+/, '_')}${instant}`
}
