import type { Server } from 'node:http'
import { connectionsOf } from './connections.js'

const IDLE_CHECK_MS = 50
/** How long a request that has begun to arrive may take to arrive whole. */
const LAST_HEAD_MS = 1000

/** What closes when its server has no connection left. Fastify's apps do. */
export interface ClosingApp {
  readonly server: Server
  close(): PromiseLike<unknown>
}

/**
 * Closes once what is under way has been answered, or after `graceMs` by cutting it. Node keeps two kinds of connections open although
 * they owe nothing: those kept alive after an answer, and those that have not sent a whole request yet. Both are looked for until none is left.
 */
export async function closeServer(app: ClosingApp, graceMs: number): Promise<void> {
  const connections = connectionsOf(app.server)
  const startedAt = performance.now()
  const idle = setInterval(() => {
    app.server.closeIdleConnections()
    connections.closeIdle(performance.now() - startedAt < LAST_HEAD_MS ? 'unused' : 'all')
  }, IDLE_CHECK_MS)
  const grace = setTimeout(() => {
    connections.cutAll()
    app.server.closeAllConnections()
  }, graceMs)
  try {
    await app.close()
  } finally {
    clearInterval(idle)
    clearTimeout(grace)
  }
}
