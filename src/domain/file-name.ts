/** Maximum length of a name, in Unicode code points. */
export const MAX_FILE_NAME_CHARACTERS = 100
/** File systems allow 255 bytes. Browsers add " (1)" to a name that exists. */
const MAX_UTF8_BYTES = 240
const EXTENSION = '.mp4'

/** Path separators, characters that Windows refuses, and control characters. */
const FORBIDDEN = /[\p{Cc}/\\:*?"<>|]/gu
/** Invisible characters, and those that change the reading direction. */
const DECEIVING = /[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/gu
const DEVICE_NAME = /^(con|prn|aux|nul|(com|lpt)[\d¹²³])(\.|$)/i

/**
 * Makes a name that every file system allows, in any script. Ends in `.mp4`. Null if no character of the given name is usable. Joiners
 * (U+200C, U+200D) stay, because scripts and emoji need them.
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

/** Hidden files begin with a dot, and Windows drops dots and spaces at the end. */
function trim(stem: string): string {
  return stem.replace(/^[.\s]+|[.\s]+$/gu, '')
}

/** Cuts between characters. Leaves space for the extension and for the prefix of a device name. */
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

/** The default name: the stream and the start of the requested range. It is safe. */
export function toDefaultFileName(streamName: string, startMs: number): string {
  const instant = `-${new Date(startMs).toISOString().replaceAll(':', '-')}${EXTENSION}`
  return `${streamName.slice(0, MAX_FILE_NAME_CHARACTERS - instant.length).replace(/^[.-]+/, '_')}${instant}`
}
