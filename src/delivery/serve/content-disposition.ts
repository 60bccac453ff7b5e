import { encodeExtended } from 'content-disposition'
import { toSafeFileName } from '../../domain/file-name.js'

/** A player asks for range after range of the same name, and looking at every character of it is the dearest part of an answer's headers. */
const safeNames = new Map<string, string>()
const SAFE_NAMES_KEPT = 256

/**
 * RFC 6266: the name in ASCII for old clients and, where that is not all of it, in full as `filename*`, which newer ones prefer. Some
 * clients undo percent signs in the plain form, so a name that has them is given in full too.
 */
export function toContentDisposition(type: 'inline' | 'attachment', fileName: string): string {
  // A safe name holds neither quotes nor backslashes nor controls: nothing is to be escaped.
  const name = toSafe(fileName)
  const ascii = name.replace(/[^\x20-\x7e]/gu, '_')
  const extended = ascii === name && !name.includes('%') ? '' : `; filename*=${encodeExtended(name)}`
  return `${type}; filename="${ascii}"${extended}`
}

function toSafe(fileName: string): string {
  const known = safeNames.get(fileName)
  if (known !== undefined) return known
  const name = toSafeFileName(fileName) ?? 'clip.mp4'
  if (safeNames.size === SAFE_NAMES_KEPT) safeNames.clear()
  safeNames.set(fileName, name)
  return name
}
