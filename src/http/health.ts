import { GatewayError } from '../domain/errors.js'

/** Something that the gateway needs. `check` rejects when it is unavailable. */
export interface Dependency {
  readonly name: string
  check(signal: AbortSignal): Promise<void>
}

type State = { readonly status: 'ok' } | { readonly status: 'failing'; readonly reason: string }

interface Readiness {
  /** `closing` during a shutdown: load balancers should then choose another gateway. */
  readonly status: 'ok' | 'failing' | 'closing'
  readonly dependencies: Readonly<Record<string, State>>
}

const CHECK_TIMEOUT_MS = 5000
/** Probes can be frequent. Kinesis Video is called at most once in this time. */
const CACHE_MS = 5000

/** Whether the gateway can serve. The main and the admin address share one object. */
export class Health {
  readonly #checks: readonly { readonly name: string; readonly state: () => Promise<State> }[]
  #isClosing = false

  constructor(dependencies: readonly Dependency[]) {
    this.#checks = dependencies.map(({ name, check }) => ({ name, state: cache(() => stateOf(check)) }))
  }

  /** From now on, the gateway is not ready. */
  close(): void {
    this.#isClosing = true
  }

  async read(): Promise<Readiness> {
    const states = await Promise.all(this.#checks.map(async ({ name, state }) => [name, await state()] as const))
    const isOk = states.every(([, state]) => state.status === 'ok')
    const status = this.#isClosing ? 'closing' : isOk ? 'ok' : 'failing'
    return { status, dependencies: Object.fromEntries(states) }
  }
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
