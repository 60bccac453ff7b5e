import type { StreamCatalog } from '../kvs/ports.js'
import type { Clock } from '../lib/clock.js'
import { codeOf, messageOf } from '../lib/thrown.js'
import { Access } from './access.js'
import { parseApiKeyFile } from './api-key-file.js'
import { Authenticator } from './authenticator.js'
import { AccessPolicy } from './claim-policy.js'
import { InvalidFile } from './file-fields.js'
import { KeyRing } from './key-ring.js'
import { RevocationStore } from './revocation-store.js'
import { TagIndex } from './tag-index.js'
import { TokenVerifier } from './token-verifier.js'
import { UrlRevocations } from './url-revocations.js'
import { WatchedFile } from './watched-file.js'

export interface AuthOptions {
  /** Null without API keys. */
  readonly apiKeysFile: string | null
  /** Null without OpenID Connect. */
  readonly oidc: { readonly issuer: string; readonly audience: string; readonly policyFile: string } | null
  readonly revocationsFile: string
  readonly catalog: Pick<StreamCatalog, 'list' | 'tags'>
  readonly clock: Clock
  /** Called after each read of a file. `error` says why the file cannot be used; the last valid version stays in force. */
  readonly onRead: (file: string, error: unknown) => void
}

/** Who may ask, for what, and which clip URLs are revoked. */
export interface Auth extends Disposable {
  readonly authenticator: Authenticator
  readonly access: Access
  readonly revocations: UrlRevocations
}

/** Reads the files, and again when they change. @throws InvalidFile */
export async function openAuth({ apiKeysFile, oidc, revocationsFile, catalog, clock, onRead }: AuthOptions): Promise<Auth> {
  using undo = new DisposableStack()
  const watch = async (name: string, path: string, use: (text: string) => void) => {
    const file = await openFile(name, { path, use, onRead: (error) => onRead(name, error) })
    undo.defer(() => file.close())
  }
  const keys = apiKeysFile === null ? null : new KeyRing(clock)
  if (keys !== null && apiKeysFile !== null) await watch('API_KEYS_FILE', apiKeysFile, (text) => keys.replace(parseApiKeyFile(text)))
  const tokens = oidc && new TokenVerifier({ ...oidc, clock })
  if (tokens !== null && oidc !== null)
    await watch('ACCESS_POLICY_FILE', oidc.policyFile, (text) => tokens.replacePolicy(AccessPolicy.parse(text)))
  const tags = undo.adopt(new TagIndex({ catalog, clock }), (index) => index.close())
  const store = undo.adopt(new RevocationStore(revocationsFile, clock.now()), (opened) => opened.close())
  const owned = undo.move()
  return {
    authenticator: new Authenticator({ keys, tokens }),
    access: new Access(tags),
    revocations: new UrlRevocations(store, keys, clock),
    [Symbol.dispose]: () => owned.dispose(),
  }
}

async function openFile(name: string, options: Parameters<typeof WatchedFile.open>[0]): Promise<WatchedFile> {
  try {
    return await WatchedFile.open(options)
  } catch (cause) {
    const reason = codeOf(cause) === 'ENOENT' ? `the file does not exist${name === 'API_KEYS_FILE' ? HOW_TO_CREATE : ''}` : messageOf(cause)
    throw new InvalidFile(`${name} is ${JSON.stringify(options.path)}, but ${reason.replace(/\.$/, '')}.`, { cause })
  }
}

const HOW_TO_CREATE = '. Create a key with clipgate keys create'
