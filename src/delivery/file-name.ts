import { create } from 'content-disposition'

const MAX_CHARACTERS = 100
// Most file systems take 255 bytes; browsers add " (1)" when a name is taken.
const MAX_UTF8_BYTES = 240
const EXTENSION = '.mp4'
// What some file system does not take, what a shell or a header would trip over, and what turns the direction of writing, by which
// "exe.4pm" could be made to look like "mp4.exe".
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"*/:<>?\\|]+/gu
const RESERVED_BY_WINDOWS = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i

/** A name in any script that can be saved on any system, ending in .mp4. Never empty. */
export function toSafeFileName(name: string): string {
  const cleaned = name.normalize('NFC').replace(UNSAFE, '_').trim()
  const stem = cutToLength(withoutExtension(cleaned).replace(/^[.\s]+|[.\s]+$/gu, ''))
  const safe = RESERVED_BY_WINDOWS.test(stem) ? `_${stem}` : stem
  return `${safe === '' ? 'clip' : safe}${EXTENSION}`
}

/** RFC 6266: the name in ASCII for old clients and, where that is not all of it, in full as `filename*`. */
export function toContentDisposition(type: 'inline' | 'attachment', fileName: string): string {
  return create(toSafeFileName(fileName), { type })
}

function withoutExtension(name: string): string {
  return name.toLowerCase().endsWith(EXTENSION) ? name.slice(0, -EXTENSION.length) : name
}

function cutToLength(stem: string): string {
  let cut = ''
  let bytes = EXTENSION.length
  // By characters, so that none is cut in two.
  for (const character of Array.from(stem).slice(0, MAX_CHARACTERS - EXTENSION.length)) {
    bytes += Buffer.byteLength(character)
    if (bytes > MAX_UTF8_BYTES) break
    cut += character
  }
  return cut.trimEnd()
}
