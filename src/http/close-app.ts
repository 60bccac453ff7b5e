import type { FastifyInstance } from 'fastify'

const IDLE_CHECK_MS = 50

/**
 * Closes once what is under way has been answered, or after `graceMs` by cutting it. A kept-alive connection stays open after its
 * last answer even while the server closes, so idle ones are looked for until none is left.
 */
export async function closeApp(app: FastifyInstance, graceMs: number): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS)
  const grace = setTimeout(() => app.server.closeAllConnections(), graceMs)
  try {
    await app.close()
  } finally {
    clearInterval(idle)
    clearTimeout(grace)
  }
}
