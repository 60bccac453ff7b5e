import { setTimeout } from 'node:timers/promises'
import { Command } from 'commander'
import { isAuthConfigured } from '../config/auth-config.js'
import { readTelemetry, type TelemetrySettings } from '../config/env.js'
import { loadSettings, type Settings } from '../config/load-settings.js'
import type { Gateway } from '../gateway.js'
import type { Telemetry } from '../telemetry/open-telemetry.js'
import type { EmbeddedKvs } from './embedded-kvs.js'
import { createLogger } from './logger.js'
import { createStopSignal, untilAborted } from './stop-signal.js'
import { toWelcome } from './welcome.js'

export function serveCommand(): Command {
  return new Command('serve')
    .description(
      'Start the gateway, and the embedded KVS if KVS_BACKEND is embedded. Reads settings from the environment (see example.env).',
    )
    .action(serve)
}

async function serve(): Promise<void> {
  const stop = createStopSignal()
  const settings = await loadSettings()
  const { config, secrets } = settings
  const logger = createLogger({ level: config.logLevel, secrets })
  // Loaded here, so that help and setting errors do not wait for the servers.
  const [{ startEmbeddedKvs }, { buildGateway }] = await Promise.all([import('./embedded-kvs.js'), import('../gateway.js')])
  // Closed in reverse order: first the gateway, then the embedded KVS.
  await using running = new AsyncDisposableStack()
  const telemetry = readTelemetry()
  const otel = telemetry && running.use(await startTelemetry(telemetry))
  const kvs = config.kvs.backend === 'embedded' ? running.use(await startEmbeddedKvs(settings, logger)) : null
  const gateway = running.use(await buildGateway(config, secrets, { logger, ...(kvs ? { embeddedKvsUrl: kvs.url } : {}) }))
  otel?.watch(() => gateway.metrics.read())
  await gateway.listen()
  console.log(describe(settings, gateway, kvs))
  await untilAborted(stop)
  console.log('clipgate is stopping …')
  gateway.drain()
  await setTimeout(config.shutdownDelayMs)
}

function describe({ config }: Settings, { publicUrl, adminUrl }: Gateway, embedded: EmbeddedKvs | null): string {
  const kinesisVideo = embedded === null ? describeAws(config) : `${embedded.url} (embedded, data in ${config.dataDir})`
  const isAuthenticated = isAuthConfigured(config.auth)
  return toWelcome({ gatewayUrl: publicUrl, adminUrl, kinesisVideo, isAuthenticated, newest: embedded?.newest ?? null })
}

function describeAws({ kvs }: Settings['config']): string {
  return kvs.backend === 'aws' && kvs.endpoint !== null ? kvs.endpoint : 'AWS'
}

/** The SDK is large, so it is loaded only when it is used. It must start before the gateway is built. */
async function startTelemetry(settings: TelemetrySettings): Promise<Telemetry> {
  const { openTelemetry } = await import('../telemetry/open-telemetry.js')
  return openTelemetry(settings)
}
