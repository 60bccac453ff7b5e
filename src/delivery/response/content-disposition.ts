import { encodeExtended } from 'content-disposition'
import { toSafeFileName } from '../../domain/file-name.js'

/**
 * RFC 6266: the name in ASCII for old clients and, where that is not all of it, in full as `filename*`, which newer ones prefer. Some
 * clients undo percent signs in the plain form, so a name that has them is given in full too.
 */
export function toContentDisposition(type: 'inline' | 'attachment', fileName: string): string {
  // A safe name holds neither quotes nor backslashes nor controls: nothing is to be escaped.
  const name = toSafeFileName(fileName) ?? 'clip.mp4'
  const ascii = name.replace(/[^\x20-\x7e]/gu, '_')
  const extended = ascii === name && !name.includes('%') ? '' : `; filename*=${encodeExtended(name)}`
  return `${type}; filename="${ascii}"${extended}`
}
