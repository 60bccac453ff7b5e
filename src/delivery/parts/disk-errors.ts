import { codeOf } from '../../lib/thrown.js'

/** Whether the disk is full, the quota is used up, or the file has its maximum size. */
export function isNoSpace(error: unknown): boolean {
  return isDiskFull(error) || codeOf(error) === 'EFBIG'
}

/** Whether the disk has room again once other files are removed. */
export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(codeOf(error))
}

/** Whether the file system or the permissions of the folder allow no change. */
export function isReadOnly(error: unknown): boolean {
  return ['EROFS', 'EACCES', 'EPERM'].includes(codeOf(error))
}
