import type { FastifyInstance } from 'fastify'
import { checkScope } from '../auth/access.js'
import type { Authenticator } from '../auth/authenticator.js'
import { credentialOf } from './credential.js'
import type { GatewayMetrics } from './gateway-metrics.js'
import { refuseOtherMethods } from './refuse-other-methods.js'

export interface MetricsRouteOptions {
  readonly metrics: GatewayMetrics
  /** Null on the admin address, which only operators can reach. */
  readonly authenticator: Authenticator | null
}

export async function metricsRoute(app: FastifyInstance, { metrics, authenticator }: MetricsRouteOptions): Promise<void> {
  app.get('/metrics', { logLevel: 'warn' }, async ({ headers }, reply) => {
    if (authenticator !== null) checkScope(await authenticator.authenticate(credentialOf(headers)), 'metrics:read')
    return reply
      .header('cache-control', 'no-store')
      .type(metrics.contentType)
      .send(await metrics.print())
  })
  refuseOtherMethods(app, '/metrics')
}
