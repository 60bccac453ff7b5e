import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../domain/errors.js'
import { refuseOtherMethods } from './other-methods.js'

/** Something that the gateway cannot do its work without. `check` rejects when it is not there. */
export interface Dependency {
  readonly name: string
  check(signal: AbortSignal): Promise<void>
}

export interface HealthRouteOptions {
  readonly dependencies: readonly Dependency[]
  /** True once the gateway is about to stop: whoever shares out requests should choose another. */
  readonly isClosing: () => boolean
}

type State = { readonly status: 'ok' } | { readonly status: 'failing'; readonly reason: string }

const CHECK_TIMEOUT_MS = 5000
/** Probes may come often and from many sides; Kinesis Video is asked no more than this. */
const REMEMBERED_MS = 5000

/** `GET /health/live`: the process answers. `GET /health/ready`: it can do its work. */
export async function healthRoute(app: FastifyInstance, { dependencies, isClosing }: HealthRouteOptions): Promise<void> {
  const checks = dependencies.map(({ name, check }) => ({ name, state: remember(() => stateOf(check)) }))

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
    // What is not ours to tell (paths, hosts) stays inside.
    return { status: 'failing', reason: error instanceof GatewayError ? error.message : 'It does not answer as it should.' }
  }
}

/** One answer for all who ask within a short time. */
function remember(ask: () => Promise<State>): () => Promise<State> {
  let last: { readonly atMs: number; readonly state: Promise<State> } | null = null
  return () => {
    const nowMs = performance.now()
    if (!last || nowMs - last.atMs > REMEMBERED_MS) last = { atMs: nowMs, state: ask() }
    return last.state
  }
}
