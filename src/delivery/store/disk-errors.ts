import { hasErrorCode } from './has-error-code.js'

const hasOneOf = (error: unknown, codes: readonly string[]) => codes.some((code) => hasErrorCode(error, code))

/** Whether an error says that no more can be written: to the disk, within the quota, or to a file of this size. */
export function isNoSpace(error: unknown): boolean {
  return isDiskFull(error) || hasErrorCode(error, 'EFBIG')
}

/** Whether removing other files would help. */
export function isDiskFull(error: unknown): boolean {
  return hasOneOf(error, ['ENOSPC', 'EDQUOT'])
}

/** Whether the file system, or the rights to the folder, allow no change. */
export function isReadOnly(error: unknown): boolean {
  return hasOneOf(error, ['EROFS', 'EACCES', 'EPERM'])
}
