import { readDevelopmentSecret } from './development-secret.js'
import type { Env } from './env.js'
import { WrongSetting } from './env.js'

/** Settings that must not be logged or displayed. */
export interface Secrets {
  /** Newest first. The first one seals URLs and IDs; all of them open. */
  readonly clipUrlSecrets: readonly [string, ...string[]]
  /** The access keys of the embedded KVS. The gateway signs with the first. If empty, requests need no signature. */
  readonly kvsAccessKeys: readonly AccessKey[]
}

export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const MIN_SECRET_CHARACTERS = 32

/** Parses the secrets. Without CLIP_URL_SECRETS, reads or creates a development secret in `dataDir`. @throws WrongSetting */
export async function openSecrets(env: Env, dataDir: string): Promise<Secrets> {
  const kvsAccessKeys = parseAccessKeys(env)
  const clipUrlSecrets = parseClipUrlSecrets(env) ?? [await readDevelopmentSecret(dataDir)]
  return { clipUrlSecrets, kvsAccessKeys }
}

function parseClipUrlSecrets(env: Env): readonly [string, ...string[]] | null {
  if (env.CLIP_URL_SECRETS === undefined) return null
  const [newest = '', ...older] = env.CLIP_URL_SECRETS.split(',').map((secret) => secret.trim())
  const lengths = [newest, ...older].map((secret) => secret.length)
  // The message must not contain the secret itself.
  if (lengths.some((length) => length < MIN_SECRET_CHARACTERS)) {
    throw new WrongSetting(
      `CLIP_URL_SECRETS has a secret of ${Math.min(...lengths)} characters, but must be comma-separated secrets of ${MIN_SECRET_CHARACTERS} characters or more.`,
    )
  }
  return [newest, ...older]
}

/** Parses comma-separated `id:secret` pairs. @throws WrongSetting */
export function parseAccessKeys(env: Env): readonly AccessKey[] {
  if (env.KVS_ACCESS_KEYS === undefined) return []
  return env.KVS_ACCESS_KEYS.split(',').map((pair, index) => {
    const match = /^(?<id>[A-Za-z0-9_]{1,128}):(?<secret>[^\s:,]{1,256})$/.exec(pair.trim())
    if (match?.groups?.id === undefined || match.groups.secret === undefined) {
      throw new WrongSetting(
        `Item ${index + 1} of KVS_ACCESS_KEYS is invalid: KVS_ACCESS_KEYS must be comma-separated id:secret pairs (an id of letters, digits and _).`,
      )
    }
    return { accessKeyId: match.groups.id, secretAccessKey: match.groups.secret }
  })
}
