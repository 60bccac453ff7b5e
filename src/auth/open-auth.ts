import type { Clock } from '../lib/clock.js'
import { codeOf, messageOf } from '../lib/thrown.js'
import { parseApiKeyFile } from './api-key-file.js'
import { Authenticator } from './authenticator.js'
import { InvalidFile } from './file-fields.js'
import { KeyRing } from './key-ring.js'
import { WatchedFile } from './watched-file.js'

export type AuthFile = 'API_KEYS_FILE'

export interface AuthOptions {
  /** Null without API keys. */
  readonly apiKeysFile: string | null
  readonly clock: Clock
  /** Called after each read of a file. `error` says why the file cannot be used; the last valid version stays in force. */
  readonly onRead: (file: AuthFile, error: unknown) => void
}

/** Who may ask. */
export interface Auth extends Disposable {
  readonly authenticator: Authenticator
  readonly keys: KeyRing | null
}

/** Reads the files, and again when they change. @throws InvalidFile */
export async function openAuth({ apiKeysFile, clock, onRead }: AuthOptions): Promise<Auth> {
  using undo = new DisposableStack()
  const keys = apiKeysFile === null ? null : new KeyRing(clock)
  if (keys !== null && apiKeysFile !== null) {
    const file = await openFile('API_KEYS_FILE', apiKeysFile, (text) => keys.replace(parseApiKeyFile(text)), onRead)
    undo.defer(() => file.close())
  }
  const owned = undo.move()
  return { authenticator: new Authenticator({ keys }), keys, [Symbol.dispose]: () => owned.dispose() }
}

async function openFile(
  name: AuthFile,
  path: string,
  use: (text: string) => void,
  onRead: AuthOptions['onRead'],
): Promise<{ close(): void }> {
  try {
    return await WatchedFile.open({ path, use, onRead: (error) => onRead(name, error) })
  } catch (cause) {
    const reason = codeOf(cause) === 'ENOENT' ? 'the file does not exist. Create a key with clipgate keys create' : messageOf(cause)
    throw new InvalidFile(`${name} is ${JSON.stringify(path)}, but ${reason.replace(/\.$/, '')}.`, { cause })
  }
}
