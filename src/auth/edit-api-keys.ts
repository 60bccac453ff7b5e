import { open, readFile, realpath, rename, rm } from 'node:fs/promises'
import { codeOf } from '../lib/thrown.js'
import { type ApiKeyRecord, parseApiKeyFile, printApiKeyFile } from './api-key-file.js'
import { InvalidFile } from './file-fields.js'

/** The keys of the file. Empty if the file does not exist. @throws InvalidFile */
export async function readApiKeys(path: string): Promise<readonly ApiKeyRecord[]> {
  try {
    return parseApiKeyFile(await readFile(path, 'utf8'))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Replaces the file with the edited keys, whole or not at all. @throws InvalidFile */
export async function editApiKeys(path: string, edit: (records: readonly ApiKeyRecord[]) => readonly ApiKeyRecord[]): Promise<void> {
  // A rename would replace a symbolic link instead of its file.
  const file = await realpath(path).catch(() => path)
  await using _lock = await lock(`${file}.lock`)
  const draft = `${file}.${process.pid}.draft`
  const text = printApiKeyFile(edit(await readApiKeys(file)))
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
  } finally {
    await rm(draft, { force: true })
  }
}

/** Two commands at the same time could lose a revocation. */
async function lock(path: string): Promise<AsyncDisposable> {
  try {
    await (await open(path, 'wx', 0o600)).close()
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw cause
    throw new InvalidFile(`Another command edits the API keys. If none does, remove the file ${path}.`, { cause })
  }
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) }
}
