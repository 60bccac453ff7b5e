import type { FastifyInstance } from 'fastify'
import type { Health } from './health.js'
import { refuseOtherMethods } from './refuse-other-methods.js'

export interface HealthRouteOptions {
  readonly health: Health
  /** Whether the response names each dependency. False for the main address of a gateway with an admin address. */
  readonly showsDependencies: boolean
}

/** `GET /health/live`: the process responds. `GET /health/ready`: its dependencies are available. */
export async function healthRoute(app: FastifyInstance, { health, showsDependencies }: HealthRouteOptions): Promise<void> {
  app.get('/health/live', { logLevel: 'warn' }, async (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }))

  app.get('/health/ready', { logLevel: 'warn' }, async (_request, reply) => {
    const { status, dependencies } = await health.read()
    return reply
      .code(status === 'ok' ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(showsDependencies ? { status, dependencies } : { status })
  })
  for (const url of ['/health/live', '/health/ready']) refuseOtherMethods(app, url)
}
