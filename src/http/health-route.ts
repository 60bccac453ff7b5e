import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../domain/errors.js'
import { refuseOtherMethods } from './refuse-other-methods.js'

/** Something that the gateway needs. `check` rejects when it is unavailable. */
export interface Dependency {
  readonly name: string
  check(signal: AbortSignal): Promise<void>
}

export interface HealthRouteOptions {
  readonly dependencies: readonly Dependency[]
  /** True during a shutdown. Load balancers should then choose another gateway. */
  readonly isClosing: () => boolean
}

type State = { readonly status: 'ok' } | { readonly status: 'failing'; readonly reason: string }

const CHECK_TIMEOUT_MS = 5000
/** Probes can be frequent. Kinesis Video is called at most once in this time. */
const CACHE_MS = 5000

/** `GET /health/live`: the process responds. `GET /health/ready`: its dependencies are available. */
export async function healthRoute(app: FastifyInstance, { dependencies, isClosing }: HealthRouteOptions): Promise<void> {
  const checks = dependencies.map(({ name, check }) => ({ name, state: cache(() => stateOf(check)) }))

  app.get('/health/live', { logLevel: 'warn' }, async (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }))

  app.get('/health/ready', { logLevel: 'warn' }, async (_request, reply) => {
    const states = await Promise.all(checks.map(async ({ name, state }) => [name, await state()] as const))
    const isReady = !isClosing() && states.every(([, state]) => state.status === 'ok')
    const status = isClosing() ? 'closing' : isReady ? 'ok' : 'failing'
    return reply
      .code(isReady ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status, dependencies: Object.fromEntries(states) })
  })
  for (const url of ['/health/live', '/health/ready']) refuseOtherMethods(app, url)
}

async function stateOf(check: Dependency['check']): Promise<State> {
  try {
    await check(AbortSignal.timeout(CHECK_TIMEOUT_MS))
    return { status: 'ok' }
  } catch (error) {
    // Other errors may contain paths or hosts.
    return { status: 'failing', reason: error instanceof GatewayError ? error.message : 'The check failed.' }
  }
}

/** All calls within a short time share one result. */
function cache(check: () => Promise<State>): () => Promise<State> {
  let last: { readonly atMs: number; readonly state: Promise<State> } | null = null
  return () => {
    const nowMs = performance.now()
    if (!last || nowMs - last.atMs > CACHE_MS) last = { atMs: nowMs, state: check() }
    return last.state
  }
}
