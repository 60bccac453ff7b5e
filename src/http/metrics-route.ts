import type { FastifyInstance } from 'fastify'
import type { GatewayMetrics } from './gateway-metrics.js'
import { refuseOtherMethods } from './refuse-other-methods.js'

export async function metricsRoute(app: FastifyInstance, { metrics }: { readonly metrics: GatewayMetrics }): Promise<void> {
  app.get('/metrics', { logLevel: 'warn' }, async (_request, reply) =>
    reply
      .header('cache-control', 'no-store')
      .type(metrics.contentType)
      .send(await metrics.print()),
  )
  refuseOtherMethods(app, '/metrics')
}
