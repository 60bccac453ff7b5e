import { join } from 'node:path'
import { Command } from 'commander'
import { loadSettings } from '../config/load-settings.js'
import { createLogger } from './logger.js'
import { createStopSignal, untilAborted } from './stop-signal.js'
import { toKvsWelcome } from './welcome.js'

export function kvsCommand(): Command {
  return new Command('kvs')
    .description('Start only the embedded KVS, a local Kinesis Video Streams server for AWS clients.')
    .option('--rebuild-index', 'rebuild the index of the archive from its files, then exit')
    .action(({ rebuildIndex = false }: { readonly rebuildIndex?: boolean }) => (rebuildIndex ? rebuild() : serveKvs()))
}

async function rebuild(): Promise<void> {
  const { config } = await loadSettings()
  const { rebuildIndex } = await import('../kvs-server/server.js')
  const { streams, fragments, aside } = await rebuildIndex(join(config.dataDir, 'kvs'))
  console.log(
    `Rebuilt the index with ${streams} stream(s) and ${fragments} fragment(s). Moved ${aside} file(s) without a record to the folder aside.`,
  )
}

async function serveKvs(): Promise<void> {
  const stop = createStopSignal()
  const settings = await loadSettings()
  // Loaded here, so that help and setting errors do not wait for the server.
  const { startEmbeddedKvs } = await import('./embedded-kvs.js')
  await using kvs = await startEmbeddedKvs(settings, createLogger({ level: settings.config.logLevel, secrets: settings.secrets }))
  console.log(toKvsWelcome(kvs.url, settings.secrets.kvsAccessKeys[0]?.accessKeyId ?? null))
  await untilAborted(stop)
  console.log('clipgate kvs is stopping …')
}
