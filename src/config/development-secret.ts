import { randomBytes } from 'node:crypto'
import { link, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../lib/thrown.js'
import { makeDataDir, unusableDataDir } from './data-dir.js'
import { WrongSetting } from './env.js'

const FILE_NAME = 'development-secret'
const SECRET = /^[A-Za-z0-9_-]{43}$/

/**
 * The secret of a gateway without CLIP_URL_SECRETS, so that URLs on a developer's machine survive a restart. The first process writes a temporary
 * file and links it to the final name. The link fails if the name exists, so no process reads an incomplete secret, or one that is replaced later.
 * @throws WrongSetting if the folder cannot be used or the file does not contain a secret
 */
export async function readDevelopmentSecret(dataDir: string): Promise<string> {
  const file = join(dataDir, FILE_NAME)
  try {
    const kept = await findSecret(file)
    if (kept !== null) return checked(kept, file)
    await createSecret(dataDir, file)
    return checked(await readFile(file, 'utf8'), file)
  } catch (error) {
    if (error instanceof WrongSetting) throw error
    throw unusableDataDir(dataDir, error)
  }
}

async function createSecret(dataDir: string, file: string): Promise<void> {
  await makeDataDir(dataDir)
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`
  const handle = await open(draft, 'wx', 0o600)
  try {
    await handle.writeFile(randomBytes(32).toString('base64url'))
    await handle.sync()
    await link(draft, file).catch(ignoreExisting)
  } finally {
    await handle.close()
    await rm(draft, { force: true })
  }
}

async function findSecret(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

function checked(text: string, file: string): string {
  const secret = text.trim()
  if (SECRET.test(secret)) return secret
  throw new WrongSetting(`The file "${file}" in DATA_DIR does not contain a secret. Remove the file, and a new secret is created.`)
}

/** Another process was faster, so its secret is used. */
function ignoreExisting(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error
}
