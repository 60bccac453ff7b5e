import { mkdir, mkdtemp, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codeOf } from '../lib/thrown.js'
import { WrongSetting } from './env.js'

/** The folder that everything is kept in, made when it is missing. @throws WrongSetting when it cannot be, or not be written to */
export async function makeDataDir(path: string): Promise<void> {
  try {
    await makeFolder(path)
    await tryWriting(path)
  } catch (error) {
    throw toWrongSetting(path, codeOf(error) || 'unknown reason', error)
  }
}

/** Folders inside may be another user's, of an earlier start as root or of a mount. Those that are missing are made by whoever keeps things there. @throws WrongSetting */
export async function checkKeptFolders(path: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const folder = join(path, name)
    try {
      if (await isThere(folder)) await tryWriting(folder)
    } catch (error) {
      throw toWrongSetting(path, `${codeOf(error) || 'unknown reason'} in "${folder}"`, error)
    }
  }
}

function toWrongSetting(path: string, reason: string, cause: unknown): WrongSetting {
  return new WrongSetting(`DATA_DIR is "${path}", but must be a folder that can be written to (${reason}).`, { cause })
}

/** By writing, for permissions do not tell all (read-only mounts, /proc, Windows). A full disk is no wrong setting: what is kept can still be read. */
async function tryWriting(folder: string): Promise<void> {
  try {
    await rmdir(await mkdtemp(join(folder, '.write-check-')))
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes(codeOf(error))) throw error
  }
}

/**
 * One folder after the other. Node's own `recursive` never ends, at a full core, where the system says ENOENT beneath a folder that
 * is there (seen with Node 24.21 below /proc).
 */
async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return
  const above = dirname(path)
  if (above !== path) await makeFolder(above)
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    // Another process was faster.
    if (codeOf(error) !== 'EEXIST' || !(await isFolder(path))) throw error
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}
