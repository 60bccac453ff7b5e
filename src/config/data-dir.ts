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

/** Folders inside may belong to another user after a start as root or because of a mount. Missing folders are created later, where they are used. @throws WrongSetting */
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

/** Tests by writing, because permissions do not tell everything (read-only mounts, /proc, Windows). A full disk is not a wrong setting: stored data can still be read. */
async function tryWriting(folder: string): Promise<void> {
  try {
    await rmdir(await mkdtemp(join(folder, '.write-check-')))
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes(codeOf(error))) throw error
  }
}

/**
 * Creates one folder after the other. Node's `recursive` option loops for ever where the system reports ENOENT inside an existing folder
 * (seen with Node 24.21 below /proc).
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
