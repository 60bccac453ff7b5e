import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { answerNotFound, answerProblem } from './error-handler.js'
import type { GatewayMetrics } from './gateway-metrics.js'
import type { Health } from './health.js'
import { healthRoute } from './health-route.js'
import { metricsRoute } from './metrics-route.js'

export interface AdminAppOptions {
  readonly health: Health
  readonly metrics: GatewayMetrics
  readonly logger: FastifyBaseLogger
}

/** Metrics and health for operators, on an address of their own. It has no access control: only operators may reach the address. */
export async function buildAdminApp({ health, metrics, logger }: AdminAppOptions): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: 10_000,
  })
  app.setErrorHandler(answerProblem)
  app.setNotFoundHandler(answerNotFound)
  await app.register(healthRoute, { health, showsDependencies: true })
  await app.register(metricsRoute, { metrics, authenticator: null })
  return app
}
