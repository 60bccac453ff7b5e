import type { Stats } from 'node:fs'
import { mkdir, mkdtemp, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codeOf } from '../lib/thrown.js'
import { WrongSetting } from './env.js'

/** Creates the data folder if it does not exist. @throws WrongSetting if it cannot be created or written to */
export async function makeDataDir(path: string): Promise<void> {
  try {
    await makeFolder(path)
    await tryWriting(path)
  } catch (error) {
    throw unusableDataDir(path, error)
  }
}

/** Checks subfolders: they can belong to another user after a start as root, or be mounts. Missing ones are created later. @throws WrongSetting */
export async function checkSubfolders(path: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const folder = join(path, name)
    try {
      if ((await findStats(folder)) !== null) await tryWriting(folder)
    } catch (error) {
      throw unusableDataDir(path, error, ` in "${folder}"`)
    }
  }
}

export function unusableDataDir(path: string, cause: unknown, place = ''): WrongSetting {
  const reason = codeOf(cause) || 'unknown reason'
  return new WrongSetting(`DATA_DIR is "${path}", but must be a folder that can be written to (${reason}${place}).`, { cause })
}

/** Writes, because permissions are not sufficient (read-only mounts, /proc, Windows). A full disk is allowed: stored data can still be read. */
async function tryWriting(folder: string): Promise<void> {
  try {
    await rmdir(await mkdtemp(join(folder, '.write-check-')))
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes(codeOf(error))) throw error
  }
}

/**
 * Creates each parent folder itself. Node's `recursive` option loops forever if the system reports ENOENT inside an existing folder (observed with
 * Node 24.21 below /proc).
 */
async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return
  const above = dirname(path)
  if (above !== path) await makeFolder(above)
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    // Another process has created it.
    if (codeOf(error) !== 'EEXIST' || !(await isFolder(path))) throw error
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await findStats(path))?.isDirectory() ?? false
}

async function findStats(path: string): Promise<Stats | null> {
  try {
    return await stat(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}
