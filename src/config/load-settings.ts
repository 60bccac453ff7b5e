import { type Config, parseConfig } from './config.js'
import { checkSubfolders, makeDataDir } from './data-dir.js'
import { readEnv } from './env.js'
import { openSecrets, type Secrets } from './secrets.js'

export interface Settings {
  readonly config: Config
  readonly secrets: Secrets
}

/** Reads the environment, the configuration and the secrets, in this order. @throws WrongSetting */
export async function loadSettings(source?: Readonly<Record<string, string | undefined>>): Promise<Settings> {
  const env = readEnv(source)
  const config = parseConfig(env)
  await makeDataDir(config.dataDir)
  await checkSubfolders(config.dataDir, config.kvs.backend === 'embedded' ? ['clips', 'kvs'] : ['clips'])
  return { config, secrets: await openSecrets(env, config.dataDir) }
}
