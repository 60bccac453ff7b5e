import type { FastifyInstance } from 'fastify'
import type { Authenticator } from '../auth/authenticator.js'
import { GatewayError } from '../domain/errors.js'
import type { GatewayMetrics } from './gateway-metrics.js'
import { sendPage, toStartPage } from './html-page.js'
import { metricsRoute } from './metrics-route.js'
import { refuseOtherMethods } from './refuse-other-methods.js'

export interface TextRouteOptions {
  /** Null if INTROSPECTION is off. */
  readonly schemaText: string | null
  /** Null if an admin address serves them. */
  readonly metrics: GatewayMetrics | null
  readonly authenticator: Authenticator
  readonly publicUrl: () => string
}

export async function textRoutes(app: FastifyInstance, { schemaText, metrics, authenticator, publicUrl }: TextRouteOptions): Promise<void> {
  app.get('/', async (_request, reply) =>
    sendPage(reply, toStartPage(publicUrl(), { hasMetrics: metrics !== null, hasSchema: schemaText !== null })),
  )
  app.get('/schema.graphql', async (_request, reply) => {
    if (schemaText === null) throw new GatewayError('NOT_FOUND', 'The schema is not shown because INTROSPECTION is off.')
    return reply.header('cache-control', 'no-cache').type('text/plain; charset=utf-8').send(schemaText)
  })
  if (metrics !== null) await app.register(metricsRoute, { metrics, authenticator })
  for (const url of ['/', '/schema.graphql']) refuseOtherMethods(app, url)
}
