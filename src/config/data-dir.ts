import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf } from '../lib/thrown.js'
import { WrongSetting } from './wrong-setting.js'

/** The folder that everything is kept in, made when it is missing. @throws WrongSetting when it cannot be */
export async function makeDataDir(path: string): Promise<void> {
  try {
    await makeFolder(path)
  } catch (error) {
    throw new WrongSetting(`DATA_DIR is "${path}", but must be a folder that can be written to (${codeOf(error) || 'unknown reason'}).`, {
      cause: error,
    })
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

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}
