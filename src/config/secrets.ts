import { readDevelopmentSecret } from './development-secret.js'
import type { Env } from './env.js'
import { WrongSetting } from './env.js'

/** What must not be shown, logged or kept with the other settings. */
export interface Secrets {
  /** Newest first: the first makes URLs and ids, all open them. At least one. */
  readonly clipUrlSecrets: readonly [string, ...string[]]
  /** Who may sign requests to the embedded KVS. Empty: requests need no signature. The gateway itself signs with the first. */
  readonly kvsAccessKeys: readonly AccessKey[]
}

export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const SHORTEST_SECRET = 32

/** The secrets that were given; the one for clip URLs, when it was not, made and kept in `dataDir`. @throws WrongSetting */
export async function openSecrets(env: Env, dataDir: string): Promise<Secrets> {
  const kvsAccessKeys = parseAccessKeys(env)
  const clipUrlSecrets = parseClipUrlSecrets(env) ?? [await readDevelopmentSecret(dataDir)]
  return { clipUrlSecrets, kvsAccessKeys }
}

function parseClipUrlSecrets(env: Env): readonly [string, ...string[]] | null {
  if (env.CLIP_URL_SECRETS === undefined) return null
  const [newest = '', ...older] = env.CLIP_URL_SECRETS.split(',').map((secret) => secret.trim())
  const lengths = [newest, ...older].map((secret) => secret.length)
  // The value is a secret: show its length, never its text.
  if (lengths.some((length) => length < SHORTEST_SECRET)) {
    throw new WrongSetting(
      `CLIP_URL_SECRETS holds a secret of ${Math.min(...lengths)} characters, but must be secrets of ${SHORTEST_SECRET} characters or more, with commas between.`,
    )
  }
  return [newest, ...older]
}

/** `id:secret` pairs with commas between. @throws WrongSetting */
export function parseAccessKeys(env: Env): readonly AccessKey[] {
  if (env.KVS_ACCESS_KEYS === undefined) return []
  return env.KVS_ACCESS_KEYS.split(',').map((pair, index) => {
    const match = /^(?<id>[A-Za-z0-9_]{1,128}):(?<secret>[^\s:,]{1,256})$/.exec(pair.trim())
    if (match?.groups?.id === undefined || match.groups.secret === undefined) {
      throw new WrongSetting(
        `KVS_ACCESS_KEYS has something else as its item ${index + 1}, but must be id:secret pairs with commas between (an id of letters, digits and _).`,
      )
    }
    return { accessKeyId: match.groups.id, secretAccessKey: match.groups.secret }
  })
}
