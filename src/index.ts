// What other programs may use of clipgate: the gateway and the embedded Kinesis Video as parts of a process.

/** The services of the gateway take a caller: `new Caller({ principal: ANONYMOUS, … })` may do everything. */
export { Caller, type CallerOptions } from './auth/caller.js'
export { ANONYMOUS, type Principal } from './auth/principal.js'
/** Where the gateway stands: everything but what must not be shown. */
export type { AdminConfig, ClipConfig, Config, EmbeddedKvsConfig, KvsConfig, LogLevel } from './config/config.js'
/** Plain settings to a checked `Config`; every default is there. Reads no file and no clock. */
export { parseConfig } from './config/config.js'
/** The process's environment, as far as clipgate knows it. */
export { type Env, readEnv, type SettingName, WrongSetting } from './config/env.js'
/** Environment, configuration and secrets in one step: what `clipgate serve` does first. */
export { loadSettings, type Settings } from './config/load-settings.js'
/** What seals URLs, and who may sign requests to the embedded KVS. */
export { type AccessKey, openSecrets, type Secrets } from './config/secrets.js'
/** Clips as the services below GraphQL know them. */
export type { ClipService } from './delivery/clip-service.js'
export type { Clip, ClipAnswer, ClipInput, ClipValidation } from './domain/clip.js'
export type { ClipIssue, ClipIssueCode } from './domain/clip-issue.js'
/** The one error of the gateway's services; its message may be shown to callers. */
export { type ErrorCode, type ErrorDetails, GatewayError } from './domain/errors.js'
/** The gateway: `{ app, services, listen, close }`. It does not listen before `listen()`, so that `app.inject` serves tests. */
export { buildGateway, type Gateway, type GatewayOptions, type GatewayServices } from './gateway.js'
/** The embedded Kinesis Video Streams, for tests and for machines without AWS. */
export { buildKvsServer, type KvsServer, type KvsServerOptions } from './kvs-server/server.js'
/** Time as a parameter. */
export { type Clock, type EpochMs, systemClock } from './lib/clock.js'
