import type { FastifyInstance } from 'fastify'
import type { Authenticator } from '../auth/authenticator.js'
import type { GatewayMetrics } from './gateway-metrics.js'
import { sendPage, toStartPage } from './html-page.js'
import { metricsRoute } from './metrics-route.js'
import { refuseOtherMethods } from './refuse-other-methods.js'

export interface TextRouteOptions {
  readonly schemaText: string
  /** Null if an admin address serves them. */
  readonly metrics: GatewayMetrics | null
  readonly authenticator: Authenticator
  readonly publicUrl: () => string
}

/** The start page, the schema, and the metrics unless an admin address serves them. */
export async function textRoutes(app: FastifyInstance, { schemaText, metrics, authenticator, publicUrl }: TextRouteOptions): Promise<void> {
  app.get('/', async (_request, reply) => sendPage(reply, toStartPage(publicUrl(), metrics !== null)))
  app.get('/schema.graphql', async (_request, reply) =>
    reply.header('cache-control', 'no-cache').type('text/plain; charset=utf-8').send(schemaText),
  )
  if (metrics !== null) await app.register(metricsRoute, { metrics, authenticator })
  for (const url of ['/', '/schema.graphql']) refuseOtherMethods(app, url)
}
